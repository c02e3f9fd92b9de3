/**
 * The datagram port on the virtual network.
 *
 * What a socket is given belongs to it, and what it hands up belongs to it again once the call is over.
 * With `checks` on, it makes use of both rights: it overwrites the bytes that it was given to send and
 * those that it has delivered, so that code that keeps or reuses them fails here and not some day on a
 * real socket. With checks off, a datagram travels without being copied.
 */
import { type DatagramReceiver, type DatagramSocket, type Datagrams, LONGEST_DATAGRAM } from '../runtime/datagrams.ts'
import { type Endpoint, formatEndpoint, isIpv4, type ZonedEndpoint } from '../runtime/endpoint.ts'
import type { FailureCounts } from '../runtime/failure-counts.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { DatagramSink, HostAddress, NetworkHost } from './network-host.ts'
import type { Slab } from './slab.ts'
import type { VirtualNetwork } from './virtual-network.ts'

/** What bytes that no longer belong to anybody are overwritten with. */
const OVERWRITTEN = 0xdd

/** The sockets of a host from one start to the next crash. */
export class VirtualDatagrams implements Datagrams {
  readonly #network: VirtualNetwork
  readonly #host: NetworkHost
  readonly #copies: Slab | undefined
  #sockets: readonly VirtualDatagramSocket[] = []
  #stopped = false

  /** @param copies Where checks are on: where datagrams are copied to. */
  constructor(network: VirtualNetwork, host: NetworkHost, copies: Slab | undefined) {
    this.#network = network
    this.#host = host
    this.#copies = copies
  }

  async bind(local: ZonedEndpoint, receiver: DatagramReceiver): Promise<DatagramSocket> {
    return this.open(local, receiver)
  }

  /** {@link bind} without a promise, for tests of engines. */
  open(local: ZonedEndpoint, receiver: DatagramReceiver): DatagramSocket {
    if (this.#stopped) {
      throw new PeerageError('network-failed', { endpoint: formatEndpoint(local), reason: 'the host has crashed' })
    }
    const { at, port } = this.#host.claim(local, ({ datagramSinks }) => datagramSinks)
    const socket = new VirtualDatagramSocket(this, at, port, receiver)
    at.datagramSinks = [...at.datagramSinks, socket]
    this.#sockets = [...this.#sockets, socket]
    return socket
  }

  /** The host has crashed: nothing is received or sent any more. */
  stop(): void {
    this.#stopped = true
    for (const socket of this.#sockets) socket.close()
  }

  /** Sends what a socket was given. Returns false if it was refused. */
  send(socket: VirtualDatagramSocket, at: HostAddress, bytes: Uint8Array, to: Endpoint): boolean {
    let sent = bytes
    if (this.#copies !== undefined) {
      sent = this.#copies.copy(bytes)
      bytes.fill(OVERWRITTEN)
    }
    if (at.scope !== 'none') return this.#network.send(at, socket.local, to, sent)
    // A socket on the unspecified address sends from whichever address of its family leads there.
    const source = at.ipv4 === isIpv4(to.host) ? this.#host.sourceFor(to.host) : undefined
    return source !== undefined && this.#network.send(source, { host: source.address, port: socket.port }, to, sent)
  }

  /** Hands what came to the owner of the socket. */
  deliver(receiver: DatagramReceiver, bytes: Uint8Array, from: Endpoint): void {
    receiver.received(bytes, from)
    if (this.#copies !== undefined) bytes.fill(OVERWRITTEN)
  }

  /** Forgets a socket that was closed. */
  forget(socket: VirtualDatagramSocket, at: HostAddress): void {
    at.datagramSinks = at.datagramSinks.filter((other) => other !== socket)
    this.#sockets = this.#sockets.filter((other) => other !== socket)
  }
}

class VirtualDatagramSocket implements DatagramSocket, DatagramSink {
  readonly local: Endpoint
  readonly port: number
  refused = 0
  readonly #owner: VirtualDatagrams
  readonly #at: HostAddress
  readonly #receiver: DatagramReceiver
  #isOpen = true

  constructor(owner: VirtualDatagrams, at: HostAddress, port: number, receiver: DatagramReceiver) {
    this.#owner = owner
    this.#at = at
    this.local = { host: at.address, port }
    this.port = port
    this.#receiver = receiver
  }

  send(bytes: Uint8Array, to: Endpoint): void {
    if (bytes.length === 0 || bytes.length > LONGEST_DATAGRAM) {
      throw new RangeError(`a datagram has 1 to ${LONGEST_DATAGRAM} bytes, not ${bytes.length}`)
    }
    if (this.#isOpen && !this.#owner.send(this, this.#at, bytes, to)) this.refused++
  }

  deliver(bytes: Uint8Array, from: Endpoint): void {
    this.#owner.deliver(this.#receiver, bytes, from)
  }

  get failures(): FailureCounts {
    return this.refused === 0 ? {} : { 'send-refused': this.refused }
  }

  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#owner.forget(this, this.#at)
  }
}
