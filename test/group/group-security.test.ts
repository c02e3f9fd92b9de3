/** The security provider of a group, in simulated graphs. */
import { expect, test } from 'vitest'
import { GROUP_PROPERTIES_TYPE } from '../../src/group/group-properties.ts'
import { MEMBERSHIP_TYPE } from '../../src/group/membership-record.ts'
import { encodeProofs, readProofs } from '../../src/group/record-proofs.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import type { Member } from '../graph/simulated-graph.ts'
import { SimulatedGroup } from './simulated-group.ts'

function codeOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof PeerageError) return error.code
    throw error
  }
  return 'nothing'
}

const texts = ({ node }: Member): string[] =>
  node.store
    .list({ type: 'test.note', limit: 100 })
    .map(({ record }) => new TextDecoder().decode(record.payload))
    .sort()

test('members with chains let each other in, and all have the records of all', () => {
  const group = new SimulatedGroup('members')
  const ann = group.add()
  const bob = group.add(['member'], group.creator)
  group.graph.world.runFor(20_000)
  ann.member.write('from ann')
  bob.member.write('from bob')
  group.graph.world.runFor(30_000)
  expect(group.graph.differences()).toEqual([])
  expect(texts(group.creator.member)).toEqual(['from ann', 'from bob'])
  expect(bob.member.node.store.list({ type: MEMBERSHIP_TYPE, limit: 10 })).toHaveLength(3)
  expect(bob.member.node.store.list({ type: GROUP_PROPERTIES_TYPE, limit: 10 })).toHaveLength(1)
  expect(bob.member.node.properties()).toMatchObject({ friendlyName: 'Book club' })
})

test('P-021: a plain member can neither change nor delete the record of another, an administrator can', () => {
  const group = new SimulatedGroup('rights')
  const [ann, bob] = [group.add(), group.add()]
  const carol = group.add(['administrator'])
  group.graph.world.runFor(20_000)
  const note = ann.member.write('from ann')
  const own = bob.member.write('from bob')
  group.graph.world.runFor(5000)
  expect(codeOf(() => bob.member.remove(note.id))).toBe('not-authorized')
  const content = { encoding: 'text', payload: new TextEncoder().encode('changed') } as const
  const update = { content, attributes: undefined, expires: undefined, refresh: undefined, ifVersion: undefined }
  expect(codeOf(() => bob.member.node.update(note.id, update, () => undefined))).toBe('not-authorized')
  bob.member.remove(own.id)
  group.graph.world.runFor(5000)
  expect(texts(group.creator.member)).toEqual(['from ann'])
  carol.member.node.update(note.id, update, () => undefined)
  group.graph.world.runFor(5000)
  for (const { member } of [group.creator, ann, bob, carol]) expect(texts(member)).toEqual(['changed'])
  carol.member.remove(note.id)
  group.graph.world.runFor(5000)
  for (const { member } of [group.creator, ann, bob, carol]) expect(texts(member)).toEqual([])
  expect(group.graph.differences()).toEqual([])
})

test('a stranger who knows the graph is refused, and both sides know why', () => {
  const group = new SimulatedGroup('strangers')
  const other = new SimulatedGroup('another')
  const stranger = group.open((context) => other.issued(other.key, context, ['administrator']))
  group.graph.world.runFor(5000)
  expect(stranger.member.node.parts.neighbors.count).toBe(0)
  expect(group.creator.security().counters()).toMatchObject({ 'refused-other-group': expect.any(Number) })
  expect(stranger.security().counters()).toMatchObject({ 'told-other-group': expect.any(Number) })
  const attempts = stranger.member.events.filter((event) => event.startsWith('attempted'))
  expect(attempts.join()).toContain('not-authenticated')
})

test('a member who is revoked loses its links and its records, and gets in no more', () => {
  const group = new SimulatedGroup('revoked')
  const [ann, bob] = [group.add(), group.add()]
  group.graph.world.runFor(20_000)
  ann.member.write('from ann')
  bob.member.write('from bob')
  group.graph.world.runFor(5000)
  group.revoke(group.creator, bob)
  group.graph.world.runFor(120_000)
  for (const { member, security } of [group.creator, ann]) {
    expect(texts(member)).toEqual(['from ann'])
    expect(member.node.parts.neighbors.all().map(({ session }) => session.peer.key)).not.toContain(bob.member.key)
    expect(security().isAdmitted(bob.member.identity.keyPair.publicKey)).toBe(false)
  }
  expect(bob.member.node.parts.neighbors.count).toBe(0)
  expect(group.graph.differences([group.creator.member, ann.member])).toEqual([])
})

test('what was stored is judged again after a restart, and the security state is what it was', () => {
  const group = new SimulatedGroup('restart')
  const [ann, bob] = [group.add(), group.add()]
  group.graph.world.runFor(20_000)
  ann.member.write('from ann')
  group.graph.world.runFor(5000)
  group.revoke(group.creator, bob)
  group.graph.world.runFor(20_000)
  group.creator.member.restart()
  const { records } = group.creator.security()
  expect(records?.properties).toEqual(group.properties)
  expect(records?.state.chainsOf(ann.member.key)).toHaveLength(1)
  expect(group.creator.security().isAdmitted(bob.member.identity.keyPair.publicKey)).toBe(false)
  expect(texts(group.creator.member)).toEqual(['from ann'])
})

test('what a node signs whose own checks are switched off is refused by every other one', () => {
  const group = new SimulatedGroup('liar')
  const ann = group.add()
  const liar = group.add()
  group.graph.world.runFor(20_000)
  const note = ann.member.write('from ann')
  group.graph.world.runFor(5000)
  const security = liar.security()
  const { digest } = group.chainOf(liar.member)
  security.validate = () => 'valid'
  security.secure = (_draft, previous) => {
    const creator = previous && readProofs(previous.proofs)?.creator
    return encodeProofs({ creator: creator ?? digest, author: digest })
  }
  liar.member.remove(note.id)
  const own = liar.member.write('allowed')
  group.graph.world.runFor(60_000)
  expect(own.version).toBe(1)
  expect(texts(liar.member)).toEqual(['allowed'])
  for (const { member } of [group.creator, ann]) expect(texts(member)).toEqual(['allowed', 'from ann'])
  expect(group.creator.security().counters()['record-no-right']).toBeGreaterThan(0)
})
