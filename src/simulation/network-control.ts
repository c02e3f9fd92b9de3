/**
 * What a test does to the network of a simulated world: conditions, partitions, NAT. Hosts are given by
 * their names, and everything is recorded in the trace.
 */
import type { Conditions } from './conditions.ts'
import { DEFAULT_GATEWAY_TIMEOUT } from './gateways.ts'
import type { NetworkHost } from './network-host.ts'
import type { Topology } from './topology.ts'
import type { Trace } from './trace.ts'
import type { Fate, VirtualNetwork } from './virtual-network.ts'

/** A NAT to come. */
export interface NatOptions {
  /** The LAN behind it. */
  readonly segment: string
  /** Its routed IPv4 address. */
  readonly address: string
  /** How long it lets answers in after something was sent, in milliseconds. By default 2 minutes. */
  readonly timeout?: number
}

/** The network, by the names of its hosts. An unknown name is a programming error everywhere. */
export class NetworkControl {
  readonly #network: VirtualNetwork
  readonly #topology: Topology
  readonly #trace: Trace | undefined
  readonly #hostNamed: (name: string) => NetworkHost

  /** @param hostNamed Finds a host; throws if there is none with this name. */
  constructor(
    network: VirtualNetwork,
    topology: Topology,
    trace: Trace | undefined,
    hostNamed: (name: string) => NetworkHost,
  ) {
    this.#network = network
    this.#topology = topology
    this.#trace = trace
    this.#hostNamed = hostNamed
  }

  /** How many datagrams met which fate until now. */
  get fates(): Readonly<Record<Fate, number>> {
    return this.#network.fates
  }

  /** Changes the conditions everywhere, except on paths that have their own. What is not named stays as it is. */
  set(conditions: Conditions): void {
    this.#network.setConditions(conditions)
    this.#fault(`conditions ${JSON.stringify(conditions)}`)
  }

  /** Gives the paths between these hosts, in both directions, conditions of their own. */
  setBetween(some: readonly string[], others: readonly string[], conditions: Conditions): void {
    this.setFromTo(some, others, conditions)
    this.setFromTo(others, some, conditions)
  }

  /** Gives the paths from some hosts to others conditions of their own. */
  setFromTo(from: readonly string[], to: readonly string[], conditions: Conditions): void {
    for (const sender of from) {
      for (const receiver of to) {
        if (sender === receiver) continue
        this.#network.setPathConditions(this.#hostNamed(sender), this.#hostNamed(receiver), conditions)
      }
    }
    this.#fault(`conditions ${from.join(',')} > ${to.join(',')} ${JSON.stringify(conditions)}`)
  }

  /**
   * Keeps hosts of different sides apart, at once and for what is under way too. A host on no side still reaches
   * all. Further partitions add to those that are in force.
   */
  partition(...sides: readonly (readonly string[])[]): void {
    this.#network.partitions.separate(sides.map((side) => this.#numbers(side)))
    this.#fault(`partition ${sides.map((side) => side.join(',')).join(' | ')}`)
  }

  /** Stops what some hosts send to others, in this direction alone. */
  block(from: readonly string[], to: readonly string[]): void {
    this.#network.partitions.block(this.#numbers(from), this.#numbers(to))
    this.#fault(`block ${from.join(',')} > ${to.join(',')}`)
  }

  /** Ends all partitions and blocks. */
  heal(): void {
    this.#network.partitions.heal()
    this.#fault('heal')
  }

  /** Puts a NAT between a segment and everything else. Its hosts have private IPv4 addresses. */
  addNat({ segment, address, timeout = DEFAULT_GATEWAY_TIMEOUT }: NatOptions): void {
    if (!(timeout > 0)) throw new RangeError(`the timeout of a NAT is above 0 ms, not ${timeout}`)
    this.#topology.addNat(segment, address, timeout)
    this.#fault(`nat ${segment} ${address}`)
  }

  #numbers(names: readonly string[]): number[] {
    return names.map((name) => this.#hostNamed(name).id)
  }

  #fault(what: string): void {
    this.#trace?.event(this.#network.scheduler.now, undefined, `fault ${what}`)
  }
}
