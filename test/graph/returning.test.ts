/** How a node finds its graph again after a long time. */
import { describe, expect, test } from 'vitest'
import { SimulatedGraph } from './simulated-graph.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

describe('remembered addresses', () => {
  test('a node that was off for six days finds its graph by one address that still leads to it', () => {
    const graph = new SimulatedGraph({ seed: 'six days', checks: false, properties: { maxPresenceRecords: 0 } })
    graph.grow(3)
    graph.world.runFor(6 * MINUTE)
    const sleeper = graph.members[2]
    if (sleeper === undefined) throw new RangeError('there is one')
    sleeper.close()
    sleeper.crash()
    graph.world.runFor(10_000)
    graph.members[1]?.close()
    graph.world.runFor(6 * DAY)
    sleeper.restart()
    graph.world.runFor(MINUTE)
    expect(sleeper.node.parts.neighbors.count).toBe(1)
    expect(graph.differences(graph.running)).toEqual([])
  })
})
