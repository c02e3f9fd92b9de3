/**
 * Nodes that led nowhere (N-68): asked on the way to a place, a node named nobody closer to it, although there was
 * somebody. Later resolves of that region begin elsewhere if they can. That is a preference and no more: the node
 * is alive, is perfectly good for other regions, and is asked here, too, as soon as another does not lead on.
 */
import type { Clock } from '../runtime/clock.ts'
import { type Endpoint, formatEndpoint } from '../runtime/endpoint.ts'
import { RecentMap } from '../runtime/recent-map.ts'
import type { PnrpId } from './pnrp-id.ts'

/** Dead ends that are remembered; the oldest makes room. */
export const MOST_DEAD_ENDS = 256
/** How long one is remembered, in milliseconds: by then leaf sets have been mended. */
export const DEAD_END_PAUSE = 60_000
/** A region is a 65,536th of the circle: all who seek something in it want to get to the same few nodes. */
const REGION_LENGTH = 2

/** The dead ends that one node has met. */
export class DeadEnds {
  readonly #clock: Clock
  readonly #until = new RecentMap<number>(MOST_DEAD_ENDS)

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(node: Endpoint, target: PnrpId): void {
    this.#until.set(keyOf(node, target), this.#clock.monotonic() + DEAD_END_PAUSE)
  }

  has(node: Endpoint, target: PnrpId): boolean {
    if (this.#until.size === 0) return false
    const until = this.#until.get(keyOf(node, target))
    return until !== undefined && until > this.#clock.monotonic()
  }

  clear(): void {
    this.#until.clear()
  }
}

function keyOf(node: Endpoint, target: PnrpId): string {
  return target.slice(0, REGION_LENGTH) + formatEndpoint(node)
}
