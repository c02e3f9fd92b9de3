/**
 * The datagram port on Node.js: UDP sockets of `node:dgram`.
 *
 * Every address is numeric, so nothing is ever looked up. A socket hands a bounded number of datagrams
 * to the system in one turn of the event loop and keeps the others for the next turns: a burst would
 * only overflow the receive buffer at the other end, which above all is our own one when both ends are
 * in this process and the reader gets no turn while the writer goes on.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { type DatagramReceiver, type DatagramSocket, type Datagrams, LONGEST_DATAGRAM } from '../runtime/datagrams.ts'
import { type Endpoint, type IpAddress, isIpv4, isLinkLocalIpv6, type ZonedEndpoint } from '../runtime/endpoint.ts'
import type { FailureCounts } from '../runtime/failure-counts.ts'
import { bindAboveReserved, bindError } from './bind-error.ts'
import { FailureCounter, failureReason } from './failure-counter.ts'
import { addressFromSystem } from './system-address.ts'

/** How much may wait to be received, in bytes. The usual buffer holds 166 datagrams of 200 bytes. */
const RECEIVE_BUFFER = 4 * 1024 * 1024
/** How many datagrams a socket hands to the system in one turn of the event loop: as many as libuv reads from one. */
const MOST_SENT_IN_A_TURN = 32
/** How many datagrams may wait for a later turn; a further one is refused. */
const MOST_WAITING = 4096
/** How many addresses of senders are remembered in canonical form. */
const MOST_KNOWN_SENDERS = 4096

/** The UDP sockets of this machine. */
export const udpDatagrams: Datagrams = {
  bind: (local, receiver) => bindAboveReserved(local, () => bindSocket(local, receiver)),
}

interface Datagram {
  readonly bytes: Uint8Array
  readonly to: Endpoint
}

function bindSocket(local: ZonedEndpoint, receiver: DatagramReceiver): Promise<UdpSocket> {
  return new Promise((resolve, reject) => {
    const socket = isIpv4(local.host)
      ? createSocket({ type: 'udp4', lookup })
      : createSocket({ type: 'udp6', ipv6Only: true, lookup })
    const failed = (error: Error): void => {
      socket.close()
      reject(bindError(error, local))
    }
    socket.once('error', failed)
    const address = local.zone === undefined ? local.host : `${local.host}%${local.zone}`
    socket.bind({ address, port: local.port, exclusive: true }, () => {
      socket.off('error', failed)
      enlargeReceiveBuffer(socket)
      resolve(new UdpSocket(socket, local, receiver))
    })
  })
}

/** Every address is numeric and its own answer. Node would give it in a later turn, and send only then. */
function lookup(
  address: string,
  _options: unknown,
  answer: (error: null, address: string, family: number) => void,
): void {
  answer(null, address, address.includes(':') ? 6 : 4)
}

function enlargeReceiveBuffer(socket: Socket): void {
  const before = socket.getRecvBufferSize()
  for (let size = RECEIVE_BUFFER; size > before; size /= 2) {
    try {
      socket.setRecvBufferSize(size)
      return
    } catch {
      // Some systems refuse what is above their limit instead of giving the limit: ask for less.
    }
  }
}

class UdpSocket implements DatagramSocket {
  readonly local: Endpoint
  refused = 0
  readonly #failures = new FailureCounter()
  readonly #socket: Socket
  readonly #receiver: DatagramReceiver
  /** What a link-local address needs behind it: `%` and the interface. */
  readonly #zone: string
  readonly #knownSenders = new Map<string, IpAddress>()
  #waiting: Datagram[] = []
  #sentInTurn = 0
  #turn: NodeJS.Immediate | undefined
  #closed = false

  constructor(socket: Socket, local: ZonedEndpoint, receiver: DatagramReceiver) {
    this.local = { host: local.host, port: socket.address().port }
    this.#socket = socket
    this.#receiver = receiver
    this.#zone = local.zone === undefined ? '' : `%${local.zone}`
    socket.on('message', this.#received)
    // What could not be received is a lost datagram, of which nobody knows whose it was.
    socket.on('error', (error) => this.#failures.count('receive', failureReason(error)))
  }

  send(bytes: Uint8Array, to: Endpoint): void {
    if (bytes.length < 1 || bytes.length > LONGEST_DATAGRAM) {
      throw new RangeError(`a datagram has 1 to ${LONGEST_DATAGRAM} bytes, not ${bytes.length}`)
    }
    if (this.#closed) return
    if (this.#sentInTurn < MOST_SENT_IN_A_TURN) {
      this.#handOver(bytes, to)
    } else if (this.#waiting.length < MOST_WAITING) {
      this.#waiting.push({ bytes, to })
    } else {
      this.#refuse('too-many-waiting')
    }
  }

  get failures(): FailureCounts {
    return this.#failures.read()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#socket.off('message', this.#received)
    for (const { bytes, to } of this.#waiting) this.#handOver(bytes, to)
    this.#waiting = []
    clearImmediate(this.#turn)
    this.#socket.close()
  }

  #handOver(bytes: Uint8Array, to: Endpoint): void {
    if (to.port === 0 || isIpv4(to.host) !== isIpv4(this.local.host)) {
      this.#refuse(to.port === 0 ? 'no-port' : 'other-family')
      return
    }
    this.#sentInTurn++
    this.#turn ??= setImmediate(this.#beginTurn)
    const address = this.#zone !== '' && isLinkLocalIpv6(to.host) ? to.host + this.#zone : to.host
    this.#socket.send(bytes, to.port, address, this.#sent)
  }

  readonly #sent = (error: Error | null): void => {
    if (error !== null) this.#refuse(failureReason(error))
  }

  #refuse(reason: string): void {
    this.refused++
    this.#failures.count('send', reason)
  }

  readonly #beginTurn = (): void => {
    this.#turn = undefined
    this.#sentInTurn = 0
    if (this.#waiting.length === 0) return
    for (const { bytes, to } of this.#waiting.splice(0, MOST_SENT_IN_A_TURN)) this.#handOver(bytes, to)
  }

  readonly #received = (buffer: Buffer, { address, port }: RemoteInfo): void => {
    const host = this.#knownSenders.get(address) ?? this.#rememberSender(address)
    // A plain array over the same memory: the slice of a Buffer would be no copy.
    this.#receiver.received(new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length), { host, port })
  }

  /** To bring an address into canonical form takes a tenth of the time that a datagram takes. */
  #rememberSender(text: string): IpAddress {
    const host = addressFromSystem(text)
    if (this.#knownSenders.size >= MOST_KNOWN_SENDERS) this.#knownSenders.clear()
    this.#knownSenders.set(text, host)
    return host
  }
}
