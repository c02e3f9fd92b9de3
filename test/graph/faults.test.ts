/** A machine that slept catches up by itself. */
import { describe, expect, test } from 'vitest'
import { LONGEST_HEALING, nodeListsAreComplete } from './healing.ts'
import { SimulatedGraph } from './simulated-graph.ts'

const MINUTE = 60_000
const LIFE = 24 * 60 * MINUTE

describe('a machine that sleeps without notice', () => {
  test('replaces its dead links and is equal to the others within the time of a repair after it woke', () => {
    const graph = new SimulatedGraph({ seed: 'sleeps', checks: false })
    graph.grow(8)
    graph.world.runFor(MINUTE)
    const sleeper = graph.members[3]
    if (sleeper === undefined) throw new RangeError('there is one')
    const others = graph.members.filter((member) => member !== sleeper)
    // For the others a machine that sleeps is one that is cut off; its own clock stands still, and jumps when it wakes.
    graph.world.network.partition(
      [sleeper.name],
      others.map(({ name }) => name),
    )
    for (let index = 0; index < 10; index++) {
      graph.world.runFor(2 * MINUTE)
      others[index % others.length]?.write(`meanwhile ${index}`, { life: LIFE })
    }
    sleeper.write('before it slept', { life: LIFE })
    graph.world.network.heal()
    graph.world.runUntil(() => graph.differences().length === 0 && graph.isConnected(), LONGEST_HEALING)
    graph.world.runUntil(() => nodeListsAreComplete(graph.members), LONGEST_HEALING)
    expect(sleeper.node.parts.neighbors.count).toBeGreaterThan(0)
  })
})
