/**
 * Who pays for probes (N-117): a message that names an entry costs us a datagram to an address that its
 * sender chose, so each source, and each prefix, may cause so many and no more. Others are not touched by it.
 */
import type { Clock } from '../runtime/clock.ts'
import { type Endpoint, formatEndpoint } from '../runtime/endpoint.ts'
import { networkPrefix } from '../runtime/network-prefix.ts'
import { type Rate, TokenBuckets } from '../runtime/token-buckets.ts'

/** Probes that one source may cause. A node that joins is told of 5 entries, and a flood brings one at a time. */
export const PROBES_OF_SOURCE: Rate = { perSecond: 4, burst: 40 }
/** Probes that all sources of one network prefix may cause together. */
export const PROBES_OF_PREFIX: Rate = { perSecond: 40, burst: 400 }
const MOST_SOURCES = 2048

/** The accounts of one cloud. */
export class ProbeCharges {
  readonly #sources: TokenBuckets
  readonly #prefixes: TokenBuckets

  constructor(clock: Clock) {
    this.#sources = new TokenBuckets(clock, PROBES_OF_SOURCE, MOST_SOURCES)
    this.#prefixes = new TokenBuckets(clock, PROBES_OF_PREFIX, MOST_SOURCES)
  }

  /** Charges a probe to whoever caused it; false if that is too much. */
  charge(source: Endpoint): boolean {
    return this.#sources.take(formatEndpoint(source)) && this.#prefixes.take(networkPrefix(source.host))
  }
}
