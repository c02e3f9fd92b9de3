/**
 * Nodes that left the cache without revoking anything: when a cloud has split, they are in the other part (N-46,
 * N-88).
 */
import type { Clock } from '../runtime/clock.ts'
import { type Endpoint, formatEndpoint } from '../runtime/endpoint.ts'
import { RecentMap } from '../runtime/recent-map.ts'

/** Nodes that are kept; the one that was dropped longest ago makes room. */
export const MOST_FORMER_NODES = 128
/** How long one is kept, in milliseconds. */
export const FORMER_NODE_LIFE = 2 * 24 * 3_600_000

/** A bounded list of dropped nodes. */
export class FormerNodes {
  readonly #clock: Clock
  readonly #nodes = new RecentMap<{ readonly endpoint: Endpoint; readonly dropped: number }>(MOST_FORMER_NODES)

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(endpoint: Endpoint): void {
    this.#nodes.set(formatEndpoint(endpoint), { endpoint, dropped: this.#clock.monotonic() })
  }

  /** Those that are not too old, the one dropped last first. */
  all(): readonly Endpoint[] {
    const oldest = this.#clock.monotonic() - FORMER_NODE_LIFE
    this.#nodes.dropWhile(({ dropped }) => dropped < oldest)
    return [...this.#nodes.values()].reverse().map(({ endpoint }) => endpoint)
  }
}
