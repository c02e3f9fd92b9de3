/** What falls by revocations, and what stays: one case after the other. The random histories are elsewhere. */
import { describe, expect, test } from 'vitest'
import { type CertificateDigest, certificateDigestFromBytes } from '../../src/group/digests.ts'
import type { Kept } from '../../src/group/kept-list.ts'
import { verifiedMemberChain } from '../../src/group/member-chain.ts'
import type { Membership } from '../../src/group/membership-record.ts'
import { type Revocation, revocationExpires } from '../../src/group/revocation.ts'
import { pageDigest, readPage } from '../../src/group/revocation-page.ts'
import { encodeRevocation, readRevocation } from '../../src/group/revocation-record.ts'
import type { PageRecord } from '../../src/group/revocations.ts'
import { SecurityState } from '../../src/group/security-state.ts'
import type { RecordVersion } from '../../src/group/standing.ts'
import { CLOCK_TOLERANCE } from '../../src/identity/certificate/certificate-verification.ts'
import type { Chain } from '../../src/identity/certificate/chain-encoding.ts'
import { recordIdFromBytes } from '../../src/records/record-id.ts'
import { randomBytes } from '../../src/runtime/random.ts'
import { crypto, random } from '../identity/platform.ts'
import {
  type Author,
  groupKey,
  groupName,
  type Holder,
  LIFE,
  link,
  type MemberHolder,
  member,
  NOW,
  YEAR,
} from './member-samples.ts'

const nothing: Kept = { children: [], records: [] }

function stateOf(...holders: readonly MemberHolder[]): SecurityState {
  const state = new SecurityState(crypto, groupKey.verified)
  for (const { verified } of holders) state.learn(verified)
  return state
}

/** A version of a new record, or of the record of another version. */
function version(id = recordIdFromBytes(randomBytes(random, 16))): RecordVersion {
  return { id, digest: randomBytes(random, 32) }
}

/** A revocation, and its pages. */
function revoking(
  author: Author,
  revoked: Holder,
  kept: Partial<Kept> = {},
): { readonly revocation: Revocation; readonly pages: readonly PageRecord[] } {
  const encoded = encodeRevocation(crypto, author.chain, [revoked.chain], { ...nothing, ...kept })
  const content = readRevocation(crypto, groupName, encoded.revocation)
  const expires = revocationExpires(content.revoked, LIFE)
  const pages = encoded.pages.map((page) => ({
    ...version(),
    page: pageDigest(crypto, page),
    kept: readPage(page),
    expires,
  }))
  return { revocation: { ...content, ...version(), expires }, pages }
}

function revoke(state: SecurityState, ...of: Parameters<typeof revoking>): Revocation {
  const { revocation, pages } = revoking(...of)
  state.addRevocation(revocation)
  for (const page of pages) state.addPage(page)
  return revocation
}

function membership(holder: MemberHolder, author: Author, created = NOW): Membership {
  const names = { peerName: holder.verified.leaf.peerName, friendlyName: undefined }
  return { ...version(), ...names, created, chain: holder.verified, author: author.verified.digest }
}

function writtenBy(state: SecurityState, written: RecordVersion, author: Author, creator = author): string {
  return state.standingOfRecord(written, { creator: creator.verified, author: author.verified })
}

/** The certificate of a member in the chain of another certificate of its issuer. */
function placedUnder(parent: MemberHolder, { verified }: MemberHolder): Pick<MemberHolder, 'chain' | 'verified'> {
  const [root, ...others] = parent.chain
  const chain: Chain = [root, ...others, verified.leaf]
  return { chain, verified: verifiedMemberChain(crypto, groupName, chain) }
}

function digestOf(index: number): CertificateDigest {
  return certificateDigestFromBytes(crypto.sha256(Uint8Array.of(index >> 8, index)))
}

function leafOf({ verified }: MemberHolder): Kept['children'] {
  return verified.certificateDigests.slice(-1)
}

const ann = member(groupKey, 1, ['administrator'])
const ben = member(groupKey, 2, ['administrator'])
const eve = member(ben, 3, ['administrator'])
const ida = member(ben, 4, ['inviting-member'])
const joe = member(ida, 5)
const kim = member(ida, 6)

describe('what was done under a revoked certificate', () => {
  test('P-095: falls, but for the versions of records that are named', () => {
    const state = stateOf(ann, ida)
    const [kept, fallen] = [version(), version()]
    expect(writtenBy(state, fallen, ida)).toBe('stands')
    revoke(state, ann, ida, { records: [kept] })
    expect(writtenBy(state, kept, ida)).toBe('stands')
    expect(writtenBy(state, fallen, ida)).toBe('falls')
    expect(writtenBy(state, version(kept.id), ida)).toBe('falls')
    expect(writtenBy(state, version(), ann)).toBe('stands')
  })

  test('P-096: a record of somebody else falls in the versions that the revoked has made of it', () => {
    const state = stateOf(ann, eve, joe)
    const joes = version()
    const [kept, fallen] = [version(joes.id), version(joes.id)]
    revoke(state, ann, eve, { records: [kept] })
    expect(writtenBy(state, joes, joe)).toBe('stands')
    expect(writtenBy(state, kept, eve, joe)).toBe('stands')
    expect(writtenBy(state, fallen, eve, joe)).toBe('falls')
  })

  test('what was kept can be changed by administrators, and by its creator under another chain, but not by the revoked', () => {
    const lowered = member(groupKey, 3, ['member'])
    const state = stateOf(ann, eve, lowered)
    const [kept, fallen] = [version(), version()]
    revoke(state, ann, eve, { records: [kept] })
    expect(writtenBy(state, version(kept.id), ann, eve)).toBe('stands')
    expect(writtenBy(state, version(kept.id), lowered, eve)).toBe('stands')
    expect(writtenBy(state, version(kept.id), eve)).toBe('falls')
    expect(writtenBy(state, version(fallen.id), ann, eve)).toBe('falls')
  })

  test('other chains of the same key stand', () => {
    const again = member(ann, 5)
    const state = stateOf(joe, again)
    revoke(state, ida, joe)
    expect(state.standingOfChain(joe.verified)).toBe('falls')
    expect(state.standingOfChain(again.verified)).toBe('stands')
    expect(writtenBy(state, version(), again)).toBe('stands')
  })
})

describe('who stands under a revoked certificate', () => {
  test('P-098: falls with all that is under it, however early its dates, if it is not named', () => {
    const backdated = member(ida, 7, ['member'], { notBefore: ida.verified.notBefore })
    const state = stateOf(ida, joe, backdated)
    revoke(state, ann, ida, { children: leafOf(joe) })
    expect(state.standingOfChain(joe.verified)).toBe('stands')
    expect(state.standingOfChain(backdated.verified)).toBe('falls')
    expect(writtenBy(state, version(), backdated)).toBe('falls')
  })

  test('P-098: stays, if it is named, with all that was or will be done under it', () => {
    const under = member(member(eve, 8, ['inviting-member']), 9)
    const state = stateOf(eve, under)
    revoke(state, ann, eve, { children: under.verified.certificateDigests.slice(3, 4) })
    expect(state.standingOfChain(eve.verified)).toBe('falls')
    expect(state.standingOfChain(under.verified)).toBe('stands')
    expect(writtenBy(state, version(), under)).toBe('stands')
  })

  test('P-098: falls, though named, if it is revoked itself', () => {
    const state = stateOf(ida, joe, kim)
    revoke(state, ann, ida, { children: [...leafOf(joe), ...leafOf(kim)] })
    revoke(state, ann, joe)
    expect(state.standingOfChain(joe.verified)).toBe('falls')
    expect(state.standingOfChain(kim.verified)).toBe('stands')
  })
})

describe('several revocations of one certificate', () => {
  test('P-122: keep what all of them keep', () => {
    const state = stateOf(ida, joe, kim)
    const [both, one] = [version(), version()]
    revoke(state, ann, ida, { children: [...leafOf(joe), ...leafOf(kim)], records: [both, one] })
    revoke(state, ben, ida, { children: leafOf(joe), records: [both] })
    expect(writtenBy(state, both, ida)).toBe('stands')
    expect(writtenBy(state, one, ida)).toBe('falls')
    expect(state.standingOfChain(joe.verified)).toBe('stands')
    expect(state.standingOfChain(kim.verified)).toBe('falls')
  })

  test('P-122: a record stays that one keeps itself, and the other with its author', () => {
    const state = stateOf(ida, joe)
    const joes = version()
    revoke(state, ann, ida, { children: leafOf(joe) })
    revoke(state, ben, ida, { records: [joes] })
    expect(writtenBy(state, joes, joe)).toBe('stands')
    expect(writtenBy(state, version(), joe)).toBe('falls')
  })

  test('P-122: so a revocation stays only if all of them keep it', () => {
    const state = stateOf(eve, joe)
    const eves = revoke(state, eve, joe)
    revoke(state, ann, eve, { records: [eves] })
    expect(state.counts(eves.id)).toBe(true)
    revoke(state, ben, eve)
    expect(state.counts(eves.id)).toBe(false)
    expect(state.standingOfChain(joe.verified)).toBe('stands')
  })
})

describe('from the root down', () => {
  test('P-100: two administrators of the same depth cannot revoke each other, and both can be revoked from above', () => {
    const state = stateOf(ann, ben)
    for (const [one, other] of [
      [ann, ben],
      [ben, ann],
    ] as const) {
      state.addRevocation(revoking(one, other).revocation)
    }
    for (const { verified } of [ann, ben]) expect(state.standingOfChain(verified)).toBe('stands')
    for (const both of [ann, ben]) revoke(state, groupKey, both)
    for (const { verified } of [ann, ben]) expect(state.standingOfChain(verified)).toBe('falls')
  })

  test('P-100: a revoked revoker has revoked nobody, unless that is kept; the group key always has', () => {
    const deep = member(eve, 10, ['administrator'])
    const target = member(deep, 11)
    const state = stateOf(eve, deep, target)
    const first = revoke(state, deep, target)
    expect(state.standingOfChain(target.verified)).toBe('falls')
    const second = revoke(state, eve, deep)
    expect(state.counts(first.id)).toBe(false)
    expect(state.standingOfChain(target.verified)).toBe('falls')
    revoke(state, groupKey, eve, { children: leafOf(deep) })
    // Now the second counts no more, so the first does again.
    expect(state.counts(second.id)).toBe(false)
    expect(state.counts(first.id)).toBe(true)
    expect(state.standingOfChain(deep.verified)).toBe('stands')
    expect(state.standingOfChain(target.verified)).toBe('falls')
    expect(state.standingOfRevocation(second)).toBe('falls')
    expect(state.standingOfRevocation(first)).toBe('stands')
  })

  test('a revocation that is made by a revoked key afterwards changes nothing', () => {
    const state = stateOf(eve, joe)
    revoke(state, ann, eve)
    const late = revoke(state, eve, joe)
    expect(state.counts(late.id)).toBe(false)
    expect(state.standingOfChain(joe.verified)).toBe('stands')
  })

  test('P-099: a revocation outlasts the end of its author', () => {
    const passing = member(groupKey, 12, ['administrator'], { notAfter: NOW + 1000 })
    const state = stateOf(joe)
    revoke(state, passing, joe)
    expect(state.chainsInForce(passing.verified.key, NOW + YEAR / 2)).toEqual([])
    expect(state.standingOfChain(joe.verified)).toBe('falls')
  })

  test('who is put deeper by somebody else is judged at each place by itself', () => {
    // Ben has a second certificate, under Ann, so what he has issued stands in two places.
    const lower = member(ann, 2, ['administrator'])
    const equal = member(ben, 13, ['administrator'])
    const deeper: MemberHolder = { ...equal, ...placedUnder(lower, equal) }
    const state = stateOf(eve, equal, deeper)
    const eves = revoke(state, eve, deeper)
    expect(state.counts(eves.id)).toBe(true)
    expect(state.standingOfChain(deeper.verified)).toBe('falls')
    expect(state.standingOfChain(equal.verified)).toBe('stands')
    // From above it is revoked in both.
    revoke(state, ann, equal)
    expect(state.standingOfChain(equal.verified)).toBe('falls')
  })
})

describe('who came by a link', () => {
  const way = link(ben, 20, 'administrator')
  const guest = member(way, 21, ['administrator'])
  const host = member(ann, 22)

  test('P-049: is in with the record of another member in force, made before the link ends', () => {
    const late = member(link(ida, 23, 'member', { admitsUntil: NOW }), 24)
    const passing = member(ann, 22, ['member'], { notAfter: NOW + 1000 })
    const cases: readonly (readonly [MemberHolder, Author, number, string])[] = [
      [guest, host, NOW, 'stands'],
      [guest, guest, NOW, 'not-admitted'],
      [late, host, NOW, 'stands'],
      [late, host, NOW + 1, 'not-admitted'],
      [guest, passing, NOW + 1000, 'stands'],
      [guest, passing, NOW + 1001, 'not-admitted'],
    ]
    for (const [holder, by, created, standing] of cases) {
      const state = stateOf(host, passing, holder)
      expect(state.standingOfChain(holder.verified)).toBe('not-admitted')
      state.addMembership(membership(holder, by, created))
      expect(state.standingOfChain(holder.verified)).toBe(standing)
      expect(writtenBy(state, version(), holder)).toBe(standing)
    }
  })

  test('P-049: two who let each other in are not in, until one of them is let in by somebody else', () => {
    const other = member(link(ida, 25), 26)
    const state = stateOf(guest, other)
    state.addMembership(membership(guest, other))
    state.addMembership(membership(other, guest))
    for (const { verified } of [guest, other]) expect(state.standingOfChain(verified)).toBe('not-admitted')
    state.takeChanges()
    state.addMembership(membership(other, host))
    // The host is not known yet.
    expect(state.standingOfChain(guest.verified)).toBe('not-admitted')
    state.learn(host.verified)
    for (const { verified } of [guest, other]) expect(state.standingOfChain(verified)).toBe('stands')
    expect(state.takeChanges()).toEqual(new Set([...leafOf(guest), ...leafOf(other)]))
  })

  test('is not in by a record that a revoked member backdates, and stays in by one that is kept', () => {
    for (const isKept of [true, false]) {
      const state = stateOf(host, guest)
      const record = membership(guest, host)
      revoke(state, ann, host, { records: isKept ? [record] : [] })
      state.addMembership(record)
      expect(state.standingOfChain(guest.verified)).toBe(isKept ? 'stands' : 'not-admitted')
    }
  })

  test('whom they issue is in with them', () => {
    const child = member(guest, 27)
    const state = stateOf(guest, child, host)
    expect(state.standingOfChain(child.verified)).toBe('not-admitted')
    state.addMembership(membership(guest, host))
    expect(state.standingOfChain(child.verified)).toBe('stands')
    state.takeChanges()
    const record = membership(child, guest)
    state.addMembership(record)
    expect(state.membershipsOf(child.verified.digest)).toEqual([record])
    expect(state.takeChanges()).toEqual(new Set())
  })

  test('revokes only when let in', () => {
    const state = stateOf(host)
    const target = member(member(eve, 28, ['administrator']), 29)
    const guests = revoke(state, guest, target)
    expect(state.counts(guests.id)).toBe(false)
    expect(state.standingOfRevocation(guests)).toBe('not-admitted')
    state.addMembership(membership(guest, host))
    expect(state.counts(guests.id)).toBe(true)
    expect(state.standingOfChain(target.verified)).toBe('falls')
  })

  test('can revoke whoever let them in: that counts, although they are not in any more', () => {
    const doorkeeper = member(member(eve, 36, ['inviting-member']), 37)
    const state = stateOf(doorkeeper)
    state.addMembership(membership(guest, doorkeeper))
    const guests = revoke(state, guest, doorkeeper)
    for (const another of [joe, kim]) {
      expect(state.counts(guests.id)).toBe(true)
      expect(state.standingOfChain(doorkeeper.verified)).toBe('falls')
      expect(state.standingOfChain(guest.verified)).toBe('not-admitted')
      // Whatever else comes changes nothing.
      state.addMembership(membership(another, another))
    }
  })

  test('revokes, once let in, whoever has let in others, and so those', () => {
    const doorkeeper = member(member(eve, 36, ['inviting-member']), 37)
    const other = member(link(ida, 41), 42)
    const state = stateOf(doorkeeper, host)
    state.addMembership(membership(other, doorkeeper))
    revoke(state, guest, doorkeeper)
    expect(state.standingOfChain(other.verified)).toBe('stands')
    state.takeChanges()
    state.addMembership(membership(guest, host))
    expect(state.standingOfChain(other.verified)).toBe('not-admitted')
    expect(state.takeChanges()).toEqual(new Set([guest, doorkeeper, other].flatMap(leafOf)))
  })

  test('stays in when the link is cancelled, if that keeps them, and new ones do not come in', () => {
    const later = member(way, 32, ['administrator'])
    const state = stateOf(host, guest, later)
    for (const holder of [guest, later]) state.addMembership(membership(holder, host))
    revoke(state, ben, way, { children: leafOf(guest) })
    expect(state.standingOfChain(guest.verified)).toBe('stands')
    expect(state.standingOfChain(later.verified)).toBe('falls')
    const path = later.verified.certificateDigests.slice(0, -1)
    expect(state.standingOfPath(path)).toBe('falls')
    expect(state.standingOfPath(path.slice(0, -1))).toBe('stands')
  })
})

describe('pages', () => {
  const many = Array.from({ length: 100_000 }, (_, index) => {
    const digest = crypto.sha256(Uint8Array.of(index >> 16, index >> 8, index))
    return { id: recordIdFromBytes(digest.slice(0, 16)), digest }
  })
  const children = [...leafOf(joe), certificateDigestFromBytes(new Uint8Array(32))]
  const { revocation, pages } = revoking(ann, ida, { records: many, children })

  test('P-102: the revoked is out at once, and what was done under it falls when the last page is there, in any order', () => {
    const state = stateOf(ida, joe, kim)
    const fallen = version()
    state.addRevocation(revocation)
    expect(state.standingOfChain(ida.verified)).toBe('falls')
    expect(state.standingOfChain(joe.verified)).toBe('undecided')
    expect(writtenBy(state, fallen, ida)).toBe('undecided')
    expect(state.missingPages()).toEqual(revocation.pages)
    for (const page of [...pages].reverse()) {
      expect(writtenBy(state, fallen, ida)).toBe('undecided')
      state.takeChanges()
      state.addPage(page)
      expect(state.takeChanges()).toEqual(new Set(leafOf(ida)))
    }
    expect(state.missingPages()).toEqual([])
    expect(writtenBy(state, fallen, ida)).toBe('falls')
    expect(state.standingOfChain(joe.verified)).toBe('stands')
    expect(state.standingOfChain(kim.verified)).toBe('falls')
    for (const kept of many.filter((_, index) => index % 1009 === 0)) expect(writtenBy(state, kept, ida)).toBe('stands')
  })

  test('a page that ends before its revocation is none of it', () => {
    const state = stateOf(ida)
    state.addRevocation(revocation)
    for (const page of pages) state.addPage({ ...page, expires: revocation.expires - 1 })
    expect(state.missingPages()).toEqual(revocation.pages)
    for (const page of pages) state.addPage({ ...page, ...version() })
    expect(state.missingPages()).toEqual([])
  })

  test('a page stands as long as a revocation names it that counts, whatever becomes of its author', () => {
    const state = stateOf(eve)
    const eves = revoking(eve, joe, { records: many.slice(0, 2000) })
    const [page] = eves.pages
    if (page === undefined) throw new Error('no page')
    const standing = (): string => state.standingOfPage(page, eve.verified)
    expect(standing()).toBe('stands')
    revoke(state, ann, eve, { records: [eves.revocation] })
    expect(standing()).toBe('falls')
    state.addRevocation(eves.revocation)
    expect(standing()).toBe('stands')
  })
})

describe('two versions of one record', () => {
  const [lower, higher] = [revoking(ann, ida).revocation, revoking(ann, joe).revocation]
  const low = { ...lower, digest: new Uint8Array(32).fill(1) }
  const high = { ...higher, id: lower.id, digest: new Uint8Array(32).fill(2) }

  test('that of the higher digest counts, in whatever order they come, until it is taken out', () => {
    for (const order of [
      [low, high],
      [high, low],
    ]) {
      const state = stateOf(ida, joe)
      for (const one of order) state.addRevocation(one)
      expect(state.standingOfChain(ida.verified)).toBe('stands')
      expect(state.standingOfChain(joe.verified)).toBe('falls')
      state.remove(low)
      expect(state.standingOfChain(joe.verified)).toBe('falls')
      state.remove(high)
      expect(state.standingOfChain(joe.verified)).toBe('stands')
    }
  })

  test('so it is with memberships and pages', () => {
    const guest = member(link(ida, 43), 44)
    const late = { ...membership(guest, joe, guest.verified.notAfter), digest: new Uint8Array(32).fill(2) }
    const inTime = { ...membership(guest, joe), id: late.id, digest: new Uint8Array(32).fill(1) }
    const state = stateOf(joe, guest)
    state.addMembership(inTime)
    expect(state.standingOfChain(guest.verified)).toBe('stands')
    state.addMembership(late)
    state.addMembership(inTime)
    expect(state.standingOfChain(guest.verified)).toBe('not-admitted')
    expect(state.membershipsOf(guest.verified.digest)).toEqual([late])

    const paged = revoking(ann, ida, { children: Array.from({ length: 3000 }, (_, at) => digestOf(at)) })
    state.addRevocation(paged.revocation)
    for (const page of paged.pages) state.addPage({ ...page, digest: new Uint8Array(32).fill(1) })
    expect(state.missingPages()).toEqual([])
    const [first] = paged.pages
    if (first === undefined) throw new Error('no page')
    const empty = { ...first, digest: new Uint8Array(32).fill(2), page: pageDigest(crypto, new Uint8Array()) }
    state.addPage(empty)
    expect(state.missingPages()).toEqual([first.page])
  })
})

describe('the certificates of a member', () => {
  const soon = member(ann, 5, ['member'], { notAfter: NOW + 10_000 })
  const renewed = member(ann, 5, ['member'], { notBefore: NOW + 1000 })

  test('those in force are admitted, not revoked, and in time, give or take the tolerance for clocks', () => {
    const state = stateOf(joe, soon, renewed)
    const at = (moment: number): readonly unknown[] =>
      state.chainsInForce(joe.verified.key, moment).map(({ digest }) => digest)
    expect(at(NOW)).toEqual([joe, soon, renewed].map(({ verified }) => verified.digest))
    expect(at(NOW - CLOCK_TOLERANCE)).toEqual([joe, soon].map(({ verified }) => verified.digest))
    expect(at(NOW + 10_001 + CLOCK_TOLERANCE)).toEqual([joe, renewed].map(({ verified }) => verified.digest))
    revoke(state, ida, joe)
    expect(at(NOW + 10_001 + CLOCK_TOLERANCE)).toEqual([renewed.verified.digest])
    expect(state.chainsInForce('00', NOW)).toEqual([])
  })

  test('all that have not ended are to be revoked together, and one that comes to light later can be told', () => {
    const guest = member(link(ida, 33), 5)
    const state = stateOf(joe, soon, guest)
    const digests = (): readonly unknown[] => state.chainsToRevoke(joe.verified.key, NOW).map(({ digest }) => digest)
    expect(digests()).toEqual([joe, soon, guest].map(({ verified }) => verified.digest))
    expect(state.hasRevoked(joe.verified.key)).toBe(false)
    for (const holder of [joe, soon, guest]) revoke(state, groupKey, holder)
    expect(digests()).toEqual([])
    expect(state.hasRevoked(joe.verified.key)).toBe(true)
    state.learn(renewed.verified)
    expect(digests()).toEqual([renewed.verified.digest])
    expect(state.chainsInForce(joe.verified.key, NOW)).toEqual([renewed.verified])
  })

  test('a chain can be forgotten, and what counted by it counts no more', () => {
    const guest = member(link(ida, 34), 35)
    const state = stateOf(joe)
    state.addMembership(membership(guest, joe))
    expect(state.standingOfChain(guest.verified)).toBe('stands')
    state.forget(joe.verified.digest)
    expect(state.chain(joe.verified.digest)).toBe(undefined)
    expect(state.chainsOf(joe.verified.key)).toEqual([])
    expect(state.standingOfChain(guest.verified)).toBe('not-admitted')
    expect(state.author(groupKey.verified.digest)).toBe(groupKey.verified)
  })

  test('a revoked certificate is told wherever it stands', () => {
    const state = stateOf(ida)
    const [certificate] = leafOf(ida)
    if (certificate === undefined) throw new Error('no certificate')
    expect(state.isRevoked(certificate)).toBe(false)
    const revocation = revoke(state, ann, ida)
    expect(state.isRevoked(certificate)).toBe(true)
    state.remove(revocation)
    expect(state.isRevoked(certificate)).toBe(false)
  })
})
