/** Random records for property tests. */
import fc from 'fast-check'
import type { AttributeValue, RecordAttribute } from '../../src/records/attribute.ts'
import { requireAttributes } from '../../src/records/attributes.ts'
import { isHeaderName } from '../../src/records/header-names.ts'
import { makeFirstVersion, makeLaterVersion } from '../../src/records/make-record.ts'
import type { GraphRecord, PayloadEncoding } from '../../src/records/record.ts'
import type { RecordDraft } from '../../src/records/record-draft.ts'
import { isRecordType } from '../../src/records/record-type.ts'
import { toUtf8 } from '../../src/runtime/bytes.ts'
import { EARLIEST_DATE, LATEST_DATE } from '../../src/runtime/date-text.ts'
import { crypto } from '../identity/platform.ts'
import { authorCalled, keyPairs, keys } from './record-vectors.ts'

/** Texts that attributes may have; few and short enough that some are alike. */
export const anyText: fc.Arbitrary<string> = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '\\', '"', ' ', '\ufffd', '\u{1f40e}'), maxLength: 6 }),
  )
  .map((text) => text.replaceAll('\0', '0'))

export const anyValue: fc.Arbitrary<AttributeValue> = fc.oneof(
  fc.record({ type: fc.constant('string' as const), value: anyText }),
  fc.record({
    type: fc.constant('integer' as const),
    value: fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -3, max: 3 })).map((value) => value + 0),
  }),
  fc.record({
    type: fc.constant('date' as const),
    value: fc
      .oneof(fc.integer({ min: EARLIEST_DATE, max: LATEST_DATE }), fc.integer({ min: -2, max: 2 }))
      .map((value) => value + 0),
  }),
)

export const anyAttributeName: fc.Arbitrary<string> = fc
  .oneof(fc.constantFrom('a', 'b', 'A', '9', 'title'), fc.stringMatching(/^[0-9a-zA-Z]{1,40}$/))
  .filter((name) => !isHeaderName(name))

export const anyAttributes: fc.Arbitrary<readonly RecordAttribute[]> = fc
  .uniqueArray(fc.record({ name: anyAttributeName, values: fc.array(anyValue, { minLength: 1, maxLength: 3 }) }), {
    maxLength: 5,
    selector: ({ name }) => name,
  })
  .map(requireAttributes)

const anyPayload: fc.Arbitrary<{ readonly encoding: PayloadEncoding; readonly payload: Uint8Array }> = fc.oneof(
  fc.record({ encoding: fc.constant('bytes' as const), payload: fc.uint8Array({ maxLength: 300 }) }),
  fc.record({ encoding: fc.constant('text' as const), payload: fc.string({ unit: 'binary' }).map(toUtf8) }),
  fc.record({ encoding: fc.constant('json' as const), payload: fc.json().map((text) => toUtf8(text.toWellFormed())) }),
  fc.record({ encoding: fc.integer({ min: 3, max: 255 }), payload: fc.uint8Array({ maxLength: 30 }) }),
)

const anyAuthor = fc.constantFrom('ann' as const, 'bob' as const, 'carol' as const)
const anyTime = fc.integer({ min: 0, max: 2 ** 40 })

/** A draft of version 1, and the name of its creator. */
const anyDraft = fc
  .record({
    author: anyAuthor,
    type: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter(isRecordType),
    created: anyTime,
    waited: anyTime,
    life: fc.integer({ min: 1, max: 2 ** 40 }),
    content: anyPayload,
    attributes: anyAttributes,
  })
  .map(({ author: name, type, created, waited, life, content, attributes }) => {
    const author = authorCalled(name)
    const modified = created + waited
    const draft: RecordDraft = {
      ...{ id: undefined, type, creator: author, created, version: 1, author, modified, expires: modified + life },
      ...{ deleted: false, ...content, attributes },
    }
    return { name, draft }
  })

const anyProofs = fc.uint8Array({ maxLength: 40 })

/** A version 1. */
export const anyFirstVersion: fc.Arbitrary<GraphRecord> = fc
  .record({ drafted: anyDraft, nonce: fc.uint8Array({ minLength: 16, maxLength: 16 }), proofs: anyProofs })
  .map(({ drafted: { name, draft }, nonce, proofs }) =>
    makeFirstVersion(crypto, keys, draft, nonce, { keyPair: keyPairs[name], proofs }),
  )

/** A version after the given one, by anybody, deleted or not. */
export function anyVersionAfter(previous: GraphRecord): fc.Arbitrary<GraphRecord> {
  return fc
    .record({ drafted: anyDraft, deleted: fc.boolean(), step: fc.integer({ min: 1, max: 3 }), proofs: anyProofs })
    .map(({ drafted: { name, draft }, deleted, step, proofs }) => {
      const { id, type, creator, created } = previous
      const modified = created + (draft.modified - draft.created)
      const life = draft.expires - draft.modified
      const header = {
        id,
        type,
        creator,
        created,
        version: previous.version + step,
        modified,
        expires: modified + life,
      }
      const nothing = deleted ? { deleted, encoding: 'bytes' as const, payload: new Uint8Array(), attributes: [] } : {}
      const signing = { keyPair: keyPairs[name], proofs }
      return makeLaterVersion(crypto, keys, { ...draft, ...header, ...nothing }, previous, signing)
    })
}

/** A version 1, or one after it. */
export const anyRecord: fc.Arbitrary<GraphRecord> = anyFirstVersion.chain((first) =>
  fc.oneof(fc.constant(first), anyVersionAfter(first), anyVersionAfter(first).chain(anyVersionAfter)),
)
