/** Memberships that end, and their renewal. */
import { expect, test } from 'vitest'
import { readInvitation } from '../../src/group/invitation-text.ts'
import type { MemberChain } from '../../src/group/member-chain.ts'
import { MEMBERSHIP_TYPE } from '../../src/group/membership-record.ts'
import { EXPIRING_AHEAD } from '../../src/group/own-membership.ts'
import { RENEWED_AHEAD } from '../../src/group/renewing.ts'
import { toHex, toUtf8 } from '../../src/runtime/bytes.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { codeOf } from '../graph/lone-records.ts'
import { crypto } from '../identity/platform.ts'
import { DAY, HOUR, MINUTE, NodeGroup, type NodeMember } from './simulated-group-nodes.ts'

const nothing = (): void => undefined

/** Somebody to whom a member issues a certificate that ends soon. */
function temporary(group: NodeGroup, friendlyName: string, life: number, by: NodeMember = group.creator): NodeMember {
  return group.enter(friendlyName, ({ name, keyPair: { publicKey } }) => {
    let issued: MemberChain | PeerageError | undefined
    const request = { peerName: name, friendlyName, publicKey, validUntil: group.now() + life }
    by.node.issue(request, (outcome) => {
      issued = outcome
    })
    by.member.node.store.commit()
    if (issued === undefined || issued instanceof PeerageError) throw issued ?? new Error('it was not issued')
    return { kind: 'chain', chain: issued }
  })
}

function memberships({ member }: NodeMember): number {
  return member.node.store.list({ type: MEMBERSHIP_TYPE, limit: 1000 }).length
}

test('P-091: with an expired certificate nothing is published or issued, and no record outlives it', () => {
  const group = new NodeGroup('expired')
  const { creator } = group
  const bob = temporary(group, 'Bob', 2 * HOUR)
  group.untilEqual()
  const note = (expires: number) => ({
    ...({ type: 'test.note', expires, refresh: false, encoding: 'text', attributes: [] } as const),
    payload: toUtf8('a note'),
  })
  const now = bob.member.node.now()
  expect(codeOf(() => bob.member.node.add(note(now + 3 * HOUR), nothing))).toBe('invalid-expiration')
  const longest = creator.node.properties()?.longestRecordLife ?? 0
  expect(codeOf(() => creator.member.node.add(note(now + longest + DAY), nothing))).toBe('invalid-expiration')
  bob.member.write('in time', { life: HOUR })
  creator.close()
  group.runFor(2 * HOUR + 20 * MINUTE)
  expect(bob.node.standing()).toBe('expired')
  expect(bob.events).toContain('standing expired')
  const late = bob.member.node.now() + MINUTE
  expect(codeOf(() => bob.member.node.add(note(late), nothing))).toBe('membership-not-in-force')
  expect(codeOf(() => bob.node.inviteByLink({ hints: [] }))).toBe('membership-not-in-force')
  const { publicKey } = crypto.signingKeyPair(new Uint8Array(32).fill(3))
  const request = { peerName: bob.name, friendlyName: undefined, publicKey }
  expect(codeOf(() => bob.node.issue(request, nothing))).toBe('membership-not-in-force')
  expect(codeOf(() => bob.node.renew({ peerName: creator.name }, nothing))).toBe('membership-not-in-force')
})

test('P-092: whose certificate ends before a presence could is listed without addresses', () => {
  const group = new NodeGroup('short')
  const { creator } = group
  const bob = temporary(group, 'Bob', 4 * MINUTE)
  group.untilEqual()
  expect(creator.sees()).toEqual({ Ann: 'administrator', Bob: 'member' })
  group.runFor(MINUTE)
  expect(creator.node.member(bob.name)).toMatchObject({ isConnected: false, addresses: [] })
  const carol = group.add('Carol')
  group.until(() => creator.node.member(carol.name).isConnected)
  expect(creator.node.member(carol.name).addresses).toEqual([carol.member.endpoint])
})

test('P-093: to renew is to issue anew for the same key, by default for as long and with the same roles', () => {
  const group = new NodeGroup('renewing')
  const { creator } = group
  const bob = temporary(group, 'Bob', 30 * DAY)
  group.untilEqual()
  const first = bob.node.chain()
  group.runFor(HOUR)
  const renewed = group.done<MemberChain>((done) => creator.node.renew({ peerName: bob.name }, done))
  const lifeOf = (chain: MemberChain | undefined) => (chain?.leaf.notAfter ?? 0) - (chain?.leaf.notBefore ?? 0)
  expect(lifeOf(renewed)).toBe(lifeOf(first))
  expect(renewed.leaf.notAfter).toBeGreaterThan(first?.leaf.notAfter ?? 0)
  expect(renewed.leaf.roles).toEqual(['member'])
  expect(toHex(renewed.leaf.publicKey)).toBe(bob.member.key)
  group.until(() => bob.kept?.digest === renewed.digest)
  expect(creator.sees()).toEqual({ Ann: 'administrator', Bob: 'member' })
  const before = memberships(creator)
  const end = group.now() + 90 * DAY
  const text = group.done<string>((done) =>
    creator.node.renewByInvitation(
      { peerName: bob.name, notAfter: end, roles: ['inviting-member'] },
      { hints: [] },
      done,
    ),
  )
  expect(memberships(creator)).toBe(before)
  expect(readInvitation(crypto, text)).toMatchObject({ kind: 'identity', role: 'inviting-member' })
  const entry = group.entryBy(text, bob.member.identity.keyPair.publicKey)
  expect(entry.kind === 'chain' && entry.chain.leaf.notAfter).toBe(Math.floor(end / 1000) * 1000)
  expect(codeOf(() => creator.node.renew({ peerName: group.name }, nothing))).toBe('member-not-found')
})

test('P-094: a member takes a newer certificate at once, keeps it over restarts, and is told of an end that nobody puts off', () => {
  const group = new NodeGroup('newer')
  const { creator } = group
  const bob = temporary(group, 'Bob', HOUR)
  group.untilEqual()
  const first = bob.node.chain()?.digest
  const neighbors = bob.member.node.status().neighbors
  // In the last third of its life Ann renews it, and no application asked for it.
  group.runFor(50 * MINUTE)
  const second = bob.node.chain()?.digest
  expect(second).not.toBe(first)
  expect(bob.kept?.digest).toBe(second)
  expect(bob.member.node.status().neighbors).toBe(neighbors)
  expect(bob.events.filter((event) => event.startsWith('standing'))).toEqual([])
  expect(bob.events).not.toContain('expiring')
  bob.reopen()
  expect(bob.node.chain()?.digest).toBe(second)
  bob.member.write('under the new one', { life: 20 * MINUTE })
  // Without anybody who could renew it, its end is told ahead of time.
  creator.close()
  const end = bob.node.chain()?.notAfter ?? 0
  const isTold = (): boolean => bob.events.includes('expiring')
  group.until(isTold, 2 * HOUR)
  const ahead = end - group.now()
  expect(ahead).toBeGreaterThan(0)
  expect(ahead).toBeLessThanOrEqual(Math.min(EXPIRING_AHEAD, 10 * MINUTE))
  group.runFor(5 * MINUTE)
  expect(bob.events.filter((event) => event === 'expiring')).toHaveLength(1)
  group.runFor(10 * MINUTE)
  expect(bob.node.standing()).toBe('expired')
})

test('P-124: of several issuers one renews, for those too who are offline, and for nobody who was revoked', () => {
  const group = new NodeGroup('several issuers')
  const { creator } = group
  const issuers = [
    creator,
    group.add('Dora', 'administrator'),
    group.add('Emil', 'inviting-member'),
    group.add('Fay', 'inviting-member'),
  ]
  const members = ['Bob', 'Carol', 'Gus'].map((name) => temporary(group, name, HOUR))
  const [bob, carol, gus] = members
  if (bob === undefined || carol === undefined || gus === undefined) throw new Error('they are missing')
  group.untilEqual()
  carol.close()
  group.done<void>((done) => creator.node.revoke(gus.name, { records: 'all', members: true }, undefined, done))
  group.until(() => issuers.every((one) => one.sees()['Gus'] === undefined))
  const before = memberships(creator)
  group.runFor(55 * MINUTE)
  group.until(() => group.graph.differences(issuers.map(({ member }) => member)).length === 0)
  expect(memberships(creator)).toBe(before + 2)
  for (const one of issuers) {
    expect(one.sees()['Gus']).toBe(undefined)
    for (const { name } of [bob, carol]) {
      const { validUntil, roles } = one.node.member(name)
      expect(validUntil - group.now()).toBeGreaterThan(30 * MINUTE)
      expect(roles).toEqual(['member'])
    }
  }
  // Who was offline comes back with it, although its own copy has expired.
  group.runFor(20 * MINUTE)
  carol.reopen()
  carol.member.node.addAddresses([creator.member.endpoint])
  group.until(() => carol.node.standing() === 'in-force')
  expect(carol.kept?.notAfter).toBeGreaterThan(group.now() + 5 * MINUTE)
})

test('a certificate of years is renewed a named time before its end, not earlier', () => {
  const group = new NodeGroup('years')
  const { creator } = group
  const bob = temporary(group, 'Bob', 365 * DAY)
  group.untilEqual()
  const end = bob.node.chain()?.notAfter ?? 0
  bob.close()
  creator.node.close()
  creator.member.host.skewClock(365 * DAY - RENEWED_AHEAD - 2 * DAY)
  creator.reopen()
  group.runFor(DAY)
  expect(creator.node.member(bob.name).validUntil).toBe(end)
  group.runFor(DAY + HOUR)
  expect(creator.node.member(bob.name).validUntil).toBeGreaterThan(end)
})
