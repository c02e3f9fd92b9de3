/** The password of a group: set, replaced, removed, sealed to who comes later, and locked. */
import { expect, test } from 'vitest'
import type { GroupNode } from '../../src/group/group-node.ts'
import { readInvitation } from '../../src/group/invitation-text.ts'
import { PASSWORD_TYPE } from '../../src/group/password-record.ts'
import type { Role } from '../../src/identity/role.ts'
import { codeOf } from '../graph/lone-records.ts'
import { crypto } from '../identity/platform.ts'
import { MINUTE, NodeGroup, type NodeMember, someVerifier } from './simulated-group-nodes.ts'

const nothing = (): void => undefined
const EVERYTHING = { records: 'all', members: true } as const

function set(group: NodeGroup, by: GroupNode, value: number, role: Role = 'member'): void {
  group.done<void>((done) => by.setPassword(someVerifier(value), role, done))
}

/** Somebody tries to come in at a member. @returns whether they are in */
function comesIn(group: NodeGroup, name: string, at: NodeMember, value: number): boolean {
  const text = at.node.password()?.state === 'in-force' ? at.node.inviteByPassword({ hints: [] }) : undefined
  const options = { at: [at.member.endpoint] }
  const verifier = someVerifier(value)
  const one =
    text === undefined
      ? group.enter(name, () => ({ kind: 'password', verifier }), options)
      : group.join(name, text, options, verifier)
  group.runFor(10_000)
  const isIn = one.node.standing() === 'in-force'
  if (isIn) expect(one.kept).toBeDefined()
  else one.close()
  return isIn
}

function seals(one: NodeMember): number {
  return one.node.knownVerifiers().current === undefined ? 0 : 1
}

test('P-115: only administrators set, replace and remove the password', () => {
  const group = new NodeGroup('who sets it')
  const { creator } = group
  const dora = group.add('Dora', 'administrator')
  const emil = group.add('Emil', 'inviting-member')
  const bob = group.add('Bob')
  group.untilEqual()
  for (const { node } of [emil, bob]) {
    expect(codeOf(() => node.setPassword(someVerifier(1), 'member', nothing))).toBe('not-authorized')
    expect(codeOf(() => node.removePassword(nothing))).toBe('not-authorized')
  }
  expect(codeOf(() => creator.node.inviteByPassword({ hints: [] }))).toBe('no-password')
  set(group, dora.node, 1, 'inviting-member')
  group.until(() => creator.node.password()?.role === 'inviting-member')
  set(group, creator.node, 2)
  group.until(() => dora.node.password()?.role === 'member')
  group.done<void>((done) => dora.node.removePassword(done))
  group.until(() => creator.node.password() === undefined)
  group.done<void>((done) => dora.node.removePassword(done))
})

test('P-118: a password is replaced and removed everywhere, and sealed to who may admit later without anybody asking', () => {
  const group = new NodeGroup('sealed')
  const { creator } = group
  const dora = group.add('Dora', 'administrator')
  const bob = group.add('Bob')
  group.untilEqual()
  set(group, creator.node, 1)
  group.until(() => bob.node.password() !== undefined)
  expect([creator, dora, bob].map(seals)).toEqual([1, 1, 0])
  const text = bob.node.inviteByPassword({ hints: [] })
  expect(readInvitation(crypto, text)).toMatchObject({ kind: 'password', role: 'member' })
  expect(comesIn(group, 'Carol', dora, 1)).toBe(true)
  expect(comesIn(group, 'Mallory', dora, 9)).toBe(false)
  // At a plain member nobody comes in by it; once Bob may issue, the next version is sealed to him too.
  expect(comesIn(group, 'Fay', bob, 1)).toBe(false)
  group.done<void>((done) => creator.node.setRole(bob.name, 'inviting-member', undefined, done))
  group.until(() => seals(bob) === 1, 2 * MINUTE)
  group.untilEqual()
  group.runFor(2 * MINUTE)
  // One of two administrators did it.
  expect(creator.member.node.store.list({ type: PASSWORD_TYPE, limit: 100 })).toHaveLength(2)
  expect(comesIn(group, 'Gus', bob, 1)).toBe(true)
  // Replaced: the old one admits nobody, the new one does, and members stay members.
  set(group, dora.node, 2)
  group.untilEqual()
  for (const at of [creator, dora, bob]) expect(comesIn(group, 'Hugo', at, 1)).toBe(false)
  expect(comesIn(group, 'Ida', bob, 2)).toBe(true)
  group.done<void>((done) => creator.node.removePassword(done))
  group.untilEqual()
  expect(comesIn(group, 'Jan', dora, 2)).toBe(false)
  expect(Object.keys(creator.sees()).sort()).toEqual(['Ann', 'Bob', 'Carol', 'Dora', 'Gus', 'Ida'])
})

test('P-118: of two passwords that were set apart the same one counts everywhere', () => {
  const group = new NodeGroup('set apart')
  const { creator } = group
  const dora = group.add('Dora', 'administrator')
  const bob = group.add('Bob')
  group.untilEqual()
  const { world } = group.graph
  world.network.partition([creator.member.host.name], [dora.member.host.name, bob.member.host.name])
  set(group, creator.node, 1, 'member')
  set(group, dora.node, 2, 'inviting-member')
  expect(creator.node.password()?.role).toBe('member')
  expect(dora.node.password()?.role).toBe('inviting-member')
  world.network.heal()
  creator.member.node.addAddresses([dora.member.endpoint])
  group.untilEqual()
  const roles = [creator, dora, bob].map(({ node }) => node.password()?.role)
  expect(new Set(roles).size).toBe(1)
  const value = roles[0] === 'member' ? 1 : 2
  expect(comesIn(group, 'Carol', creator, value)).toBe(true)
  expect(comesIn(group, 'Mallory', dora, 3 - value)).toBe(false)
})

test('P-119: revoking somebody to whom it is sealed locks the password, demotion included, until another one is set', () => {
  const group = new NodeGroup('locked')
  const { creator } = group
  const dora = group.add('Dora', 'administrator')
  const emil = group.add('Emil', 'inviting-member')
  const bob = group.add('Bob')
  group.untilEqual()
  set(group, creator.node, 1)
  group.untilEqual()
  expect(bob.node.password()?.state).toBe('in-force')
  // A plain member's end locks nothing.
  const fay = group.add('Fay')
  group.done<void>((done) => creator.node.revoke(fay.name, EVERYTHING, undefined, done))
  group.until(() => bob.sees()['Fay'] === undefined)
  expect(creator.node.password()?.state).toBe('in-force')
  // Demoted: Emil has had it.
  group.done<void>((done) => creator.node.setRole(emil.name, 'member', undefined, done))
  group.until(() => [creator, dora, emil, bob].every(({ node }) => node.password()?.state === 'locked'))
  expect(comesIn(group, 'Carol', dora, 1)).toBe(false)
  expect(dora.node.counters()['refused-password-locked']).toBeGreaterThan(0)
  expect(codeOf(() => creator.node.inviteByPassword({ hints: [] }))).toBe('password-locked')
  for (const { node } of [creator, dora]) {
    expect(codeOf(() => node.setPassword(someVerifier(1), 'member', nothing))).toBe('password-locked')
    expect(node.knownVerifiers().locked).toEqual([someVerifier(1)])
  }
  set(group, dora.node, 2)
  group.until(() => [creator, dora, emil, bob].every(({ node }) => node.password()?.state === 'in-force'))
  expect(comesIn(group, 'Gus', creator, 2)).toBe(true)
  // What was locked once stays refused, and who comes later sees the same.
  expect(codeOf(() => creator.node.setPassword(someVerifier(1), 'member', nothing))).toBe('password-locked')
  group.done<void>((done) => creator.node.revoke(dora.name, EVERYTHING, undefined, done))
  group.until(() => bob.node.password()?.state === 'locked')
  const hugo = group.add('Hugo', 'inviting-member')
  group.until(() => hugo.node.password()?.state === 'locked')
  expect(comesIn(group, 'Ida', creator, 2)).toBe(false)
})
