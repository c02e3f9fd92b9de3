/**
 * A host as the network sees it: its interfaces, their addresses, and who is bound to their ports.
 *
 * An interface can belong to a **segment**, a LAN with a name: hosts on one segment reach each other
 * at any of their addresses, also at those that mean something on that segment only. An interface
 * without a segment is alone on its link; only routed addresses lead from it to others.
 */
import {
  type Endpoint,
  formatEndpoint,
  type IpAddress,
  isIpv4,
  isLinkLocalIpv6,
  type ZonedEndpoint,
} from '../runtime/endpoint.ts'
import type { InterfaceAddress } from '../runtime/network-interfaces.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { randomBelow } from '../runtime/random.ts'
import type { ByteStream } from '../runtime/streams.ts'
import { type AddressScope, type PlannedAddress, readAddress, scopeOf } from './address-plan.ts'
import type { Firewall, Nat } from './gateways.ts'
import { SeededRandom } from './seeded-random.ts'
import type { LinkAnnouncement, LinkBrowser } from './virtual-local-link.ts'
import type { StreamOwner } from './virtual-stream.ts'

/** A LAN. */
export interface Segment {
  readonly name: string
  readonly addresses: Map<IpAddress, HostAddress>
  /** What leads out of the segment for private IPv4 addresses. */
  nat: Nat | undefined
  /** What hosts make known of themselves on it, and who wants to know. */
  readonly announcements: Set<LinkAnnouncement>
  readonly browsers: Set<LinkBrowser>
}

/** An interface of a host. */
export interface HostInterface {
  readonly name: string
  readonly segment: Segment | undefined
}

/** A datagram socket, for whoever delivers to it. */
export interface DatagramSink {
  readonly port: number
  deliver(bytes: Uint8Array, from: Endpoint): void
}

/** A stream listener, for whoever dials it. */
export interface StreamSink {
  readonly port: number
  readonly owner: StreamOwner
  /** Hands up a stream; false if nobody wants it any more. */
  accept(stream: ByteStream): boolean
}

/** An address of a host. It stays the same object if it is taken away and given back, so that sockets keep it. */
export class HostAddress {
  readonly host: NetworkHost
  /** The interface that has it. */
  readonly on: HostInterface
  readonly address: IpAddress
  readonly ipv4: boolean
  readonly prefixLength: number
  readonly scope: AddressScope
  /** Whether the host has this address at present. */
  attached = true
  /** Who is bound to its ports. Replaced when that changes, so that most addresses share the empty ones. */
  datagramSinks: readonly DatagramSink[] = NO_DATAGRAM_SINKS
  streamSinks: readonly StreamSink[] = NO_STREAM_SINKS

  constructor(host: NetworkHost, on: HostInterface, { address, prefixLength }: PlannedAddress) {
    this.host = host
    this.on = on
    this.address = address
    this.ipv4 = isIpv4(address)
    this.prefixLength = prefixLength
    this.scope = scopeOf(address)
  }
}

const NO_DATAGRAM_SINKS: readonly DatagramSink[] = []
const NO_STREAM_SINKS: readonly StreamSink[] = []
const LOOPBACK_INTERFACE: HostInterface = { name: 'lo', segment: undefined }
const LOOPBACK_ADDRESSES = ['127.0.0.1/8', '::1/128']
/** Who binds to one of these takes what comes to every address of its family. */
const UNSPECIFIED_INTERFACE: HostInterface = { name: 'any', segment: undefined }
const UNSPECIFIED_ADDRESSES = ['0.0.0.0/0', '::/0']
/** The ports from which a free one is chosen (RFC 6335 section 6). */
const FIRST_FREE_PORT = 49_152
const FREE_PORTS = 65_536 - FIRST_FREE_PORT

/** How many hosts a network has at most. */
export const MOST_HOSTS = 2 ** 24

/** A host, up or down. */
export class NetworkHost {
  /** Counted from 0, below {@link MOST_HOSTS}. */
  readonly id: number
  readonly name: string
  /** Without power nothing answers at all; with power, and no process, closed ports do. */
  powered = true
  /** How often the power went. */
  powerLosses = 0
  firewall: Firewall | undefined
  /** Whether multicast leaves it and comes in: a firewall of a machine can stop it. */
  multicast = true
  /** What is to happen on it as soon as it wakes; undefined while it is awake. */
  #atWaking: (() => void)[] | undefined
  /** In the order in which they were added, loopback apart; those that were taken away stay, not attached. */
  addresses: readonly HostAddress[] = []
  /** Payloads only, without headers; bytes over datagrams and streams together. */
  datagramsSent = 0
  datagramsReceived = 0
  bytesSent = 0
  bytesReceived = 0

  readonly #seed: string
  #random: SeededRandom | undefined
  #loopback: readonly HostAddress[] | undefined
  #unspecified: readonly HostAddress[] | undefined

  constructor(id: number, name: string, seed: string) {
    this.id = id
    this.name = name
    this.#seed = seed
  }

  /** What the network draws from for what this host sends: one host's traffic does not change another's luck. */
  get random(): SeededRandom {
    this.#random ??= new SeededRandom(`${this.#seed}/network/${this.name}`)
    return this.#random
  }

  get isAsleep(): boolean {
    return this.#atWaking !== undefined
  }

  /** Nothing answers and nothing of it runs until it wakes, or is started again. */
  fallAsleep(): void {
    this.powered = false
    this.#atWaking = []
  }

  /** Goes on where it was; what was deferred happens now. */
  wake(): void {
    this.powered = true
    const actions = this.#atWaking ?? []
    this.#atWaking = undefined
    for (const action of actions) action()
  }

  /** The host crashed in its sleep: what was deferred never happens. */
  forgetSleep(): void {
    this.#atWaking = undefined
  }

  /** Defers something to its waking. Of a host that is awake that is a programming error. */
  atWaking(action: () => void): void {
    if (this.#atWaking === undefined) throw new RangeError(`${this.name} is awake`)
    this.#atWaking.push(action)
  }

  /** Every address, loopback first. */
  list(): readonly InterfaceAddress[] {
    const attached = this.addresses.filter((one) => one.attached)
    return [...this.#loopbackAddresses(), ...attached].map((one) => ({
      interface: one.on.name,
      address: one.address,
      prefixLength: one.prefixLength,
      loopback: one.scope === 'host',
    }))
  }

  /** The address of this host with this text. @param zone Only on this interface. */
  find(address: IpAddress, zone?: string): HostAddress | undefined {
    for (const one of this.addresses) {
      if (one.address === address && one.attached && (zone === undefined || one.on.name === zone)) return one
    }
    return scopeOf(address) === 'host' ? this.#loopbackAddresses().find((one) => one.address === address) : undefined
  }

  /**
   * Where somebody who asks for a local endpoint is to be bound, and with which port.
   *
   * @param sinksOf Who is bound to an address by the protocol that is meant.
   * @throws PeerageError `address-not-available`, `port-in-use`, and `network-failed` for a link-local IPv6 address without its zone
   */
  claim(
    local: ZonedEndpoint,
    sinksOf: (address: HostAddress) => readonly { readonly port: number }[],
  ): { readonly at: HostAddress; readonly port: number } {
    if (isLinkLocalIpv6(local.host) && local.zone === undefined) {
      const reason = 'a link-local address needs its zone'
      throw new PeerageError('network-failed', { endpoint: formatEndpoint(local), reason })
    }
    const isUnspecified = scopeOf(local.host) === 'none'
    const among = isUnspecified ? this.#unspecifiedAddresses() : undefined
    const at = among === undefined ? this.find(local.host, local.zone) : among.find((one) => one.address === local.host)
    if (at === undefined) throw new PeerageError('address-not-available', { endpoint: formatEndpoint(local) })
    const sharing = isUnspecified ? [at, ...this.#family(at)] : [at, this.#unspecifiedFor(at)]
    const isTaken = (port: number): boolean =>
      sharing.some((one) => one !== undefined && boundTo(sinksOf(one), port) !== undefined)
    if (local.port !== 0) {
      if (isTaken(local.port)) throw new PeerageError('port-in-use', { endpoint: formatEndpoint(local) })
      return { at, port: local.port }
    }
    const first = randomBelow(this.random, FREE_PORTS)
    for (let tried = 0; tried < FREE_PORTS; tried++) {
      const port = FIRST_FREE_PORT + ((first + tried) % FREE_PORTS)
      if (!isTaken(port)) return { at, port }
    }
    throw new PeerageError('port-in-use', { endpoint: formatEndpoint(local) })
  }

  /** The socket that takes what arrives at an address and port. */
  datagramSinkAt(at: HostAddress, port: number): DatagramSink | undefined {
    const sink = boundTo(at.datagramSinks, port)
    if (sink !== undefined || this.#unspecified === undefined) return sink
    return boundTo(this.#unspecifiedFor(at)?.datagramSinks ?? [], port)
  }

  /** The listener that takes what is dialled at an address and port. */
  streamSinkAt(at: HostAddress, port: number): StreamSink | undefined {
    return boundTo(at.streamSinks, port) ?? boundTo(this.#unspecifiedFor(at)?.streamSinks ?? [], port)
  }

  /**
   * The address from which this host sends to a destination when it may choose; undefined if there is no route.
   *
   * @param zone The interface on whose link a link-local IPv6 address is meant
   */
  sourceFor(destination: IpAddress, zone?: string): HostAddress | undefined {
    if (isLinkLocalIpv6(destination) && zone === undefined) return undefined
    const own = this.find(destination, zone)
    if (own !== undefined) return own
    if (isLinkLocalIpv6(destination)) {
      return this.addresses.find((one) => one.attached && one.on.name === zone && isLinkLocalIpv6(one.address))
    }
    const ipv4 = isIpv4(destination)
    const candidates = this.addresses.filter((one) => one.attached && one.ipv4 === ipv4)
    return (
      candidates.find((one) => one.on.segment?.addresses.has(destination)) ??
      candidates.find((one) => one.scope === 'everywhere') ??
      candidates.find((one) => one.scope === 'private' && one.on.segment?.nat !== undefined)
    )
  }

  #family(of: HostAddress): HostAddress[] {
    return [...this.addresses, ...this.#loopbackAddresses()].filter(({ ipv4 }) => ipv4 === of.ipv4)
  }

  #unspecifiedFor(at: HostAddress): HostAddress | undefined {
    return this.#unspecified?.find(({ ipv4 }) => ipv4 === at.ipv4)
  }

  #unspecifiedAddresses(): readonly HostAddress[] {
    this.#unspecified ??= this.#made(UNSPECIFIED_INTERFACE, UNSPECIFIED_ADDRESSES)
    return this.#unspecified
  }

  #loopbackAddresses(): readonly HostAddress[] {
    this.#loopback ??= this.#made(LOOPBACK_INTERFACE, LOOPBACK_ADDRESSES)
    return this.#loopback
  }

  #made(on: HostInterface, addresses: readonly string[]): HostAddress[] {
    return addresses.map((text) => new HostAddress(this, on, readAddress(text)))
  }
}

function boundTo<Sink extends { readonly port: number }>(sinks: readonly Sink[], port: number): Sink | undefined {
  for (let index = 0; index < sinks.length; index++) {
    const sink = sinks[index]
    if (sink?.port === port) return sink
  }
  return undefined
}
