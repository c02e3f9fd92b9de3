/**
 * Cuts a simulated graph into parts, lets each part write, puts the network together again, and tells how long the graph took
 * to be one again: in the tests of small graphs, and in bench/scale/graph.ts of large ones.
 */
import { toHex } from '../../src/runtime/bytes.ts'
import { SimulationFailure } from '../../src/simulation/simulation-failure.ts'
import { outOfRange } from './measuring.ts'
import type { Member, SimulatedGraph } from './simulated-graph.ts'

/** How a graph is cut. */
export interface Cut {
  /** How many of the first members are in each part; the rest is one more part. */
  readonly sizes: readonly number[]
  /** For how long, in milliseconds. */
  readonly length: number
  /** How many records each part writes meanwhile. With 0 the databases say nothing of the cut. By default {@link WRITTEN_APART}. */
  readonly written?: number
}

/** When what was one again, in milliseconds after the network was whole. */
export interface Healing {
  readonly databases: number
  readonly overlay: number
  readonly nodeLists: number
}

/** What an operator would wait for: a minute, and a second for every 10,000 records that differ (G-109); in milliseconds. */
export const LONGEST_HEALING = 60_000
const RECORDS_IN_A_MILLISECOND = 10
/** Records that each part writes while it is by itself, where nothing else is said. */
const WRITTEN_APART = 4
const LOOKING_INTERVAL = 500

/** Cuts, heals, and waits. @throws SimulationFailure if it takes longer than G-109 allows */
export function cutAndHeal(graph: SimulatedGraph, { sizes, length, written = WRITTEN_APART }: Cut): Healing {
  const parts = partsOf(graph.members, sizes)
  const { world } = graph
  // What one part changes and another deletes has to come out the same everywhere.
  const shared = graph.members[0]?.write('known to all', { life: LONG_LIFE })
  world.runFor(10_000)
  world.network.partition(...parts.map((part) => part.map(({ name }) => name)))
  for (let step = 0; step < written; step++) {
    world.runFor(length / written)
    for (const part of parts) part[step % part.length]?.write(`written apart ${step}`, { life: LONG_LIFE })
  }
  if (written === 0) world.runFor(length)
  else if (shared !== undefined) parts.at(-1)?.[0]?.remove(shared.id)
  world.network.heal()
  return healingTime(graph, written * parts.length, {
    databases: () => graph.differences().length === 0,
    overlay: () => graph.isConnected() && bordersAreCrossed(parts),
    nodeLists: () => nodeListsAreComplete(graph.members),
  })
}

/** Waits from now on until all is so. @param differing How many records differ @throws SimulationFailure if it takes longer than G-109 allows */
export function healingTime(
  { world }: SimulatedGraph,
  differing: number,
  isOne: Readonly<Record<keyof Healing, () => boolean>>,
): Healing {
  const healed = world.now
  const longest = LONGEST_HEALING + differing / RECORDS_IN_A_MILLISECOND
  const healing = { databases: -1, overlay: -1, nodeLists: -1 }
  while (Object.values(healing).some((time) => time < 0)) {
    const passed = world.now - healed
    if (passed > longest) {
      throw new SimulationFailure(world.seed, world.now, `not healed after ${passed} ms: ${JSON.stringify(healing)}`)
    }
    world.runFor(LOOKING_INTERVAL)
    for (const what of ['databases', 'overlay', 'nodeLists'] as const) {
      if (healing[what] < 0 && isOne[what]()) healing[what] = world.now - healed
    }
  }
  return healing
}

/** Cuts a graph that has settled, and checks all that has to be so again in time. @throws SimulationFailure if it is not */
export function cutAndCheck(graph: SimulatedGraph, cut: Cut): void {
  graph.world.runFor(MINUTE)
  cutAndHeal(graph, cut)
  const writers = [graph.members[0], graph.members.at(-1)].filter((one) => one !== undefined)
  const { seed, now } = graph.world
  if (!floodsReachAll(graph, writers)) throw new SimulationFailure(seed, now, 'a flood does not reach all')
  if (graph.members.length < 4) return
  // Who had the maximum, and took one more across the border, has given another place up.
  graph.world.runFor(MINUTE)
  const wrong = outOfRange(graph.members)
  if (wrong.length > 0) throw new SimulationFailure(seed, now, `wrong numbers of neighbors: ${wrong.join(', ')}`)
}

/** Whether a record of each part reaches all by flooding: sooner than any comparison could bring it. */
export function floodsReachAll(graph: SimulatedGraph, writers: readonly Member[]): boolean {
  const records = writers.map((member) => member.write('after healing', { life: LONG_LIFE }))
  graph.world.runFor(10_000)
  return graph.members.every(({ node }) => records.every(({ type, id }) => node.store.get(type, id) !== undefined))
}

function partsOf(members: readonly Member[], sizes: readonly number[]): (readonly Member[])[] {
  const parts: (readonly Member[])[] = []
  let start = 0
  for (const size of sizes) {
    parts.push(members.slice(start, start + size))
    start += size
  }
  parts.push(members.slice(start))
  return parts
}

/** Whether each node list holds every node that shows itself. */
export function nodeListsAreComplete(members: readonly Member[]): boolean {
  const shown = members.filter(({ node, key }) => node.overlay.nodes.get(key) !== undefined)
  return members.every(({ node }) => shown.every(({ key }) => node.overlay.nodes.get(key) !== undefined))
}

/** Whether all hold the same ephemeral records, but for those whose time is over on one of them already. */
export function ephemeralRecordsAreEqual(members: readonly Member[]): boolean {
  const latest = Math.max(...members.map(({ node }) => node.now()))
  const held = members.map(({ node }) => {
    const records = [...node.store.ephemeral.all()].filter(({ expires }) => expires > latest)
    const digests = records.map(({ digest }) => toHex(digest))
    return digests.sort().join()
  })
  return new Set(held).size <= 1
}

/** Whether neighbor links lead out of each part. */
function bordersAreCrossed(parts: readonly (readonly Member[])[]): boolean {
  return parts.every((part) => {
    const keys = new Set(part.map(({ key }) => key))
    return part.some(({ node }) => node.parts.neighbors.all().some(({ session }) => !keys.has(session.peer.key)))
  })
}

const MINUTE = 60_000
/** Of what is written, in milliseconds: longer than any cut. */
const LONG_LIFE = 3 * 24 * 60 * 60_000
