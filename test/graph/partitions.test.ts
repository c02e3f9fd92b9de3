/** Graphs that are cut into parts become one again, whatever the parts and however long they were apart (DESIGN section 7). */
import { describe, expect, test } from 'vitest'
import { type Cut, cutAndHeal, floodsReachAll, LONGEST_HEALING } from './healing.ts'
import { SimulatedGraph } from './simulated-graph.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const cases: readonly (Cut & { readonly nodes: number })[] = [
  { nodes: 2, sizes: [1], length: 10_000 },
  { nodes: 2, sizes: [1], length: 20 * MINUTE },
  { nodes: 2, sizes: [1], length: 24 * HOUR },
  { nodes: 20, sizes: [1], length: 10_000 },
  { nodes: 20, sizes: [1], length: 20 * MINUTE },
  { nodes: 20, sizes: [4], length: 10_000 },
  { nodes: 20, sizes: [10], length: 10_000 },
  { nodes: 20, sizes: [10], length: 20 * MINUTE },
  { nodes: 20, sizes: [4, 6], length: 20 * MINUTE },
]

describe('a graph that was cut is one again, and all of it floods', () => {
  test.each(cases)('G-175: $nodes nodes, parts of $sizes and the rest, for $length ms', ({ nodes, ...cut }) => {
    const graph = new SimulatedGraph({ seed: `${nodes} ${cut.sizes.join()} ${cut.length}`, checks: false })
    graph.grow(nodes)
    graph.world.runFor(MINUTE)
    const { databases, overlay, nodeLists } = cutAndHeal(graph, cut)
    expect(Math.max(databases, overlay, nodeLists)).toBeLessThanOrEqual(LONGEST_HEALING)
    expect(
      floodsReachAll(
        graph,
        [graph.members[0], graph.members.at(-1)].filter((one) => one !== undefined),
      ),
    ).toBe(true)
  })
})
