/** Applications that have their nodes connect to each other at the same time. */
import { expect, test } from 'vitest'
import { SimulatedGraph } from './simulated-graph.ts'

test('both are told that they are connected, whichever of the two links lives', () => {
  for (let round = 0; round < 8; round++) {
    const graph = new SimulatedGraph({ seed: `crossing ${round}`, properties: { maxPresenceRecords: 0 } })
    const one = graph.add()
    graph.world.runFor(1000)
    const other = graph.add({ at: [] })
    const told: string[] = []
    one.node.connect(other.endpoint, ({ kind }) => told.push(kind))
    other.node.connect(one.endpoint, ({ kind }) => told.push(kind))
    graph.world.runFor(60_000)
    expect(told).toEqual(['connected', 'connected'])
    // Both have dialled.
    for (const { node } of [one, other]) expect(node.counters()['links-opened']).toBe(2)
  }
})
