/** How soon a newcomer knows all nodes of a large graph. */
import { expect, test } from 'vitest'
import { SimulatedGraph } from './simulated-graph.ts'

test('G-171: on a new neighbor link each side gets the ephemeral records that it lacks, and no others', () => {
  const graph = new SimulatedGraph({ seed: 'moods', checks: false, properties: { maxPresenceRecords: 0 } })
  const [one, other] = graph.grow(2)
  if (one === undefined || other === undefined) throw new Error('no members')
  graph.world.runFor(5000)
  const type = '~test.mood'
  const known = one.write('known to both', { type })
  graph.world.runFor(5000)
  graph.world.network.partition([one.name], [other.name])
  graph.world.runUntil(() => one.node.parts.neighbors.count + other.node.parts.neighbors.count === 0, 60_000)
  const written = [one, one, other].map((member, index) => member.write(`mood ${index}`, { type }))
  graph.world.network.heal()
  const received = [one, other].map(({ node }) => node.counters()['records-received'] ?? 0)
  graph.world.runUntil(() => one.node.parts.neighbors.count > 0, 60_000)
  graph.world.runFor(5000)
  for (const { node } of [one, other]) {
    for (const { id } of [known, ...written]) expect(node.store.ephemeral.get(id)).toBeDefined()
  }
  const came = [one, other].map(
    ({ node }, index) => (node.counters()['records-received'] ?? 0) - (received[index] ?? 0),
  )
  expect(came).toEqual([1, 2])
})

test('G-171: in a graph of 100 nodes a newcomer knows all of them 5 s after its first neighbor link', () => {
  const graph = new SimulatedGraph({ seed: 'newcomer', checks: false })
  graph.grow(100, {}, 50)
  graph.world.runFor(5000)
  const newcomer = graph.add()
  graph.world.runUntil(() => newcomer.node.parts.neighbors.count > 0, 10_000)
  graph.world.runFor(5000)
  expect([...newcomer.node.nodes()].length).toBe(101)
})
