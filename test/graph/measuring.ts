/**
 * What is measured of whole simulated graphs, in the tests of small ones and in bench/scale/graph.ts of large ones: neighbors, copies,
 * and what happens when half of the nodes leave at once.
 */
import { DEFAULT_NEIGHBOR_COUNTS } from '../../src/graph/neighbors.ts'
import type { Member, SimulatedGraph } from './simulated-graph.ts'

/** How many nodes have how many neighbors. */
export function neighborCounts(members: readonly Member[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>()
  for (const { node } of members) {
    const { count } = node.parts.neighbors
    counts.set(count, (counts.get(count) ?? 0) + 1)
  }
  return new Map([...counts].sort(([one], [other]) => one - other))
}

/** The members whose neighbors are not as G-039 and G-144 want them. */
export function outOfRange(members: readonly Member[]): string[] {
  const { minimum, maximum } = DEFAULT_NEIGHBOR_COUNTS
  return members
    .filter(({ node }) => {
      const { count, dialledByOthers } = node.parts.neighbors
      return count < minimum || count > maximum || dialledByOthers > maximum / 2
    })
    .map(({ name, node }) => `${name}: ${node.parts.neighbors.count}`)
}

/** What floods cost: full copies that came, divided by records that were needed (G-077). */
export interface Copies {
  readonly perRecord: number
  /** Whether every record reached every node. */
  readonly isComplete: boolean
}

/** Lets random nodes write, and counts: in a graph without presence records, which would count too. @param settling How long the last record may take, in milliseconds */
export function measureCopies(graph: SimulatedGraph, records: number, settling = 10_000): Copies {
  const { world, running } = graph
  const random = world.random(`writers at ${world.now}`)
  const received = graph.sum('records-received')
  const written = Array.from({ length: records }, (_, index) => {
    const writer = running[random.uint32() % running.length]
    const record = writer?.write(`record ${index}`)
    world.runFor(200)
    return record
  }).filter((record) => record !== undefined)
  world.runFor(settling)
  const isComplete = running.every(({ node }) =>
    written.every(({ type, id }) => node.store.get(type, id) !== undefined),
  )
  return { perRecord: (graph.sum('records-received') - received) / (records * (running.length - 1)), isComplete }
}

/** A share of the members vanishes in one instant, without a message. @returns those that are left */
export function crashMany(graph: SimulatedGraph, share: number): readonly Member[] {
  const random = graph.world.random('who leaves')
  const left: Member[] = []
  for (const member of [...graph.running]) {
    if (random.uint32() / 2 ** 32 < share) member.crash()
    else left.push(member)
  }
  return left
}
