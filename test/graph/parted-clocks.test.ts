/** Graphs that are cut into parts although the clocks of their nodes are wrong. */
import { expect, test } from 'vitest'
import { cutAndHeal, LONGEST_HEALING } from './healing.ts'
import { HOUR, MINUTE } from './lone-records.ts'
import { SimulatedGraph } from './simulated-graph.ts'

/** In milliseconds; the median is right, and each is within the reach of peer time. */
const SKEWS = [-240_000, 30_000, 180_000, -90_000, 0, 240_000, -30_000, 90_000, -180_000]
const DRIFTS = [50, -50, 20, 0, -30, 50, -50, 10, 40]

test('a graph whose clocks are minutes off heals in time, once peer time has made good for them', () => {
  const graph = new SimulatedGraph({ seed: 'parted clocks', checks: false })
  for (const [index, clockSkew] of SKEWS.entries()) {
    graph.add({ clockSkew, host: { clockDrift: DRIFTS[index] ?? 0 } })
    graph.world.runFor(200)
  }
  graph.world.runFor(2.5 * HOUR)
  for (const sizes of [[1], [4], [2, 3]]) {
    const { databases, overlay, nodeLists } = cutAndHeal(graph, { sizes, length: 20 * MINUTE })
    expect(Math.max(databases, overlay, nodeLists)).toBeLessThanOrEqual(LONGEST_HEALING)
  }
})

test('and before that, as long as they differ by no more than a record from the future may be ahead', () => {
  const graph = new SimulatedGraph({ seed: 'parted early', checks: false })
  for (const clockSkew of SKEWS) {
    graph.add({ clockSkew: clockSkew / 10 })
    graph.world.runFor(200)
  }
  for (const sizes of [[1], [4], [2, 3]]) {
    const { databases, overlay, nodeLists } = cutAndHeal(graph, { sizes, length: 10_000 })
    expect(Math.max(databases, overlay, nodeLists)).toBeLessThanOrEqual(LONGEST_HEALING)
  }
})
