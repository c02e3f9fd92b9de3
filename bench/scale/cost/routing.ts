/** How many hops a lookup takes in a cloud of which only the routing is simulated (routing-model.ts). */
import type { Figures } from './figures.ts'
import { RoutingModel } from './routing-model.ts'

/** As in cloud.ts, so that the two can be compared. */
const NODES_OF_NAME = 10
const MOST_NAMES = 1000
const LOOKUPS = 5000
/** Caches that are counted, spread over all nodes. */
const MOST_COUNTED = 500

/** @returns hops, entries, and the share of lookups that got there */
export function measureRouting(nodes: number, seed: string): Figures {
  const model = new RoutingModel(nodes, Math.min(nodes / NODES_OF_NAME, MOST_NAMES), seed)
  const counted = Math.min(nodes, MOST_COUNTED)
  let entries = 0
  for (let index = 0; index < counted; index++) entries += model.cachedEntries(Math.floor((index * nodes) / counted))
  const all = [...model.lookUps(LOOKUPS)]
  const arrived = all.filter((hops) => hops !== undefined)
  const hops = arrived.reduce((sum, one) => sum + one, 0) / arrived.length
  return {
    ...{ cachedEntries: entries / counted, lookups: all.length, found: arrived.length / all.length },
    ...{ hops, mostHops: Math.max(...arrived) },
  }
}
