/** Comparisons with nodes that are no neighbors: when they are made, with whom, what they cost, and what they lead to. */
import { describe, expect, test } from 'vitest'
import { LONGEST_COMPARISON_PAUSE, SHORTEST_COMPARISON_PAUSE } from '../../src/graph/comparisons.ts'
import { MOST_COMPARISON_LINKS } from '../../src/graph/link-router.ts'
import { DEFAULT_NEIGHBOR_COUNTS } from '../../src/graph/neighbors.ts'
import { LONG_HELD } from '../../src/graph/record-store.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import { formatEndpoint } from '../../src/runtime/endpoint.ts'
import { ScriptedNode } from './scripted-node.ts'
import { type Member, SimulatedGraph } from './simulated-graph.ts'

const MINUTE = 60_000
/** Of a node that has enough with one neighbor. */
const ONE = { minimum: 1, ideal: 1, maximum: 8 }

function has({ node }: Member, { type, id }: GraphRecord): boolean {
  return node.store.get(type, id) !== undefined
}

function counted({ node }: Member, counter: string): number {
  return node.counters()[counter] ?? 0
}

/** The endpoints that a node has dialled. */
function dialled({ events }: Member): string[] {
  return events.filter((event) => event.startsWith('attempted')).map((event) => event.split(' ')[1] ?? '')
}

function lostNeighbors({ events }: Member): number {
  return events.filter((event) => event.startsWith('disconnected')).length
}

describe('comparisons', () => {
  test('G-105, G-162: with neighbors go over the present links, every 20 to 40 s, each time after another pause', () => {
    const graph = new SimulatedGraph({ seed: 'all neighbors', checks: false, properties: { maxPresenceRecords: 0 } })
    const [one] = graph.grow(4)
    if (one === undefined) throw new RangeError('there are four')
    // Each began with one on each link that it dialled.
    graph.world.runFor(10_000)
    for (const { node } of graph.members) {
      expect(node.parts.neighbors.count).toBe(3)
      const ownLinks = node.parts.neighbors.all().filter(({ session }) => session.link.isDialler).length
      expect(node.counters()['comparisons'] ?? 0).toBeGreaterThanOrEqual(ownLinks)
    }
    const links = graph.sum('links-opened')
    const times: number[] = []
    for (let before = counted(one, 'comparisons'); times.length < 30; before = counted(one, 'comparisons')) {
      graph.world.runUntil(() => counted(one, 'comparisons') > before, MINUTE)
      times.push(graph.world.now)
    }
    const pauses = times.slice(1).map((time, index) => time - Number(times[index]))
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(SHORTEST_COMPARISON_PAUSE)
    expect(Math.max(...pauses)).toBeLessThanOrEqual(LONGEST_COMPARISON_PAUSE + 100)
    expect(new Set(pauses).size).toBeGreaterThan(20)
    expect(graph.sum('links-opened')).toBe(links)
  })

  test('G-105, G-163: with others go over links of their own, which end; any known node is drawn, but not the node itself', () => {
    const graph = new SimulatedGraph({ seed: 'others', checks: false })
    graph.grow(12)
    graph.world.runFor(2 * MINUTE)
    const before = new Map(graph.members.map((member) => [member, [dialled(member).length, lostNeighbors(member)]]))
    graph.world.runFor(20 * MINUTE)
    for (const member of graph.members) {
      const [attempts = 0, lost = 0] = before.get(member) ?? []
      const neighbors = new Set(member.node.parts.neighbors.all().map(({ session }) => session.peer.key))
      const others = graph.members.filter((other) => other !== member && !neighbors.has(other.key))
      const met = new Set(dialled(member).slice(attempts))
      // Of some 40 draws, every third or so is one of these.
      expect(met.size).toBeGreaterThan(others.length * 0.6)
      expect(met.has(formatEndpoint(member.endpoint))).toBe(false)
      // In a settled graph no neighbor changes because of them.
      expect(lostNeighbors(member)).toBe(lost)
    }
    // At most the comparison links of this moment are open beside those of neighbors.
    graph.world.runFor(100)
    expect(graph.sum('dropped-message-out-of-order')).toBe(0)
  })

  test('an idle node of twenty sends at most 300 bytes a second, and what is equal costs one exchange', () => {
    const graph = new SimulatedGraph({ seed: 'idle', checks: false })
    graph.grow(20)
    graph.world.runFor(5 * MINUTE)
    const [bytes, different, compared] = ['bytes-sent', 'comparisons-different', 'comparisons'].map((counter) =>
      graph.sum(counter),
    )
    const minutes = 10
    graph.world.runFor(minutes * MINUTE)
    expect(graph.sum('comparisons') - Number(compared)).toBeGreaterThan(20 * minutes)
    expect(graph.sum('comparisons-different')).toBe(different)
    const rate = (graph.sum('bytes-sent') - Number(bytes)) / 20 / (minutes * 60)
    expect(rate).toBeLessThanOrEqual(300)
  })

  test('G-162: a record taken out of the database of one of 100 nodes is there again within 60 s, and no link breaks', () => {
    const graph = new SimulatedGraph({ seed: 'behind its back', checks: false, properties: { maxPresenceRecords: 0 } })
    graph.grow(100, {}, 50)
    const [writer, , , victim] = graph.members
    if (writer === undefined || victim === undefined) throw new RangeError('there are a hundred')
    const record = writer.write('here')
    graph.world.runFor(2 * MINUTE)
    const lost = graph.members.reduce((sum, member) => sum + lostNeighbors(member), 0)
    victim.node.store.remove(record, 'revoked')
    victim.node.store.commit()
    expect(has(victim, record)).toBe(false)
    graph.world.runUntil(() => has(victim, record), MINUTE)
    expect(graph.members.reduce((sum, member) => sum + lostNeighbors(member), 0)).toBe(lost)
  })
})

describe('a neighbor whose link broke', () => {
  test('counts as lost at the end that had dialled it, and at no other', () => {
    const graph = new SimulatedGraph({ seed: 'lost', properties: { maxPresenceRecords: 0 } })
    const one = graph.add({ at: [], node: { counts: { minimum: 1, ideal: 1, maximum: 8 } } })
    const [dialled, guest] = [new ScriptedNode(graph, 'dialled'), new ScriptedNode(graph, 'guest')]
    const welcome = (): void => {
      const peerTime = one.node.now()
      dialled.accepted
        .at(-1)
        ?.send({ kind: 'WELCOME', nodeId: '00ff'.repeat(4), peerTime, referrals: [], types: undefined })
    }
    one.node.addAddresses([dialled.endpoint])
    graph.world.runUntil(() => dialled.accepted.some((link) => link.all('CONNECT').length > 0), 5000)
    welcome()
    const link = guest.ask(one)
    graph.world.runFor(1000)
    expect(one.node.parts.neighbors.count).toBe(2)
    for (const { port } of [link, dialled.accepted[0]].filter((end) => end !== undefined)) port.destroy('broken')
    graph.world.runFor(500)
    expect([guest.key, dialled.key].map((key) => one.node.overlay.lost.has(key))).toEqual([false, true])
  })
})

describe('a comparison link', () => {
  /** A member that has one neighbor, who says nothing, and wants no other. */
  function content(graph: SimulatedGraph): Member {
    const member = graph.add({ node: { counts: ONE }, at: [] })
    const silent = new ScriptedNode(graph, `neighbor of ${member.name}`)
    member.node.addAddresses([silent.endpoint])
    graph.world.runUntil(() => silent.accepted.some((link) => link.all('CONNECT').length > 0), 5000)
    const peerTime = member.node.now()
    silent.accepted[0]?.send({ kind: 'WELCOME', nodeId: '00ff'.repeat(4), peerTime, referrals: [], types: undefined })
    graph.world.runUntil(() => member.node.parts.neighbors.count === 1, 5000)
    return member
  }

  /** Two nodes that are no neighbors, and have compared. */
  function twoThatCompare(seed: string): readonly [SimulatedGraph, Member, Member] {
    const graph = new SimulatedGraph({ seed, properties: { maxPresenceRecords: 0 } })
    const [one, other] = [content(graph), content(graph)]
    other.node.addAddresses([one.endpoint])
    graph.world.runUntil(() => graph.differences().length === 0, 5000)
    graph.world.runFor(500)
    return [graph, one, other]
  }

  function neighborsOf(...members: readonly Member[]): readonly number[] {
    return members.map(({ node }) => node.parts.neighbors.count)
  }

  test('G-163: ends when it is done, as long as what differed may still have been on its way', () => {
    const [graph, one, other] = twoThatCompare('on its way')
    expect(graph.differences()).toEqual([])
    const record = one.write('young')
    other.node.addAddresses([one.endpoint])
    graph.world.runUntil(() => has(other, record), 5000)
    graph.world.runFor(3 * MINUTE)
    expect([neighborsOf(one, other), graph.differences()]).toEqual([[1, 1], []])
    expect(counted(other, 'comparisons')).toBeGreaterThan(4)
    expect(counted(other, 'links-opened')).toBeGreaterThan(4)
  })

  test.each(['one', 'other'] as const)(
    'G-163: becomes a neighbor link at both ends if a record differs that the %s has had for long',
    (who) => {
      const [graph, one, other] = twoThatCompare(`for long ${who}`)
      graph.world.network.partition([one.name], [other.name])
      const record = (who === 'one' ? one : other).write('old by now')
      graph.world.runFor(LONG_HELD + 1000)
      graph.world.network.heal()
      graph.world.runUntil(() => has(one, record) && has(other, record), MINUTE)
      graph.world.runFor(500)
      expect(neighborsOf(one, other)).toEqual([2, 2])
    },
  )

  test('G-163: has a place beside those of neighbors, a bounded number of times, and counts for no number of them', () => {
    const graph = new SimulatedGraph({ seed: 'beside', properties: { maxPresenceRecords: 0 } })
    const one = graph.add({ node: { counts: DEFAULT_NEIGHBOR_COUNTS } })
    graph.world.runFor(1000)
    const guests = Array.from({ length: 4 }, (_, index) => new ScriptedNode(graph, `guest${index}`).ask(one))
    expect(guests.map(({ messages }) => messages[0]?.kind)).toEqual(Array(4).fill('WELCOME'))
    expect(new ScriptedNode(graph, 'too many').ask(one).messages[0]).toMatchObject({ kind: 'REFUSE', code: 'busy' })
    const links = Array.from({ length: MOST_COMPARISON_LINKS + 1 }, (_, index) =>
      new ScriptedNode(graph, `compares${index}`).ask(one, { purpose: 'comparison' }),
    )
    const kinds = links.map(({ messages }) => messages[0]?.kind)
    expect(kinds).toEqual([...Array<string>(MOST_COMPARISON_LINKS).fill('WELCOME'), 'REFUSE'])
    expect([one.node.parts.neighbors.count, one.node.parts.neighbors.dialledByOthers]).toEqual([4, 4])
    // What is written goes to neighbors only.
    one.write('to neighbors')
    graph.world.runFor(1000)
    expect(links.flatMap((link) => [...link.all('FLOOD'), ...link.all('ADVERTISE')])).toEqual([])
    expect(guests.map((guest) => guest.all('FLOOD').length)).toEqual([1, 1, 1, 1])
  })
})
