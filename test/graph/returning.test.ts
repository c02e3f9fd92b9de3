/** How a node finds its graph again after a long time. */
import { describe, expect, test } from 'vitest'
import { type Member, SimulatedGraph } from './simulated-graph.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

describe('remembered addresses', () => {
  test('G-177: a node that was off for six days finds its graph by one address that still leads to it', () => {
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

  test('G-177: an address enters when an identity proves itself there, or a valid presence record names it', () => {
    const graph = new SimulatedGraph({ seed: 'enters', checks: false })
    graph.grow(3, { at: [] })
    const [one, met, heardOf] = graph.members
    if (one === undefined || met === undefined || heardOf === undefined) throw new RangeError('there are three')
    one.node.overlay.membership.stop()
    one.node.overlay.comparisons.stop()
    one.node.connect(met.endpoint, () => undefined)
    heardOf.node.addAddresses([met.endpoint])
    graph.world.runFor(MINUTE)
    const { memory } = one.node.overlay
    const known = ({ key }: Member): readonly unknown[] =>
      memory.of(key, one.node.now()).map(({ endpoint, isProven }) => ({ endpoint, isProven }))
    expect(known(met)).toEqual([{ endpoint: met.endpoint, isProven: true }])
    expect(known(heardOf)).toEqual([{ endpoint: heardOf.endpoint, isProven: false }])
    expect(known(one)).toEqual([])
    // Each renewal of the presence record confirms it again.
    const [before] = memory.of(heardOf.key, one.node.now())
    graph.world.runFor(one.node.properties().presenceLifetime)
    const [after] = memory.of(heardOf.key, one.node.now())
    expect(Number(after?.confirmed)).toBeGreaterThan(Number(before?.confirmed))
  })
})
