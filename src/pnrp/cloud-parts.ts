/**
 * What the parts of a cloud's node share: each of them does one thing of the protocol, and these are the
 * tables and ports that they do it with. cloud-node.ts puts them together.
 */
import type { Clock } from '../runtime/clock.ts'
import type { Crypto } from '../runtime/crypto.ts'
import type { Deadlines } from '../runtime/deadlines.ts'
import type { Endpoint, IpAddress } from '../runtime/endpoint.ts'
import type { Random } from '../runtime/random.ts'
import type { BackOff } from './back-off.ts'
import type { Cloud } from './cloud.ts'
import type { CookieJar } from './cookies.ts'
import type { Counters } from './counters.ts'
import type { ChainValidator } from './cpa-validation.ts'
import type { DeadEnds } from './dead-ends.ts'
import type { Exchange } from './exchange.ts'
import type { PnrpId } from './pnrp-id.ts'
import type { Registrations } from './registration.ts'
import type { RouteCache } from './route-cache.ts'
import type { RouteEntry } from './route-entry.ts'

/** The tables and ports of one cloud. */
export interface CloudParts {
  readonly cloud: Cloud
  readonly clock: Clock
  readonly random: Random
  readonly crypto: Crypto
  readonly chains: ChainValidator
  readonly deadlines: Deadlines
  readonly counters: Counters
  readonly cookies: CookieJar
  readonly exchange: Exchange
  readonly cache: RouteCache
  readonly registrations: Registrations
  readonly backOff: BackOff
  readonly deadEnds: DeadEnds
  readonly own: OwnAddresses
  /** Drops an entry that turned out to be gone, and remembers its node for split detection (N-46, N-88). */
  forget(id: PnrpId): void
}

/** Where this node is in the cloud. They change with the machine's addresses. */
export interface OwnAddresses {
  /** At most four, all within the cloud's ranges; none while there is no network. */
  readonly addresses: readonly IpAddress[]
  readonly port: number
  /**
   * What stands for this node in Flagged Paths: the first of its addresses, or none in particular where it has only
   * addresses that the cloud may not use. undefined while there is no network.
   */
  readonly pathEndpoint: Endpoint | undefined
  /** The prefixes of these addresses. */
  readonly prefixes: readonly string[]
  has(endpoint: Endpoint): boolean
  /** The route entry of one of this node's IDs, or undefined while there is no address. */
  entryOf(id: PnrpId): RouteEntry | undefined
  /** Which of an entry's addresses to use, by default address selection; undefined if none can be used. */
  endpointFor(entry: RouteEntry): Endpoint | undefined
}
