/**
 * Which requests are taken at all (N-100): so many from one network prefix. Requests whose cookie proves where they come
 * from have a rate of their own, so that nobody uses up that of others by forging their addresses.
 */
import type { Clock } from '../runtime/clock.ts'
import type { Endpoint } from '../runtime/endpoint.ts'
import { networkPrefix } from '../runtime/network-prefix.ts'
import { type Rate, TokenBuckets } from '../runtime/token-buckets.ts'
import type { CookieMint } from './cookies.ts'
import type { AnyRequest } from './request-handler.ts'

/** Requests that are taken from one network prefix, those from proven addresses and the others each. */
export const REQUESTS_OF_PREFIX: Rate = { perSecond: 500, burst: 1000 }
const MOST_PREFIXES = 4096

/** Lets requests in, or not. */
export class RequestAdmission {
  readonly #mint: CookieMint
  readonly #proven: TokenBuckets
  readonly #unproven: TokenBuckets

  constructor(clock: Clock, mint: CookieMint) {
    this.#mint = mint
    this.#proven = new TokenBuckets(clock, REQUESTS_OF_PREFIX, MOST_PREFIXES)
    this.#unproven = new TokenBuckets(clock, REQUESTS_OF_PREFIX, MOST_PREFIXES)
  }

  /** Whether a request comes from a proven address; undefined if it is one too many. */
  admit({ cookie }: AnyRequest, from: Endpoint): boolean | undefined {
    const isProven = cookie !== undefined && this.#mint.isValid(cookie, from)
    const rates = isProven ? this.#proven : this.#unproven
    return rates.take(networkPrefix(from.host)) ? isProven : undefined
  }
}
