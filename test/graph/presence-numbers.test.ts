/** How a graph holds the number of presence records near a maximum (MS-PPGRH 3.1.7.17; G-092, G-093). */
import { describe, expect, test } from 'vitest'
import { LONGEST_PRESENCE_WAIT, SHORTEST_PRESENCE_WAIT, TOLERATED_PRESENCE } from '../../src/graph/presence.ts'
import { type Member, SimulatedGraph } from './simulated-graph.ts'

const MINUTE = 60_000
const SHORTEST = SHORTEST_PRESENCE_WAIT * 1000
/** The longest wait, and some time for the record to reach everybody. */
const LONGEST = LONGEST_PRESENCE_WAIT * 1000 + 5000

function makeGraph(seed: string, nodes: number, maxPresenceRecords: number): SimulatedGraph {
  const graph = new SimulatedGraph({ seed, checks: false, properties: { maxPresenceRecords } })
  graph.grow(nodes, {}, 20)
  return graph
}

/** Those that show themselves, as a member that runs sees it. */
function shown(graph: SimulatedGraph): readonly Member[] {
  const [watcher] = graph.running
  if (watcher === undefined) throw new RangeError('nobody runs')
  const keys = new Set([...watcher.node.nodes()].map(({ key }) => key))
  return graph.members.filter(({ key }) => keys.has(key))
}

function setMaximum(graph: SimulatedGraph, maxPresenceRecords: number): void {
  const [creator] = graph.members
  if (creator === undefined) throw new RangeError('nobody made it')
  creator.node.setProperties({ ...creator.node.properties(), maxPresenceRecords }, () => undefined)
}

describe('the number of presence records', () => {
  test('G-092: settles between 50 and 60 in a graph of 200 nodes with a maximum of 50', () => {
    const graph = makeGraph('settles', 200, 50)
    for (const time of [LONGEST, MINUTE / 2]) {
      graph.world.runFor(time)
      for (const { node } of graph.members) {
        const { length } = [...node.nodes()]
        expect(length).toBeGreaterThanOrEqual(50)
        expect(length).toBeLessThanOrEqual(60)
      }
    }
  })

  test('G-092: with too few a node waits a random whole number of 30 to 180 seconds from its first neighbor on', () => {
    const waits: number[] = []
    for (let round = 0; round < 12; round++) {
      const graph = makeGraph(`waits ${round}`, 1, 3)
      const [one] = graph.members
      if (one === undefined) throw new RangeError('there is one')
      graph.world.runFor(10 * MINUTE)
      expect(shown(graph)).toEqual([])
      graph.add()
      graph.world.runUntil(() => one.node.parts.neighbors.count > 0, MINUTE)
      const begun = graph.world.now
      graph.world.runUntil(() => shown(graph).includes(one), LONGEST)
      waits.push(graph.world.now - begun)
    }
    for (const wait of waits) {
      expect(wait).toBeGreaterThanOrEqual(SHORTEST)
      expect(wait).toBeLessThanOrEqual(LONGEST_PRESENCE_WAIT * 1000)
      expect(Math.round(wait) % 1000).toBe(0)
    }
    expect(new Set(waits).size).toBeGreaterThan(8)
    expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(MINUTE)
  })

  test('G-092: a node looks again after its wait: all wait, and only as many act as are needed', () => {
    const graph = makeGraph('looks again', 14, -1)
    graph.world.runFor(5000)
    expect(shown(graph).length).toBe(14)
    setMaximum(graph, 1)
    graph.world.runFor(SHORTEST - 1000)
    expect(shown(graph).length).toBe(14)
    graph.world.runFor(LONGEST)
    expect(shown(graph).length).toBe(1 + TOLERATED_PRESENCE)
    setMaximum(graph, 12)
    graph.world.runFor(SHORTEST - 1000)
    expect(shown(graph).length).toBe(1 + TOLERATED_PRESENCE)
    graph.world.runFor(LONGEST)
    expect(shown(graph).length).toBe(12)
    setMaximum(graph, -1)
    graph.world.runFor(2000)
    expect(shown(graph).length).toBe(14)
  })
})

test('G-093: the rules are applied again when a record arrives, is deleted or expires, on request, and when the maximum changes', () => {
  const graph = makeGraph('again', 14, 1)
  const { world } = graph
  world.runFor(LONGEST)
  const [only, ...none] = shown(graph)
  if (only === undefined) throw new RangeError('one shows itself')
  expect(none).toEqual([])
  const others = graph.members.filter((member) => member !== only)
  // Ten more may be there; the eleventh that arrives is one too many for who goes by the graph's property.
  for (const { node } of others.slice(0, TOLERATED_PRESENCE)) node.setPresence('always', undefined)
  world.runFor(2 * LONGEST)
  expect(shown(graph)).toContain(only)
  expect(shown(graph).length).toBe(1 + TOLERATED_PRESENCE)
  others[TOLERATED_PRESENCE]?.node.setPresence('always', undefined)
  world.runFor(SHORTEST - 1000)
  expect(shown(graph)).toContain(only)
  world.runFor(LONGEST)
  expect(shown(graph)).not.toContain(only)
  expect(shown(graph).length).toBe(1 + TOLERATED_PRESENCE)
  // The application of a twelfth lets it show itself, and then leaves it to the graph: it is one too many.
  only.node.setPresence('always', undefined)
  world.runFor(2000)
  expect(shown(graph)).toContain(only)
  only.node.setPresence('graph', undefined)
  world.runFor(SHORTEST - 3000)
  expect(shown(graph)).toContain(only)
  world.runFor(LONGEST)
  expect(shown(graph)).not.toContain(only)
  // All that were wanted are deleted: one of the others shows itself.
  for (const { node } of others.slice(0, TOLERATED_PRESENCE + 1)) node.setPresence('never', undefined)
  world.runFor(2000)
  expect(shown(graph)).toEqual([])
  world.runFor(LONGEST)
  const [next] = shown(graph)
  if (next === undefined) throw new RangeError('one shows itself again')
  expect(shown(graph).length).toBe(1)
  // It vanishes: once its record has expired, another one takes its place.
  next.crash()
  world.runFor((graph.running[0]?.node.properties().presenceLifetime ?? 0) + MINUTE + LONGEST)
  expect(shown(graph).length).toBe(1)
  expect(shown(graph)).not.toContain(next)
})
