/**
 * The properties of a graph (MS-PPGRH 2.2.3.1): what its creator says of it, in a record of type `peerage.graph-info` that
 * every node has. Where a provider keeps them elsewhere, as groups do, there is no such record.
 */
import type { GraphRecord } from '../records/record.ts'
import { compareBytes } from '../runtime/bytes.ts'
import { PUBLIC_KEY_LENGTH } from '../runtime/crypto.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { readTaggedFields, writeTaggedFields } from '../wire/tagged-fields.ts'
import { WireReader } from '../wire/wire-reader.ts'
import { WireWriter } from '../wire/wire-writer.ts'
import { OPTIONAL_FIELDS } from './encode-graph-message.ts'
import type { GraphScope } from './graph-scope.ts'

/** The type of the record that holds them. */
export const GRAPH_INFO_TYPE = 'peerage.graph-info'

/** What is said of a graph. */
export interface GraphProperties {
  readonly friendlyName: string
  readonly comment: string
  readonly scope: GraphScope
  /** How long a presence record lives, in milliseconds: 300,000 or more. */
  readonly presenceLifetime: number
  /** How many presence records there should be: -1 for no maximum, 0 for none. */
  readonly maxPresenceRecords: number
  /** Whether a node without a neighbor keeps what has expired (G-058). */
  readonly deferredExpiration: boolean
  /** How long after its creation a record may expire at most, in milliseconds. Fixed when the graph is made. */
  readonly longestRecordLife: number
}

/** Of the friendly name and the comment of a graph, in UTF-16 code units (G-002). */
export const LONGEST_GRAPH_NAME = 255
export const LONGEST_COMMENT = 511
/** How long a presence record may live, in milliseconds. */
export const SHORTEST_PRESENCE_LIFETIME = 300_000
export const LONGEST_PRESENCE_LIFETIME = 7 * 24 * 60 * 60_000
/** How many presence records a graph may want. */
export const MOST_PRESENCE_RECORDS = 1_000_000
/** Ten years of 365.25 days, in milliseconds. */
export const DEFAULT_RECORD_LIFE: number = 3652.5 * 24 * 60 * 60_000

export const DEFAULT_PROPERTIES: GraphProperties = {
  friendlyName: '',
  comment: '',
  scope: 'global',
  presenceLifetime: SHORTEST_PRESENCE_LIFETIME,
  maxPresenceRecords: -1,
  deferredExpiration: false,
  longestRecordLife: DEFAULT_RECORD_LIFE,
}

export const propertyNames: readonly (keyof GraphProperties)[] = [
  'friendlyName',
  'comment',
  'scope',
  'presenceLifetime',
  'maxPresenceRecords',
  'deferredExpiration',
  'longestRecordLife',
]

const SCHEMA = 1
const SCOPES: readonly GraphScope[] = ['global', 'site-local', 'link-local']
const DEFERRED_EXPIRATION = 0x01
/** Of a name or a comment, in bytes of UTF-8. */
const LONGEST_TEXT = 3 * LONGEST_COMMENT
/** The payload of an info record, in bytes. */
const LONGEST_PAYLOAD = 4096
/** -1 on the wire. */
const NO_MAXIMUM = 0xffff_ffff

/** Properties for a new graph. @throws PeerageError `invalid-graph-property` */
export function requireProperties(given: Partial<GraphProperties>): GraphProperties {
  const properties = { ...DEFAULT_PROPERTIES, ...definedOf(given) }
  const problem = propertyProblem(properties)
  if (problem !== undefined) throw new PeerageError('invalid-graph-property', problem)
  return usual(properties)
}

/** The payload of the record. */
export function encodeProperties(properties: GraphProperties, creator: Uint8Array): Uint8Array {
  const writer = new WireWriter(LONGEST_PAYLOAD)
  writer.uint8(SCHEMA)
  writer.uint8(properties.deferredExpiration ? DEFERRED_EXPIRATION : 0)
  writer.bytes(creator)
  writer.text(properties.friendlyName, LONGEST_TEXT)
  writer.text(properties.comment, LONGEST_TEXT)
  writer.uint8(SCOPES.indexOf(properties.scope) + 1)
  writer.uint48(properties.presenceLifetime)
  writer.uint32(properties.maxPresenceRecords < 0 ? NO_MAXIMUM : properties.maxPresenceRecords)
  writer.uint48(properties.longestRecordLife)
  writeTaggedFields(writer, [], OPTIONAL_FIELDS)
  return writer.copy()
}

/** The properties that a record states; undefined if it is not valid: then the record is invalid, too. */
export function propertiesOf(record: GraphRecord): GraphProperties | undefined {
  try {
    return readProperties(record)
  } catch (error) {
    if (PeerageError.is(error, 'malformed')) return undefined
    throw error
  }
}

/** Of several records the one that counts: the one created first, then the one of lowest ID (G-005). */
export function countingInfo(records: Iterable<GraphRecord>): GraphRecord | undefined {
  let first: GraphRecord | undefined
  for (const record of records) {
    if (record.deleted) continue
    const isBefore =
      first === undefined ||
      record.created < first.created ||
      (record.created === first.created && record.id < first.id)
    if (isBefore) first = record
  }
  return first
}

function readProperties(record: GraphRecord): GraphProperties | undefined {
  const reader = new WireReader(record.payload, 'graph info record')
  if (reader.uint8() !== SCHEMA) return undefined
  const flags = reader.uint8()
  if (compareBytes(reader.bytes(PUBLIC_KEY_LENGTH), record.creator.publicKey) !== 0) return undefined
  const friendlyName = reader.text(LONGEST_TEXT)
  const comment = reader.text(LONGEST_TEXT)
  const scope = SCOPES[reader.uint8() - 1]
  const presenceLifetime = reader.uint48()
  const most = reader.uint32()
  const longestRecordLife = reader.uint48()
  readTaggedFields(reader, OPTIONAL_FIELDS)
  reader.finish()
  if (scope === undefined) return undefined
  const properties: GraphProperties = {
    ...{ friendlyName, comment, scope, presenceLifetime, longestRecordLife },
    maxPresenceRecords: most === NO_MAXIMUM ? -1 : most,
    deferredExpiration: (flags & DEFERRED_EXPIRATION) !== 0,
  }
  return propertyProblem(properties) === undefined ? usual(properties) : undefined
}

/** A presence lifetime of 0 stands for the usual one (MS-PPGRH 2.2.3.1). */
function usual(properties: GraphProperties): GraphProperties {
  return properties.presenceLifetime === 0
    ? { ...properties, presenceLifetime: SHORTEST_PRESENCE_LIFETIME }
    : properties
}

interface PropertyProblem {
  readonly name: string
  readonly value: string
  readonly expected: string
}

function propertyProblem(properties: GraphProperties): PropertyProblem | undefined {
  const { friendlyName, comment, scope, presenceLifetime, maxPresenceRecords, longestRecordLife } = properties
  const texts = [
    ['friendlyName', friendlyName, LONGEST_GRAPH_NAME],
    ['comment', comment, LONGEST_COMMENT],
  ] as const
  for (const [name, value, limit] of texts) {
    if (value.length <= limit && value.isWellFormed() && !value.includes('\0')) continue
    return { name, value: value.slice(0, 40), expected: `0 to ${limit} characters without U+0000` }
  }
  if (!SCOPES.includes(scope)) return { name: 'scope', value: scope, expected: SCOPES.join(', ') }
  const isLifetime =
    presenceLifetime === 0 || isWholeBetween(presenceLifetime, SHORTEST_PRESENCE_LIFETIME, LONGEST_PRESENCE_LIFETIME)
  if (!isLifetime) {
    const expected = `0, or ${SHORTEST_PRESENCE_LIFETIME} to ${LONGEST_PRESENCE_LIFETIME} milliseconds`
    return { name: 'presenceLifetime', value: String(presenceLifetime), expected }
  }
  if (!isWholeBetween(maxPresenceRecords, -1, MOST_PRESENCE_RECORDS)) {
    const expected = `-1 (no maximum) to ${MOST_PRESENCE_RECORDS}`
    return { name: 'maxPresenceRecords', value: String(maxPresenceRecords), expected }
  }
  if (!isWholeBetween(longestRecordLife, 1, 10 * DEFAULT_RECORD_LIFE)) {
    const expected = `1 to ${10 * DEFAULT_RECORD_LIFE} milliseconds`
    return { name: 'longestRecordLife', value: String(longestRecordLife), expected }
  }
  return undefined
}

function isWholeBetween(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most
}

function definedOf(given: Partial<GraphProperties>): Partial<GraphProperties> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}
