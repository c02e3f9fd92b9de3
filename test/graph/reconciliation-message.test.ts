import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeGraphMessage } from '../../src/graph/decode-graph-message.ts'
import { encodeGraphMessage } from '../../src/graph/encode-graph-message.ts'
import { MerkleTrie } from '../../src/graph/merkle-trie.ts'
import { messageKinds } from '../../src/graph/message-kinds.ts'
import { RangeComparison } from '../../src/graph/range-comparison.ts'
import {
  BATCH_SIZE,
  isReconciliationMessage,
  MOST_ANSWERED_RANGES,
  MOST_IN_BATCH,
  MOST_NAMED_TYPES,
  MOST_OPEN_ASKS,
  MOST_PRIORITIZED_TYPES,
  MOST_WANTED,
  type ReconciliationMessage,
  reconciliationKinds,
} from '../../src/graph/reconciliation-message.ts'
import { MOST_LISTED_LEAVES, type TrieRange } from '../../src/graph/trie-range.ts'
import { parseRecordId } from '../../src/records/record-id.ts'
import { fromHex, toHex } from '../../src/runtime/bytes.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { WireReader } from '../../src/wire/wire-reader.ts'
import { WireWriter } from '../../src/wire/wire-writer.ts'
import { crypto } from './reconciled-pair.ts'

interface MessageVectors {
  readonly messages: readonly { readonly what: string; readonly message: Json; readonly body: string }[]
  readonly shortNames: readonly Record<'salt' | 'path' | 'key' | 'leaf' | 'name', string>[]
}
interface Json {
  readonly kind: ReconciliationMessage['kind']
  readonly [name: string]: unknown
}

const vectors: MessageVectors = JSON.parse(
  readFileSync(new URL('../../docs/protocol/vectors/graph-reconciliation.json', import.meta.url), 'utf8'),
)
const tries: { readonly records: readonly Record<'type' | 'id' | 'digest', string>[] } = JSON.parse(
  readFileSync(new URL('../../docs/protocol/vectors/graph-tries.json', import.meta.url), 'utf8'),
)

function hex(text: string): Uint8Array {
  const bytes = fromHex(text)
  if (bytes === undefined) throw new TypeError(text)
  return bytes
}

function encode(message: ReconciliationMessage): Uint8Array {
  const writer = new WireWriter(messageKinds[message.kind].longest)
  encodeGraphMessage(writer, message)
  return writer.copy()
}

function decode(kind: ReconciliationMessage['kind'], bytes: Uint8Array): ReconciliationMessage {
  const message = decodeGraphMessage(kind, new WireReader(bytes, kind))
  if (!isReconciliationMessage(message)) throw new TypeError(kind)
  return message
}

/** A message in the form of the vectors: bytes as digits, and null for what is not there. */
function described(message: ReconciliationMessage): unknown {
  const plain: unknown = JSON.parse(
    JSON.stringify(message, (_name, value: unknown) => {
      if (value instanceof Uint8Array) return toHex(value)
      if (Array.isArray(value)) return value.map((item: unknown) => item ?? null)
      return value
    }),
  )
  return flattened(plain)
}

function flattened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(flattened)
  if (typeof value !== 'object' || value === null) return value
  const { below, ...rest } = Object.fromEntries(Object.entries(value).map(([name, part]) => [name, flattened(part)]))
  if ('type' in rest && Object.keys(rest).length === 1) return { ...rest, hash: null }
  return typeof below === 'object' ? { ...rest, ...below } : rest
}

const kinds = Object.keys(reconciliationKinds).filter((kind): kind is ReconciliationMessage['kind'] => {
  return Object.hasOwn(reconciliationKinds, kind)
})

describe('messages of reconciliation', () => {
  test.each(vectors.messages)('G-022: $message.kind $what is read and written byte for byte', ({ message, body }) => {
    const read = decode(message.kind, hex(body))
    expect(described(read)).toEqual(message)
    expect(toHex(encode(read))).toBe(body)
  })

  test('have a vector each, numbers of their own, and fit what they may take', () => {
    expect(new Set(vectors.messages.map(({ message }) => message.kind))).toEqual(new Set(kinds))
    const numbers = Object.values(messageKinds).map(({ number }) => number)
    expect(new Set(numbers).size).toBe(numbers.length)
    for (const message of largest()) expect(() => encode(message)).not.toThrow()
    expect(largest().map(({ kind }) => kind)).toEqual(kinds.filter((kind) => kind !== 'END'))
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
      { numRuns: 2000 },
    )
  })

  test('of random bytes are read, or refused as malformed', () => {
    fc.assert(fc.property(fc.constantFrom(...kinds), fc.uint8Array({ maxLength: 300 }), expectReadOrMalformed), {
      numRuns: 2000,
    })
  })
})

test('short names are those of the published vectors', () => {
  const [record] = tries.records
  if (record === undefined) throw new TypeError('there is one')
  const trie = new MerkleTrie(crypto)
  trie.put({ type: record.type, id: parseRecordId(record.id), digest: hex(record.digest), expires: 2 ** 47 })
  for (const { salt, path, key, leaf, name } of vectors.shortNames) {
    expect(toHex(trie.hashAt(key) ?? new Uint8Array(0))).toBe(leaf)
    const described = new RangeComparison({ trie, waiting: () => [] }, crypto, hex(salt), new Set()).describe(path)
    expect(described).toEqual({ prefix: path, path, below: { leaves: [name] } })
  }
})

function expectReadOrMalformed(kind: ReconciliationMessage['kind'], bytes: Uint8Array): void {
  try {
    const message = decode(kind, bytes)
    // What is read can be written, and is then read as the same.
    expect(decode(kind, encode(message))).toEqual(message)
  } catch (error) {
    if (!PeerageError.is(error, 'malformed')) throw error
  }
}

/** The largest message of each kind. */
function largest(): readonly ReconciliationMessage[] {
  const hash = new Uint8Array(16).fill(1)
  const type = 'x'.repeat(64)
  const session = 2 ** 32 - 1
  const count = 2 ** 32 - 1
  const ranges = (most: number): readonly TrieRange[] =>
    Array.from({ length: most }, (_, index) => {
      // Prefixes that share nothing with each other.
      const prefix = (index % 2).toString().repeat(64)
      return {
        prefix,
        path: prefix.padEnd(120, '7'),
        below: { leaves: Array(MOST_LISTED_LEAVES).fill('a'.repeat(24)) },
      }
    })
  const wants = Array.from({ length: MOST_WANTED }, (_, index) => {
    return { prefix: (index % 2).toString().repeat(128), hasOther: true }
  })
  const small = { bytes: new Uint8Array(BATCH_SIZE / MOST_IN_BATCH - 5), isLongHeld: true }
  return [
    {
      ...{ kind: 'ROOT', session, minute: (2 ** 32 - 1) * 60_000, hash, count, nonce: new Uint8Array(8) },
      prioritized: Array(MOST_PRIORITIZED_TYPES).fill(type),
    },
    { kind: 'OPENING', session, types: Array(MOST_NAMED_TYPES).fill({ type, hash }), ranges: ranges(MOST_OPEN_ASKS) },
    { kind: 'ASK', session, ranges: ranges(MOST_OPEN_ASKS) },
    { kind: 'ANSWER', session, asks: MOST_OPEN_ASKS, deliveries: count, ranges: ranges(MOST_ANSWERED_RANGES), wants },
    { kind: 'WANT', session, wants },
    { kind: 'COMPARED', session, type, isLast: true, deliveries: count },
    { kind: 'RECORDS', session, deliveries: count, left: count, records: Array(MOST_IN_BATCH).fill(small) },
    { kind: 'TAKEN', session, batches: count },
  ]
}
