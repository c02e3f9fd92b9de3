import { describe, expect, test } from 'vitest'
import { Counters } from '../../src/pnrp/counters.ts'
import { DatagramTransport } from '../../src/pnrp/datagram-transport.ts'
import { type Flood, LONGEST_ALREADY_FLOODED_LIST } from '../../src/pnrp/message.ts'
import { NO_PNRP_ID, nextPnrpId, type PnrpId, pnrpIdAt, upwardDistance } from '../../src/pnrp/pnrp-id.ts'
import { LEAF_SET_SIDE } from '../../src/pnrp/route-cache.ts'
import { isAmong, type RouteEntry } from '../../src/pnrp/route-entry.ts'
import { type Endpoint, parseIpAddress } from '../../src/runtime/endpoint.ts'
import { drawPnrpId, ScriptedPeer } from './scripted-peer.ts'
import { type Member, PORT, SimulatedCloud } from './simulated-cloud.ts'

interface SentFlood {
  readonly flood: Flood
  readonly by: Member
  readonly to: Endpoint
}

function cloudOf(seed: string): SimulatedCloud {
  return new SimulatedCloud({ seed, conditions: { latency: 10, jitter: 5 } })
}

/** The FLOODs that members send from now on. */
function record(cloud: SimulatedCloud): SentFlood[] {
  const floods: SentFlood[] = []
  const transport = new DatagramTransport({ ...cloud, counters: new Counters(), send: () => {} })
  cloud.onSent = ({ member, bytes, to }) => {
    const message = transport.receive(bytes, member.endpoint)
    if (message?.type === 'FLOOD') floods.push({ flood: message, by: member, to })
  }
  return floods
}

function memberAt(cloud: SimulatedCloud, index: number): Member {
  const member = cloud.members[index]
  if (member === undefined) throw new RangeError(`there is no member ${index}`)
  return member
}

function entryOf(member: Member, id: PnrpId): RouteEntry {
  const entry = member.node.parts.own.entryOf(id)
  if (entry === undefined) throw new Error(`${member.name} has no address`)
  return entry
}

function tell(
  teller: ScriptedPeer,
  to: Member,
  routeEntry: RouteEntry,
  alreadyFlooded: readonly Endpoint[] = [],
): void {
  const flood = { type: 'FLOOD', messageId: 1, withoutAck: true, validateId: NO_PNRP_ID } as const
  teller.send({ ...flood, routeEntry, alreadyFlooded }, to.endpoint)
}

describe('an entry that joins a leaf set', () => {
  /**
   * A node among others, and a newcomer that nobody but the teller knows: the newcomer has no seed, and asks nobody.
   * The node is so many places above it.
   */
  function newcomerTo(seed: string, { count = 12, places = 1 } = {}) {
    const cloud = cloudOf(seed)
    cloud.grow(count)
    const newcomer = cloud.add({ seeds: [], ports: { browse: () => undefined } })
    const teller = new ScriptedPeer(cloud, 'teller')
    const id = newcomer.ownId
    const upwards = cloud.members.filter((one) => one !== newcomer)
    upwards.sort((one, other) => (upwardDistance(id, one.ownId) < upwardDistance(id, other.ownId) ? -1 : 1))
    const node = upwards[places - 1]
    if (node === undefined) throw new RangeError(`nobody is ${places} places above`)
    return { cloud, newcomer, teller, id, node, upwards }
  }

  /** The nearest that a node knows above and below an ID, apart from those that are passed over. */
  function nearestOf(node: Member, id: PnrpId, passedOver: readonly Endpoint[]): PnrpId[] {
    const known = [...node.node.entries()]
      .map(({ entry }) => entry)
      .filter((entry) => entry.id !== id && !isAmong(entry, passedOver))
    known.sort((one, other) => (upwardDistance(id, one.id) < upwardDistance(id, other.id) ? -1 : 1))
    return [known[0]?.id, known.at(-1)?.id].filter((one) => one !== undefined)
  }

  test('N-42, N-43: is flooded to the nearest above and below it, past who is on the list, which grows by both and the sender', () => {
    const { cloud, newcomer, teller, id, node } = newcomerTo('nearest')
    const [skipped] = nearestOf(node, id, [])
    const skippedMember = skipped && cloud.registered().get(skipped)
    if (skippedMember === undefined) throw new Error('the node knows nobody')
    const received = [teller.endpoint, skippedMember.endpoint]
    const expected = nearestOf(node, id, received)
    const floods = record(cloud)
    tell(teller, node, entryOf(newcomer, id), received)
    cloud.world.runUntil(() => floods.some(({ by }) => by === node), 1000)
    const told = floods.filter(({ by, flood }) => by === node && flood.routeEntry?.id === id)
    expect(told.map(({ flood }) => flood.validateId).sort()).toEqual(expected.sort())
    const chosen = expected.map((one) => cloud.registered().get(one)?.endpoint)
    for (const { flood, to } of told) {
      expect(flood.withoutAck).toBe(false)
      expect(chosen).toContainEqual(to)
      expect(new Set(flood.alreadyFlooded)).toEqual(new Set([...received, ...chosen, node.endpoint]))
      expect(flood.alreadyFlooded).toHaveLength(5)
    }
  })

  test('N-42, N-44: is flooded by who is further out to the next one beyond, too', () => {
    const { cloud, newcomer, teller, id, node, upwards } = newcomerTo('beyond', { count: 20, places: 3 })
    const expected = [...nearestOf(node, id, [teller.endpoint]), upwards[3]?.ownId]
    const floods = record(cloud)
    tell(teller, node, entryOf(newcomer, id), [teller.endpoint])
    cloud.world.runUntil(() => floods.some(({ by }) => by === node), 1000)
    const told = floods.filter(({ by, flood }) => by === node && flood.routeEntry?.id === id)
    expect(told.map(({ flood }) => flood.validateId).sort()).toEqual(expected.sort())
    for (const { flood } of told) expect(flood.alreadyFlooded).toHaveLength(5)
  })

  test('N-43: is not passed on once the list would exceed 22 entries', () => {
    // With 20 received it would be 20, two chosen and the sender.
    for (const [count, isPassedOn] of [
      [LONGEST_ALREADY_FLOODED_LIST - 3, true],
      [LONGEST_ALREADY_FLOODED_LIST - 2, false],
    ] as const) {
      const { cloud, newcomer, teller, id, node } = newcomerTo(`list of ${count}`)
      const strangers = Array.from({ length: count }, (_, index): Endpoint => {
        const host = parseIpAddress(`10.77.0.${index + 1}`)
        if (host === undefined) throw new RangeError('no address')
        return { host, port: PORT }
      })
      const floods = record(cloud)
      tell(teller, node, entryOf(newcomer, id), strangers)
      cloud.world.runUntil(() => node.node.parts.cache.get(id) !== undefined, 1000)
      expect(floods.some(({ by, flood }) => by === node && flood.routeEntry?.id === id)).toBe(isPassedOn)
    }
  })

  test('N-44, N-42: that a FLOOD named hears of its new neighbour from that itself', () => {
    const { cloud, newcomer, teller, id, node } = newcomerTo('introduces itself')
    const floods = record(cloud)
    tell(teller, node, entryOf(newcomer, id))
    cloud.world.runFor(100)
    const introductions = floods.filter(({ by, to }) => by === node && to.host === newcomer.endpoint.host)
    expect(introductions.map(({ flood }) => [flood.routeEntry, flood.validateId])).toEqual([
      [entryOf(node, node.ownId), id],
    ])
    cloud.world.runFor(1000)
    expect(newcomer.node.parts.cache.get(node.ownId)).toBeDefined()
  })

  test('N-42: pushes out the farthest on its side', () => {
    const { cloud, newcomer, teller, id, node } = newcomerTo('pushes out')
    const before = node.node.parts.cache.leafSet(node.ownId)
    expect([before.below.length, before.above.length]).toEqual([LEAF_SET_SIDE, LEAF_SET_SIDE])
    tell(teller, node, entryOf(newcomer, id))
    cloud.world.runUntil(() => node.node.parts.cache.get(id) !== undefined, 1000)
    const after = node.node.parts.cache.leafSet(node.ownId)
    for (const side of ['below', 'above'] as const) {
      const joined = after[side].includes(id)
      expect(after[side]).toHaveLength(LEAF_SET_SIDE)
      const remaining = after[side].filter((one) => one !== id)
      expect(remaining).toEqual(joined ? before[side].slice(0, -1) : before[side])
    }
    expect([...after.below, ...after.above]).toContain(id)
  })

  test('N-42, N-44: is passed on past all who were told of it while it was being proven', () => {
    const { cloud, newcomer, teller, id, node } = newcomerTo('told meanwhile', { count: 20 })
    const others = nearestOf(node, id, [])
    const told = others.flatMap((one) => cloud.registered().get(one)?.endpoint ?? [])
    const expected = nearestOf(node, id, told)
    const floods = record(cloud)
    tell(teller, node, entryOf(newcomer, id))
    tell(teller, node, entryOf(newcomer, id), told)
    cloud.world.runUntil(() => floods.some(({ by }) => by === node), 1000)
    const sent = floods.filter(({ by, flood }) => by === node && flood.routeEntry?.id === id)
    expect(sent.map(({ flood }) => flood.validateId).sort()).toEqual(expected.sort())
  })

  test.each([0, 1, 2])(
    'N-44: after each of five registrations the whole leaf set knows it, and it knows them, by floods alone (%i)',
    (run) => {
      const cloud = cloudOf(`whole ${run}`)
      cloud.grow(30)
      for (const index of [17, 24, 1, 8, 15]) {
        register(cloud, memberAt(cloud, index), `printer ${index}`)
        // The repair of leaf sets finds nothing to mend.
        cloud.world.runFor(10_000)
        expect(cloud.wrongLeafSets()).toEqual([])
      }
    },
  )

  function register(cloud: SimulatedCloud, member: Member, classifier: string): void {
    const floods = record(cloud)
    const { id } = member.registerSecured(classifier)
    // Before the repair of leaf sets has asked anybody.
    cloud.world.runFor(2500)
    const known = member.node.parts.cache.leafSet(id)
    const sorted = [...cloud.registered()]
      .flatMap(([one, { name }]) => (name === member.name && one !== id ? [] : one))
      .sort()
    const place = sorted.indexOf(id)
    const walk = [...sorted.slice(place + 1), ...sorted.slice(0, place)]
    expect(known.above).toEqual(walk.slice(0, LEAF_SET_SIDE))
    expect(known.below).toEqual(walk.toReversed().slice(0, LEAF_SET_SIDE))
    // Also where the member's own ID stands among them, which takes a place in the leaf sets of others.
    expect(cloud.wrongLeafSets()).toEqual([])
    expect(cloud.running.filter(({ node }) => node.parts.cache.leafSetsWith(id).length > 0).length).toBeGreaterThan(
      LEAF_SET_SIDE,
    )
    // N-45: and the flood has ended, after a bounded number of messages.
    const own = floods.filter(({ flood }) => flood.routeEntry?.id === id)
    expect(own.length).toBeLessThanOrEqual(10 * LEAF_SET_SIDE)
    floods.length = 0
    cloud.world.runFor(2000)
    expect(floods.filter(({ flood }) => flood.routeEntry?.id === id)).toEqual([])
  }
})

describe('a FLOOD for one ID of the receiver', () => {
  test('N-33: is acknowledged with N exactly if that is registered there no more', () => {
    const cloud = cloudOf('acknowledged')
    const node = cloud.add({ seeds: [] })
    const peer = new ScriptedPeer(cloud, 'peer')
    const flood = { type: 'FLOOD', withoutAck: false, alreadyFlooded: [], routeEntry: undefined } as const
    const stranger = drawPnrpId(cloud, 'stranger')
    for (const [messageId, validateId] of [node.ownId, stranger, NO_PNRP_ID].entries()) {
      peer.send({ ...flood, routeEntry: peer.entry(pnrpIdAt(0.5)), messageId, validateId }, node.endpoint)
    }
    peer.send(
      { ...flood, withoutAck: true, messageId: 3, routeEntry: peer.entry(stranger), validateId: stranger },
      node.endpoint,
    )
    cloud.world.runFor(100)
    const acks = peer.heardOf('ACK').map(({ message }) => [message.ackedMessageId, message.notFound] as const)
    expect(new Map(acks)).toEqual(
      new Map([
        [0, false],
        [1, true],
        [2, false],
      ]),
    )
  })

  test.each([
    ['N-33: whose ACK has N, takes that ID from the cache of the sender', 'not found'],
    ['N-94: that is never acknowledged, takes that ID from the cache of the sender', 'silent'],
  ])('%s', (_, kind) => {
    const cloud = cloudOf(kind)
    cloud.grow(3)
    const node = memberAt(cloud, 1)
    const registration = node.registerSecured('printer')
    cloud.world.runFor(100)
    // An entry next to it that nobody proved, so that only the FLOOD can tell.
    const peer = new ScriptedPeer(cloud, 'peer')
    const id = nextPnrpId(registration.id)
    peer.onHeard = (heard) => {
      if (heard.message.type === 'FLOOD' && kind === 'not found') {
        const start = peer.replyTo(heard.message, heard.from)
        peer.send({ type: 'ACK', ...start, notFound: true, cookieNeeded: false }, heard.from)
      }
    }
    const { cache, clock } = node.node.parts
    const life = { notAfter: clock.utc() + 86_400_000, lastHeard: clock.monotonic() }
    cache.add({ entry: peer.entry(id), publicKey: new Uint8Array(32), ...life })
    expect(cache.get(id)).toBeDefined()
    node.node.unregister(registration)
    const floods = () => peer.heardOf('FLOOD')
    cloud.world.runUntil(() => floods().length > 0, 1000)
    cloud.world.runUntil(() => cache.get(id) === undefined, kind === 'silent' ? 20_000 : 100)
    expect(floods().every(({ message }) => message.validateId === id)).toBe(true)
    const copies = floods().filter(({ message }) => message.messageId === floods()[0]?.message.messageId)
    expect(copies).toHaveLength(kind === 'silent' ? 3 : 1)
  })
})
