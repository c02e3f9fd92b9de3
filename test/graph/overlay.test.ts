/** A hundred nodes: who is whose neighbor, what a record costs, and what is left when half of the nodes vanish. */
import { beforeAll, describe, expect, test } from 'vitest'
import { crashMany, measureCopies, outOfRange } from './measuring.ts'
import { SimulatedGraph } from './simulated-graph.ts'

const NODES = 100
const MOST_COPIES = 1.3
const MOST_COPIES_REPAIRING = 2

describe('a hundred nodes', () => {
  const graph = new SimulatedGraph({ seed: 'a hundred', checks: false, properties: { maxPresenceRecords: 0 } })

  beforeAll(() => {
    graph.grow(NODES)
    graph.world.runFor(60_000)
  })

  test('have 3 to 8 neighbors each, at most 4 of them dialled by others, and all reach all', () => {
    expect(outOfRange(graph.running)).toEqual([])
    expect(graph.isConnected()).toBe(true)
    expect(graph.differences()).toEqual([])
  })

  test('G-077: get each record, in at most 1.3 copies once the tree has formed', () => {
    expect(measureCopies(graph, 20).isComplete).toBe(true)
    const { perRecord, isComplete } = measureCopies(graph, 50)
    expect(isComplete).toBe(true)
    expect(perRecord).toBeLessThanOrEqual(MOST_COPIES)
  })

  test('G-077: stay connected when half of them vanish, repair their tree with at most 2 copies, and find neighbors again', () => {
    const left = crashMany(graph, 0.5)
    expect(left.length).toBeGreaterThan(NODES / 4)
    const repairing = measureCopies(graph, 20, 60_000)
    expect(repairing.isComplete).toBe(true)
    expect(repairing.perRecord).toBeLessThanOrEqual(MOST_COPIES_REPAIRING)
    expect(outOfRange(left)).toEqual([])
    expect(graph.isConnected(left)).toBe(true)
    measureCopies(graph, 20)
    const settled = measureCopies(graph, 50)
    expect(settled.isComplete).toBe(true)
    expect(settled.perRecord).toBeLessThanOrEqual(MOST_COPIES)
    expect(graph.differences()).toEqual([])
  })
})
