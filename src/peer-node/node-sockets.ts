/**
 * The UDP sockets of a node: one on each of its addresses, all on one port, for all of its clouds.
 *
 * A socket of its own for each address, and none on the unspecified one, because then it is known at which address
 * and on which interface a datagram came, and a reply leaves from the address that was asked. The port is 3540 where it is free.
 */
import { DEFAULT_PNRP_PORT } from '../pnrp/default-port.ts'
import type { Clock, Timer } from '../runtime/clock.ts'
import type { DatagramSocket, Datagrams } from '../runtime/datagrams.ts'
import { type Endpoint, type IpAddress, ipAddressBytes, isIpv4, isLinkLocalIpv6 } from '../runtime/endpoint.ts'
import { type FailureCounts, sumOfCounts } from '../runtime/failure-counts.ts'
import type { Log } from '../runtime/log.ts'
import type { InterfaceAddress } from '../runtime/network-interfaces.ts'
import { OnePort, PASSING } from './one-port.ts'

/** Takes a datagram, and the address of this node at which it came. */
export type SocketReceiver = (bytes: Uint8Array, from: Endpoint, at: InterfaceAddress) => void

/** An open socket. */
export interface NodeSocket {
  readonly at: InterfaceAddress
  readonly socket: DatagramSocket
}

/** An address that cannot be used yet is tried again after this time, in milliseconds. */
export const ADDRESS_RETRY = 1000

/** The sockets of one node. */
export class NodeSockets {
  readonly #datagrams: Datagrams
  readonly #clock: Clock
  readonly #log: Log
  readonly #receive: SocketReceiver
  readonly #port: OnePort<InterfaceAddress, NodeSocket>
  readonly #retry: () => void
  #sockets: readonly NodeSocket[] = []
  #retryTimer: Timer | undefined
  /** Of the last attempt: they are told once. */
  #problems: readonly string[] = []
  /** What failed at sockets that are closed. */
  #formerFailures: FailureCounts = {}

  /**
   * @param options.port The port that was asked for; undefined if any will do.
   * @param options.retry Called when addresses that could not be used should be tried again.
   */
  constructor(options: {
    readonly datagrams: Datagrams
    readonly clock: Clock
    readonly log: Log
    readonly port: number | undefined
    readonly receive: SocketReceiver
    readonly retry: () => void
  }) {
    this.#datagrams = options.datagrams
    this.#clock = options.clock
    this.#log = options.log
    this.#receive = options.receive
    this.#port = new OnePort(DEFAULT_PNRP_PORT, options.port, {
      open: async (at, port) => ({ at, socket: await this.#bind(at, port) }),
      portOf: ({ socket }) => socket.local.port,
      close: ({ socket }) => socket.close(),
    })
    this.#retry = options.retry
  }

  /** The port of all sockets, once there is one; it stays the same until {@link NodeSockets.close}. */
  get port(): number | undefined {
    return this.#port.port
  }

  /** The sockets that are open. */
  get open(): readonly NodeSocket[] {
    return this.#sockets
  }

  /** What failed at all sockets so far, also at those that are closed. */
  get failures(): FailureCounts {
    return sumOfCounts([this.#formerFailures, ...this.#sockets.map(({ socket }) => socket.failures)])
  }

  /**
   * Opens what is missing on these addresses and closes what is no longer among them.
   *
   * @throws PeerageError `port-in-use`, `network-failed`, if there are addresses and not one can be used
   */
  async use(addresses: readonly InterfaceAddress[]): Promise<void> {
    this.#retryTimer?.cancel()
    this.#close(this.#sockets.filter(({ at }) => !addresses.some((one) => isSame(one, at))))
    this.#sockets = this.#sockets.filter(({ at }) => addresses.some((one) => isSame(one, at)))
    const missing = addresses.filter((one) => !this.#sockets.some(({ at }) => isSame(one, at)))
    if (missing.length === 0) return
    const { opened, problems } = await this.#port.openOn(missing)
    this.#sockets = [...this.#sockets, ...opened]
    const reasons = problems.map(({ message }) => message)
    for (const reason of reasons) {
      if (!this.#problems.includes(reason)) this.#log.warn('an address of this node is not used', { reason })
    }
    this.#problems = reasons
    const willPass = problems.some(({ code }) => PASSING.includes(code))
    if (willPass) this.#retryTimer = this.#clock.setTimer(ADDRESS_RETRY, this.#retry)
    const [problem] = problems
    if (this.#sockets.length === 0 && problem !== undefined) throw problem
  }

  /** Closes all. The next time another port will do, if this one has been taken meanwhile. */
  close(): void {
    this.#retryTimer?.cancel()
    this.#close(this.#sockets)
    this.#sockets = []
    this.#port.release()
  }

  #close(sockets: readonly NodeSocket[]): void {
    for (const { socket } of sockets) socket.close()
    this.#formerFailures = sumOfCounts([this.#formerFailures, ...sockets.map(({ socket }) => socket.failures)])
  }

  #bind(at: InterfaceAddress, port: number): Promise<DatagramSocket> {
    const zone = isLinkLocalIpv6(at.address) ? { zone: at.interface } : {}
    return this.#datagrams.bind(
      { host: at.address, port, ...zone },
      { received: (bytes, from) => this.#receive(bytes, from, at) },
    )
  }
}

/** Of these sockets, the one from which to send to an address; undefined if none can reach it. */
export function socketTowards(sockets: readonly NodeSocket[], to: IpAddress): NodeSocket | undefined {
  const sameFamily = sockets.filter(({ at }) => isIpv4(at.address) === isIpv4(to))
  if (sameFamily.length <= 1) return sameFamily[0]
  const bytes = ipAddressBytes(to)
  let best: NodeSocket | undefined
  let bestRank = -1
  for (const one of sameFamily) {
    const shared = sharedBits(ipAddressBytes(one.at.address), bytes)
    // Whoever is in the same subnet is reached from there and from nowhere else.
    const isNear = shared >= one.at.prefixLength + (isIpv4(to) ? IPV4_MAPPED_BITS : 0)
    const isLocalOnly = one.at.loopback || isLinkLocalIpv6(one.at.address)
    const rank = isNear ? NEAR + shared : isLocalOnly ? 0 : 1 + shared
    if (rank > bestRank) {
      best = one
      bestRank = rank
    }
  }
  return best
}

const IPV4_MAPPED_BITS = 96
/** More than any number of shared bits. */
const NEAR = 1000

function isSame(one: InterfaceAddress, other: InterfaceAddress): boolean {
  return one.address === other.address && one.interface === other.interface
}

function sharedBits(one: Uint8Array, other: Uint8Array): number {
  for (let index = 0; index < one.length; index++) {
    const difference = (one[index] ?? 0) ^ (other[index] ?? 0)
    if (difference !== 0) return index * 8 + Math.clz32(difference) - 24
  }
  return one.length * 8
}
