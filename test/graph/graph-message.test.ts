/** The messages of overlay, flooding and direct connections: their published vectors, and what bad ones get. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeGraphMessage } from '../../src/graph/decode-graph-message.ts'
import { encodeGraphMessage } from '../../src/graph/encode-graph-message.ts'
import { MOST_ANNOUNCED } from '../../src/graph/flood-message.ts'
import type { GraphMessage, MessageKind } from '../../src/graph/graph-message.ts'
import { messageKinds } from '../../src/graph/message-kinds.ts'
import {
  LONGEST_SHUFFLE_WALK,
  MOST_ADDRESSES,
  MOST_KEPT_TYPES,
  MOST_REFERRALS,
  type Referral,
} from '../../src/graph/overlay-message.ts'
import { encodePresence } from '../../src/graph/presence-record.ts'
import { reconciliationKinds } from '../../src/graph/reconciliation-message.ts'
import { recordIdFromBytes } from '../../src/records/record-id.ts'
import { fromHex, toHex } from '../../src/runtime/bytes.ts'
import type { Endpoint } from '../../src/runtime/endpoint.ts'
import { ipAddressFromBytes } from '../../src/runtime/endpoint.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { WireReader } from '../../src/wire/wire-reader.ts'
import { WireWriter } from '../../src/wire/wire-writer.ts'

interface Vectors {
  readonly messages: readonly {
    readonly what: string
    readonly message: { readonly kind: MessageKind; readonly [name: string]: unknown }
    readonly body: string
  }[]
  readonly presence: readonly { readonly addresses: readonly Endpoint[]; readonly payload: string }[]
}

const vectors: Vectors = JSON.parse(
  readFileSync(new URL('../../docs/protocol/vectors/graph-messages.json', import.meta.url), 'utf8'),
)
const kinds = Object.keys(messageKinds).filter((kind): kind is MessageKind => Object.hasOwn(messageKinds, kind))

function hex(text: string): Uint8Array {
  const bytes = fromHex(text)
  if (bytes === undefined) throw new TypeError(text)
  return bytes
}

function encode(message: GraphMessage): Uint8Array {
  const writer = new WireWriter(messageKinds[message.kind].longest)
  encodeGraphMessage(writer, message)
  return writer.copy()
}

function decode(kind: MessageKind, bytes: Uint8Array): GraphMessage {
  return decodeGraphMessage(kind, new WireReader(bytes, kind))
}

/** A message in the form of the vectors. */
function described(message: GraphMessage): unknown {
  return JSON.parse(
    JSON.stringify(message, (_name, value: unknown) => (value instanceof Uint8Array ? toHex(value) : value)),
  )
}

function malformed(kind: MessageKind, body: string): void {
  expect(() => decode(kind, hex(body))).toThrow(expect.objectContaining({ code: 'malformed' }))
}

describe('messages of a graph', () => {
  test.each(vectors.messages)('G-022: $message.kind $what is read and written byte for byte', ({ message, body }) => {
    const read = decode(message.kind, hex(body))
    expect(described(read)).toEqual(message)
    expect(toHex(encode(read))).toBe(body)
  })

  test('have a vector each, beside those of reconciliation', () => {
    const shown = new Set<string>(vectors.messages.map(({ message }) => message.kind))
    expect(kinds.filter((kind) => !shown.has(kind) && !(kind in reconciliationKinds))).toEqual([])
  })

  test('payloads of presence records are written as published', () => {
    for (const { addresses, payload } of vectors.presence) expect(toHex(encodePresence(addresses))).toBe(payload)
  })

  test('G-029: optional fields that are not known, as a friendly name would be, are skipped', () => {
    for (const { message, body } of vectors.messages) {
      // The last byte counts the optional fields: here is one with the number 5 and two bytes.
      expect(described(decode(message.kind, hex(`${body.slice(0, -2)}010502beef`)))).toEqual(message)
    }
  })

  test('reserved bits are ignored', () => {
    for (const { message, body } of vectors.messages) {
      if (message.kind !== 'CONNECT' && message.kind !== 'GRAFT') continue
      const bytes = hex(body)
      bytes[0] = (bytes[0] ?? 0) | 0xe0
      expect(described(decode(message.kind, bytes))).toEqual(message)
    }
  })

  test('the largest of each kind fit what they may take', () => {
    for (const message of largest()) expect(() => encode(message)).not.toThrow()
  })

  test('that break a rule are malformed', () => {
    const connect = bodyOf('with new addresses')
    // U without an address; D and C at once; a kind of refusal, or of leave, that there is not.
    malformed('CONNECT', `${connect.slice(0, 2 + 16 + 12)}000000`)
    malformed('CONNECT', `06${connect.slice(2)}`)
    for (const code of ['00', '07', 'ff']) malformed('REFUSE', `${code}0000`)
    for (const reason of ['00', '04', 'ff']) malformed('DISCONNECT', `${reason}0000`)
    // More steps than a walk has; a node without an address; bytes behind the end.
    malformed('SHUFFLE', `00000001${(LONGEST_SHUFFLE_WALK + 1).toString(16).padStart(2, '0')}0000`)
    malformed('SHUFFLE_REPLY', '000000010100000000')
    malformed('PRUNE', '00')
    malformed('PRUNE', `${'00'.repeat(33)}00`)
    for (const kind of kinds) malformed(kind, '')
  })

  test('that were cut short or changed are read, or refused as malformed', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...vectors.messages),
        fc.nat(),
        fc.nat(255),
        fc.boolean(),
        (vector, at, bits, cuts) => {
          const bytes = hex(vector.body)
          const place = at % bytes.length
          bytes[place] = (bytes[place] ?? 0) ^ bits
          expectReadOrMalformed(vector.message.kind, cuts ? bytes.subarray(0, place) : bytes)
        },
      ),
      { numRuns: 3000 },
    )
  })

  test('of random bytes are read, or refused as malformed', () => {
    fc.assert(fc.property(fc.constantFrom(...kinds), fc.uint8Array({ maxLength: 300 }), expectReadOrMalformed), {
      numRuns: 3000,
    })
  })
})

function bodyOf(what: string): string {
  const found = vectors.messages.find((vector) => vector.what === what)
  if (found === undefined) throw new RangeError(what)
  return found.body
}

function tolerant(kind: MessageKind, body: string): GraphMessage | undefined {
  try {
    return decode(kind, hex(body))
  } catch (error) {
    if (PeerageError.is(error, 'malformed')) return undefined
    throw error
  }
}

function expectReadOrMalformed(kind: MessageKind, bytes: Uint8Array): void {
  const message = tolerant(kind, toHex(bytes))
  // What is read can be written, and is then read as the same.
  if (message !== undefined) expect(decode(kind, encode(message))).toEqual(message)
}

function largest(): readonly GraphMessage[] {
  const endpoint: Endpoint = { host: ipAddressFromBytes(new Uint8Array(16).fill(32)), port: 65_535 }
  const addresses = Array<Endpoint>(MOST_ADDRESSES).fill(endpoint)
  const referrals = Array<Referral>(MOST_REFERRALS).fill({ publicKey: new Uint8Array(32), addresses })
  const types = Array<string>(MOST_KEPT_TYPES).fill('x'.repeat(64))
  const nodeId = 'f'.repeat(16)
  const peerTime = 2 ** 48 - 1
  const id = recordIdFromBytes(new Uint8Array(16))
  return [
    {
      ...{ kind: 'CONNECT', nodeId, peerTime, update: true, purpose: 'direct', alone: true, addresses, types },
      protocol: 'p'.repeat(64),
    },
    { kind: 'WELCOME', nodeId, peerTime, referrals, types },
    { kind: 'REFUSE', code: 'busy', referrals },
    { kind: 'DISCONNECT', reason: 'leaving', referrals },
    { kind: 'SHUFFLE', walk: 2 ** 32 - 1, steps: LONGEST_SHUFFLE_WALK, referrals },
    { kind: 'SHUFFLE_REPLY', walk: 0, referrals },
    { kind: 'ADVERTISE', records: Array(MOST_ANNOUNCED).fill({ id, digest: new Uint8Array(32) }) },
    { kind: 'GRAFT', eager: true, ids: Array(MOST_ANNOUNCED).fill(id) },
  ]
}
