/**
 * Cookies prove an address: a node sends more than three bytes for each byte received only to whoever has
 * echoed what it sent there before (DESIGN section 5). A cookie is a MAC over the address, so that a node
 * keeps nothing for those whom it gives one.
 */
import { concatBytes, equalSecrets } from '../runtime/bytes.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { type Endpoint, formatEndpoint, ipAddressBytes } from '../runtime/endpoint.ts'
import { type Random, randomBytes } from '../runtime/random.ts'
import { COOKIE_LENGTH } from './message.ts'
import { RecentMap } from '../runtime/recent-map.ts'

/** How often the secret changes, in milliseconds. A cookie is good for one to two of these. */
export const COOKIE_SECRET_LIFE = 10 * 60_000
/** Cookies of others that are remembered; the one that was used longest ago makes room. */
export const MOST_COOKIES = 512

const SECRET_LENGTH = 32

/** Makes and checks the cookies that this node gives. */
export class CookieMint {
  readonly #crypto: Crypto
  readonly #random: Random
  readonly #clock: Clock
  #present: Uint8Array
  #former: Uint8Array
  #changed: number

  constructor(ports: { readonly crypto: Crypto; readonly random: Random; readonly clock: Clock }) {
    this.#crypto = ports.crypto
    this.#random = ports.random
    this.#clock = ports.clock
    this.#present = randomBytes(ports.random, SECRET_LENGTH)
    this.#former = randomBytes(ports.random, SECRET_LENGTH)
    this.#changed = ports.clock.monotonic()
  }

  /** The cookie for whoever is at this endpoint. */
  cookieFor(endpoint: Endpoint): Uint8Array {
    this.#changeSecretWhenDue()
    return this.#cookie(this.#present, endpoint)
  }

  /** Whether this is a cookie that this node gave to that endpoint, not too long ago. */
  isValid(cookie: Uint8Array, endpoint: Endpoint): boolean {
    this.#changeSecretWhenDue()
    return (
      equalSecrets(cookie, this.#cookie(this.#present, endpoint)) ||
      equalSecrets(cookie, this.#cookie(this.#former, endpoint))
    )
  }

  #cookie(secret: Uint8Array, { host, port }: Endpoint): Uint8Array {
    const where = concatBytes(ipAddressBytes(host), Uint8Array.of(port >> 8, port & 0xff))
    return this.#crypto.hmacSha256(secret, where).subarray(0, COOKIE_LENGTH)
  }

  #changeSecretWhenDue(): void {
    const age = this.#clock.monotonic() - this.#changed
    if (age < COOKIE_SECRET_LIFE) return
    this.#former = age < 2 * COOKIE_SECRET_LIFE ? this.#present : randomBytes(this.#random, SECRET_LENGTH)
    this.#present = randomBytes(this.#random, SECRET_LENGTH)
    this.#changed = this.#clock.monotonic()
  }
}

/** Keeps the cookies that others gave to this node, to echo them. */
export class CookieJar {
  readonly #clock: Clock
  readonly #cookies = new RecentMap<{ readonly cookie: Uint8Array; readonly got: number }>(MOST_COOKIES)

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Keeps a copy of a cookie that came from there. */
  put(from: Endpoint, cookie: Uint8Array): void {
    const now = this.#clock.monotonic()
    this.#cookies.set(formatEndpoint(from), { cookie: new Uint8Array(cookie), got: now })
    this.#cookies.dropWhile(({ got }) => now - got >= COOKIE_SECRET_LIFE)
  }

  /** The cookie to echo there, if there is one that is still good. */
  get(to: Endpoint): Uint8Array | undefined {
    const kept = this.#cookies.get(formatEndpoint(to))
    return kept !== undefined && this.#clock.monotonic() - kept.got < COOKIE_SECRET_LIFE ? kept.cookie : undefined
  }

  clear(): void {
    this.#cookies.clear()
  }
}
