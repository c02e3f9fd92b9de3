/**
 * Who is where in the virtual network, and which way leads to an address.
 *
 * On the segment of the interface that something leaves, every address is reached directly. Beyond it,
 * only addresses that are routed everywhere are reached, and only from such addresses, or from private
 * IPv4 addresses through the NAT of their segment.
 */
import { type IpAddress, isIpv4, isLinkLocalIpv6 } from '../runtime/endpoint.ts'
import { type PlannedAddress, plannedAddresses, readAddress, scopeOf } from './address-plan.ts'
import { Nat } from './gateways.ts'
import { HostAddress, type HostInterface, MOST_HOSTS, NetworkHost, type Segment } from './network-host.ts'
import { SeededRandom } from './seeded-random.ts'
import type { LinkAnnouncement, LinkBrowser } from './virtual-local-link.ts'

/** An interface of a host. */
export interface InterfaceOptions {
  readonly name: string
  /** The LAN to which it belongs; without one the interface is alone on its link. */
  readonly segment?: string
  /** Such as `192.168.1.5/24` or `fe80::5`. Without a length the prefix has 24 bits, for IPv6 64. */
  readonly addresses: readonly string[]
}

/** Where a way through the network leads. */
export type Destination = HostAddress | Nat

/** The name of the interface of a host that gets its addresses by itself. */
const DEFAULT_INTERFACE = 'eth0'

/** All hosts, segments and routes. */
export class Topology {
  readonly #seed: string
  #hosts = 0
  readonly #segments = new Map<string, Segment>()
  readonly #routed = new Map<IpAddress, Destination>()

  constructor(seed: string) {
    this.#seed = seed
  }

  /** Adds a host, by default with one routed IPv4 and one routed IPv6 address of its own. */
  addHost(name: string, interfaces?: readonly InterfaceOptions[]): NetworkHost {
    if (this.#hosts === MOST_HOSTS) throw new RangeError(`a network has at most ${MOST_HOSTS} hosts`)
    const host = new NetworkHost(this.#hosts++, name, this.#seed)
    if (interfaces === undefined) {
      const on = { name: DEFAULT_INTERFACE, segment: undefined }
      for (const planned of plannedAddresses(host.id)) this.#attach(host, on, planned)
    }
    for (const { name: interfaceName, segment, addresses } of interfaces ?? []) {
      const on = { name: interfaceName, segment: segment === undefined ? undefined : this.#segment(segment) }
      for (const text of addresses) this.#attach(host, on, readAddress(text))
    }
    return host
  }

  /** Puts a NAT between a segment and everything else. */
  addNat(segmentName: string, publicAddress: string, timeout: number): void {
    const segment = this.#segment(segmentName)
    const { address } = readAddress(publicAddress)
    if (segment.nat !== undefined) throw new RangeError(`the segment ${segmentName} has a NAT already`)
    if (!isIpv4(address) || scopeOf(address) !== 'everywhere') {
      throw new RangeError(`a NAT has a routed IPv4 address, not ${publicAddress}`)
    }
    segment.nat = new Nat(address, new SeededRandom(`${this.#seed}/nat/${segmentName}`), timeout)
    this.#addRoute(address, segment.nat)
  }

  /** Gives an interface of a host another address, or one that was taken away back. */
  addAddress(host: NetworkHost, interfaceName: string, text: string): void {
    const planned = readAddress(text)
    const on = host.addresses.find((one) => one.on.name === interfaceName)?.on
    this.#attach(host, on ?? { name: interfaceName, segment: undefined }, planned)
  }

  /** Takes an address from a host. Whoever is bound to it stays so, and hears nothing until it comes back. */
  removeAddress(host: NetworkHost, text: string): void {
    const { address } = readAddress(text)
    const removed = host.addresses.find((one) => one.address === address && one.attached)
    if (removed === undefined) throw new RangeError(`${host.name} has no address ${text}`)
    removed.attached = false
    removed.on.segment?.addresses.delete(address)
    if (this.#routed.get(address) === removed) this.#routed.delete(address)
  }

  /** Where something that leaves from `source` without a translation comes to, if the address is anybody's. */
  route(source: HostAddress, to: IpAddress): Destination | undefined {
    const routed = source.scope === 'everywhere' ? this.#routed.get(to) : undefined
    const zone = isLinkLocalIpv6(to) ? source.on.name : undefined
    const found = source.on.segment?.addresses.get(to) ?? routed ?? source.host.find(to, zone)
    return found?.ipv4 === source.ipv4 ? found : undefined
  }

  /** Where a routed address leads. */
  routed(to: IpAddress): Destination | undefined {
    return this.#routed.get(to)
  }

  #segment(name: string): Segment {
    const known = this.#segments.get(name)
    if (known !== undefined) return known
    const segment: Segment = {
      ...{ name, addresses: new Map(), nat: undefined },
      ...{ announcements: new Set<LinkAnnouncement>(), browsers: new Set<LinkBrowser>() },
    }
    this.#segments.set(name, segment)
    return segment
  }

  #attach(host: NetworkHost, on: HostInterface, planned: PlannedAddress): void {
    const known = host.addresses.find((one) => one.address === planned.address && one.on === on)
    if (known?.attached) throw new RangeError(`${host.name} has the address ${planned.address} already`)
    const address = known ?? new HostAddress(host, on, planned)
    if (address.scope === 'none' || address.scope === 'host') {
      throw new RangeError(`${planned.address} is no address for an interface`)
    }
    if (on.segment?.addresses.has(planned.address)) {
      throw new RangeError(`${planned.address} is taken on the segment ${on.segment.name}`)
    }
    if (address.scope === 'everywhere') this.#addRoute(planned.address, address)
    on.segment?.addresses.set(planned.address, address)
    if (known === undefined) host.addresses = [...host.addresses, address]
    address.attached = true
  }

  #addRoute(address: IpAddress, destination: Destination): void {
    if (this.#routed.has(address)) throw new RangeError(`${address} is taken`)
    this.#routed.set(address, destination)
  }
}
