/** How soon a newcomer knows all nodes of a large graph. */
import { expect, test } from 'vitest'
import { SimulatedGraph } from './simulated-graph.ts'

test('G-171: in a graph of 100 nodes a newcomer knows all of them 5 s after its first neighbor link', () => {
  const graph = new SimulatedGraph({ seed: 'newcomer', checks: false })
  graph.grow(100, {}, 50)
  graph.world.runFor(5000)
  const newcomer = graph.add()
  graph.world.runUntil(() => newcomer.node.parts.neighbors.count > 0, 10_000)
  graph.world.runFor(5000)
  expect([...newcomer.node.nodes()].length).toBe(101)
})
