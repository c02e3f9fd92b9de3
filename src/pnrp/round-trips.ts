/**
 * How long to wait for an answer: an estimate for each endpoint from the round trips that were measured
 * (RFC 6298), in place of the specification's fixed second. A dead node then costs a few round trips.
 */
import { type Endpoint, formatEndpoint } from '../runtime/endpoint.ts'
import { RecentMap } from '../runtime/recent-map.ts'

/** Milliseconds. Below the first, a busy event loop looks like a dead node. */
export const SHORTEST_TIMEOUT = 100
export const LONGEST_TIMEOUT = 4000
/** Before anything was measured; the specification waits a second (3.1.2). */
export const FIRST_TIMEOUT = 500
/** Endpoints whose round trips are remembered; the one that was used longest ago makes room. */
export const MOST_ROUND_TRIPS = 256

interface Estimate {
  readonly smoothed: number
  readonly variation: number
}

/** The round trips of one cloud. */
export class RoundTrips {
  readonly #estimates = new RecentMap<Estimate>(MOST_ROUND_TRIPS)

  /** Takes a measurement, in milliseconds. Never of a message that was sent twice (RFC 6298 section 3). */
  measured(endpoint: Endpoint, roundTrip: number): void {
    const key = formatEndpoint(endpoint)
    const former = this.#estimates.get(key)
    this.#estimates.set(
      key,
      former === undefined
        ? { smoothed: roundTrip, variation: roundTrip / 2 }
        : {
            smoothed: former.smoothed * (7 / 8) + roundTrip / 8,
            variation: former.variation * (3 / 4) + Math.abs(former.smoothed - roundTrip) / 4,
          },
    )
  }

  /** How long to wait, in milliseconds. @param expiries How often this request has expired already. */
  timeout(endpoint: Endpoint, expiries: number): number {
    const estimate = this.#estimates.get(formatEndpoint(endpoint))
    const first = estimate === undefined ? FIRST_TIMEOUT : estimate.smoothed + 4 * estimate.variation
    return Math.min(Math.max(first, SHORTEST_TIMEOUT) * 2 ** expiries, LONGEST_TIMEOUT)
  }

  /** Forgets everything: after a sleep or a change of network nothing measured holds. */
  clear(): void {
    this.#estimates.clear()
  }
}
