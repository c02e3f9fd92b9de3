/**
 * Who lets whom in, between two nodes of a group that have nothing but a link: with what a dialler begins, how a responder judges it,
 * and how the dialler judges the answer.
 */
import { describe, expect, test } from 'vitest'
import { DEFAULT_RECORD_LIFE } from '../../src/graph/graph-properties.ts'
import type { AdmissionItem } from '../../src/group/admission-message.ts'
import type { AdmissionRefusal } from '../../src/group/admission-refusal.ts'
import { admittersOf, settingPassword } from '../../src/group/group-password.ts'
import { expirationOfProof } from '../../src/group/group-record-rules.ts'
import type { MemberChain } from '../../src/group/member-chain.ts'
import { encodeMembership, MEMBERSHIP_TYPE } from '../../src/group/membership-record.ts'
import { encodePasswordRecord, expirationOfPassword, PASSWORD_TYPE } from '../../src/group/password-record.ts'
import { LEAST_PASSWORD_MEMORY } from '../../src/group/password-verifier.ts'
import { revocationExpires } from '../../src/group/revocation.ts'
import { encodeRevocation, REVOCATION_TYPE, readRevocation } from '../../src/group/revocation-record.ts'
import { CLOCK_TOLERANCE } from '../../src/identity/certificate/certificate-verification.ts'
import type { Role } from '../../src/identity/role.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import { equalBytes, toHex } from '../../src/runtime/bytes.ts'
import { nameOf } from '../identity/certificate/certificate-samples.ts'
import { crypto, random } from '../identity/platform.ts'
import { AdmissionEnd, type AdmissionGroup, LoneAdmission, meet } from './lone-admission.ts'
import {
  type Author,
  groupKey,
  groupName,
  keyPairOf,
  link,
  type MemberHolder,
  member,
  NOW,
  written,
  YEAR,
} from './member-samples.ts'
import { SimulatedGroup } from './simulated-group.ts'

const DAY = 86_400_000
const ann = member(groupKey, 1, ['administrator'])
const bob = member(ann, 2)
const world: AdmissionGroup = { root: groupKey.chain[0], now: NOW }
const carol = member(ann, 3)
const dan = member(groupKey, 8)
const verifier = { cost: { memory: LEAST_PASSWORD_MEMORY, passes: 1 }, value: new Uint8Array(32).fill(5) }
const otherGroup = new SimulatedGroup('another group')

const hello: AdmissionItem = { kind: 'hello' }
const gmc = ({ bytes }: Pick<MemberChain, 'bytes'>): AdmissionItem => ({ kind: 'my-gmc', chain: bytes })
const offered: AdmissionItem = { kind: 'password', body: new Uint8Array() }

function membership(of: MemberHolder, by: Author = of): GraphRecord {
  const { bytes, leaf, notAfter } = of.verified
  const payload = encodeMembership(bytes, leaf.peerName, undefined)
  return written(by, { type: MEMBERSHIP_TYPE, payload, expires: expirationOfProof(notAfter, DEFAULT_RECORD_LIFE) })
}

function revocation(whom: MemberHolder, by: Author = groupKey): GraphRecord {
  const { revocation: payload } = encodeRevocation(crypto, by.chain, [whom.chain], { children: [], records: [] })
  const { revoked } = readRevocation(crypto, groupName, payload)
  return written(by, { type: REVOCATION_TYPE, payload, expires: revocationExpires(revoked, DEFAULT_RECORD_LIFE) })
}

function password(role: Role, ...admitters: readonly MemberHolder[]): GraphRecord {
  const chains = admitters.map(({ verified }) => verified)
  const before = { generation: undefined, password: undefined }
  const sealedTo = admittersOf(crypto, chains, role)
  const setting = settingPassword(crypto, random, groupName, before, { role, verifier }, sealedTo)
  const expires = expirationOfPassword(NOW, DEFAULT_RECORD_LIFE)
  return written(ann, { type: PASSWORD_TYPE, payload: encodePasswordRecord(setting), expires })
}

const holding = (of: MemberHolder, ...stored: readonly GraphRecord[]): LoneAdmission =>
  new LoneAdmission(world, of, { kind: 'chain', chain: of.verified }, stored)
const knowing = (seed: number, ...stored: readonly GraphRecord[]): LoneAdmission =>
  new LoneAdmission(world, { keyPair: keyPairOf(seed) }, { kind: 'password', verifier }, stored)

const refusedAs = (reason: AdmissionRefusal): readonly AdmissionItem[] => [{ kind: 'refused', reason }]

describe('with what a dialler begins', () => {
  const begins = (node: LoneAdmission): readonly AdmissionItem[] | undefined => new AdmissionEnd(node, ann, true).last

  test('P-063: Hello and its chain if that is in force, also one just made with a link', () => {
    expect(begins(holding(bob))).toEqual([hello, gmc(bob.verified)])
    const guest = member(link(ann, 20), 21)
    expect(begins(holding(guest))).toEqual([hello, gmc(guest.verified)])
  })

  test('P-063: Hello alone if its chain has expired, or is yet to be fetched', () => {
    const late = holding(bob)
    late.now = bob.verified.notAfter + 1
    expect(begins(late)).toEqual([hello])
    expect(begins(new LoneAdmission(world, bob, { kind: 'fetched', digest: bob.verified.digest }, []))).toEqual([hello])
  })

  test('P-063: Hello and an empty Password if it has no chain and knows the password, and never with a chain', () => {
    expect(begins(knowing(9))).toEqual([hello, offered])
    expect(begins(knowing(2, membership(bob)))).toEqual([hello, gmc(bob.verified)])
    const late = knowing(2, membership(bob))
    late.now = bob.verified.notAfter + 1
    expect(begins(late)).toEqual([hello])
  })

  test('P-063: nothing, and no link, where it has none of these', () => {
    const node = holding(bob, revocation(bob))
    const end = new AdmissionEnd(node, ann, true)
    expect([end.said, end.admission.verdict]).toEqual([[], 'refused'])
    expect(new AdmissionEnd(knowing(2, membership(bob), revocation(bob)), ann, true).said).toEqual([])
  })
})

describe('how a responder judges', () => {
  test('P-064: it answers a good chain, or a good Hello alone, with its own chain, or alone if that has expired', () => {
    for (const shown of [[hello, gmc(bob.verified)], [hello]]) {
      const end = new AdmissionEnd(holding(ann, membership(bob)), bob, false).hear(...shown)
      expect([end.said, end.admission.verdict]).toEqual([[[hello, gmc(ann.verified)]], 'admitted'])
      const short = member(groupKey, 1, ['administrator'], { notAfter: NOW - 1000 })
      const expired = new AdmissionEnd(holding(short, membership(short), membership(carol)), carol, false)
      expect(expired.hear(...(shown.length === 1 ? shown : [hello, gmc(carol.verified)])).said).toEqual([[hello]])
      expect(expired.admission.verdict).toBe('admitted')
    }
  })

  test('P-064, P-065: it shows nothing of its own before that was judged', () => {
    const end = new AdmissionEnd(holding(ann), bob, false).hear(hello, gmc(carol.verified))
    expect([end.said, end.admission.verdict]).toEqual([[refusedAs('other-key')], 'refused'])
  })

  test('P-064: it answers an offered password with its chain and a challenge, or closes', () => {
    const answer = (node: LoneAdmission, ...items: readonly AdmissionItem[]) => {
      const { said } = new AdmissionEnd(node, { keyPair: keyPairOf(9) }, false).hear(...items)
      expect(said).toHaveLength(1)
      return said[0]
    }
    const set = [membership(ann), password('member', ann)]
    const [first, second, third] = answer(holding(ann, ...set), hello, offered) ?? []
    expect([first, second, third?.kind]).toEqual([hello, gmc(ann.verified), 'password'])
    const filled: AdmissionItem = { kind: 'password', body: Uint8Array.of(1) }
    expect(answer(holding(ann, ...set), hello, filled)).toEqual(refusedAs('unexpected'))
    expect(answer(holding(ann), hello, offered)).toEqual(refusedAs('no-password'))
    const late = holding(ann, ...set)
    late.now = ann.verified.notAfter + 1
    expect(answer(late, hello, offered)).toEqual(refusedAs('may-not-admit'))
    const revoked = holding(ann, ...set, membership(carol), revocation(ann))
    expect(answer(revoked, hello, offered)).toEqual(refusedAs('may-not-admit'))
    // A member to whom it is not sealed, and one whose role may not give it.
    expect(answer(holding(carol, ...set, membership(carol)), hello, offered)).toEqual(refusedAs('may-not-admit'))
    const later = member(groupKey, 4, ['administrator'])
    expect(answer(holding(later, ...set), hello, offered)).toEqual(refusedAs('may-not-admit'))
  })
})

describe('how either side judges the chain of the other', () => {
  const theirs = member(groupKey, 5, ['administrator'])
  const strange = otherGroup.issued(
    otherGroup.key,
    { identity: { name: nameOf(keyPairOf(5)), keyPair: keyPairOf(5) } },
    ['member'],
  )
  const altered = theirs.verified.bytes.slice()
  altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1
  const unknown = member(link(ann, 20), 30, ['member'])
  const wrong: readonly (readonly [string, AdmissionRefusal, Uint8Array, readonly GraphRecord[]])[] = [
    [
      'that has expired',
      'expired',
      member(groupKey, 5, ['member'], { notAfter: NOW - CLOCK_TOLERANCE - 1000 }).verified.bytes,
      [],
    ],
    [
      'that has not begun',
      'not-yet-valid',
      member(groupKey, 5, ['member'], { notBefore: NOW + CLOCK_TOLERANCE + 1000 }).verified.bytes,
      [],
    ],
    ['of another key than that which signed the handshake', 'other-key', bob.verified.bytes, []],
    ['of another group', 'other-group', strange.kind === 'chain' ? strange.chain.bytes : altered, []],
    ['whose signature is wrong', 'forged', altered, []],
    ['that is cut short', 'forged', altered.subarray(0, 900), []],
    ['that is revoked', 'revoked', theirs.verified.bytes, [membership(theirs), revocation(theirs)]],
    ['under one that is revoked', 'revoked', member(ann, 5).verified.bytes, [membership(ann), revocation(ann)]],
  ]

  test.each(wrong)('P-065, P-070: a chain %s is refused as %s', (_what, reason, chain, stored) => {
    const peer = { keyPair: keyPairOf(5) }
    for (const isDialler of [true, false]) {
      const node = holding(dan, membership(dan), ...stored)
      const [others, before] = [node.others, node.security.records?.state.chainsOf(toHex(keyPairOf(5).publicKey))]
      const end = new AdmissionEnd(node, peer, isDialler).hear(hello, { kind: 'my-gmc', chain })
      expect([end.last, end.admission.verdict]).toEqual([refusedAs(reason), 'refused'])
      expect(node.count(`refused-${reason}`)).toBe(1)
      // Nothing is stored.
      expect(node.others).toBe(others)
      expect(node.security.records?.state.chainsOf(toHex(keyPairOf(5).publicKey))).toEqual(before)
    }
  })

  test('P-065: one that is right is taken by both', () => {
    for (const isDialler of [true, false]) {
      const node = holding(bob)
      const end = new AdmissionEnd(node, theirs, isDialler).hear(hello, gmc(theirs.verified))
      expect(end.admission.verdict).toBe('admitted')
      expect(node.security.isAdmitted(theirs.keyPair.publicKey)).toBe(true)
    }
  })

  test('P-066: Hello alone is taken by either side from who has a chain in force here, and from nobody else', () => {
    for (const isDialler of [true, false]) {
      const verdict = (...stored: readonly GraphRecord[]): string | undefined => {
        const end = new AdmissionEnd(holding(ann, ...stored), bob, isDialler).hear(hello)
        return end.last?.[0]?.kind === 'refused' ? end.last[0].reason : end.admission.verdict
      }
      expect(verdict(membership(bob))).toBe('admitted')
      expect(verdict()).toBe('not-a-member')
      expect(verdict(membership(bob), revocation(bob))).toBe('not-a-member')
      const ended = member(ann, 2, ['member'], { notAfter: NOW - DAY })
      expect(verdict(membership(ended))).toBe('not-a-member')
      expect(verdict(membership(ended), membership(bob))).toBe('admitted')
      // It came by a link, and nobody has let it in.
      const guest = member(link(ann, 20), 2)
      expect(verdict(membership(guest))).toBe('not-a-member')
    }
  })

  test('P-129: a chain through a link that nobody has let in yet is a request, and is judged by who may answer it', () => {
    const peer = { keyPair: keyPairOf(30) }
    const ask = (node: LoneAdmission) => new AdmissionEnd(node, peer, false).hear(hello, gmc(unknown.verified))
    const responder = holding(ann)
    expect(ask(responder).last).toEqual([hello, gmc(ann.verified)])
    expect(responder.letIn).toEqual([unknown.verified])
    // Whoever is no member in force admits nobody.
    const guest = holding(member(link(ann, 22), 23))
    expect(ask(guest).last).toEqual(refusedAs('may-not-admit'))
    expect(guest.letIn).toEqual([])
    const below = member(member(link(ann, 24, 'inviting-member'), 25, ['inviting-member']), 30)
    const end = new AdmissionEnd(holding(ann), peer, false).hear(hello, gmc(below.verified))
    expect(end.last).toEqual(refusedAs('not-let-in'))
  })
})

describe('whoever joins by password', () => {
  const set = [membership(ann), password('member', ann)]

  test('P-067: proves nothing to somebody whose chain does not hold', () => {
    const joiner = knowing(9)
    const end = new AdmissionEnd(joiner, ann, true).hear(hello, gmc(bob.verified), offered)
    expect(end.said).toEqual([[hello, offered], refusedAs('other-key')])
    const revoked = knowing(9, membership(ann), revocation(ann))
    expect(new AdmissionEnd(revoked, ann, true).hear(hello, gmc(ann.verified), offered).last).toEqual(
      refusedAs('revoked'),
    )
  })

  test('P-067: is told by who may not admit, so that it tries the next', () => {
    const [joiner, plain] = [knowing(9), holding(carol, ...set, membership(carol))]
    expect(meet(joiner, plain)).toEqual(['refused', 'refused'])
    expect([joiner.count('told-may-not-admit'), plain.count('refused-may-not-admit')]).toEqual([1, 1])
    expect(meet(joiner, holding(ann, ...set))).toEqual(['admitted', 'admitted'])
  })

  test('P-067: takes the chain that it is given, and uses that from then on', () => {
    const joiner = knowing(9)
    expect(meet(joiner, holding(ann, ...set))).toEqual(['admitted', 'admitted'])
    const [chain] = joiner.joined
    if (chain === undefined) throw new Error('it was given one')
    expect(equalBytes(chain.leaf.publicKey, keyPairOf(9).publicKey)).toBe(true)
    expect(new AdmissionEnd(joiner, bob, true).last).toEqual([hello, gmc(chain)])
    expect(meet(joiner, holding(bob))).toEqual(['admitted', 'admitted'])
  })

  const given: readonly (readonly [string, AdmissionRefusal, Uint8Array])[] = [
    ['of somebody else', 'other-key', bob.verified.bytes],
    ['that has expired', 'expired', member(ann, 9, ['member'], { notAfter: NOW - YEAR / 2 }).verified.bytes],
    ['that does not hold', 'forged', bob.verified.bytes.slice(0, -1)],
  ]
  test.each(given)('P-067, P-070: does not take a chain %s, and says so: %s', (_what, reason, bytes) => {
    const [joiner, responder] = [knowing(9), holding(ann, ...set)]
    const [one, other] = [new AdmissionEnd(joiner, responder, true), new AdmissionEnd(responder, joiner, false)]
    other.hear(...(one.last ?? []))
    one.hear(...(other.last ?? []))
    other.hear(...(one.last ?? []))
    const [confirmation] = other.last ?? []
    if (confirmation === undefined) throw new Error('it was confirmed')
    one.hear(confirmation, { kind: 'your-gmc', chain: bytes })
    expect([one.last, one.admission.verdict, joiner.joined]).toEqual([refusedAs(reason), 'refused', []])
    expect(new AdmissionEnd(joiner, bob, true).last).toEqual([hello, offered])
  })
})

test('P-070: both sides know why, and count it', () => {
  const early = holding(member(groupKey, 5, ['member'], { notBefore: NOW + DAY }))
  early.now = NOW + 2 * DAY
  const late = holding(member(groupKey, 5, ['member'], { notAfter: NOW - DAY }))
  late.now = NOW - 2 * DAY
  const six = member(groupKey, 6, ['administrator'])
  const lockedBy = password('member', ann, six)
  const guess = { ...verifier, value: new Uint8Array(32) }
  const wrong = new LoneAdmission(world, { keyPair: keyPairOf(9) }, { kind: 'password', verifier: guess }, [])
  const cost = { memory: LEAST_PASSWORD_MEMORY, passes: 2 }
  const dearer = new LoneAdmission(
    world,
    { keyPair: keyPairOf(9) },
    { kind: 'password', verifier: { ...verifier, cost } },
    [],
  )
  const set = [membership(ann), password('member', ann)]
  const cases: readonly (readonly [AdmissionRefusal, LoneAdmission, LoneAdmission, 'dialler' | 'responder'])[] = [
    ['not-yet-valid', early, holding(ann), 'responder'],
    ['expired', late, holding(ann), 'responder'],
    ['revoked', holding(bob), holding(ann, membership(bob), revocation(bob)), 'responder'],
    ['revoked', holding(carol, membership(bob), revocation(bob)), holding(bob), 'dialler'],
    [
      'not-a-member',
      new LoneAdmission(world, bob, { kind: 'fetched', digest: bob.verified.digest }, []),
      holding(ann),
      'responder',
    ],
    ['no-password', knowing(9), holding(ann), 'responder'],
    ['may-not-admit', knowing(9), holding(carol, ...set, membership(carol)), 'responder'],
    [
      'password-locked',
      knowing(9),
      holding(ann, membership(ann), lockedBy, membership(six), revocation(six)),
      'responder',
    ],
    ['wrong-password', wrong, holding(ann, ...set), 'responder'],
    ['other-password-cost', dearer, holding(ann, ...set), 'dialler'],
  ]
  for (const [reason, dialler, responder, by] of cases) {
    const verdicts = meet(dialler, responder)
    // Who is refused after having admitted the other hears of it, too.
    expect({ reason, verdicts: verdicts[by === 'dialler' ? 0 : 1] }).toEqual({ reason, verdicts: 'refused' })
    const [refuses, told] = by === 'dialler' ? [dialler, responder] : [responder, dialler]
    expect({ reason, refused: refuses.count(`refused-${reason}`) }).toEqual({ reason, refused: 1 })
    expect({ reason, told: told.count(`told-${reason}`) }).toEqual({ reason, told: 1 })
    expect([...dialler.joined, ...responder.letIn]).toEqual([])
  }
})
