/** Shuffles: what passive views are worth after many nodes have left. scale/graph.ts measures the same of 1,000 nodes. */
import { describe, expect, test } from 'vitest'
import { SimulatedGraph } from './simulated-graph.ts'

const MINUTE = 60_000

describe('shuffles', () => {
  test('keep passive views good: 5 minutes after a fifth of the nodes left, nine of ten entries can be reached', () => {
    const graph = new SimulatedGraph({ seed: 'shuffles', checks: false, properties: { maxPresenceRecords: 0 } })
    graph.grow(60)
    graph.world.runFor(2 * MINUTE)
    const views = graph.members.map(({ node }) => node.overlay.passive.size)
    expect(Math.min(...views)).toBeGreaterThan(5)
    for (const [index, leaving] of graph.members.entries()) if (index % 5 === 4) leaving.close()
    graph.world.runFor(5 * MINUTE)
    const running = new Set(graph.running.map(({ key }) => key))
    const entries = graph.running.flatMap(({ node }) => node.overlay.passive.nodes())
    const reachable = entries.filter(({ name }) => running.has(name)).length
    expect(reachable / entries.length).toBeGreaterThan(0.9)
  })
})
