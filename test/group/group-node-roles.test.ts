/** Roles that are raised and lowered, and what was done under each. */
import { expect, test } from 'vitest'
import { GROUP_TYPES } from '../../src/group/group-records.ts'
import type { MemberChain } from '../../src/group/member-chain.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import { codeOf } from '../graph/lone-records.ts'
import { HOUR, NodeGroup, type NodeMember } from './simulated-group-nodes.ts'

const nothing = (): void => undefined

/** Every record that is no group's own, in hexadecimal digits. */
function written({ member }: NodeMember): readonly string[] {
  const { database } = member.node.store
  return [...database.leaves()]
    .filter(({ type }) => !GROUP_TYPES.includes(type))
    .map(({ id, digest }) => `${id} ${toHex(digest)}`)
    .sort()
}

test('P-026: a new certificate with a lower role takes nothing away, to lower a role does, and keeps what was done under it', () => {
  const group = new NodeGroup('roles')
  const { creator } = group
  const bob = group.add('Bob')
  group.done<void>((done) => creator.node.setRole(bob.name, 'administrator', undefined, done))
  group.until(() => bob.sees()['Bob'] === 'administrator,member')
  const carol = group.add('Carol', 'inviting-member', bob)
  const note = carol.member.write('of Carol')
  group.untilEqual()
  const changes = {
    content: { encoding: 'text', payload: new TextEncoder().encode('by Bob') },
    attributes: undefined,
  } as const
  const update = { ...changes, expires: undefined, refresh: undefined, ifVersion: undefined }
  bob.member.node.update(note.id, update, nothing)
  bob.member.write('of Bob')
  group.untilEqual()
  expect(creator.texts()).toEqual(['by Bob', 'of Bob'])
  // A lower one beside the old one changes nothing.
  group.done<MemberChain>((done) => creator.node.renew({ peerName: bob.name, roles: ['member'] }, done))
  group.untilEqual()
  const before = written(creator)
  bob.member.node.update(note.id, { ...update, content: { ...update.content, encoding: 'bytes' } }, nothing)
  group.untilEqual()
  expect(written(creator)).not.toEqual(before)
  // Lowering: one operation, after which he cannot do any more what he could.
  const kept = written(creator)
  group.done<void>((done) => creator.node.setRole(bob.name, 'member', undefined, done))
  group.until(() => carol.sees()['Bob'] === 'member' && bob.sees()['Bob'] === 'member')
  group.untilEqual()
  for (const one of [creator, bob, carol]) {
    expect(written(one)).toEqual(kept)
    expect(one.sees()).toEqual({ Ann: 'administrator', Bob: 'member', Carol: 'inviting-member' })
  }
  expect(bob.node.standing()).toBe('in-force')
  expect(codeOf(() => bob.member.node.update(note.id, update, nothing))).toBe('not-authorized')
  expect(codeOf(() => bob.node.setRole(carol.name, 'member', undefined, nothing))).toBe('not-authorized')
  bob.member.write('still here')
  group.until(() => carol.texts().length === 3)
  // The same again is nothing to do, and nobody was told that Bob came back.
  const count = [...creator.member.node.store.database.leaves()].length
  group.done<void>((done) => creator.node.setRole(bob.name, 'member', undefined, done))
  expect([...creator.member.node.store.database.leaves()]).toHaveLength(count)
  for (const one of [creator, bob, carol]) expect(one.events.filter((event) => event.startsWith('came'))).toEqual([])
})

test('P-026: lowering a role can take away what was done under it', () => {
  const group = new NodeGroup('without mercy')
  const { creator } = group
  const bob = group.add('Bob', 'inviting-member')
  const carol = group.add('Carol', 'member', bob)
  bob.member.write('of Bob')
  carol.member.write('of Carol')
  group.untilEqual()
  const none = { records: 'none', members: false } as const
  group.done<void>((done) => creator.node.setRole(bob.name, 'member', none, done))
  group.until(() => bob.sees()['Carol'] === undefined && creator.sees()['Carol'] === undefined)
  group.until(() => creator.texts().length === 0 && bob.texts().length === 0)
  expect(bob.sees()).toEqual({ Ann: 'administrator', Bob: 'member' })
  expect(creator.events).toContain('revoked Carol')
})

test('P-125: a renewal, or a higher role, touches no record', () => {
  const group = new NodeGroup('untouched', { creatorsLife: 8 * HOUR })
  const { creator } = group
  const bob = group.add('Bob')
  const first = bob.node.chain()
  bob.member.write('first', { life: 7 * HOUR })
  group.untilEqual()
  const before = written(creator)
  const renewed = group.done<MemberChain>((done) => creator.node.renew({ peerName: bob.name }, done))
  group.done<void>((done) => creator.node.setRole(bob.name, 'inviting-member', undefined, done))
  group.untilEqual()
  for (const one of [creator, bob]) expect(written(one)).toEqual(before)
  expect(renewed.digest).not.toBe(first?.digest)
  bob.member.write('second', { life: HOUR })
  group.untilEqual()
  const carol = group.add('Carol')
  group.untilEqual()
  for (const one of [creator, bob, carol]) {
    const [note] = one.member.node.store.list({ type: 'test.note', limit: 1 })
    expect(toHex(note?.record.proofs.subarray(0, 32) ?? new Uint8Array())).toBe(first?.digest)
    expect(one.texts()).toEqual(['first', 'second'])
  }
  group.runFor(6 * HOUR)
  expect(carol.texts()).toEqual(['first'])
})

test('a role can be given by nobody to those above, to strangers, or above the own', () => {
  const group = new NodeGroup('limits of roles')
  const { creator } = group
  const bob = group.add('Bob', 'inviting-member')
  const carol = group.add('Carol', 'member', bob)
  group.untilEqual()
  expect(codeOf(() => bob.node.setRole(creator.name, 'member', undefined, nothing))).toBe('not-authorized')
  expect(codeOf(() => bob.node.setRole(carol.name, 'administrator', undefined, nothing))).toBe('not-authorized')
  expect(codeOf(() => carol.node.setRole(bob.name, 'member', undefined, nothing))).toBe('not-authorized')
  expect(codeOf(() => creator.node.setRole(group.name, 'member', undefined, nothing))).toBe('member-not-found')
  group.done<void>((done) => bob.node.setRole(carol.name, 'inviting-member', undefined, done))
  group.until(() => creator.sees()['Carol'] === 'inviting-member,member')
})
