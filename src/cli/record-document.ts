/** Records and their changes as the command prints them. */
import { authorityPart } from '../identity/peer-name.ts'
import type { Attributes } from '../peer-node/public-attributes.ts'
import type { PeerRecord, RecordChange } from '../peer-node/records.ts'
import { fromUtf8, toBase64 } from '../runtime/bytes.ts'
import { type Column, printable } from './output.ts'
import type { PeerLabels } from './peer-labels.ts'

/** How much of a payload stands in one line, in characters. */
const LONGEST_EXCERPT = 80
/** Digits of the authority by which people tell peers apart. */
const SHOWN_DIGITS = 8

/** For programs: a payload that is UTF-8 is a text, any other is base64. */
export function recordDocument({ encoding: _, payload, ...record }: PeerRecord<Uint8Array>): object {
  const text = fromUtf8(payload)
  return { ...record, ...(text === undefined ? { payload: toBase64(payload), encoding: 'base64' } : { payload: text }) }
}

/** For people: all of it. */
export function recordText(record: PeerRecord<Uint8Array>): string {
  const { id, type, version, creator, modifier, attributes, encoding, payload, created, modified, expires } = record
  const lines = [
    ['id', id],
    ['type', type],
    ['version', String(version)],
    ['creator', creator],
    ...(modifier === creator ? [] : [['modifier', modifier]]),
    ['created', created.toISOString()],
    ['modified', modified.toISOString()],
    ['expires', expires.toISOString()],
    ...attributeLines(attributes),
    ['payload', `${payload.length} bytes, written as ${encoding}`],
  ]
  const head = lines.map(([label = '', text = '']) => `${label.padEnd(10)}  ${printable(text)}`).join('\n')
  // What stands in a payload may have many lines, and each is printed as such.
  const text = fromUtf8(payload)?.split('\n').map(printable).join('\n')
  return `${head}\n\n${text ?? toBase64(payload)}`
}

/** For people: a table. */
export function recordColumns(labels: PeerLabels): readonly Column<PeerRecord<Uint8Array>>[] {
  return [
    { heading: 'RECORD', cell: ({ id }) => id },
    { heading: 'MODIFIED', cell: ({ modified }) => modified.toISOString() },
    { heading: 'CREATOR', cell: ({ creator }) => labels.of(creator) },
    { heading: 'TYPE', cell: ({ type }) => type },
    { heading: 'PAYLOAD', cell: ({ payload }) => excerptOf(payload) },
  ]
}

/** For programs. */
export function changeDocument(change: RecordChange<Uint8Array>): object {
  if (change.kind === 'removed') return change
  const { record, ...place } = change
  return { ...place, ...recordDocument(record) }
}

/** For people: a line. */
export function changeLine(change: RecordChange<Uint8Array>): string {
  if (change.kind === 'removed') return `removed  ${change.id}  ${change.reason}`
  return `${change.kind.padEnd(7)}  ${recordLine(change.record)}`
}

function recordLine({ id, type, creator, modified, payload }: PeerRecord<Uint8Array>): string {
  const author = authorityPart(creator).slice(0, SHOWN_DIGITS)
  return [id, modified.toISOString(), author, printable(type), printable(excerptOf(payload))].join('  ')
}

function excerptOf(payload: Uint8Array): string {
  const text = fromUtf8(payload)
  if (text === undefined) return `(${payload.length} bytes)`
  // A character has two code units at most, so one more than is shown is among these.
  const characters = [...text.slice(0, 2 * LONGEST_EXCERPT + 2)]
  return characters.length <= LONGEST_EXCERPT ? text : `${characters.slice(0, LONGEST_EXCERPT).join('')}…`
}

function attributeLines(attributes: Attributes): [string, string][] {
  return Object.entries(attributes).map(([name, given]) => {
    const values = [given].flat().map((value) => (value instanceof Date ? value.toISOString() : String(value)))
    return ['attribute', `${name} = ${values.join(', ')}`]
  })
}
