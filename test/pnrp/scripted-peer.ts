/**
 * Somebody in a simulated cloud who does only what a test tells it: it sends any message and hears whatever a node
 * sends it, on a host of its own. For answers of the right form and the wrong content, and for silence.
 */
import { type AuthorityBuffer, encodeAuthorityBuffer } from '../../src/pnrp/authority-buffer.ts'
import { Counters } from '../../src/pnrp/counters.ts'
import { DatagramTransport } from '../../src/pnrp/datagram-transport.ts'
import { COOKIE_LENGTH, type Message } from '../../src/pnrp/message.ts'
import { PNRP_ID_LENGTH, type PnrpId, pnrpIdFromBytes } from '../../src/pnrp/pnrp-id.ts'
import { splitAuthorityBuffer } from '../../src/pnrp/reassembly.ts'
import type { RouteEntry } from '../../src/pnrp/route-entry.ts'
import type { DatagramSocket } from '../../src/runtime/datagrams.ts'
import type { Endpoint } from '../../src/runtime/endpoint.ts'
import { randomBytes } from '../../src/runtime/random.ts'
import type { HostOptions } from '../../src/simulation/simulated-host.ts'
import { PORT, type SimulatedCloud } from './simulated-cloud.ts'

/** A message as it came. */
export interface Heard<M extends Message = Message> {
  readonly message: M
  readonly from: Endpoint
  /** Of its datagram, in bytes. */
  readonly length: number
  /** When, in virtual milliseconds. */
  readonly time: number
}

type Kind<Type extends Message['type']> = Message & { readonly type: Type }

/** A host that a test plays. */
export class ScriptedPeer {
  readonly cloud: SimulatedCloud
  readonly endpoint: Endpoint
  readonly heard: Heard[] = []
  /** Called with each message as it comes. */
  onHeard: ((heard: Heard) => void) | undefined
  /** Called with each datagram as it is sent. */
  onSent: ((bytes: Uint8Array) => void) | undefined
  readonly #socket: DatagramSocket
  readonly #transport: DatagramTransport

  constructor(cloud: SimulatedCloud, name: string, port = PORT, options: HostOptions = {}) {
    this.cloud = cloud
    const host = cloud.world.addHost(name, options)
    this.endpoint = { host: host.ipv4, port }
    this.#transport = new DatagramTransport({
      ...{ cloud: cloud.cloud, crypto: cloud.crypto, counters: new Counters() },
      send: (bytes, to) => this.sendBytes(bytes, to),
    })
    this.#socket = host.ports.datagrams.open(this.endpoint, {
      received: (bytes, from) => {
        const message = this.#transport.receive(new Uint8Array(bytes), from)
        if (message === undefined) return
        const heard = { message, from, length: bytes.length, time: cloud.world.now }
        this.heard.push(heard)
        this.onHeard?.(heard)
      },
    })
  }

  /** What was heard of one type, in order. */
  heardOf<Type extends Message['type']>(type: Type): Heard<Kind<Type>>[] {
    return this.heard.filter((heard): heard is Heard<Kind<Type>> => heard.message.type === type)
  }

  send(message: Message, to: Endpoint): void {
    this.#transport.send(message, to)
  }

  sendBytes(bytes: Uint8Array, to: Endpoint): void {
    this.onSent?.(bytes)
    this.#socket.send(new Uint8Array(bytes), to)
  }

  /** The datagram that {@link ScriptedPeer.send} would send. */
  bytesOf(message: Message): Uint8Array {
    let made = new Uint8Array(0)
    const { cloud, crypto } = this.cloud
    const send = (bytes: Uint8Array): void => {
      made = new Uint8Array(bytes)
    }
    new DatagramTransport({ cloud, crypto, counters: new Counters(), send }).send(message, this.endpoint)
    return made
  }

  /** The message in a datagram that somebody else sent. */
  read(bytes: Uint8Array): Message | undefined {
    return this.#transport.receive(bytes, this.endpoint)
  }

  lengthOf(message: Message): number {
    return this.#transport.lengthOf(message)
  }

  /** Answers a LOOKUP or an INQUIRE, in as many fragments as it takes. */
  answer({ message, from }: Heard, buffer: Partial<AuthorityBuffer>): void {
    const bytes = encodeAuthorityBuffer({ ...NO_FLAGS, ...buffer })
    for (const { offset, fragment } of splitAuthorityBuffer(bytes)) {
      this.send({ type: 'AUTHORITY', ...this.replyTo(message, from), size: bytes.length, offset, fragment }, from)
    }
  }

  /** What every reply begins with. */
  replyTo(
    { messageId }: Message,
    observed: Endpoint,
  ): {
    readonly messageId: number
    readonly ackedMessageId: number
    readonly observed: Endpoint
    readonly cookie: Uint8Array
  } {
    return { messageId: 7, ackedMessageId: messageId, observed, cookie: new Uint8Array(COOKIE_LENGTH).fill(9) }
  }

  /** A route entry that points here. */
  entry(id: PnrpId): RouteEntry {
    return { id, port: this.endpoint.port, addresses: [this.endpoint.host] }
  }
}

/** An ID that nobody has registered. */
export function drawPnrpId(cloud: SimulatedCloud, name: string): PnrpId {
  return pnrpIdFromBytes(randomBytes(cloud.world.random(name), PNRP_ID_LENGTH))
}

const NO_FLAGS: AuthorityBuffer = { cookieNeeded: false, leafSet: false, busy: false, notFound: false }
