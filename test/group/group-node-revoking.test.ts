/** Members and links that are revoked, and what becomes of what was done by them. */
import { expect, test } from 'vitest'
import type { DialOutcome } from '../../src/graph/dialer.ts'
import { readInvitation } from '../../src/group/invitation-text.ts'
import { MEMBERSHIP_TYPE } from '../../src/group/membership-record.ts'
import { codeOf } from '../graph/lone-records.ts'
import { crypto } from '../identity/platform.ts'
import { hasLinkTo, revokeWithRecords } from './revoked-with-records.ts'
import { HOUR, MINUTE, NodeGroup } from './simulated-group-nodes.ts'

const nothing = (): void => undefined
const EVERYTHING = { records: 'all', members: true } as const
const NOTHING = { records: 'none', members: false } as const

function linkOf(text: string) {
  const invitation = readInvitation(crypto, text)
  if (invitation.kind !== 'link' || !('whole' in invitation.chain)) throw new Error('it is no link')
  return invitation.chain.whole
}

test('P-050: a link is cancelled by its maker, and whom it has let in stays unless asked otherwise', () => {
  for (const keeping of [EVERYTHING, NOTHING]) {
    const group = new NodeGroup(`cancelled ${keeping.records}`)
    const { creator } = group
    const emil = group.add('Emil', 'inviting-member')
    group.untilEqual()
    const text = emil.node.inviteByLink({ hints: [], uses: undefined })
    const bob = group.join('Bob', text)
    group.until(() => bob.node.standing() === 'in-force')
    bob.member.write('of Bob')
    group.untilEqual()
    expect(codeOf(() => bob.node.cancelLink(linkOf(text), keeping, undefined, nothing))).toBe('not-authorized')
    group.done<void>((done) => emil.node.cancelLink(linkOf(text), keeping, undefined, done))
    group.runFor(MINUTE)
    const isKept = keeping === EVERYTHING
    for (const one of [creator, emil]) {
      expect(one.sees()['Bob']).toBe(isKept ? 'member' : undefined)
      expect(one.texts()).toEqual(isKept ? ['of Bob'] : [])
    }
    // Nobody comes in by it any more, at whomever they knock.
    for (const at of [creator, emil]) {
      const carol = group.join('Carol', text, { at: [at.member.endpoint] })
      group.runFor(30_000)
      expect(carol.node.standing()).not.toBe('in-force')
      expect(at.sees()['Carol']).toBe(undefined)
      carol.close()
      expect(at.node.counters()['refused-link-cancelled']).toBeGreaterThan(0)
    }
  }
})

test('P-050: a link ends with its maker, unless the revocation keeps it', () => {
  for (const keeping of [EVERYTHING, NOTHING]) {
    const group = new NodeGroup(`maker ${keeping.records}`)
    const { creator } = group
    const emil = group.add('Emil', 'inviting-member')
    group.untilEqual()
    const text = emil.node.inviteByLink({ hints: [], uses: undefined })
    const bob = group.join('Bob', text, { at: [creator.member.endpoint] })
    group.until(() => bob.node.standing() === 'in-force')
    group.untilEqual()
    group.done<void>((done) => creator.node.revoke(emil.name, keeping, undefined, done))
    group.runFor(MINUTE)
    const carol = group.join('Carol', text, { at: [creator.member.endpoint] })
    group.runFor(30_000)
    const expected =
      keeping === EVERYTHING ? { Ann: 'administrator', Bob: 'member', Carol: 'member' } : { Ann: 'administrator' }
    expect(creator.sees()).toEqual(expected)
    expect(carol.node.standing() === 'in-force').toBe(keeping === EVERYTHING)
  }
})

test('P-097: links and direct connections of the revoked close at once, new ones are refused both ways, and it is told', () => {
  const group = new NodeGroup('thrown out')
  const { creator } = group
  const [bob, carol] = [group.add('Bob'), group.add('Carol')]
  group.untilEqual()
  group.until(() => hasLinkTo(bob, carol) && hasLinkTo(creator, bob))
  group.until(() => carol.node.member(bob.name).isConnected && bob.node.member(creator.name).isConnected)
  for (const { member } of [creator, bob, carol]) member.protocols.add('chat')
  carol.member.node.connectDirectly(bob.name, 'chat', nothing)
  bob.member.node.connectDirectly(creator.name, 'chat', nothing)
  group.until(() => bob.member.connections.length === 1 && creator.member.connections.length === 1)
  const links = (): number => [creator, carol].filter((one) => hasLinkTo(one, bob)).length
  expect(links()).toBe(2)
  group.done<void>((done) => creator.node.revoke(bob.name, EVERYTHING, undefined, done))
  group.until(() => links() === 0, 1000)
  group.until(() => bob.node.standing() === 'revoked' && bob.member.node.status().neighbors === 0)
  expect(bob.events).toContain('standing revoked')
  for (const one of [creator, carol]) expect(one.events).toContain('revoked Bob')
  // Neither side gets a link any more.
  const outcomes: string[] = []
  const note = ({ kind }: DialOutcome): void => {
    outcomes.push(kind)
  }
  bob.member.node.connect(carol.member.endpoint, note)
  carol.member.node.connect(bob.member.endpoint, note)
  group.until(() => outcomes.length === 2)
  expect(outcomes).not.toContain('connected')
  group.runFor(10 * MINUTE)
  expect(links()).toBe(0)
  expect(codeOf(() => bob.member.write('too late'))).toBe('membership-not-in-force')
})

test('P-097: who holds another chain in force goes on with that', () => {
  const group = new NodeGroup('another chain')
  const { creator } = group
  const dora = group.add('Dora', 'administrator')
  const emil = group.add('Emil', 'inviting-member')
  const bob = group.add('Bob', 'member', emil)
  group.untilEqual()
  const first = bob.node.chain()
  group.done((done) => dora.node.renew({ peerName: bob.name }, done))
  group.untilEqual()
  group.done<void>((done) => creator.node.revoke(emil.name, NOTHING, undefined, done))
  group.runFor(MINUTE)
  expect(bob.node.standing()).toBe('in-force')
  expect(bob.kept?.digest).not.toBe(first?.digest)
  bob.member.write('still here')
  group.until(() => creator.texts().length === 1 && dora.texts().length === 1)
  expect(creator.sees()).toEqual({ Ann: 'administrator', Dora: 'administrator', Bob: 'member' })
})

test('P-131: to revoke a member is to revoke all its certificates, keeping all, none or some of its records', () => {
  for (const keep of ['all', 'none', 'one'] as const) {
    const group = new NodeGroup(`keeping ${keep}`)
    const { creator } = group
    const bob = group.add('Bob')
    const carol = group.add('Carol')
    group.untilEqual()
    group.done((done) => creator.node.renew({ peerName: bob.name }, done))
    group.done<void>((done) => creator.node.setRole(bob.name, 'inviting-member', undefined, done))
    group.untilEqual()
    const kept = bob.member.write('first')
    const gone = bob.member.write('deleted')
    bob.member.write('second')
    carol.member.write('of Carol')
    group.untilEqual()
    bob.member.remove(gone.id)
    group.untilEqual()
    const records = keep === 'one' ? new Set([kept.id]) : keep
    group.done<void>((done) => creator.node.revoke(bob.name, { records, members: true }, undefined, done))
    group.until(() => carol.sees()['Bob'] === undefined)
    group.until(() => group.graph.differences([creator.member, carol.member]).length === 0)
    const left = { all: ['first', 'of Carol', 'second'], none: ['of Carol'], one: ['first', 'of Carol'] }[keep]
    for (const one of [creator, carol]) expect(one.texts()).toEqual(left)
    expect(codeOf(() => creator.node.revoke(bob.name, EVERYTHING, undefined, nothing))).toBe('member-not-found')
    // A newcomer sees the same.
    const dave = group.add('Dave')
    group.until(() => group.graph.differences([creator.member, carol.member, dave.member]).length === 0, 5 * MINUTE)
    expect(dave.texts()).toEqual(left)
    expect(dave.events.filter((event) => event.startsWith('came'))).toEqual([])
  }
})

test('P-131: a certificate that comes to light after the revocation is told, and the operation can be repeated', () => {
  const group = new NodeGroup('come to light')
  const { creator } = group
  const emil = group.add('Emil', 'inviting-member')
  const bob = group.add('Bob')
  group.untilEqual()
  const { network } = group.graph.world
  network.partition([creator.member.host.name], [emil.member.host.name, bob.member.host.name])
  group.runFor(MINUTE)
  // Emil issues him another one, and Ann does not know of it when she revokes him.
  group.done((done) => emil.node.renew({ peerName: bob.name }, done))
  group.done<void>((done) => creator.node.revoke(bob.name, EVERYTHING, undefined, done))
  expect(creator.sees()['Bob']).toBe(undefined)
  group.runFor(5 * MINUTE)
  expect(creator.events).not.toContain('came back Bob')
  network.heal()
  creator.member.node.addAddresses([emil.member.endpoint])
  group.until(() => creator.events.includes('came back Bob'), 5 * MINUTE)
  expect(creator.sees()['Bob']).toBe('member')
  expect(bob.node.standing()).toBe('in-force')
  group.done<void>((done) => creator.node.revoke(bob.name, EVERYTHING, undefined, done))
  group.until(() => emil.sees()['Bob'] === undefined, 5 * MINUTE)
  group.runFor(MINUTE)
  expect(creator.sees()).toEqual({ Ann: 'administrator', Emil: 'inviting-member' })
  expect(creator.events.filter((event) => event === 'came back Bob')).toHaveLength(1)
})

test('P-101: a newcomer that reaches the revoked first ends with what all others have, and without links to them', () => {
  const group = new NodeGroup('the revoked first')
  const { creator } = group
  const emil = group.add('Emil', 'inviting-member')
  const bob = group.add('Bob')
  const carol = group.add('Carol')
  group.untilEqual()
  const { network } = group.graph.world
  const hosts = [emil, bob].map(({ member }) => member.host.name)
  network.partition([creator.member.host.name, carol.member.host.name], hosts)
  group.runFor(MINUTE)
  for (const one of [emil, bob]) {
    group.done<void>((done) => creator.node.revoke(one.name, { records: 'none', members: true }, undefined, done))
  }
  carol.member.write('honest')
  bob.member.write('of the revoked')
  // She comes in by the revoked, who know nothing of it or say nothing, with a link that stays.
  const dave = group.join('Dave', emil.node.inviteByLink({ hints: [] }), { at: [bob.member.endpoint] })
  network.partition([creator.member.host.name, carol.member.host.name], [...hosts, dave.member.host.name])
  group.until(() => dave.texts().includes('of the revoked'), 5 * MINUTE)
  const invited = creator.node.inviteByLink({ hints: [] })
  network.heal()
  dave.close()
  const hugo = group.join('Hugo', invited, { at: [bob.member.endpoint, creator.member.endpoint] })
  group.until(() => hugo.texts().join() === 'honest', 5 * MINUTE)
  const honest = [creator, carol, hugo]
  group.until(() => group.graph.differences(honest.map(({ member }) => member)).length === 0, 5 * MINUTE)
  group.runFor(5 * MINUTE)
  for (const one of honest) {
    expect(one.texts()).toEqual(['honest'])
    expect([emil, bob].some((other) => hasLinkTo(one, other))).toBe(false)
  }
})

test('P-123: no record that a revocation makes invalid is stored or shown after it, and memberships come before other records', () => {
  const group = new NodeGroup('in order')
  const { creator } = group
  const bob = group.add('Bob')
  const carol = group.add('Carol')
  for (let index = 0; index < 40; index++) bob.member.write(`note ${index}`, { life: HOUR })
  carol.member.write('of Carol', { life: HOUR })
  group.untilEqual()
  const { network } = group.graph.world
  network.partition([creator.member.host.name], [bob.member.host.name, carol.member.host.name])
  group.runFor(MINUTE)
  group.done<void>((done) => creator.node.revoke(bob.name, { records: 'none', members: true }, undefined, done))
  for (let index = 40; index < 80; index++) bob.member.write(`note ${index}`, { life: HOUR })
  group.until(() => carol.texts().length === 81)
  const before = creator.member.changes.length
  const joined = group.now()
  // Dave copies from Ann and Carol; Ann and Carol meet again.
  const dave = group.join('Dave', creator.node.inviteByLink({ hints: [] }), { at: [creator.member.endpoint] })
  network.heal()
  creator.member.node.addAddresses([carol.member.endpoint])
  const honest = [creator, carol, dave]
  group.until(() => group.graph.differences(honest.map(({ member }) => member)).length === 0, 5 * MINUTE)
  const isBobs = ({ creator: author }: { readonly creator: { readonly publicKey: Uint8Array } }): boolean =>
    author.publicKey.every((byte, index) => byte === bob.member.identity.keyPair.publicKey[index])
  const shownLater = [...creator.member.changes.slice(before), ...dave.member.changes].filter((change) => {
    return change.kind !== 'removed' && change.record.type === 'test.note' && isBobs(change.record)
  })
  expect(shownLater).toEqual([])
  expect(carol.texts()).toEqual(['of Carol'])
  const copied = dave.member.changes.flatMap((change) => {
    return change.kind !== 'removed' && change.record.created < joined ? [change.record.type] : []
  })
  expect(copied.filter((type) => type === 'test.note')).toHaveLength(1)
  expect(copied.lastIndexOf(MEMBERSHIP_TYPE)).toBeLessThan(copied.indexOf('test.note'))
})

test('P-102: more is kept than one record can name: the member is out at once, and the rest follows when all pages are there', () => {
  const count = 3000
  const outcome = revokeWithRecords('pages', count)
  expect(outcome.linksClosedAfter).toBeLessThan(1000)
  expect(outcome).toMatchObject({ pages: 3, differ: 0, listing: [] })
  expect(outcome.notes).toEqual({ Ann: count, Carol: count, Dave: count })
}, 30_000)
