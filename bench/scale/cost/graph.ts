/**
 * What a graph of this many nodes costs: the bytes that a node sends while nobody writes anything, what a record costs and how
 * long it takes to reach all, and how long the graph takes to be one again after a partition and after half of its nodes vanish.
 *
 * Nobody shows presence here, for presence records are records, too; what they cost is measured by itself.
 */
import { cutAndHeal } from '../../../test/graph/healing.ts'
import { crashMany, measureCopies } from '../../../test/graph/measuring.ts'
import { SimulatedGraph } from '../../../test/graph/simulated-graph.ts'
import type { Figures } from './figures.ts'

const MINUTE = 60_000
const IDLE_TIME = 10 * MINUTE
/** How long the halves are apart. */
const CUT_TIME = 10 * MINUTE
/** Records that are written until trees have found their ways, and those that are measured then. */
const RECORDS_BEFORE = 30
const RECORDS = 50
const TIMED_RECORDS = 20
const RECORDS_WHILE_REPAIRING = 20
const LOOKING_INTERVAL = 5
/** Longer than a record ever takes; in milliseconds. */
const LONGEST_DELIVERY = MINUTE
const LONGEST_HEALING = 10 * MINUTE

/** @returns bytes, copies, milliseconds, and shares of records that reached all */
export function measureGraph(nodes: number, seed: string): Figures {
  const graph = grown(nodes, seed, 0)
  const { world } = graph
  const neighbors = graph.running.reduce((sum, { node }) => sum + node.parts.neighbors.count, 0) / nodes
  const idle = idleBytes(graph)
  const unsettled = measureCopies(graph, RECORDS_BEFORE)
  const before = graph.sum('bytes-sent')
  const begun = world.now
  const settled = measureCopies(graph, RECORDS)
  const sent = (graph.sum('bytes-sent') - before) / nodes - (idle * (world.now - begun)) / 1000
  const delivery = deliveryTime(graph)
  const { databases, overlay } = cutAndHeal(graph, { sizes: [Math.floor(nodes / 2)], length: CUT_TIME })
  const left = crashMany(graph, 0.5)
  const crashed = world.now
  while (!graph.isConnected(left)) {
    if (world.now - crashed > LONGEST_HEALING) throw new RangeError(`the graph is in parts still (seed ${seed})`)
    world.runFor(100)
  }
  const connected = world.now - crashed
  const repairing = measureCopies(graph, RECORDS_WHILE_REPAIRING, MINUTE)
  const complete = [unsettled, settled, repairing].every(({ isComplete }) => isComplete)
  return {
    ...{ neighbors, idleBytesASecond: idle, bytesARecord: sent / RECORDS, delivery },
    ...{ copies: settled.perRecord, copiesWhileRepairing: repairing.perRecord, complete: complete ? 1 : 0 },
    ...{ cutDatabasesEqual: databases, cutOverlayWhole: overlay, left: left.length, connectedAfterHalf: connected },
  }
}

/** What it costs that every node shows everybody that it is there, as it does unless the graph says otherwise. @returns bytes a second */
export function measurePresence(nodes: number, seed: string): Figures {
  return { idleBytesASecond: idleBytes(grown(nodes, seed, -1)) }
}

function grown(nodes: number, seed: string, maxPresenceRecords: number): SimulatedGraph {
  const graph = new SimulatedGraph({ seed, checks: false, properties: { maxPresenceRecords }, told: () => undefined })
  graph.grow(nodes)
  graph.world.runFor(2 * MINUTE)
  return graph
}

/** Sent by a node in a second. */
function idleBytes(graph: SimulatedGraph): number {
  const before = graph.sum('bytes-sent')
  graph.world.runFor(IDLE_TIME)
  return (graph.sum('bytes-sent') - before) / graph.running.length / (IDLE_TIME / 1000)
}

/** How long a record takes until every node has it, on average. */
function deliveryTime(graph: SimulatedGraph): number {
  const { world, running } = graph
  const random = world.random('timed writers')
  let sum = 0
  for (let index = 0; index < TIMED_RECORDS; index++) {
    const record = running[random.uint32() % running.length]?.write(`timed ${index}`)
    if (record === undefined) throw new RangeError('nobody is there to write')
    const written = world.now
    const { type, id } = record
    while (running.some(({ node }) => node.store.get(type, id) === undefined)) {
      if (world.now - written > LONGEST_DELIVERY)
        throw new RangeError(`record ${index} does not reach all (seed ${world.seed})`)
      world.runFor(LOOKING_INTERVAL)
    }
    sum += world.now - written
    world.runFor(1000)
  }
  return sum / TIMED_RECORDS
}
