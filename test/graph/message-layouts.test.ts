/** All kinds of messages and all records of Peerage's own at once: what each of them has to have. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { decodeGraphMessage } from '../../src/graph/decode-graph-message.ts'
import type { GraphMessage, MessageKind } from '../../src/graph/graph-message.ts'
import { GRAPH_INFO_TYPE, propertiesOf } from '../../src/graph/graph-properties.ts'
import { openGreeting } from '../../src/graph/greeting.ts'
import { linkKinds } from '../../src/graph/message-header.ts'
import { messageKinds } from '../../src/graph/message-kinds.ts'
import { PRESENCE_TYPE, presenceAddresses } from '../../src/graph/presence-record.ts'
import { graphKeys, parseGraphId } from '../../src/records/graph-id.ts'
import { WireReader } from '../../src/wire/wire-reader.ts'
import { crypto } from '../identity/platform.ts'
import { hex } from '../records/record-vectors.ts'
import { madeRecord } from './lone-records.ts'

interface MessageVectors {
  readonly messages: readonly { readonly message: { readonly kind: MessageKind }; readonly body: string }[]
}
interface RecordVectors {
  readonly presence: readonly { readonly payload: string }[]
}
interface InfoVectors {
  readonly payloads: readonly { readonly payload: string; readonly properties: { readonly creator: string } }[]
}
interface LinkVectors {
  readonly graphId: string
  readonly channelBinding: string
  readonly seeds: { readonly dialler: string; readonly responder: string }
  readonly greetings: readonly { readonly canonical: boolean; readonly role: 'dialler'; readonly sealed: string }[]
  readonly flights: readonly { readonly bytes: string }[]
  readonly frames: readonly { readonly messages: readonly { readonly kind: number }[] }[]
}

const folder = new URL('../../docs/protocol/', import.meta.url)

function vectors<Content>(name: string): Content {
  const content: Content = JSON.parse(readFileSync(new URL(`vectors/${name}.json`, folder), 'utf8'))
  return content
}

const links = vectors<LinkVectors>('graph-links')
const { presence } = vectors<RecordVectors>('graph-messages')
const { payloads: infos } = vectors<InfoVectors>('graph-info')
const messages = ['graph-messages', 'graph-reconciliation'].flatMap((name) => vectors<MessageVectors>(name).messages)

const numbers = new Map<string, number>([
  ...Object.entries(linkKinds),
  ...Object.entries(messageKinds).map(([kind, { number }]) => [kind, number] as const),
])
/** An optional field with the number 5 and two bytes, in the place of the count of none. */
const UNKNOWN_FIELD = '010502beef'
/** Of the length of a frame and its priority, in bytes. */
const FRAME_HEADER_LENGTH = 3
/** Of the size and the version before the kind. */
const KIND_OFFSET = 5

function decode(kind: MessageKind, body: Uint8Array): GraphMessage {
  return decodeGraphMessage(kind, new WireReader(body, kind))
}

/** Where the flags of a kind are in a body, if it has some. */
function flagOffsets(kind: MessageKind, body: Uint8Array): readonly number[] {
  switch (kind) {
    case 'CONNECT':
    case 'WELCOME':
    case 'GRAFT':
      return [0]
    case 'COMPARED':
      // Behind the session and a short text.
      return [4 + 1 + (body[4] ?? 0)]
    case 'RECORDS':
      // Those of the two records in the vector that has any.
      return body[10] === 2 ? [11, 16] : []
    case 'WANT':
      // That of the last want, before the optional fields.
      return [body.length - 2]
    default:
      return []
  }
}

/** The presence record and the info record of a payload. */
function addressesIn(payload: string): unknown {
  return presenceAddresses({ ...madeRecord(0, { type: PRESENCE_TYPE }), payload: hex(payload) })
}

function propertiesIn(payload: Uint8Array, creator: string): unknown {
  const record = madeRecord(0, { type: GRAPH_INFO_TYPE })
  return propertiesOf({ ...record, creator: { publicKey: hex(creator), classifier: '' }, payload })
}

describe('messages and records of Peerage', () => {
  test('G-022: each kind of message has a row with its number and its limit, and a vector', () => {
    const documents = readdirSync(folder).filter((name) => /^graph-.*\.md$/.test(name))
    const rows = documents.flatMap((name) => [
      ...readFileSync(new URL(name, folder), 'utf8').matchAll(/^\| 0x([0-9a-f]{2}) \| ([A-Z0-9_]+) \|(.*)$/gm),
    ])
    const documented = new Map(rows.map(([, number = '', kind = '']) => [kind, Number.parseInt(number, 16)]))
    expect(documented).toEqual(numbers)
    expect(rows).toHaveLength(numbers.size)
    for (const [, , kind = '', rest = ''] of rows) {
      const limit = rest.split('|').find((cell) => /^ [0-9,]+ $/.test(cell))
      for (const [name, { longest }] of Object.entries(messageKinds)) {
        if (name === kind) expect(Number(limit?.replaceAll(',', '')), kind).toBe(longest)
      }
    }
    const shown = new Set([
      ...messages.map(({ message }) => messageKinds[message.kind].number),
      ...links.flights.map(({ bytes }) => hex(bytes)[FRAME_HEADER_LENGTH + KIND_OFFSET]),
      ...links.frames.flatMap((frame) => frame.messages.map(({ kind }) => kind)),
    ])
    for (const [kind, number] of numbers) expect(shown.has(number), kind).toBe(true)
  })

  test('G-022: reserved bits are zero in what is sent, and ignored in what comes', () => {
    const kinds = new Set<MessageKind>()
    for (const { message, body } of messages) {
      const bytes = hex(body)
      const read = decode(message.kind, bytes)
      for (const offset of flagOffsets(message.kind, bytes)) {
        kinds.add(message.kind)
        const reserved = message.kind === 'CONNECT' || message.kind === 'WELCOME' ? 0xe0 : 0xfe
        expect((bytes[offset] ?? 0) & reserved).toBe(0)
        const changed = hex(body)
        changed[offset] = (changed[offset] ?? 0) | reserved
        expect(decode(message.kind, changed)).toEqual(read)
      }
    }
    expect([...kinds].sort()).toEqual(['COMPARED', 'CONNECT', 'GRAFT', 'RECORDS', 'WANT', 'WELCOME'])
    for (const { payload, properties } of infos) {
      const changed = hex(payload)
      expect((changed[1] ?? 0) & 0xfe).toBe(0)
      changed[1] = (changed[1] ?? 0) | 0xfe
      expect(propertiesIn(changed, properties.creator)).toEqual(propertiesIn(hex(payload), properties.creator))
    }
  })

  test('G-022: optional fields that are not known are skipped, in every message, record and greeting', () => {
    for (const { message, body } of messages) {
      expect(decode(message.kind, hex(body.slice(0, -2) + UNKNOWN_FIELD))).toEqual(decode(message.kind, hex(body)))
    }
    for (const { payload } of presence) {
      expect(addressesIn(payload.slice(0, -2) + UNKNOWN_FIELD)).toEqual(addressesIn(payload))
      expect(addressesIn(payload)).toBeDefined()
    }
    for (const { payload, properties } of infos) {
      const longer = hex(payload.slice(0, -2) + UNKNOWN_FIELD)
      expect(propertiesIn(longer, properties.creator)).toEqual(propertiesIn(hex(payload), properties.creator))
    }
    const keys = graphKeys(crypto, parseGraphId(links.graphId))
    const link = { crypto, keys, channelBinding: hex(links.channelBinding) }
    const { publicKey } = crypto.signingKeyPair(hex(links.seeds.responder))
    const [later] = links.greetings.filter(({ canonical }) => !canonical)
    expect(openGreeting(link, 'dialler', hex(later?.sealed ?? ''), publicKey)).toMatchObject({ versions: [0x20] })
  })
})
