/** Peer time in whole graphs, on virtual time. bench/scale/peer-time.ts does it for 100 nodes and a day. */
import { expect, test } from 'vitest'
import { LARGEST_CORRECTION, PeerTime } from '../../src/graph/peer-time.ts'
import type { Clock } from '../../src/runtime/clock.ts'
import { randomBelow } from '../../src/runtime/random.ts'
import { SimulatedWorld } from '../../src/simulation/simulated-world.ts'
import { HOUR, MINUTE } from './lone-records.ts'
import { type Member, SimulatedGraph } from './simulated-graph.ts'
import { agreementOf } from './wrong-clocks.ts'

const SECOND = 1000

/** How far the peer time of a member is from its own UTC. */
function correction(member: Member): number {
  return member.node.now() - member.host.ports.clock.utc()
}

test('a node whose clock is far off stays at the limit of the correction, and its log says so', () => {
  const graph = new SimulatedGraph({ seed: 'far off', checks: false })
  const members = graph.grow(4)
  const late = graph.add()
  late.host.skewClock(-20 * MINUTE)
  graph.world.runFor(2.2 * HOUR)
  expect(correction(late)).toBe(LARGEST_CORRECTION)
  for (const member of members) expect(Math.abs(correction(member))).toBeLessThan(SECOND)
  const warnings = graph.world.log.filter(({ message }) => message.includes('clock of this machine'))
  expect(warnings.map(({ host }) => host)).toEqual([late.name])
  expect(warnings[0]?.details?.['seconds']).toBeCloseTo(20 * 60, -1)
})

test('G-111: both ends of a neighbor link take samples, for as long as it lasts; direct connections give none', () => {
  const graph = new SimulatedGraph({ seed: 'samples', checks: false, properties: { maxPresenceRecords: 0 } })
  const members = graph.grow(4)
  for (const [index, member] of members.entries()) member.host.skewClock(index * 10 * SECOND)
  const samples: string[] = []
  for (const member of members) {
    const { peerTime } = member.node.parts
    const sample = peerTime.sample.bind(peerTime)
    peerTime.sample = (key, time, roundTrip) => {
      samples.push(`${member.key} ${key}`)
      sample(key, time, roundTrip)
    }
  }
  graph.world.runFor(3 * HOUR)
  // All are neighbors of all. Their aims are 20 s or so ahead of the first one's UTC.
  const [first, , , last] = members
  if (first === undefined || last === undefined) throw new Error('no members')
  for (const one of members) {
    for (const other of members.filter((member) => member !== one)) expect(samples).toContain(`${one.key} ${other.key}`)
  }
  const times = members.map(({ node }) => node.now())
  expect(Math.max(...times) - Math.min(...times)).toBeLessThan(2 * SECOND)
  const { length } = samples
  first.protocols.add('test')
  last.protocols.add('test')
  let isConnected = false
  first.node.connectDirectly(last.identity.name, 'test', (outcome) => {
    isConnected = !(outcome instanceof Error)
  })
  graph.world.runUntil(() => isConnected && last.connections.length > 0, 10_000)
  expect([isConnected, samples.length]).toEqual([true, length])
})

test('G-111: both ends of a comparison link take one, by a round trip that the time of day does not change', () => {
  const graph = new SimulatedGraph({ seed: 'comparison samples', checks: false })
  const members = graph.grow(14)
  const neighbors = new Set<string>()
  const samples = new Set<string>()
  for (const { key, node } of members) {
    const { peerTime } = node.parts
    const sample = peerTime.sample.bind(peerTime)
    peerTime.sample = (other, time, roundTrip) => {
      samples.add(`${key} ${other}`)
      // 10 to 15 ms each way.
      expect(roundTrip).toBeGreaterThanOrEqual(20)
      expect(roundTrip).toBeLessThan(40)
      sample(other, time, roundTrip)
    }
  }
  const names = new Map(members.map(({ identity, key }) => [String(identity.name), key]))
  for (let step = 0; step < 10_000; step++) {
    graph.world.runFor(50)
    const member = members[step % members.length]
    // There and back again, so that no wake is seen.
    member?.host.skewClock(step % (2 * members.length) < members.length ? 9 * SECOND : -9 * SECOND)
  }
  for (const { key, events } of members) {
    for (const event of events) {
      const [what, peer = ''] = event.split(' ')
      if (what === 'connected') neighbors.add(`${key} ${names.get(peer) ?? ''}`)
    }
  }
  const strangers = [...samples].filter((pair) => !neighbors.has(pair))
  expect(strangers.length).toBeGreaterThan(10)
  for (const pair of strangers) expect(samples).toContain(pair.split(' ').toReversed().join(' '))
})

test('G-110: the correction is kept with the database, for a killed process too, and records bear peer time', () => {
  const graph = new SimulatedGraph({ seed: 'kept', checks: false, properties: { maxPresenceRecords: 0 } })
  graph.grow(4)
  const slow = graph.add({ clockSkew: -2 * MINUTE })
  expect([correction(slow), slow.node.counters()['records-waited'] ?? 0]).toEqual([0, 0])
  graph.world.runFor(1.5 * HOUR)
  const found = correction(slow)
  // What is left is jitter: half of a round trip is not exactly one way.
  expect(Math.abs(found - 2 * MINUTE)).toBeLessThan(10)
  slow.restart()
  // What was kept is some minutes old.
  const kept = correction(slow)
  expect(Math.abs(kept - found)).toBeLessThan(10)
  const record = slow.write('by peer time')
  const { clock } = slow.host.ports
  expect([record.created, record.modified]).toEqual([clock.utc() + kept, clock.utc() + kept])
  slow.close()
  slow.restart()
  expect(Math.abs(correction(slow) - found)).toBeLessThan(SECOND)
})

test('G-114: clocks that are minutes off and drift agree within 15 s, and no presence of a live node runs out', () => {
  const { apart, ranOut, unlisted } = agreementOf({
    ...{ seed: 'wrong clocks', nodes: 6, liars: 0, settling: 3 * HOUR, watched: HOUR / 2 },
  })
  expect(apart).toBeLessThan(15 * SECOND)
  expect([ranOut, unlisted]).toEqual([0, 0])
})

test('G-180: so do the honest ones where one of seven nodes tells each neighbor any time it likes', () => {
  const { apart } = agreementOf({ seed: 'liars', nodes: 7, liars: 1, settling: 3 * HOUR, watched: HOUR / 2 })
  expect(apart).toBeLessThan(15 * SECOND)
})

/** A clock that is wrong from the start and runs at the wrong rate. */
class WrongClock implements Clock {
  now = 0
  readonly #skew: number
  readonly #rate: number

  constructor(skew: number, rate: number) {
    this.#skew = skew
    this.#rate = rate
  }

  utc(): number {
    return 1_893_456_000_000 + this.#skew + this.now * this.#rate
  }

  monotonic(): number {
    return this.now * this.#rate
  }

  setTimer(): { cancel(): void } {
    throw new Error('peer time sets no timer')
  }
}

/**
 * The largest difference between the peer times of honest nodes that compare with a random other one every 30 s, as nodes of a
 * large graph do, from 3 hours on; clocks are up to 4 minutes off and drift by up to 50 ppm.
 */
function largestDifference(seed: string, nodes: number, liars: number, hours: number): number {
  const random = new SimulatedWorld({ seed }).random('peer times')
  const clocks = Array.from({ length: nodes }, () => {
    const skew = randomBelow(random, 8 * MINUTE) - 4 * MINUTE
    return new WrongClock(skew, 1 + (randomBelow(random, 101) - 50) / 1_000_000)
  })
  const times = clocks.map((clock) => new PeerTime(clock, 0))
  let largest = 0
  for (let now = 0; now < hours * HOUR; now += 30 * SECOND) {
    for (const clock of clocks) clock.now = now
    for (const [index, time] of times.entries()) {
      const to = (index + 1 + randomBelow(random, nodes - 1)) % nodes
      const roundTrip = randomBelow(random, 300)
      // A liar says what does most harm: a different extreme to each.
      const told = (from: number): number => {
        const real = times[from]?.now() ?? 0
        return from < liars ? real + (randomBelow(random, 2) === 0 ? -HOUR : HOUR) : real
      }
      time.sample(`node ${to}`, told(to) - roundTrip / 2, roundTrip)
      times[to]?.sample(`node ${index}`, told(index) - roundTrip / 2, roundTrip)
    }
    if (now < 3 * HOUR || now % (10 * MINUTE) !== 0) continue
    const honest = times.slice(liars).map((time) => time.now())
    largest = Math.max(largest, Math.max(...honest) - Math.min(...honest))
  }
  return largest
}

test('peer times of 100 nodes are within 15 s of each other from 3 hours on', () => {
  expect(largestDifference('100 clocks', 100, 0, 4)).toBeLessThan(15 * SECOND)
})

test('peer times of 45 nodes are within 15 s of each other although 5 others lie', () => {
  expect(largestDifference('5 liars', 50, 5, 8)).toBeLessThan(15 * SECOND)
})
