/** The three ways into a group, and what nobody can make of them: more admissions than a link has uses, or guesses of the password. */
import { expect, test } from 'vitest'
import type { Admission } from '../../src/graph/security-provider.ts'
import { type AdmissionItem, decodeAdmission, encodeAdmission } from '../../src/group/admission-message.ts'
import { openPassword } from '../../src/group/group-password.ts'
import { readInvitation } from '../../src/group/invitation-text.ts'
import { issueMembership } from '../../src/group/membership-issuing.ts'
import { PASSWORD_TYPE } from '../../src/group/password-record.ts'
import { authorityPart } from '../../src/identity/peer-name.ts'
import { ROLES } from '../../src/identity/role.ts'
import { concatBytes, toHex } from '../../src/runtime/bytes.ts'
import { crypto } from '../identity/platform.ts'
import { type GroupMember, SimulatedGroup } from './simulated-group.ts'
import { NodeGroup } from './simulated-group-nodes.ts'

const MINUTE = 60_000

/** Under which chains somebody is a member in the eyes of somebody else. */
function chainsOf(one: GroupMember, at: GroupMember, group: SimulatedGroup) {
  return at.security().records?.state.chainsInForce(one.member.key, group.now()) ?? []
}

const linksOf = ({ member }: GroupMember): number => member.node.parts.neighbors.count

test.each(ROLES)(
  'P-033: every group knows all three ways in for the role %s, and all connect with their chains',
  (role) => {
    const group = new SimulatedGroup(`three ways for ${role}`)
    const ann = group.add()
    const verifier = group.setPassword(group.creator, role)
    group.graph.world.runFor(20_000)
    const at = [group.creator.member.endpoint]
    const ways = [
      group.add([role]),
      group.openLink(group.link(group.creator, { role }), { at }),
      group.open(() => ({ kind: 'password', verifier }), { at }),
    ]
    group.graph.world.runFor(30_000)
    for (const one of ways) {
      expect(chainsOf(one, ann, group).map(({ roles }) => roles)).toEqual([[role]])
      one.member.restart()
      one.member.node.addAddresses([ann.member.endpoint])
    }
    group.graph.world.runFor(MINUTE)
    for (const one of ways) {
      expect(linksOf(one)).toBeGreaterThan(0)
      // Whoever knew the password has not used it again: there was one attempt at one admitter.
      const told = Object.keys(one.security().counters()).filter((name) => name.startsWith('told'))
      expect(told).toEqual([])
    }
    expect(group.graph.differences()).toEqual([])
  },
)

test('P-033: the role is member where none is asked for', () => {
  const group = new NodeGroup('default roles')
  group.graph.world.runFor(MINUTE)
  expect(readInvitation(crypto, group.creator.node.inviteByLink({ hints: [] })).role).toBe('member')
  const { name: peerName, keyPair } = group.creator.member.identity
  const issuer = { chain: [group.made.root], secretKey: group.made.keyPair.secretKey } as const
  const request = { group: group.name, peerName, publicKey: keyPair.publicKey }
  const state = { now: group.now(), stands: () => true }
  expect(issueMembership(crypto, group.random, issuer, request, state).roles).toEqual(['member'])
})

test('P-127: members that admit at the same time admit one each by a link for one, and nobody is put out by that', () => {
  const group = new SimulatedGroup('too many')
  const [ann, bob] = [group.add(), group.add()]
  group.graph.world.runFor(20_000)
  const link = group.link(group.creator, { uses: 1 })
  const name = ({ member }: GroupMember): string => member.host.name
  group.graph.world.network.partition([name(group.creator), name(ann)], [name(bob)])
  const guests = [ann, bob].map((one) => group.openLink(link, { at: [one.member.endpoint] }))
  const [first, second] = guests
  if (first === undefined || second === undefined) throw new Error('there are two')
  group.graph.world.network.partition([name(group.creator), name(ann), name(first)], [name(bob), name(second)])
  group.graph.world.runFor(MINUTE)
  group.graph.world.network.heal()
  for (const one of [ann, bob]) one.member.node.addAddresses([group.creator.member.endpoint])
  group.graph.world.runFor(3 * MINUTE)
  expect(group.graph.differences()).toEqual([])
  for (const guest of guests) {
    for (const at of [group.creator, ann, bob]) expect(chainsOf(guest, at, group)).toHaveLength(1)
  }
  // As soon as one has heard of an admission it counts.
  for (const at of [group.creator, ann, bob]) {
    const late = group.openLink(link, { at: [at.member.endpoint] })
    group.graph.world.runFor(20_000)
    expect(late.security().counters()).toMatchObject({ 'told-link-used-up': expect.any(Number) })
    expect(linksOf(late)).toBe(0)
    late.member.crash()
  }
})

test('P-127: where a link names its only admitter, the number of uses is exact', () => {
  const group = new SimulatedGroup('exact')
  const [ann, bob] = [group.add(), group.add()]
  group.graph.world.runFor(20_000)
  const link = group.link(group.creator, { uses: 2, admitter: authorityPart(ann.member.identity.name) })
  // All at once, and at several members.
  const guests = [ann, ann, ann, bob, group.creator].map(({ member }) =>
    group.openLink(link, { at: [member.endpoint] }),
  )
  group.graph.world.runFor(20_000)
  for (const guest of guests) if (guest.member.isOpen) guest.member.node.addAddresses([ann.member.endpoint])
  group.graph.world.runFor(MINUTE)
  const admitted = guests.filter((guest) => chainsOf(guest, bob, group).length > 0)
  expect(admitted).toHaveLength(2)
  expect(ann.letIn).toHaveLength(2)
  expect([...bob.letIn, ...group.creator.letIn]).toEqual([])
})

test('P-044: a member in the middle who hands on the steps of a password between two links is refused at both ends', () => {
  const group = new SimulatedGroup('relay')
  const mallory = group.add(['inviting-member'])
  const verifier = group.setPassword(group.creator)
  group.graph.world.runFor(20_000)
  const own = group.chainOf(mallory.member)
  const { publicKey } = mallory.member.identity.keyPair
  const peer = { name: mallory.member.identity.name, publicKey, key: toHex(publicKey) }
  const heard: string[] = []
  // The joiner's words go to the creator over a link of its own, and the creator's back, each under its own chain.
  mallory.security().admit = (link, send): Admission => {
    const there = group.creator
      .security()
      .admit(
        { peer, isDialler: false, source: 'the middle', channelBinding: crypto.sha256(link.channelBinding) },
        (message) => {
          const items = itemsOf(message).map(
            (item): AdmissionItem => (item.kind === 'my-gmc' ? { kind: 'my-gmc', chain: own.bytes } : item),
          )
          heard.push(items.map(({ kind }) => kind).join())
          send(encodeAdmission(items))
        },
      )
    return {
      verdict: 'undecided',
      received: (message) => {
        there.received(message)
        return 'undecided'
      },
    }
  }
  const joiner = group.open(() => ({ kind: 'password', verifier }), { at: [mallory.member.endpoint] })
  group.graph.world.runFor(5000)
  expect(heard[0]).toBe('hello,my-gmc,password')
  expect(heard).not.toContain('password,your-gmc')
  expect(group.creator.security().counters()).toMatchObject({ 'refused-wrong-password': expect.any(Number) })
  expect(joiner.security().counters()).toMatchObject({ 'told-wrong-password': expect.any(Number) })
  expect([joiner.joined, group.creator.letIn, linksOf(joiner)]).toEqual([[], [], 0])
})

test('P-045: neither the messages of a join nor the database of who may not admit hold anything of the password', () => {
  const group = new SimulatedGroup('transcript')
  const plain = group.add()
  const verifier = group.setPassword(group.creator, 'member', 0x5a)
  group.graph.world.runFor(20_000)
  const said: Uint8Array[] = []
  const listen = (one: GroupMember): void => {
    const security = one.security()
    const admit = security.admit.bind(security)
    security.admit = (link, send) =>
      admit(link, (message) => {
        said.push(message.slice())
        send(message)
      })
  }
  listen(group.creator)
  const joiner = group.open(() => ({ kind: 'password', verifier }), { at: [] })
  listen(joiner)
  joiner.member.node.addAddresses([group.creator.member.endpoint])
  group.graph.world.runFor(20_000)
  expect(joiner.joined).toHaveLength(1)
  expect(said.length).toBeGreaterThanOrEqual(4)
  const [found] = plain.member.node.store.list({ type: PASSWORD_TYPE, limit: 1 })
  const { password } = plain.security().records?.password ?? { password: undefined }
  if (found === undefined || password === undefined) throw new Error('it is set')
  const stored = [...plain.member.node.store.database.leaves()].map(({ id }) => plain.member.node.store.find(id)?.bytes)
  const seen = toHex(concatBytes(...said, ...stored.flatMap((bytes) => bytes ?? [])))
  for (const secret of [verifier.value, crypto.sha256(verifier.value), crypto.sha512(verifier.value)]) {
    expect(seen).not.toContain(toHex(secret.subarray(0, 8)))
  }
  // With all that it has, one who may not admit opens nothing; the creator does.
  const openedBy = ({ member }: GroupMember) => {
    const { certificateDigests } = group.chainOf(member)
    return openPassword(crypto, group.name, password, certificateDigests, member.identity.keyPair)
  }
  expect([openedBy(plain), openedBy(group.creator)]).toEqual([undefined, verifier])
})

function itemsOf(message: Uint8Array): readonly AdmissionItem[] {
  const read = decodeAdmission(message)
  if (typeof read === 'string') throw new Error(read)
  return read.items
}
