import { describe, expect, test } from 'vitest'
import { makePeerName, UNSECURED_AUTHORITY } from '../../src/identity/peer-name.ts'
import { readCpa, signCpa } from '../../src/pnrp/certified-peer-address.ts'
import { Counters } from '../../src/pnrp/counters.ts'
import { DatagramTransport } from '../../src/pnrp/datagram-transport.ts'
import { LONGEST_LEAVING } from '../../src/pnrp/leaving.ts'
import { CPA_LIFE, makeCpa } from '../../src/pnrp/lookup-answer.ts'
import { type Flood, type Message, NO_NONCE, NONCE_LENGTH } from '../../src/pnrp/message.ts'
import { NO_PNRP_ID, type PnrpId } from '../../src/pnrp/pnrp-id.ts'
import type { Registration } from '../../src/pnrp/registration.ts'
import type { LeafSet } from '../../src/pnrp/route-cache.ts'
import type { Endpoint } from '../../src/runtime/endpoint.ts'
import { ScriptedPeer } from './scripted-peer.ts'
import { type Member, SimulatedCloud } from './simulated-cloud.ts'

interface Sent {
  readonly message: Message
  readonly member: Member
  readonly to: Endpoint
}

function cloudOf(seed: string, count: number, loss = 0): { cloud: SimulatedCloud; members: readonly Member[] } {
  const cloud = new SimulatedCloud({ seed, conditions: { latency: 10, jitter: 5, loss } })
  return { cloud, members: cloud.grow(count) }
}

/** Everything that members send from now on, decoded. */
function record(cloud: SimulatedCloud): Sent[] {
  const sent: Sent[] = []
  const counters = new Counters()
  const transport = new DatagramTransport({ ...cloud, counters, send: () => {} })
  cloud.onSent = ({ member, bytes, to }) => {
    const message = transport.receive(bytes, member.endpoint)
    if (message !== undefined) sent.push({ message, member, to })
  }
  return sent
}

function memberAt(cloud: SimulatedCloud, index: number): Member {
  const member = cloud.members[index]
  if (member === undefined) throw new RangeError(`there is no member ${index}`)
  return member
}

function knows(member: Member, id: PnrpId): boolean {
  return member.node.parts.cache.get(id) !== undefined
}

/** The members in whose leaf sets an ID stands. */
function neighboursOf(cloud: SimulatedCloud, id: PnrpId): Member[] {
  return cloud.running.filter(({ node }) => node.parts.cache.leafSetsWith(id).length > 0)
}

function floodsIn(sent: readonly Sent[]): { flood: Flood; member: Member; to: Endpoint }[] {
  return sent.flatMap(({ message, member, to }) => (message.type === 'FLOOD' ? [{ flood: message, member, to }] : []))
}

/** Registers a secured name at a member, and lets the cloud take note. */
function registered(member: Member): Registration {
  const registration = member.registerSecured('printer')
  member.cloud.world.runFor(30_000)
  return registration
}

describe('a registration that ends', () => {
  test('N-52, N-53: is revoked at its two neighbours, whose outer neighbours are told of each other', () => {
    const { cloud } = cloudOf('revoked', 18)
    const member = memberAt(cloud, 7)
    const registration = registered(member)
    const { below, above }: LeafSet = member.node.parts.cache.leafSet(registration.id)
    expect([below.length, above.length]).toEqual([5, 5])
    const sent = record(cloud)
    member.node.unregister(registration)
    const floods = floodsIn(sent)
    for (const { flood } of floods) expect(flood.withoutAck).toBe(false)
    const revocations = floods.filter(({ flood }) => flood.revokeCpa !== undefined)
    expect(revocations.map(({ flood }) => flood.validateId).sort()).toEqual([above[0], below[0]].sort())
    for (const { flood, to } of revocations) {
      const neighbour = cloud.registered().get(flood.validateId)
      expect(to).toEqual(neighbour?.endpoint)
      const cpa = readCpa(flood.revokeCpa ?? new Uint8Array())
      expect(cpa).toMatchObject({ revoked: true, endpoints: [], nonce: NO_NONCE, comment: '' })
    }
    const told = floods.flatMap(({ flood }) => (flood.routeEntry ? [[flood.routeEntry.id, flood.validateId]] : []))
    expect(told.sort()).toEqual(
      [
        [above[0], below.at(-1)],
        [below[0], above.at(-1)],
      ].sort(),
    )
    // From that moment on it is not there.
    const peer = new ScriptedPeer(cloud, 'peer')
    const inquire = { type: 'INQUIRE', wantsCpa: false, wantsPayload: false, wantsChain: false } as const
    peer.send({ ...inquire, messageId: 1, validateId: registration.id }, member.endpoint)
    peer.send({ ...inquire, messageId: 2, validateId: member.ownId }, member.endpoint)
    cloud.world.runFor(100)
    const flags = peer.heardOf('AUTHORITY').map(({ message }) => [message.ackedMessageId, message.fragment.join()])
    const found = new Map(flags.map(([id, bytes]) => [id, bytes]))
    expect(found.size).toBe(2)
    expect(found.get(1)).not.toEqual(found.get(2))
  })

  test('N-55: is gone from the leaf sets of all ten neighbours within 5 s, and nobody finds it any more', () => {
    const { cloud } = cloudOf('gone for good', 24)
    const member = memberAt(cloud, 7)
    const registration = registered(member)
    const neighbours = neighboursOf(cloud, registration.id).filter((one) => one !== member)
    // Ten, or one fewer on a side where the member's own ID stands among them.
    expect(neighbours.length).toBeGreaterThanOrEqual(9)
    expect(cloud.wrongLeafSets()).toEqual([])
    expect(cloud.resolve(memberAt(cloud, 20), registration.name)).toHaveLength(1)
    member.node.unregister(registration)
    cloud.world.runFor(5000)
    expect(neighbours.filter((one) => knows(one, registration.id)).map(({ name }) => name)).toEqual([])
    for (const from of [0, 12, 20]) expect(cloud.resolve(memberAt(cloud, from), registration.name)).toEqual([])
    cloud.world.runFor(120_000)
    expect(neighboursOf(cloud, registration.id)).toEqual([])
    expect(cloud.wrongLeafSets()).toEqual([])
  })

  test('N-55: is passed on away from it, and never to who is on the Already Flooded List', () => {
    const { cloud } = cloudOf('away', 24)
    const member = memberAt(cloud, 7)
    const registration = registered(member)
    const sides = new Map<Member, { below: boolean; above: boolean }>()
    for (const one of neighboursOf(cloud, registration.id)) {
      const [first] = one.node.parts.cache.leafSetsWith(registration.id)
      if (first === undefined) continue
      const { below, above } = one.node.parts.cache.leafSet(first)
      sides.set(one, { below: below.includes(registration.id), above: above.includes(registration.id) })
    }
    const leafSets = new Map(cloud.running.map((one) => [one, one.node.parts.cache.leafSet(one.ownId)]))
    const sent = record(cloud)
    member.node.unregister(registration)
    cloud.world.runFor(3000)
    const passedOn = floodsIn(sent).filter(({ flood, member: by }) => flood.revokeCpa && by !== member)
    expect(passedOn.length).toBeGreaterThanOrEqual(8)
    for (const { flood, member: by } of passedOn) {
      const side = sides.get(by)
      const leafSet = leafSets.get(by)
      expect(side).toBeDefined()
      const away = [...(side?.below ? (leafSet?.above ?? []) : []), ...(side?.above ? (leafSet?.below ?? []) : [])]
      expect(away).toContain(flood.validateId)
    }
    // Each list is what was received, and who was added: nobody is told by somebody who could have known better.
    for (const { flood, to } of passedOn) {
      const earlier = flood.alreadyFlooded.filter(({ host }) => host === to.host)
      expect(earlier).toHaveLength(1)
    }
  })
})

describe('a Revoke CPA', () => {
  /** A cloud with one unsecured registration, and somebody who wants it gone. */
  function attacked(seed: string) {
    const { cloud } = cloudOf(seed, 15)
    const member = memberAt(cloud, 7)
    const registration = member.register(makePeerName(UNSECURED_AUTHORITY, 'printer'))
    cloud.world.runFor(30_000)
    const victim = neighboursOf(cloud, registration.id).find((one) => one !== member)
    if (victim === undefined) throw new Error('the registration has no neighbour')
    const attacker = new ScriptedPeer(cloud, 'attacker')
    const send = (revokeCpa: Uint8Array): void => {
      const flood = { type: 'FLOOD', messageId: 1, withoutAck: true, validateId: NO_PNRP_ID } as const
      attacker.send({ ...flood, alreadyFlooded: [], revokeCpa }, victim.endpoint)
      cloud.world.runFor(100)
    }
    return { cloud, member, registration, victim, send }
  }

  test('N-54: counts only if it is whole, in time, with nonce zero, and signed by the key that proved the entry', () => {
    const { cloud, member, registration, victim, send } = attacked('forged')
    const { parts } = member.node
    const now = parts.clock.utc()
    const genuine = { nonce: NO_NONCE, notAfter: now + CPA_LIFE, revoked: true }
    const right = makeCpa(parts, registration, genuine)
    // Any key can sign for an unsecured name; this one has not proven the entry.
    const thief = member.drawKeyPair()
    const stolen = signCpa(cloud.crypto, { ...readCpa(right), publicKey: thief.publicKey }, thief.secretKey)
    const forged: readonly (readonly [string, Uint8Array])[] = [
      ['dropped-revocation', stolen],
      ['dropped-revocation', makeCpa(parts, registration, { ...genuine, revoked: false })],
      ['dropped-cpa-nonce', makeCpa(parts, registration, { ...genuine, nonce: new Uint8Array(NONCE_LENGTH).fill(1) })],
      ['dropped-cpa-expired', makeCpa(parts, registration, { ...genuine, notAfter: now - 3_600_000 })],
      [
        'dropped-cpa-signature',
        Uint8Array.from(right, (byte, index) => (index === right.length - 1 ? byte ^ 1 : byte)),
      ],
      ['dropped-malformed', right.subarray(0, right.length - 1)],
    ]
    const sent = record(cloud)
    for (const [counter, revokeCpa] of forged) {
      const before = victim.node.counters()[counter] ?? 0
      send(revokeCpa)
      expect(victim.node.counters()[counter], counter).toBe(before + 1)
      expect(knows(victim, registration.id), counter).toBe(true)
    }
    expect(floodsIn(sent).filter(({ flood }) => flood.revokeCpa)).toEqual([])
    send(right)
    expect(knows(victim, registration.id)).toBe(false)
  })

  test('N-54: that is replayed hits no new registration of the same name and key', () => {
    const { cloud, member, registration, victim, send } = attacked('replayed')
    const { keyPair, name } = registration
    const sent = record(cloud)
    member.node.unregister(registration)
    cloud.world.runFor(5000)
    const [revocation] = floodsIn(sent).flatMap(({ flood }) => flood.revokeCpa ?? [])
    if (revocation === undefined) throw new Error('nothing was revoked')
    const again = member.register(name, { keyPair })
    cloud.world.runFor(30_000)
    expect(again.id).not.toBe(registration.id)
    const holders = cloud.running.filter((one) => knows(one, again.id))
    sent.length = 0
    send(revocation)
    // It is for an ID that is not cached: nothing changes, and nobody else is told.
    expect(cloud.running.filter((one) => knows(one, again.id))).toEqual(holders)
    expect(floodsIn(sent).filter(({ flood, member: by }) => by === victim && flood.revokeCpa)).toEqual([])
    expect(cloud.resolve(memberAt(cloud, 2), name)).toHaveLength(1)
  })

  test('N-55: is obeyed and not passed on by who has the ID only elsewhere in the cache', () => {
    const { cloud } = cloudOf('elsewhere', 24)
    const pairs = cloud.members.flatMap((far) => cloud.members.map((member) => ({ far, member })))
    const pair = pairs.find(
      ({ far, member }) => knows(far, member.ownId) && far.node.parts.cache.leafSetsWith(member.ownId).length === 0,
    )
    if (pair === undefined) throw new Error('nobody has anybody in a level only')
    const { far, member } = pair
    const [registration] = member.node.parts.registrations.all()
    if (registration === undefined) throw new Error('a member has an ID of its own')
    const attacker = new ScriptedPeer(cloud, 'teller')
    const notAfter = member.node.parts.clock.utc() + CPA_LIFE
    const revokeCpa = makeCpa(member.node.parts, registration, { nonce: NO_NONCE, notAfter, revoked: true })
    const sent = record(cloud)
    const flood = { type: 'FLOOD', messageId: 1, withoutAck: true, validateId: NO_PNRP_ID, alreadyFlooded: [] } as const
    attacker.send({ ...flood, revokeCpa }, far.endpoint)
    cloud.world.runFor(100)
    expect(knows(far, registration.id)).toBe(false)
    expect(floodsIn(sent)).toEqual([])
  })
})

describe('a node that leaves', () => {
  test('N-106: revokes all its registrations and has its neighbours confirm that, even if a third of all is lost', () => {
    const { cloud } = cloudOf('leaves', 15)
    const member = memberAt(cloud, 7)
    const registration = registered(member)
    const ids = [member.ownId, registration.id]
    const nearest = ids.map((id) => {
      const { below, above } = member.node.parts.cache.leafSet(id)
      const found = [below[0], above[0]].map((neighbour) => neighbour && cloud.registered().get(neighbour))
      return { id, members: found.filter((one) => one !== undefined && one !== member) }
    })
    cloud.world.network.set({ loss: 0.33 })
    const sent = record(cloud)
    let left: number | undefined
    const begun = cloud.world.now
    member.close(() => {
      left = cloud.world.now - begun
    })
    cloud.world.runUntil(() => left !== undefined, 10_000)
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThanOrEqual(LONGEST_LEAVING)
    for (const { id, members } of nearest) {
      expect(members.length).toBeGreaterThan(0)
      for (const one of members) expect(one !== undefined && knows(one, id)).toBe(false)
    }
    // And then it sends nothing.
    sent.length = 0
    cloud.world.runFor(60_000)
    expect(sent.filter(({ member: by }) => by === member)).toEqual([])
  })

  test('N-106: does not wait for neighbours that are dead longer than it may', () => {
    const { cloud } = cloudOf('alone', 3)
    const [first, ...others] = cloud.members
    for (const other of others) other.crash()
    const begun = cloud.world.now
    let left: number | undefined
    first?.close(() => {
      left = cloud.world.now - begun
    })
    expect(left).toBeUndefined()
    cloud.world.runUntil(() => left !== undefined, 10_000)
    expect(left).toBeLessThanOrEqual(LONGEST_LEAVING)
  })

  test('N-106: leaves at once if it knows nobody', () => {
    const cloud = new SimulatedCloud({ seed: 'nobody' })
    const member = cloud.add({ seeds: [] })
    cloud.world.runFor(1000)
    let hasLeft = false
    member.close(() => {
      hasLeft = true
    })
    expect(hasLeft).toBe(true)
  })
})
