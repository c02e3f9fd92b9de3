/**
 * Cookies prove an address: a node sends more than three bytes for each byte received only to whoever has
 * echoed what it sent there before (DESIGN section 5). A cookie is a MAC over the address, so that a node
 * keeps nothing for those whom it gives one.
 */
import { concatBytes, equalSecrets } from '../runtime/bytes.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { ADDRESS_LENGTH, type Endpoint, ipAddressBytes, sameEndpoint } from '../runtime/endpoint.ts'
import { type Random, randomBytes } from '../runtime/random.ts'
import { COOKIE_LENGTH } from './message.ts'
import { RecentRows } from './recent-rows.ts'

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
  /** The latest cookie: each request is first checked against it, and then answered with it. */
  #last: { readonly endpoint: Endpoint; readonly cookie: Uint8Array } | undefined

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
    const last = this.#last
    if (last !== undefined && sameEndpoint(last.endpoint, endpoint)) return last.cookie
    const cookie = this.#cookie(this.#present, endpoint)
    this.#last = { endpoint, cookie }
    return cookie
  }

  /** Whether this is a cookie that this node gave to that endpoint, not too long ago. */
  isValid(cookie: Uint8Array, endpoint: Endpoint): boolean {
    return equalSecrets(cookie, this.cookieFor(endpoint)) || equalSecrets(cookie, this.#cookie(this.#former, endpoint))
  }

  #cookie(secret: Uint8Array, endpoint: Endpoint): Uint8Array {
    return this.#crypto.hmacSha256(secret, endpointBytes(endpoint)).subarray(0, COOKIE_LENGTH)
  }

  #changeSecretWhenDue(): void {
    const age = this.#clock.monotonic() - this.#changed
    if (age < COOKIE_SECRET_LIFE) return
    this.#former = age < 2 * COOKIE_SECRET_LIFE ? this.#present : randomBytes(this.#random, SECRET_LENGTH)
    this.#present = randomBytes(this.#random, SECRET_LENGTH)
    this.#last = undefined
    this.#changed = this.#clock.monotonic()
  }
}

/** An address and a port are the key. */
const KEPT_COOKIE = { keyLength: ADDRESS_LENGTH + 2, valueLength: COOKIE_LENGTH, most: MOST_COOKIES }

/** Keeps the cookies that others gave to this node, to echo them. */
export class CookieJar {
  readonly #clock: Clock
  readonly #cookies = new RecentRows(KEPT_COOKIE)

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Keeps a copy of a cookie that came from there. */
  put(from: Endpoint, cookie: Uint8Array): void {
    const now = this.#clock.monotonic()
    this.#cookies.dropUntil(now - COOKIE_SECRET_LIFE)
    this.#cookies.set(endpointBytes(from), cookie, now)
  }

  /** The cookie to echo there, if there is one that is still good. */
  get(to: Endpoint): Uint8Array | undefined {
    const kept = this.#cookies.get(endpointBytes(to))
    if (kept === undefined || this.#clock.monotonic() - kept.time >= COOKIE_SECRET_LIFE) return undefined
    return kept.value.slice()
  }

  clear(): void {
    this.#cookies.clear()
  }
}

function endpointBytes({ host, port }: Endpoint): Uint8Array {
  return concatBytes(ipAddressBytes(host), Uint8Array.of(port >> 8, port & 0xff))
}
