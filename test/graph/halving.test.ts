/** What is left of a graph when half of its nodes vanish at once. bench/scale/graph.ts measures the same of 1,000 nodes. */
import { expect, test } from 'vitest'
import { crashMany, outOfRange } from './measuring.ts'
import { SimulatedGraph } from './simulated-graph.ts'

const MINUTE = 60_000

test('G-044: a minute after joining, and after half of all vanished, each node has 3 to 8 neighbors, and every one reaches every other', () => {
  const graph = new SimulatedGraph({ seed: 'halving', checks: false, properties: { maxPresenceRecords: 0 } })
  graph.grow(200, {}, 20)
  graph.world.runFor(MINUTE)
  expect(outOfRange(graph.running)).toEqual([])
  expect(graph.isConnected()).toBe(true)
  const left = crashMany(graph, 0.5)
  expect(left.length).toBeGreaterThan(75)
  graph.world.runFor(MINUTE)
  expect(outOfRange(left)).toEqual([])
  expect(graph.isConnected(left)).toBe(true)
})
