import { describe, expect, test } from 'vitest'
import { authorityOf } from '../../src/identity/authority.ts'
import { authorityPart } from '../../src/identity/peer-name.ts'
import { MOST_CONVERSATIONS_OF_BROWSING, MOST_REMEMBERED_NODES, STAGE_WAIT } from '../../src/pnrp/discovery.ts'
import { SMALL_CACHE_MAINTENANCE_INTERVAL } from '../../src/pnrp/maintenance-timer.ts'
import { type Endpoint, formatEndpoint } from '../../src/runtime/endpoint.ts'
import { ScriptedPeer } from './scripted-peer.ts'
import { type Member, SimulatedCloud } from './simulated-cloud.ts'

const HOUR = 3_600_000
/** A round of three stages, and the longest time until the next one begins. */
const ROUND = 3 * STAGE_WAIT + 1.1 * SMALL_CACHE_MAINTENANCE_INTERVAL

function cloudOf(seed: string): SimulatedCloud {
  return new SimulatedCloud({ seed, conditions: { latency: 10, jitter: 5 } })
}

/** The conversations that a node has begun with a peer: when each SOLICIT came there for the first time. */
function begun(peer: ScriptedPeer): number[] {
  const first = new Map<number, number>()
  for (const { message, time } of peer.heardOf('SOLICIT')) {
    if (!first.has(message.messageId)) first.set(message.messageId, time)
  }
  return [...first.values()]
}

/** One peer that is remembered, one on the local link, and one that is a seed; and a node that looks for them. */
function searching(seed: string) {
  const cloud = cloudOf(seed)
  const [remembered, onLink, seedPeer] = ['remembered', 'on link', 'seed'].map((name) => new ScriptedPeer(cloud, name))
  if (remembered === undefined || onLink === undefined || seedPeer === undefined) throw new Error('three peers')
  let browsed = 0
  const node = cloud.add({
    seeds: [seedPeer.endpoint],
    ports: {
      remembered: () => [remembered.endpoint],
      browse: (found) => {
        browsed++
        found(onLink.endpoint)
        return () => {}
      },
    },
  })
  return { cloud, node, remembered, onLink, seed: seedPeer, browsed: () => browsed }
}

describe('a node that looks for its cloud', () => {
  test('N-16: asks remembered nodes, then the local link, then a seed, and begins again', () => {
    const { cloud, node, remembered, onLink, seed } = searching('order')
    expect(node.node.status().state).toBe('synchronizing')
    cloud.world.runFor(3 * ROUND)
    const stages = [remembered, onLink, seed].flatMap((peer, stage) => begun(peer).map((time) => ({ time, stage })))
    stages.sort((one, other) => one.time - other.time)
    expect(stages.length).toBeGreaterThanOrEqual(9)
    expect(stages.map(({ stage }) => stage)).toEqual(stages.map((_, index) => index % 3))
    // Each stage has the same time.
    for (const [index, { time, stage }] of stages.entries()) {
      const previous = stages[index - 1]
      if (previous !== undefined && stage > 0) expect(Math.abs(time - previous.time - STAGE_WAIT)).toBeLessThan(10)
    }
  })

  test('N-16: passes over a stage in which there is nobody to ask, and is alone when none is left', () => {
    const cloud = cloudOf('nobody')
    const peer = new ScriptedPeer(cloud, 'seed')
    cloud.add({ seeds: [peer.endpoint], ports: { browse: () => undefined } })
    const alone = cloud.add({ seeds: [], ports: { browse: () => undefined } })
    expect(alone.node.status().state).toBe('alone')
    cloud.world.runFor(100)
    expect(begun(peer)).toHaveLength(1)
  })

  test('N-16: goes no further once it has found a member, and no tick begins again until it knows nobody', () => {
    const { cloud, node, onLink, seed, remembered, browsed } = searching('found')
    const member = cloud.add({ seeds: [node.endpoint], ports: { browse: () => undefined } })
    cloud.world.runFor(1000)
    expect(node.node.status().state).toBe('active')
    cloud.world.runFor(HOUR)
    expect(begun(onLink)).toEqual([])
    expect(browsed()).toBe(0)
    // Tests for a split ask a seed by LOOKUP; a SOLICIT is for who knows nobody.
    expect(begun(seed)).toEqual([])
    expect(begun(remembered)).toHaveLength(1)
    member.crash()
    cloud.world.runFor(10 * 60_000)
    expect(node.node.parts.cache.size).toBe(0)
    expect(begun(seed).length).toBeGreaterThan(0)
    expect(begun(remembered).length).toBeGreaterThan(1)
  })

  test('N-16: that stays alone sends no more in its tenth hour than in its second', () => {
    const { cloud } = searching('alone')
    let sent = 0
    cloud.onSent = () => sent++
    const inHour: number[] = []
    for (let hour = 0; hour < 10; hour++) {
      sent = 0
      cloud.world.runFor(HOUR)
      inHour.push(sent)
    }
    const [, second = 0] = inHour
    expect(second).toBeGreaterThan(0)
    // Rounds begin at random moments, so an hour may hold one more.
    expect(inHour[9]).toBeLessThanOrEqual(second * 1.02)
  })

  test('N-18: begins at most five conversations with those that it finds on the link, one with each', () => {
    const cloud = cloudOf('link')
    const peers = Array.from({ length: 8 }, (_, index) => new ScriptedPeer(cloud, `peer ${index}`))
    cloud.add({
      seeds: [],
      ports: {
        browse: (found) => {
          for (const { endpoint } of peers) for (let times = 0; times < 2; times++) found(endpoint)
          return () => {}
        },
      },
    })
    cloud.world.runFor(STAGE_WAIT - 1)
    expect(peers.map((peer) => begun(peer).length)).toEqual([1, 1, 1, 1, 1, 0, 0, 0])
    expect(MOST_CONVERSATIONS_OF_BROWSING).toBe(5)
  })

  test('N-20: tries one seed a round, in their order, and wraps at the end of the list, even if that has become shorter', () => {
    const cloud = cloudOf('seeds')
    const peers = Array.from({ length: 3 }, (_, index) => new ScriptedPeer(cloud, `seed ${index}`))
    let seeds = peers.map(({ endpoint }) => endpoint)
    cloud.add({ ports: { browse: () => undefined, remembered: () => [], seeds: () => seeds } })
    const asked = (): number[] =>
      peers
        .flatMap((peer, index) => begun(peer).map((time) => ({ time, index })))
        .sort((one, other) => one.time - other.time)
        .map(({ index }) => index)
    cloud.world.runUntil(() => asked().length === 5, 10 * ROUND)
    expect(asked()).toEqual([0, 1, 2, 0, 1])
    seeds = seeds.slice(0, 1)
    cloud.world.runUntil(() => asked().length === 7, 4 * ROUND)
    expect(asked()).toEqual([0, 1, 2, 0, 1, 0, 0])
  })
})

describe('what a node remembers', () => {
  test('N-17: are the ten nodes that it used last, and each is asked when it opens the cloud again', () => {
    const cloud = cloudOf('remembers')
    cloud.grow(16)
    const member = memberAt(cloud, 9)
    const recent = [...member.node.entries()].sort((one, other) => other.lastHeard - one.lastHeard)
    expect(recent.length).toBeGreaterThan(MOST_REMEMBERED_NODES)
    member.close()
    cloud.world.runFor(5000)
    const expected = recent.slice(0, MOST_REMEMBERED_NODES).map(({ entry }) => entry.addresses[0])
    expect(member.remembered.map(({ host }) => host)).toEqual(expected)
    const asked: Endpoint[] = []
    cloud.onSent = ({ member: by, to }) => {
      if (by === member) asked.push(to)
    }
    member.start()
    expect(asked.map(formatEndpoint)).toEqual(member.remembered.map(formatEndpoint))
    cloud.world.runFor(1000)
    expect(member.node.status().state).toBe('active')
  })

  test('N-17: lets a cloud of which every node has stopped form anew, with neither multicast nor seeds', () => {
    const cloud = cloudOf('anew')
    let seeds: readonly Endpoint[] = []
    const ports = { browse: () => undefined, seeds: () => seeds }
    const first = cloud.add({ ports })
    seeds = [first.endpoint]
    for (let index = 0; index < 13; index++) {
      cloud.add({ ports })
      cloud.world.runFor(300)
    }
    cloud.world.runFor(60_000)
    seeds = []
    for (const member of cloud.members) member.crash()
    cloud.world.runFor(10 * 60_000)
    for (const member of cloud.members) member.restart()
    cloud.world.runFor(120_000)
    expect(cloud.wrongLeafSets()).toEqual([])
    const { name } = memberAt(cloud, 3).registerSecured('printer')
    cloud.world.runFor(2000)
    for (const member of cloud.members) expect(cloud.resolve(member, name)).toHaveLength(1)
  })
})

test('N-21: two nodes with nothing registered are seed and member, each by an ID under a key of its own', () => {
  const cloud = cloudOf('seed')
  const seed = cloud.add({ seeds: [] })
  cloud.world.runFor(HOUR)
  const other = cloud.add({ seeds: [seed.endpoint], ports: { browse: () => undefined } })
  cloud.world.runFor(5000)
  expect(seed.node.status().state).toBe('active')
  expect(other.node.status().state).toBe('active')
  const authorities = [seed, other].map((member) => {
    const [own, ...more] = member.node.parts.registrations.all()
    if (own === undefined) throw new Error('a member has an ID of its own')
    expect(more).toEqual([])
    expect(authorityPart(own.name)).toBe(authorityOf(cloud.crypto, own.keyPair.publicKey))
    expect(own.content).toEqual({ endpoints: [{ ...member.endpoint, protocol: 17 }], comment: '', payload: undefined })
    return authorityPart(own.name)
  })
  // Made anew at each opening, so that nobody follows a node by it.
  seed.restart()
  const [again] = seed.node.parts.registrations.all()
  authorities.push(again === undefined ? '' : authorityPart(again.name))
  expect(new Set(authorities).size).toBe(3)
})

function memberAt(cloud: SimulatedCloud, index: number): Member {
  const member = cloud.members[index]
  if (member === undefined) throw new RangeError(`there is no member ${index}`)
  return member
}
