import { describe, expect, test } from 'vitest'
import { chainDigest } from '../../src/group/digests.ts'
import type { IdentityInvitation, InvitationContent, LinkInvitation } from '../../src/group/invitation.ts'
import { makeInvitation, readInvitation } from '../../src/group/invitation-text.ts'
import { completeChain, invitedLink, invitedMembership, requireUsable } from '../../src/group/invitation-use.ts'
import { joinWithLink, makeLink } from '../../src/group/link-key.ts'
import { CLOCK_TOLERANCE } from '../../src/identity/certificate/certificate-verification.ts'
import { type Chain, encodeChain } from '../../src/identity/certificate/chain-encoding.ts'
import { authorityPart } from '../../src/identity/peer-name.ts'
import { drawGraphId } from '../../src/records/graph-id.ts'
import { expectCode } from '../../src/runtime/acceptance/acceptance.ts'
import { NOW } from '../identity/certificate/certificate-samples.ts'
import { crypto, random } from '../identity/platform.ts'
import { DAY, type Member, person, SampleGroup, stateAt } from './issuing-samples.ts'

const group = new SampleGroup()
const other = new SampleGroup({ classifier: 'another' })
const bob = person(7, 'Bob')
const member = group.admit(group.creator.issuer, bob, 'member', { notAfter: NOW + 30 * DAY })

const common = {
  group: group.name,
  graphId: drawGraphId(random),
  friendlyName: 'Book club',
  cloud: undefined,
  inviter: group.creator.peerName,
  role: 'member',
  expires: NOW + 30 * DAY,
  hints: [],
} as const

const invitationOf = ({ chain, peerName }: Member): IdentityInvitation => ({
  kind: 'identity',
  ...common,
  invited: authorityPart(peerName),
  chain: { whole: chain.chain },
})

function linkInvitation(): LinkInvitation {
  const request = { role: 'member', admitsUntil: NOW + 7 * DAY, uses: 1, admitter: undefined } as const
  const { seed, chain } = makeLink(crypto, random, group.creator.issuer, request, stateAt(NOW))
  return { kind: 'link', ...common, expires: NOW + 7 * DAY, seed, chain: { whole: chain } }
}

/** The invitation as it comes out of its text. */
function carried<Content extends InvitationContent>(content: Content): Content {
  const read = readInvitation(crypto, makeInvitation(crypto, content))
  if (read.kind !== content.kind) throw new Error(`a ${content.kind} became a ${read.kind}`)
  return { ...content, ...read }
}

/** The same invitation with its chain left out, as a deeper one has it. */
const withNamedChain = <Content extends IdentityInvitation | LinkInvitation>(content: Content): Content =>
  carried({ ...content, friendlyName: 'x'.repeat(254), cloud: 'x'.repeat(200), hints: [] })

const problemOf = (use: () => unknown): string =>
  expectCode('invalid-invitation', use, 'using the invitation').details.problem

function use(invitation: IdentityInvitation, who = bob, fetched?: Uint8Array, now = NOW) {
  requireUsable(crypto, invitation, who.keyPair.publicKey, now)
  const chain = completeChain(crypto, invitation, fetched)
  return chain && invitedMembership(crypto, invitation, chain, who.keyPair.publicKey, now)
}

describe('an invitation for one identity', () => {
  test('with a whole chain it makes a member of the one invited, and needs nothing else', () => {
    expect(use(carried(invitationOf(member)))).toEqual(member.chain)
  })

  test('with a named chain it needs exactly this chain', () => {
    const invitation = withNamedChain(invitationOf(member))
    expect(invitation.chain).toEqual({ named: member.chain.digest, rest: [] })
    expect(use(invitation)).toBeUndefined()
    expect(use(invitation, bob, member.chain.bytes)).toEqual(member.chain)
    const renewed = group.admit(group.creator.issuer, bob)
    expect(problemOf(() => use(invitation, bob, renewed.chain.bytes))).toBe('another-chain')
    expect(problemOf(() => use(invitation, bob, new Uint8Array(10)))).toBe('another-chain')
    const junk = { ...invitation, chain: { named: junkDigest(), rest: [] } }
    expect(problemOf(() => use(junk, bob, new Uint8Array(10)))).toBe('chain-refused')
  })

  test('another identity, an expired chain and a chain of another group have reasons of their own', () => {
    const invitation = carried(invitationOf(member))
    const ann = group.creator
    expect(problemOf(() => use(invitation, ann))).toBe('for-another-identity')
    expect(problemOf(() => use(withNamedChain(invitationOf(member)), ann))).toBe('for-another-identity')
    // One that says that it is for Ann, and has Bob's chain.
    const claiming = { ...invitation, invited: authorityPart(ann.peerName) }
    expect(problemOf(() => use(claiming, ann))).toBe('for-another-identity')
    const late = NOW + 30 * DAY + CLOCK_TOLERANCE + 1000
    expect(problemOf(() => use({ ...invitation, expires: NOW + 60 * DAY }, bob, undefined, late))).toBe('chain-expired')
    const strange = { ...invitation, chain: { whole: other.admit(other.creator.issuer, bob).chain.chain } }
    expect(problemOf(() => use(strange))).toBe('chain-of-another-group')
  })

  test('one that has expired is refused before its chain is looked at', () => {
    const invitation = withNamedChain(invitationOf(member))
    expect(problemOf(() => use(invitation, bob, undefined, NOW + 30 * DAY + 1))).toBe('expired')
  })

  test('a chain that proves nothing is refused', () => {
    const [root, creator, ...rest] = member.chain.chain
    const cleo = group.admit(group.creator.issuer, person(8), 'administrator')
    for (const chain of [
      [root, ...rest],
      [root, creator, cleo.chain.leaf, ...rest],
    ] as const) {
      const whole = chain.filter((one) => one !== undefined)
      expect(problemOf(() => use({ ...invitationOf(member), chain: { whole: [root, ...issued(whole)] } }))).toBe(
        'chain-refused',
      )
    }
    const last = rest.at(-1)
    const forged = { ...member.chain.leaf, signature: new Uint8Array(64) }
    expect(last).toEqual(member.chain.leaf)
    const unsigned: Chain = [root, ...issued([creator]), forged]
    expect(problemOf(() => use({ ...invitationOf(member), chain: { whole: unsigned } }))).toBe('chain-refused')
  })
})

describe('an invitation by link', () => {
  test('it brings the link, whole or with the chain of its maker named', () => {
    for (const invitation of [carried(linkInvitation()), withNamedChain(linkInvitation())]) {
      const chain = completeChain(crypto, invitation, group.creator.chain.bytes)
      const link = invitedLink(crypto, invitation, chain ?? [group.made.root], NOW)
      const { roles, depth } = joinWithLink(crypto, random, link, bob.keyPair.publicKey, NOW)
      expect({ roles, depth }).toEqual({ roles: ['member'], depth: 3 })
    }
    expect(completeChain(crypto, withNamedChain(linkInvitation()))).toBeUndefined()
  })

  test('P-048: whoever has the text can use it, until its expiry', () => {
    requireUsable(crypto, linkInvitation(), person(33).keyPair.publicKey, NOW + 7 * DAY)
    const late = () => requireUsable(crypto, linkInvitation(), bob.keyPair.publicKey, NOW + 7 * DAY + 1)
    expect(problemOf(late)).toBe('expired')
  })

  test('a link certificate for another key, or under another chain, is refused', () => {
    const [one, another] = [linkInvitation(), linkInvitation()]
    const swapped = { ...one, seed: another.seed }
    const judge = (invitation: LinkInvitation, fetched?: Uint8Array) => () => {
      const chain = completeChain(crypto, invitation, fetched)
      if (chain !== undefined) invitedLink(crypto, invitation, chain, NOW)
    }
    expect(problemOf(judge(swapped))).toBe('chain-refused')
    const ending = { ...one, chain: { whole: member.chain.chain } }
    expect(problemOf(judge(ending))).toBe('chain-refused')
    const named = withNamedChain(one)
    if ('whole' in named.chain) throw new Error('it has the whole chain')
    const elsewhere = { ...named, chain: { ...named.chain, named: member.chain.digest } }
    expect(problemOf(judge(elsewhere, member.chain.bytes))).toBe('chain-refused')
    expect(problemOf(judge(named, member.chain.bytes))).toBe('another-chain')
    const theirs = { ...one, group: other.name }
    expect(problemOf(judge(theirs))).toBe('chain-of-another-group')
  })

  test('P-048: what members see of a link holds its public key and not its private one', () => {
    const { seed, chain } = linkInvitation()
    const seen = Buffer.from(encodeChain('whole' in chain ? chain.whole : [group.made.root]))
    const { publicKey, secretKey } = crypto.signingKeyPair(seed)
    expect(seen.includes(Buffer.from(publicKey))).toBe(true)
    expect(seen.includes(Buffer.from(seed))).toBe(false)
    expect(secretKey.subarray(0, 32)).toEqual(seed)
  })
})

/** The certificates among these that can stand under a root. */
function issued(certificates: readonly (Chain[number] | undefined)[]) {
  return certificates.filter((one) => one?.kind === 'group-membership' || one?.kind === 'link')
}

/** The digest of ten zero bytes. */
function junkDigest() {
  return chainDigest(crypto, new Uint8Array(10))
}
