/**
 * The TLS handshakes that strangers have begun at one listener: each has a deadline, and all together
 * a bound. When the bound is reached, the oldest handshake of the prefix (/24 or /48) that has most of
 * them is ended, so that whoever fills the table from a few networks keeps out only these networks.
 */

import { toHex } from '../runtime/bytes.ts'
import { ADDRESS_LENGTH, type Endpoint, formatEndpoint, ipAddressBytes, isIpv4 } from '../runtime/endpoint.ts'

/** How long a handshake may take, in milliseconds, from the connection on, whatever comes meanwhile. */
export const LONGEST_HANDSHAKE = 10_000
/** How many handshakes of strangers are under way at one listener. */
export const MOST_HANDSHAKES = 256

interface Handshake<Connection> {
  readonly connection: Connection
  readonly prefix: string
  readonly deadline: NodeJS.Timeout
}

/** The handshakes of one listener, by the endpoint from which they come. */
export class Handshakes<Connection> {
  /** In the order of their coming. */
  readonly #underWay = new Map<string, Handshake<Connection>>()
  readonly #abandon: (connection: Connection) => void

  /** @param abandon Ends a connection whose handshake took too long or had to make room. */
  constructor(abandon: (connection: Connection) => void) {
    this.#abandon = abandon
  }

  begin(from: Endpoint, connection: Connection): void {
    const key = formatEndpoint(from)
    // One endpoint has one connection, so an earlier one is dead and its close on the way to us.
    this.#end(key)
    if (this.#underWay.size >= MOST_HANDSHAKES) this.#makeRoom()
    const deadline = setTimeout(() => this.#end(key), LONGEST_HANDSHAKE)
    this.#underWay.set(key, { connection, prefix: prefixOf(from), deadline })
  }

  /** The handshake from there is complete. Gives its connection; undefined if it was abandoned meanwhile. */
  complete(from: Endpoint): Connection | undefined {
    return this.#take(formatEndpoint(from))?.connection
  }

  /** A connection was closed, with or without a complete handshake. */
  closed(from: Endpoint, connection: Connection): void {
    const key = formatEndpoint(from)
    if (this.#underWay.get(key)?.connection === connection) this.#take(key)
  }

  /** Ends all of them. */
  abandonAll(): void {
    for (const from of this.#underWay.keys()) this.#end(from)
  }

  #end(from: string): void {
    const handshake = this.#take(from)
    if (handshake !== undefined) this.#abandon(handshake.connection)
  }

  #take(from: string): Handshake<Connection> | undefined {
    const handshake = this.#underWay.get(from)
    clearTimeout(handshake?.deadline)
    this.#underWay.delete(from)
    return handshake
  }

  #makeRoom(): void {
    const byPrefix = new Map<string, string[]>()
    for (const [from, { prefix }] of this.#underWay) {
      const those = byPrefix.get(prefix)
      if (those === undefined) byPrefix.set(prefix, [from])
      else those.push(from)
    }
    let fullest: string[] = []
    for (const those of byPrefix.values()) if (those.length > fullest.length) fullest = those
    const [oldest] = fullest
    if (oldest !== undefined) this.#end(oldest)
  }
}

const IPV4_PREFIX_LENGTH = ADDRESS_LENGTH - 1
const IPV6_PREFIX_LENGTH = 6

/** The network that one holder of addresses has at least: a /24 of IPv4, a /48 of IPv6. */
function prefixOf({ host }: Endpoint): string {
  return toHex(ipAddressBytes(host).subarray(0, isIpv4(host) ? IPV4_PREFIX_LENGTH : IPV6_PREFIX_LENGTH))
}
