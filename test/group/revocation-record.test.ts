/** Revocation records and their pages: what they say, who may make them, how long they live. */
import { describe, expect, test } from 'vitest'
import { certificateDigestFromBytes, digestBytes } from '../../src/group/digests.ts'
import { type Kept, KeptList, keptRecordBytes } from '../../src/group/kept-list.ts'
import { MEMBERSHIP_TYPE } from '../../src/group/membership-record.ts'
import { judgeRevocation, pageProblem } from '../../src/group/revocation.ts'
import { encodePage, pageDigest, REVOCATION_PAGE_TYPE, readPage } from '../../src/group/revocation-page.ts'
import {
  encodeRevocation,
  MOST_KEPT_CHILDREN,
  MOST_KEPT_RECORDS,
  MOST_PAGES,
  MOST_REVOKED,
  REVOCATION_TYPE,
  readRevocation,
} from '../../src/group/revocation-record.ts'
import type { Chain } from '../../src/identity/certificate/chain-encoding.ts'
import { makePeerName } from '../../src/identity/peer-name.ts'
import type { RecordDraft } from '../../src/records/record-draft.ts'
import { recordIdBytes, recordIdFromBytes } from '../../src/records/record-id.ts'
import { LARGEST_RECORD } from '../../src/records/record-size.ts'
import { isEphemeral, isRecordType, isReserved } from '../../src/records/record-type.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'
import { crypto } from '../identity/platform.ts'
import { damaged } from '../wire/damage.ts'
import {
  type Author,
  changed,
  groupKey,
  groupName,
  type Holder,
  LIFE,
  link,
  member,
  NOW,
  written,
  YEAR,
} from './member-samples.ts'

const ann = member(groupKey, 1, ['administrator'])
const ben = member(groupKey, 2, ['administrator'])
const ida = member(ben, 3, ['inviting-member'])
const joe = member(ida, 4)
const kim = member(ben, 5)
const nothing: Kept = { children: [], records: [] }

/** Items that are all different, in no order. */
function manyRecords(count: number): Kept['records'] {
  return Array.from({ length: count }, (_, index) => {
    const digest = crypto.sha256(Uint8Array.of(index >> 16, index >> 8, index))
    return { id: recordIdFromBytes(digest.slice(0, 16)), digest }
  })
}

function manyChildren(count: number): Kept['children'] {
  return manyRecords(count).map(({ digest }) => certificateDigestFromBytes(digest))
}

function errorOf(body: () => unknown): string {
  try {
    body()
  } catch (error) {
    if (error instanceof PeerageError) return error.code
    throw error
  }
  return 'none'
}

describe('what a revocation says', () => {
  const kept = { children: manyChildren(3), records: manyRecords(5) }
  const { revocation, pages } = encodeRevocation(crypto, ann.chain, [ida.chain, joe.chain], kept)

  test('P-095: who revokes which certificates, and what stays', () => {
    const read = readRevocation(crypto, groupName, revocation)
    expect(read.author).toEqual(ann.verified)
    expect(read.revoked.map(({ path }) => path)).toEqual([
      ida.verified.certificateDigests,
      joe.verified.certificateDigests,
    ])
    expect(read.revoked[1]).toMatchObject({
      digest: joe.verified.certificateDigests.at(-1),
      key: joe.verified.key,
      notAfter: joe.verified.notAfter,
    })
    expect(pages).toEqual([])
    for (const child of kept.children) expect(read.kept.keepsChild(digestBytes(child))).toBe(true)
    for (const { id, digest } of kept.records) {
      expect(read.kept.keepsRecord(keptRecordBytes({ id, digest }))).toBe(true)
      expect(read.kept.keepsRecord(recordIdBytes(id))).toBe(true)
      expect(read.kept.keepsRecord(keptRecordBytes({ id, digest: new Uint8Array(32) }))).toBe(false)
    }
    expect(read.kept.keepsChild(new Uint8Array(32))).toBe(false)
    expect(read.kept.keepsRecord(new Uint8Array(16))).toBe(false)
  })

  test('the order in which things are given does not matter, nor that they are given twice', () => {
    const shuffled = {
      children: [...kept.children, ...kept.children].reverse(),
      records: [...kept.records, ...kept.records].reverse(),
    }
    expect(encodeRevocation(crypto, ann.chain, [ida.chain, joe.chain], shuffled).revocation).toEqual(revocation)
  })

  test('a link can be revoked, and the group key can revoke', () => {
    const toMany = link(ida, 7)
    const read = readRevocation(
      crypto,
      groupName,
      encodeRevocation(crypto, groupKey.chain, [toMany.chain], nothing).revocation,
    )
    expect(read.author).toEqual(groupKey.verified)
    expect(read.revoked[0]?.path.length).toBe(4)
  })

  test('every certificate is in it once', () => {
    const alone = encodeRevocation(crypto, ann.chain, [joe.chain], nothing).revocation.length
    const both = encodeRevocation(crypto, ann.chain, [joe.chain, ida.chain], nothing).revocation.length
    expect(both - alone).toBe(1 + ida.chain.length)
  })

  test('another version, group or length, a chain that does not hold, and no certificate are refused, each for its reason', () => {
    const codeOf = (bytes: Uint8Array, group = groupName): string => errorOf(() => readRevocation(crypto, group, bytes))
    expect(codeOf(revocation)).toBe('none')
    expect(codeOf(Uint8Array.of(2, ...revocation.slice(1)))).toBe('unsupported-version')
    expect(codeOf(revocation.slice(0, -1))).toBe('malformed')
    expect(codeOf(Uint8Array.of(...revocation, 0))).toBe('malformed')
    expect(codeOf(revocation, makePeerName(groupName.slice(0, 40), 'others'))).toBe('invalid-certificate')
    const [root, bens] = ben.chain
    if (bens === undefined) throw new Error('no chain')
    const patched: Chain = [root, bens, joe.verified.leaf]
    expect(codeOf(encodeRevocation(crypto, ann.chain, [patched], nothing).revocation)).toBe('invalid-certificate')
    expect(codeOf(encodeRevocation(crypto, ann.chain, [groupKey.chain], nothing).revocation)).toBe(
      'invalid-certificate',
    )
    expect(codeOf(encodeRevocation(crypto, ann.chain, [joe.chain, joe.chain], nothing).revocation)).toBe('malformed')
    expect(() => encodeRevocation(crypto, ann.chain, [], nothing)).toThrow(RangeError)
  })

  test('damage is refused by an error of the catalog, whatever it is', () => {
    const random = new SeededRandom('revocations')
    for (let round = 0; round < 2000; round++) {
      const bytes = damaged(random, [revocation])
      const code = errorOf(() => readRevocation(crypto, groupName, bytes))
      expect(['none', 'malformed', 'invalid-certificate', 'unsupported-version']).toContain(code)
    }
  })
})

test('the types of records by which a group is kept are reserved', () => {
  for (const type of [MEMBERSHIP_TYPE, REVOCATION_TYPE, REVOCATION_PAGE_TYPE]) {
    expect(isRecordType(type) && isReserved(type) && !isEphemeral(type)).toBe(true)
  }
})

describe('pages', () => {
  const kept = { children: manyChildren(3000), records: manyRecords(100_000) }
  const { revocation, pages } = encodeRevocation(crypto, ann.chain, [ida.chain], kept)

  test('P-102: 100,000 records and 3,000 certificates that stay are in pages, which the revocation names in order', () => {
    const read = readRevocation(crypto, groupName, revocation)
    expect(read.pages).toEqual(pages.map((page) => pageDigest(crypto, page)))
    expect(Math.max(...pages.map(({ length }) => length))).toBeLessThanOrEqual(LARGEST_RECORD)
    const lists = pages.map(readPage)
    const keeps = (holds: (list: KeptList) => boolean): number => lists.filter(holds).length
    for (const { id, digest } of kept.records.filter((_, index) => index % 997 === 0)) {
      expect(keeps((list) => list.keepsRecord(keptRecordBytes({ id, digest })))).toBe(1)
    }
    expect(lists.reduce((sum, { recordCount }) => sum + recordCount, 0)).toBe(100_000)
    expect(lists.reduce((sum, { childCount }) => sum + childCount, 0)).toBe(3000)
    expect(keeps((list) => list.keepsRecord(new Uint8Array(16)))).toBe(0)
  })

  test('P-102: as many as there may be fit, and one more is an error that says what to do', () => {
    const most = encodeRevocation(crypto, ann.chain, [ida.chain], {
      children: manyChildren(MOST_KEPT_CHILDREN),
      records: manyRecords(MOST_KEPT_RECORDS),
    })
    expect(most.pages.length).toBeLessThanOrEqual(MOST_PAGES)
    const over = (what: Kept): string => errorOf(() => encodeRevocation(crypto, ann.chain, [ida.chain], what))
    const [record] = kept.records
    const [child] = kept.children
    if (record === undefined || child === undefined) throw new Error('nothing is kept')
    expect(over({ children: [], records: new Array<typeof record>(MOST_KEPT_RECORDS + 1).fill(record) })).toBe(
      'too-much-kept',
    )
    expect(over({ children: new Array<typeof child>(MOST_KEPT_CHILDREN + 1).fill(child), records: [] })).toBe(
      'too-much-kept',
    )
  })

  test('so are more certificates than one revocation revokes', () => {
    const many = Array.from({ length: MOST_REVOKED + 1 }, () => member(ben, 9).chain)
    expect(errorOf(() => encodeRevocation(crypto, ann.chain, many, nothing))).toBe('revocation-too-large')
    expect(errorOf(() => encodeRevocation(crypto, ann.chain, many.slice(1), nothing))).toBe('none')
  })

  test('what is out of order, doubled or cut short is refused', () => {
    const page = encodePage(KeptList.of({ children: manyChildren(2), records: manyRecords(2) }))
    const [first, second] = [page.slice(2, 34), page.slice(34, 66)]
    const codeOf = (bytes: Uint8Array): string => errorOf(() => readPage(bytes))
    expect(codeOf(page)).toBe('none')
    expect(codeOf(Uint8Array.of(...page.slice(0, 2), ...second, ...first, ...page.slice(66)))).toBe('malformed')
    expect(codeOf(Uint8Array.of(...page.slice(0, 2), ...first, ...first, ...page.slice(66)))).toBe('malformed')
    expect(codeOf(page.slice(0, -1))).toBe('malformed')
    expect(codeOf(Uint8Array.of(...page, 0))).toBe('malformed')
    expect(codeOf(Uint8Array.of(2, ...page.slice(1)))).toBe('unsupported-version')
  })
})

describe('who makes a revocation, and until when it lasts', () => {
  const judged = (
    author: Author,
    revoked: readonly Holder[],
    changes: Partial<RecordDraft> = {},
    life = LIFE,
  ): unknown => {
    const { revocation } = encodeRevocation(
      crypto,
      author.chain,
      revoked.map(({ chain }) => chain),
      nothing,
    )
    const expires = Math.max(...revoked.map(({ chain }) => chain.at(-1)?.notAfter ?? 0)) + life
    const record = written(author, { type: REVOCATION_TYPE, payload: revocation, expires, ...changes })
    const verdict = judgeRevocation(record, readRevocation(crypto, groupName, revocation), life)
    return typeof verdict === 'string' ? verdict : 'right'
  }

  test('by right over each of the certificates', () => {
    expect(judged(ann, [joe])).toBe('right')
    expect(judged(ann, [joe, kim])).toBe('right')
    expect(judged(ida, [joe])).toBe('right')
    expect(judged(groupKey, [joe])).toBe('right')
    expect(judged(ann, [ben])).toBe('no-right')
    expect(judged(ann, [joe, ben])).toBe('no-right')
    expect(judged(ida, [kim])).toBe('no-right')
    expect(judged(joe, [kim])).toBe('no-right')
  })

  test('P-099: until the certificate would have ended and the longest record life after that, or later', () => {
    const end = joe.verified.notAfter + LIFE
    const rootEnd = groupKey.verified.notAfter + LIFE
    expect(judged(ann, [joe], { expires: end - 1 })).toBe('expiration')
    expect(judged(ann, [joe], { expires: rootEnd })).toBe('right')
    expect(judged(ann, [joe], { expires: rootEnd + 1 })).toBe('expiration')
    // Even if its author's certificate ends earlier.
    const passing = member(groupKey, 10, ['administrator'], { notAfter: NOW + 1000 })
    expect(judged(passing, [joe])).toBe('right')
    expect(judged(passing, [joe], { created: NOW + 1001, modified: NOW + 1001 })).toBe('outside-validity')
  })

  test('as long as the group can last, if the holder could revoke in turn', () => {
    const rootEnd = groupKey.verified.notAfter + LIFE
    for (const revoked of [ida, link(ben, 11, 'administrator')]) {
      expect(judged(ann, [revoked])).toBe('expiration')
      expect(judged(ann, [revoked], { expires: rootEnd })).toBe('right')
    }
    expect(judged(ann, [link(ben, 12)])).toBe('right')
  })

  test('P-095, P-099: it is neither changed nor deleted, and names the chain that is in it', () => {
    const { revocation } = encodeRevocation(crypto, ann.chain, [joe.chain], nothing)
    const expires = joe.verified.notAfter + LIFE
    const record = written(ann, { type: REVOCATION_TYPE, payload: revocation, expires })
    const content = readRevocation(crypto, groupName, revocation)
    const later = changed(record, ann.verified, ann, { payload: revocation })
    expect(judgeRevocation(later, content, LIFE)).toBe('modified')
    const gone = changed(record, ann.verified, ann, { deleted: true, payload: new Uint8Array() })
    expect(judgeRevocation(gone, content, LIFE)).toBe('deleted')
    expect(judgeRevocation({ ...record, proofs: new Uint8Array(64) }, content, LIFE)).toBe('proofs')
    expect(judgeRevocation(written(ben, { type: REVOCATION_TYPE, payload: revocation, expires }), content, LIFE)).toBe(
      'wrong-chain',
    )
  })

  test('a page is made by somebody who may revoke, and neither changed nor deleted', () => {
    const page = (author: Author, changes: Partial<RecordDraft> = {}): unknown => {
      const payload = encodePage(KeptList.of(nothing))
      const record = written(author, { type: REVOCATION_PAGE_TYPE, payload, expires: NOW + YEAR, ...changes })
      return pageProblem(record, author.verified, LIFE)
    }
    for (const author of [ann, ida, groupKey]) expect(page(author)).toBe(undefined)
    expect(page(joe)).toBe('no-right')
    expect(page(ann, { expires: groupKey.verified.notAfter + LIFE + 1 })).toBe('expiration')
    const record = written(ann, { type: REVOCATION_PAGE_TYPE, expires: NOW + YEAR })
    expect(pageProblem(changed(record, ann.verified, ann), ann.verified, LIFE)).toBe('modified')
    const gone = changed(record, ann.verified, ann, { deleted: true, payload: new Uint8Array() })
    expect(pageProblem(gone, ann.verified, LIFE)).toBe('deleted')
  })
})
