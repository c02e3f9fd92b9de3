/**
 * What a cloud of this many nodes costs, all of them whole engines: the bytes that a node sends while nobody asks for
 * anything, the hops of a lookup, and how many lookups find what is registered, first in an undisturbed network and then
 * with loss while nodes are replaced.
 *
 * All nodes join through one seed, each from a network prefix of its own, in a cloud of `Global_`.
 */
import { makeCloud } from '../../../src/pnrp/cloud.ts'
import { lookUp, registerNames } from '../../../test/pnrp/lookup-workload.ts'
import { SimulatedCloud } from '../../../test/pnrp/simulated-cloud.ts'
import { replaceNodes } from '../node-replacement.ts'
import type { Figures } from './figures.ts'

const MINUTE = 60_000
/** How many nodes join in a second. */
export const JOINS_PER_SECOND = 50
const QUIET_AFTER = 2 * MINUTE
/** Entries of levels are proven again every 15 minutes: a shorter time would miss that, or count all of it. */
const IDLE_TIME = 15 * MINUTE
/** Of ten nodes one has registered a name, as long as there are no more names than this. */
const NODES_OF_NAME = 10
const MOST_NAMES = 1000
const LOOKUPS = 2000
const AT_ONCE = 50
const LOSS = 0.05
const DISTURBED_MINUTES = 5
const DISTURBED_LOOKUPS = 1000

/** @returns bytes a second, entries, hops, milliseconds, and shares of lookups */
export function measureCloud(nodes: number, seed: string): Figures {
  const cloud = new SimulatedCloud({ seed, cloud: makeCloud('Global_'), checks: false })
  cloud.grow(nodes, {}, 1000 / JOINS_PER_SECOND)
  cloud.world.runFor(QUIET_AFTER)
  const before = cloud.sum('bytes-sent')
  cloud.world.runFor(IDLE_TIME)
  const idleBytes = (cloud.sum('bytes-sent') - before) / nodes / (IDLE_TIME / 1000)
  const entries = cloud.running.reduce((sum, { node }) => sum + node.status().cachedEntries, 0) / nodes
  const names = registerNames(cloud, Math.min(nodes / NODES_OF_NAME, MOST_NAMES))
  cloud.world.runFor(10_000)
  const atOnce = Math.min(AT_ONCE, nodes / 2)
  const quiet = lookUp(cloud, names, { lookups: LOOKUPS, atOnce, stream: 'undisturbed' })
  cloud.world.network.set({ loss: LOSS })
  let [lookups, found, wrong, hops, replaced] = [0, 0, 0, 0, 0]
  for (let minute = 0; minute < DISTURBED_MINUTES; minute++) {
    replaced += replaceNodes(cloud, MINUTE, `churn ${minute}`)
    const count = DISTURBED_LOOKUPS / DISTURBED_MINUTES
    const one = lookUp(cloud, names, { lookups: count, atOnce, stream: `disturbed ${minute}` })
    lookups += one.lookups
    found += one.found
    wrong += one.wrong
    hops += one.meanHops * one.lookups
  }
  return {
    idleBytesASecond: idleBytes,
    cachedEntries: entries,
    ...{ lookups: quiet.lookups, found: quiet.found / quiet.lookups, wrong: quiet.wrong + wrong },
    ...{ hops: quiet.meanHops, time: quiet.meanTime, time99: quiet.time99 },
    ...{ replaced, disturbedLookups: lookups, foundDisturbed: found / lookups, hopsDisturbed: hops / lookups },
  }
}
