/** Graphs under every kind of fault at once end with equal databases, and a machine that slept catches up by itself. */
import { describe, expect, test } from 'vitest'
import { LONGEST_HEALING, nodeListsAreComplete } from './healing.ts'
import { outOfRange } from './measuring.ts'
import { type Member, SimulatedGraph } from './simulated-graph.ts'

const MINUTE = 60_000
const LIFE = 24 * 60 * MINUTE

/** One thing goes wrong, or somebody writes. */
function misfortune(graph: SimulatedGraph, draw: (below: number) => number, written: string[]): void {
  const { world, running } = graph
  const some = running[draw(running.length)]
  if (some === undefined) return
  switch (draw(9)) {
    case 0:
      if (running.length > graph.members.length / 2) some.crash(draw(2) === 0 ? 'power' : 'process')
      break
    case 1:
      for (const member of graph.members) if (!member.isOpen) member.restart('kept')
      break
    case 2: {
      const names = graph.members.map(({ name }) => name)
      const cut = 1 + draw(names.length - 1)
      world.network.partition(names.slice(0, cut), names.slice(cut))
      break
    }
    case 3:
      world.network.heal()
      break
    case 4:
      world.network.set({ latency: 5 + draw(200), jitter: draw(100), loss: draw(20) / 100 })
      break
    case 5:
      // Nobody's clock is further off than peer time can correct.
      some.host.skewClock(draw(2001) - 1000)
      break
    default:
      written.push(some.write(`record ${written.length}`, { life: LIFE }).id)
  }
}

function settle(graph: SimulatedGraph): void {
  graph.world.network.heal()
  graph.world.network.set({ latency: 10, jitter: 5, loss: 0 })
  for (const member of graph.members) if (!member.isOpen) member.restart('kept')
}

describe('whatever happens on the way, all nodes end with the same records', () => {
  test.each(['a', 'b', 'c', 'd'])('seed %s', (seed) => {
    const graph = new SimulatedGraph({ seed: `faults ${seed}`, checks: false })
    graph.grow(12)
    graph.world.runFor(20_000)
    const random = graph.world.random('misfortunes')
    const draw = (below: number): number => random.uint32() % below
    const written: string[] = []
    for (let step = 0; step < 60; step++) {
      misfortune(graph, draw, written)
      graph.world.runFor(draw(6000))
    }
    settle(graph)
    graph.world.runUntil(() => graph.differences().length === 0 && graph.isConnected(), LONGEST_HEALING)
    // Nothing that was acknowledged is lost.
    const missing = (member: Member): string[] => written.filter((id) => !holds(member, id))
    for (const member of graph.members) expect(missing(member)).toEqual([])
    expect(written.length).toBeGreaterThan(5)
    graph.world.runFor(2 * MINUTE)
    expect(graph.differences()).toEqual([])
    expect(outOfRange(graph.members)).toEqual([])
  })
})

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

function holds({ node }: Member, id: string): boolean {
  return [...node.store.database.leaves()].some((leaf) => leaf.id === id)
}
