import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { makeFirstVersion, makeLaterVersion } from '../../src/records/make-record.ts'
import { authorOf } from '../../src/records/record.ts'
import { nextVersion, type RecordDraft, requireDraft } from '../../src/records/record-draft.ts'
import { compareRecords } from '../../src/records/record-order.ts'
import { LARGEST_RECORD } from '../../src/records/record-size.ts'
import { verifyRecord } from '../../src/records/verify-record.ts'
import { toHex, toUtf8 } from '../../src/runtime/bytes.ts'
import { type ErrorCode, PeerageError } from '../../src/runtime/peerage-error.ts'
import { fakeCrypto } from '../../src/simulation/fake-crypto.ts'
import { crypto } from '../identity/platform.ts'
import { anyFirstVersion, anyVersionAfter } from './any-record.ts'
import { authorCalled, hex, keyPairs, keys, recordCalled, recordVectors } from './record-vectors.ts'

const ann = authorCalled('ann')
const signing = { keyPair: keyPairs.ann, proofs: new Uint8Array() }
const nonce = new Uint8Array(16).fill(1)
const draft: RecordDraft = {
  ...{ id: undefined, type: 'chat.message', creator: ann, created: 1000, version: 1, author: ann, modified: 1000 },
  ...{ expires: 2000, deleted: false, encoding: 'text', payload: toUtf8('hello'), attributes: [] },
}

/** The draft that a vector is made from. */
function draftOf({ record }: (typeof recordVectors.records)[number], id: RecordDraft['id']): RecordDraft {
  const { creator, modifier, payload, ...others } = record
  return {
    ...others,
    id,
    creator: authorCalled(creator),
    author: authorCalled(modifier ?? creator),
    payload: hex(payload),
  }
}

describe('docs/protocol/vectors/graph-records.json', () => {
  const made = recordVectors.records.filter(({ fields, flags }) => (fields ?? flags) === undefined)
  const first = made.filter(({ record }) => record.modifier === undefined)

  test.each(first)('G-045, G-046: $what has these bytes', (vector) => {
    const { record } = vector
    const proofs = hex(record.proofs)
    const checked = requireDraft(draftOf(vector, undefined))
    const keyPair = keyPairs[record.creator]
    const result = makeFirstVersion(crypto, keys, checked, hex(record.nonce), { keyPair, proofs })
    expect(toHex(result.bytes)).toBe(vector.bytes)
    expect(result.id).toBe(record.id)
  })

  const following = [
    ['version 2 of that, by another author', 'JSON with proofs'],
    ['version 3 of that: deleted, by its creator', 'version 2 of that, by another author'],
    ['the highest version and the latest time', 'an ephemeral type that is reserved'],
  ]
  test.each(following)('G-045, G-046: $0 has these bytes', (what, before) => {
    const vector = made.find((one) => one.what === what)
    const modifier = vector?.record.modifier
    if (vector === undefined || modifier === undefined) throw new Error(`no vector ${what}`)
    const previous = recordCalled(before)
    const proofs = hex(vector.record.proofs)
    const checked = requireDraft(draftOf(vector, previous.id))
    const result = makeLaterVersion(crypto, keys, checked, previous, { keyPair: keyPairs[modifier], proofs })
    expect(toHex(result.bytes)).toBe(vector.bytes)
  })
})

describe('a later version', () => {
  test('G-046, P-079: has the ID and the header of all versions before it, and names who wrote it', () => {
    const anyPair = anyFirstVersion.chain((first) =>
      anyVersionAfter(first).chain((second) =>
        fc.tuple(fc.constant(first), fc.constant(second), anyVersionAfter(second)),
      ),
    )
    fc.assert(
      fc.property(anyPair, ([first, ...later]) => {
        expect(first.modifier).toBeUndefined()
        expect(authorOf(first)).toBe(first.creator)
        for (const version of later) {
          const { id, type, creator, created, nonce: itsNonce } = version
          expect({ id, type, creator, created, nonce: itsNonce }).toEqual({
            ...{ id: first.id, type: first.type, creator: first.creator, created: first.created, nonce: first.nonce },
          })
          expect(version.modifier).toBeDefined()
          expect(verifyRecord(crypto, keys, version)).toBeUndefined()
        }
      }),
      { numRuns: 100 },
    )
  })

  test('does not take over fields that are not known', () => {
    const before = recordCalled('flags and fields that are not known')
    const later = { ...draft, id: before.id, type: before.type, creator: before.creator, created: before.created }
    const result = makeLaterVersion(
      crypto,
      keys,
      { ...later, version: 2, modified: before.modified, expires: before.expires },
      before,
      signing,
    )
    expect(toHex(result.bytes)).not.toContain(toHex(toUtf8('new')))
    expect(verifyRecord(crypto, keys, result)).toBeUndefined()
  })
})

describe('the number of a later version', () => {
  test('is one more', () => {
    expect(nextVersion(recordCalled('JSON with proofs'))).toBe(2)
  })

  test('stays at the highest, where a deletion still wins', () => {
    const highest = recordCalled('the highest version and the latest time')
    const { id, type, creator, created } = highest
    const deletion: RecordDraft = {
      ...{
        ...draft,
        id,
        type,
        creator,
        created,
        version: nextVersion(highest),
        modified: created,
        expires: created + 1,
      },
      ...{ deleted: true, encoding: 'bytes', payload: new Uint8Array() },
    }
    const deleted = makeLaterVersion(crypto, keys, requireDraft(deletion), highest, signing)
    expect(deleted.version).toBe(highest.version)
    expect(compareRecords(deleted, highest, () => false)).toBeGreaterThan(0)
  })
})

describe('a draft', () => {
  const codes: readonly (readonly [string, Partial<RecordDraft>, ErrorCode])[] = [
    ['without a type', { type: '' }, 'invalid-record-type'],
    ['with a type of 65 bytes', { type: 'a'.repeat(65) }, 'invalid-record-type'],
    ['with a bad attribute', { attributes: [{ name: '-', values: [] }] }, 'invalid-attributes'],
    ['that is too large', { payload: new Uint8Array(LARGEST_RECORD + 1) }, 'record-too-large'],
    ['that expires at once', { expires: 1000 }, 'invalid-expiration'],
    ['that expires before 1970', { expires: -1 }, 'invalid-expiration'],
    ['that expires at no time', { expires: Number.NaN }, 'invalid-expiration'],
    ['that expires in the year 10000', { expires: 253_402_300_800_000 }, 'invalid-expiration'],
    ['of text that is none', { payload: Uint8Array.of(0xff) }, 'invalid-record'],
    ['of JSON that is none', { encoding: 'json' }, 'invalid-record'],
    ['of JSON that is none, under its number', { encoding: 2 }, 'invalid-record'],
  ]
  test.each(codes)('%s is refused', (_, change, code) => {
    expect(() => requireDraft({ ...draft, ...change })).toThrow(expect.objectContaining({ code }))
  })

  test('of the largest size is taken', () => {
    const payload = new Uint8Array(LARGEST_RECORD).fill(0x61)
    const record = makeFirstVersion(crypto, keys, requireDraft({ ...draft, payload }), nonce, signing)
    expect(record.payload).toEqual(payload)
  })

  test('has its attributes put in order', () => {
    const attributes = ['b', 'a'].map((name) => ({ name, values: [{ type: 'integer' as const, value: 1 }] }))
    expect(requireDraft({ ...draft, attributes }).attributes.map(({ name }) => name)).toEqual(['a', 'b'])
  })
})

test('what a program gets wrong is no PeerageError', () => {
  const first = makeFirstVersion(crypto, keys, draft, nonce, signing)
  const wrong: readonly (() => unknown)[] = [
    () => makeFirstVersion(crypto, keys, { ...draft, version: 2 }, nonce, signing),
    () => makeFirstVersion(crypto, keys, draft, new Uint8Array(15), signing),
    () => makeFirstVersion(crypto, keys, draft, nonce, { ...signing, keyPair: keyPairs.bob }),
    () => makeFirstVersion(crypto, keys, draft, nonce, { ...signing, proofs: new Uint8Array(1025) }),
    () => makeFirstVersion(crypto, keys, { ...draft, deleted: true }, nonce, signing),
    () => makeLaterVersion(crypto, keys, { ...draft, version: 2 }, first, signing),
    () => makeLaterVersion(crypto, keys, { ...draft, id: first.id }, first, signing),
    () =>
      makeLaterVersion(
        crypto,
        keys,
        { ...draft, id: first.id, version: 2, author: authorCalled('bob') },
        first,
        signing,
      ),
  ]
  for (const make of wrong) {
    expect(make).toThrow(RangeError)
    expect(make).not.toThrow(PeerageError)
  }
})

test('with the fake crypto of simulations, signatures are refused for another key, too', () => {
  const fake = fakeCrypto(crypto)
  const record = makeFirstVersion(fake, keys, draft, nonce, signing)
  expect(verifyRecord(fake, keys, record)).toBeUndefined()
  expect(verifyRecord(fake, keys, { ...record, creator: authorCalled('bob') })).toBe('wrong-creator-signature')
  expect(verifyRecord(fake, { ...keys, recordKey: new Uint8Array(32) }, record)).toBe('wrong-creator-signature')
})

test('G-046, P-080: a signature does not count in a graph whose tag was made alike', () => {
  const alike = { ...keys, recordKey: new Uint8Array(32).fill(5) }
  for (const what of ['JSON with proofs', 'version 2 of that, by another author']) {
    expect(verifyRecord(crypto, alike, recordCalled(what))).toBeDefined()
  }
})
