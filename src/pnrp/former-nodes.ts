/**
 * Nodes that left the cache without revoking anything: when a cloud has split, they are in the other part (N-46,
 * N-88).
 */
import type { Clock } from '../runtime/clock.ts'
import { type Endpoint, formatEndpoint } from '../runtime/endpoint.ts'

/** Nodes that are kept; the one that was dropped longest ago makes room. */
export const MOST_FORMER_NODES = 128
/** How long one is kept, in milliseconds. */
export const FORMER_NODE_LIFE = 2 * 24 * 3_600_000

/** A bounded list of dropped nodes. */
export class FormerNodes {
  readonly #clock: Clock
  readonly #nodes = new Map<string, { readonly endpoint: Endpoint; readonly dropped: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(endpoint: Endpoint): void {
    const key = formatEndpoint(endpoint)
    this.#nodes.delete(key)
    this.#nodes.set(key, { endpoint, dropped: this.#clock.monotonic() })
    if (this.#nodes.size <= MOST_FORMER_NODES) return
    for (const oldest of this.#nodes.keys()) {
      this.#nodes.delete(oldest)
      break
    }
  }

  /** Those that are not too old, the one dropped last first. */
  all(): readonly Endpoint[] {
    const oldest = this.#clock.monotonic() - FORMER_NODE_LIFE
    for (const [key, { dropped }] of this.#nodes) if (dropped < oldest) this.#nodes.delete(key)
    return [...this.#nodes.values()].reverse().map(({ endpoint }) => endpoint)
  }
}
