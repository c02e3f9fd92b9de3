/**
 * Graphs that are cut into parts become one again, whatever the parts and however long they were apart (DESIGN section 7).
 * long-partitions.test.ts has the longer cuts; bench/scale/graph.ts does the same with 1,000 nodes, and with 20 for a day.
 */
import { describe, expect, test } from 'vitest'
import { DEFAULT_NEIGHBOR_COUNTS } from '../../src/graph/neighbors.ts'
import { type Cut, cutAndCheck } from './healing.ts'
import { SimulatedGraph } from './simulated-graph.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const cases: readonly (Cut & { readonly nodes: number })[] = [
  { nodes: 2, sizes: [1], length: 10_000 },
  { nodes: 2, sizes: [1], length: 20 * MINUTE },
  { nodes: 2, sizes: [1], length: 24 * HOUR },
  { nodes: 20, sizes: [1], length: 10_000 },
  { nodes: 20, sizes: [4], length: 10_000 },
  { nodes: 20, sizes: [10], length: 10_000 },
  { nodes: 20, sizes: [4, 6], length: 10_000 },
]

describe('a graph that was cut is one again, and all of it floods', () => {
  test.each(cases)(
    'G-109, G-175, G-176: $nodes nodes, parts of $sizes and the rest, for $length ms',
    ({ nodes, ...cut }) => {
      const graph = new SimulatedGraph({ seed: `${nodes} ${cut.sizes.join()} ${cut.length}`, checks: false })
      graph.grow(nodes)
      cutAndCheck(graph, cut)
    },
  )

  test('G-176: even where nearly all nodes have the maximum of neighbors, which none exceeds afterwards', () => {
    const graph = new SimulatedGraph({ seed: 'all full', checks: false })
    const { maximum } = DEFAULT_NEIGHBOR_COUNTS
    graph.grow(20, { node: { counts: { minimum: 3, ideal: maximum, maximum } } })
    graph.world.runFor(2 * MINUTE)
    const full = graph.members.filter(({ node }) => node.parts.neighbors.count === maximum)
    expect(full.length).toBeGreaterThan(12)
    cutAndCheck(graph, { sizes: [10], length: 5 * MINUTE })
  })

  test.each([
    { presence: 'on', maxPresenceRecords: -1, length: 100_000 },
    { presence: 'on', maxPresenceRecords: -1, length: 250_000 },
    { presence: 'off', maxPresenceRecords: 0, length: 100_000 },
    { presence: 'off', maxPresenceRecords: 0, length: 20 * MINUTE },
  ])(
    'G-176: although nothing differs, because nobody wrote for $length ms, presence being $presence',
    ({ presence, maxPresenceRecords, length }) => {
      const seed = `quiet ${presence} ${length}`
      const graph = new SimulatedGraph({ seed, checks: false, properties: { maxPresenceRecords } })
      graph.grow(20)
      cutAndCheck(graph, { sizes: [10], length, written: 0 })
    },
  )
})
