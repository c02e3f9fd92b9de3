/**
 * What stands between a host and the rest of the network and drops what nobody inside asked for.
 *
 * A **firewall** belongs to one host and leaves addresses alone. A **NAT** belongs to a segment, whose hosts have
 * private IPv4 addresses, and writes a public address and a port of its own in place of theirs. In the
 * terms of RFC 4787 it maps independently of the endpoint (one public port for each inside endpoint,
 * whoever is addressed), filters by address and port (only who was sent to may answer), forwards
 * between its own public ports (hairpinning), and forgets after a time in which nothing was sent.
 */
import { type Endpoint, formatEndpoint, type IpAddress } from '../runtime/endpoint.ts'
import { type Random, randomBelow } from '../runtime/random.ts'
import type { HostAddress } from './network-host.ts'

/** How long answers are let in after something was sent, in milliseconds: 2 minutes (RFC 4787 section 4.3). */
export const DEFAULT_GATEWAY_TIMEOUT = 120_000

/** Which remote endpoints may send to a local one, and until when. */
class Permits {
  readonly #expiries = new Map<string, number>()
  #latestExpiry = 0

  /** Something was sent to this endpoint, which may answer until then. */
  renew(remote: Endpoint, expiry: number): void {
    this.#expiries.set(formatEndpoint(remote), expiry)
    this.#latestExpiry = expiry
  }

  admit(remote: Endpoint, now: number): boolean {
    return (this.#expiries.get(formatEndpoint(remote)) ?? 0) > now
  }

  /** Whether nobody at all may answer any more. */
  isOver(now: number): boolean {
    return this.#latestExpiry <= now
  }
}

/** Lets in to one host only what answers. */
export class Firewall {
  readonly #timeout: number
  /** By local endpoint. */
  readonly #permits = new Map<string, Permits>()

  constructor(timeout: number) {
    this.#timeout = timeout
  }

  /** The host sends something. */
  passOut(now: number, from: Endpoint, to: Endpoint): void {
    const key = formatEndpoint(from)
    const permits = this.#permits.get(key) ?? new Permits()
    this.#permits.set(key, permits)
    permits.renew(to, now + this.#timeout)
  }

  /** Whether something that comes to an endpoint of the host is let in. */
  admits(now: number, from: Endpoint, to: Endpoint): boolean {
    return this.#permits.get(formatEndpoint(to))?.admit(from, now) ?? false
  }
}

/** One inside endpoint and the public port that stands for it. */
interface Mapping {
  readonly inside: HostAddress
  readonly insidePort: number
  readonly outside: Endpoint
  readonly permits: Permits
}

/** The ports that a NAT gives out. */
const FIRST_NAT_PORT = 1024
const NAT_PORTS = 65_536 - FIRST_NAT_PORT

/** Gives the private IPv4 addresses of a segment a way out. */
export class Nat {
  readonly ipv4 = true
  readonly publicAddress: IpAddress
  readonly #random: Random
  readonly #timeout: number
  readonly #byInside = new Map<string, Mapping>()
  readonly #byPort = new Map<number, Mapping>()

  constructor(publicAddress: IpAddress, random: Random, timeout: number) {
    this.publicAddress = publicAddress
    this.#random = random
    this.#timeout = timeout
  }

  /** A host inside sends something. Returns where it seems to come from outside; undefined if all ports are taken. */
  passOut(now: number, inside: HostAddress, from: Endpoint, to: Endpoint): Endpoint | undefined {
    const key = formatEndpoint(from)
    let mapping = this.#byInside.get(key)
    if (mapping?.permits.isOver(now)) {
      this.#forget(key, mapping)
      mapping = undefined
    }
    mapping ??= this.#map(now, key, inside, from.port)
    mapping?.permits.renew(to, now + this.#timeout)
    return mapping?.outside
  }

  /** Where something that comes to a public port goes inside; undefined if it is not let in. */
  passIn(
    now: number,
    from: Endpoint,
    port: number,
  ): { readonly address: HostAddress; readonly port: number } | undefined {
    const mapping = this.#byPort.get(port)
    if (mapping === undefined || !mapping.permits.admit(from, now)) return undefined
    return { address: mapping.inside, port: mapping.insidePort }
  }

  /** Who stands behind a public port, let in or not. */
  behind(port: number): HostAddress | undefined {
    return this.#byPort.get(port)?.inside
  }

  #map(now: number, key: string, inside: HostAddress, insidePort: number): Mapping | undefined {
    if (this.#byPort.size >= NAT_PORTS) this.#forgetExpired(now)
    if (this.#byPort.size >= NAT_PORTS) return undefined
    let port = FIRST_NAT_PORT + randomBelow(this.#random, NAT_PORTS)
    while (this.#byPort.has(port)) port = port === FIRST_NAT_PORT + NAT_PORTS - 1 ? FIRST_NAT_PORT : port + 1
    const outside = { host: this.publicAddress, port }
    const mapping = { inside, insidePort, outside, permits: new Permits() }
    this.#byInside.set(key, mapping)
    this.#byPort.set(port, mapping)
    return mapping
  }

  #forgetExpired(now: number): void {
    for (const [key, mapping] of this.#byInside) if (mapping.permits.isOver(now)) this.#forget(key, mapping)
  }

  #forget(key: string, mapping: Mapping): void {
    this.#byInside.delete(key)
    this.#byPort.delete(mapping.outside.port)
  }
}
