/** The rules for records in a group that need the record and the chains that it names. */
import { describe, expect, test } from 'vitest'
import { authorshipProblem, lastExpiration, memberRecordProblem } from '../../src/group/group-record-rules.ts'
import { encodeProofs, readProofs } from '../../src/group/record-proofs.ts'
import { graphKeys, parseGraphId } from '../../src/records/graph-id.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import { verifyRecord } from '../../src/records/verify-record.ts'
import { crypto } from '../identity/platform.ts'
import { type Author, changed, groupKey, LIFE, member, NOW, written, YEAR } from './member-samples.ts'

const ann = member(groupKey, 1, ['administrator'])
const ben = member(ann, 2)
const ida = member(ann, 3, ['inviting-member'])
const keys = graphKeys(crypto, parseGraphId('a group for tests'))

const judged = (record: GraphRecord, creator: Author, author = creator, life = LIFE): string | undefined =>
  memberRecordProblem(record, { creator: creator.verified, author: author.verified }, life)

describe('the chains that a record names', () => {
  const first = written(ben)
  const later = changed(first, ben.verified, ann)

  test('P-081: proofs are the digests of the chains of creator and modifier, and nothing else is', () => {
    expect(readProofs(first.proofs)).toEqual({ creator: ben.verified.digest, author: ben.verified.digest })
    expect(readProofs(later.proofs)).toEqual({ creator: ben.verified.digest, author: ann.verified.digest })
    for (const length of [0, 63, 65, 128]) expect(readProofs(new Uint8Array(length))).toBe(undefined)
  })

  test('P-081: they are equal in a record that was never modified', () => {
    const renewed = member(ann, 2)
    const chains = { creator: ben.verified, author: renewed.verified }
    expect(authorshipProblem(first, chains)).toBe('proofs')
    expect(authorshipProblem(changed(first, ben.verified, renewed), chains)).toBe(undefined)
  })

  test('P-081: the header is proven by the key of the first, and the whole by that of the second', () => {
    expect(verifyRecord(crypto, keys, first)).toBe(undefined)
    expect(verifyRecord(crypto, keys, later)).toBe(undefined)
    expect(judged(first, ben)).toBe(undefined)
    expect(judged(later, ben, ann)).toBe(undefined)
    // The signatures are of the keys in the record, so these have to be those of the chains.
    expect(judged(first, ann)).toBe('wrong-chain')
    expect(judged(later, ida, ann)).toBe('wrong-chain')
    expect(judged(later, ben, ida)).toBe('wrong-chain')
    const swapped = encodeProofs({ creator: ann.verified.digest, author: ann.verified.digest })
    expect(verifyRecord(crypto, keys, { ...first, bytes: replaced(first, swapped) })).toBe('wrong-creator-signature')
  })
})

describe('who changes records', () => {
  const bens = written(ben)

  test('P-086: somebody who is not the creator needs the role of administrator in the chain that the record names', () => {
    expect(judged(changed(bens, ben.verified, ann), ben, ann)).toBe(undefined)
    expect(judged(changed(bens, ben.verified, ida), ben, ida)).toBe('no-right')
    expect(judged(changed(written(ann), ann.verified, ben), ann, ben)).toBe('no-right')
    // The same key with a lower role in another chain.
    const lowered = member(groupKey, 1, ['member'])
    expect(judged(changed(bens, ben.verified, lowered), ben, lowered)).toBe('no-right')
  })

  test('creators change and delete their own, under a newer chain as well', () => {
    const renewed = member(ann, 2, ['member'])
    expect(judged(changed(bens, ben.verified, renewed), ben, renewed)).toBe(undefined)
    const tombstone = { deleted: true, payload: new Uint8Array(), expires: lastExpiration(ben.verified, NOW, LIFE) }
    expect(judged(changed(bens, ben.verified, ben, tombstone), ben)).toBe(undefined)
  })

  test('the group key writes no records of members', () => {
    expect(judged(written(groupKey), groupKey)).toBe('no-right')
  })
})

describe('times in records', () => {
  const brief = member(ann, 4, ['member'], { notBefore: NOW, notAfter: NOW + 3_600_000 })
  const at = (created: number, modified = created): GraphRecord =>
    written(brief, { created, modified, expires: NOW + 3_600_000 })

  test('P-085: a record is created and modified while the chains are valid, to the millisecond', () => {
    expect(judged(at(NOW), brief)).toBe(undefined)
    expect(judged(at(NOW - 1), brief)).toBe('outside-validity')
    expect(judged(at(NOW - 1, NOW), brief)).toBe('outside-validity')
    const last = written(brief, { created: NOW, modified: NOW + 3_600_000 - 1, expires: NOW + 3_600_000 })
    expect(judged(last, brief)).toBe(undefined)
  })

  test('P-075, P-085: who modifies is bound by the own chain when modifying, and the end of that chain is not the end of the record', () => {
    const passing = member(groupKey, 5, ['administrator'], { notBefore: NOW + 1000, notAfter: NOW + 2000 })
    const bens = written(ben)
    const by = (modified: number): string | undefined =>
      judged(changed(bens, ben.verified, passing, { modified, expires: NOW + YEAR / 2 }), ben, passing)
    expect(by(NOW + 1000)).toBe(undefined)
    expect(by(NOW + 2000)).toBe(undefined)
    expect(by(NOW + 999)).toBe('outside-validity')
    expect(by(NOW + 2001)).toBe('outside-validity')
  })

  test('P-075: no record outlives the chain of its creator, nor the longest record life', () => {
    const until = (expires: number, life: number): string | undefined =>
      judged(written(ben, { expires }), ben, ben, life)
    const { notAfter } = ben.verified
    expect(until(notAfter, LIFE)).toBe(undefined)
    expect(until(notAfter + 1, LIFE)).toBe('expiration')
    expect(until(NOW + 5000, 5000)).toBe(undefined)
    expect(until(NOW + 5001, 5000)).toBe('expiration')
  })

  test('P-075: a tombstone lasts exactly so long, whoever made it; that of an ephemeral record may be shorter', () => {
    const bens = written(ben)
    const until = (expires: number, author: Author): string | undefined => {
      const tombstone = { deleted: true, payload: new Uint8Array(), expires }
      return judged(changed(bens, ben.verified, author, tombstone), ben, author)
    }
    const { notAfter } = ben.verified
    for (const author of [ann, ben]) {
      expect(until(notAfter, author)).toBe(undefined)
      expect(until(notAfter - 1, author)).toBe('expiration')
      expect(until(notAfter + 1, author)).toBe('expiration')
    }
    const passing = written(ben, { type: '~typing' })
    const gone = changed(passing, ben.verified, ben, { deleted: true, payload: new Uint8Array() })
    expect(judged(gone, ben)).toBe(undefined)
  })
})

/** The bytes of a record with other proofs of the same length. */
function replaced({ bytes, proofs }: GraphRecord, others: Uint8Array): Uint8Array {
  const copy = bytes.slice()
  copy.set(others, proofs.byteOffset - bytes.byteOffset)
  return copy
}
