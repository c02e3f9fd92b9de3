/**
 * A node that does what a test wants: it speaks the protocol, proves what it has registered, and answers everything
 * else as it is told, or not at all. Tests use it to ask a member questions, to look at what a member asks, and
 * to lie.
 */
import { isSecured, type PeerName, parsePeerName } from '../../src/identity/peer-name.ts'
import { type AuthorityBuffer, encodeAuthorityBuffer, readAuthorityBuffer } from '../../src/pnrp/authority-buffer.ts'
import { signCpa } from '../../src/pnrp/certified-peer-address.ts'
import { Counters } from '../../src/pnrp/counters.ts'
import { DatagramTransport } from '../../src/pnrp/datagram-transport.ts'
import { type Inquire, type Lookup, type Message, NO_NONCE } from '../../src/pnrp/message.ts'
import { p2pIdOf } from '../../src/pnrp/p2p-id.ts'
import { makePnrpId, NO_PNRP_ID, type PnrpId, placeDistance, placeOf } from '../../src/pnrp/pnrp-id.ts'
import { drawRegistration } from '../../src/pnrp/publishing.ts'
import { splitAuthorityBuffer } from '../../src/pnrp/reassembly.ts'
import type { Registration } from '../../src/pnrp/registration.ts'
import type { AnyRequest } from '../../src/pnrp/request-handler.ts'
import type { RouteEntry } from '../../src/pnrp/route-entry.ts'
import type { DatagramSocket } from '../../src/runtime/datagrams.ts'
import type { Endpoint } from '../../src/runtime/endpoint.ts'
import { randomBytes } from '../../src/runtime/random.ts'
import type { SimulatedHost } from '../../src/simulation/simulated-host.ts'
import { PORT, type SimulatedCloud } from './simulated-cloud.ts'

/** A message that came to a puppet. */
export interface ReceivedMessage {
  readonly message: Message
  readonly from: Endpoint
}

/** What an AUTHORITY says where it is not the usual. */
export type Saying = Partial<AuthorityBuffer>

const NOTHING: AuthorityBuffer = { cookieNeeded: false, leafSet: false, busy: false, notFound: false }
const DAY = 24 * 3_600_000

/** The puppet. */
export class Puppet {
  readonly host: SimulatedHost
  readonly endpoint: Endpoint
  readonly received: ReceivedMessage[] = []
  readonly registrations = new Map<PnrpId, Registration>()
  /** Answers a request in its place; false lets it answer as usual. */
  onRequest: (request: AnyRequest, from: Endpoint) => boolean = () => false
  /** What it says to a LOOKUP. */
  sayToLookup: (lookup: Lookup) => Saying = () => ({})
  /** The cookie that each node gave it last. */
  readonly #cookies = new Map<string, Uint8Array>()
  readonly #cloud: SimulatedCloud
  readonly #transport: DatagramTransport
  readonly #socket: DatagramSocket

  constructor(cloud: SimulatedCloud, name: string) {
    this.#cloud = cloud
    this.host = cloud.world.addHost(name)
    this.endpoint = { host: this.host.ipv4, port: PORT }
    this.#socket = this.host.ports.datagrams.open(this.endpoint, {
      received: (bytes, from) => this.#received(new Uint8Array(bytes), from),
    })
    this.#transport = new DatagramTransport({
      ...{ cloud: cloud.cloud, crypto: cloud.crypto, counters: new Counters() },
      send: (bytes, to) => this.#socket.send(bytes, to),
    })
  }

  /** Its entry under one of its IDs, or under any ID that it claims. */
  entry(id: PnrpId): RouteEntry {
    return { id, port: this.endpoint.port, addresses: [this.endpoint.host] }
  }

  /** Registers a name, under a service location that a test can choose. */
  register(name: PeerName, serviceLocation?: Uint8Array): PnrpId {
    const { crypto } = this.#cloud
    const { random } = this.host.ports
    const keyPair = crypto.signingKeyPair(randomBytes(random, 32))
    const endpoints = [{ host: this.endpoint.host, port: 80, protocol: 6 }]
    const drawn = drawRegistration(
      { crypto, random },
      { name, keyPair, endpoints, comment: '', payload: undefined },
      this.endpoint.host,
    )
    const location = serviceLocation ?? drawn.serviceLocation
    const id = makePnrpId(p2pIdOf(crypto, name), location)
    this.registrations.set(id, { ...drawn, id, serviceLocation: location })
    return id
  }

  /** Registers some name whose ID is about as far from a target as is wanted, as a share of the circle. */
  registerNear(target: PnrpId, farthest: number, nearest = 0): PnrpId {
    for (let attempt = 0; ; attempt++) {
      const name = parsePeerName(`0.${this.host.name}-${attempt}`)
      const id = makePnrpId(p2pIdOf(this.#cloud.crypto, name), new Uint8Array(16))
      const distance = placeDistance(placeOf(id), placeOf(target))
      if (distance <= farthest && distance >= nearest) return this.register(name)
    }
  }

  /** What it received of one type, from one node or from all. */
  of<Type extends Message['type']>(type: Type, from?: Endpoint): Extract<Message, { type: Type }>[] {
    const isOfType = (message: Message): message is Extract<Message, { type: Type }> => message.type === type
    return this.received
      .filter((one) => from === undefined || one.from.host === from.host)
      .map(({ message }) => message)
      .filter(isOfType)
  }

  /** Sends a request with a new Message ID and the cookie that it has, if any. @returns the Message ID */
  send(request: DistributiveOmit<AnyRequest, 'messageId'>, to: Endpoint): number {
    const messageId = this.host.ports.random.uint32()
    const cookie = request.cookie ?? this.#cookies.get(to.host)
    this.#transport.send({ ...request, messageId, cookie }, to)
    return messageId
  }

  /** Sends any message as it is. */
  sendRaw(message: Message, to: Endpoint): void {
    this.#transport.send(message, to)
  }

  /** Sends a LOOKUP and waits for what is said to it; undefined if nothing is. */
  ask(lookup: Partial<Lookup> & Pick<Lookup, 'target' | 'validateId'>, to: Endpoint): AuthorityBuffer | undefined {
    const messageId = this.send(
      {
        type: 'LOOKUP',
        criterion: 'none',
        precision: 0,
        reason: 'application',
        acceptsFarther: false,
        flaggedPath: [this.endpoint],
        ...lookup,
      },
      to,
    )
    return this.#answerTo(messageId)
  }

  /** Sends an INQUIRE and waits for what is said to it. */
  inquire(inquire: Partial<Inquire> & Pick<Inquire, 'validateId'>, to: Endpoint): AuthorityBuffer | undefined {
    const messageId = this.send(
      { type: 'INQUIRE', wantsCpa: false, wantsChain: false, wantsPayload: false, ...inquire },
      to,
    )
    return this.#answerTo(messageId)
  }

  /** Tells a node of one of its IDs, and waits until that node has proven it. */
  introduce(id: PnrpId, to: Endpoint): void {
    this.send(
      { type: 'FLOOD', withoutAck: false, validateId: NO_PNRP_ID, routeEntry: this.entry(id), alreadyFlooded: [] },
      to,
    )
    this.#cloud.world.runFor(2000)
  }

  /** Answers a LOOKUP or an INQUIRE. */
  answer(request: AnyRequest, from: Endpoint, saying: Saying): void {
    const bytes = encodeAuthorityBuffer({ ...NOTHING, ...saying })
    for (const { offset, fragment } of splitAuthorityBuffer(bytes)) {
      this.#transport.send(
        { type: 'AUTHORITY', ...this.replyTo(request, from), size: bytes.length, offset, fragment },
        from,
      )
    }
  }

  /** What every reply begins with. */
  replyTo(request: AnyRequest, from: Endpoint) {
    return {
      messageId: this.host.ports.random.uint32(),
      ackedMessageId: request.messageId,
      observed: from,
      cookie: new Uint8Array(16).fill(1),
    }
  }

  /** A certified peer address for one of its registrations. */
  cpa(
    { serviceLocation, authority, classifierHash, keyPair, content, name }: Registration,
    nonce: Uint8Array,
    changes: Partial<Parameters<typeof signCpa>[1]> = {},
  ): Uint8Array {
    if (isSecured(name) !== (authority !== undefined)) throw new RangeError('a secured name has an authority')
    const cpa = {
      ...{ revoked: false, hasPayload: false, notAfter: this.host.ports.clock.utc() + DAY, serviceLocation, nonce },
      ...{ authority, classifierHash, comment: content.comment, servicePort: this.endpoint.port },
      ...{ serviceAddresses: [this.endpoint.host], endpoints: content.endpoints, publicKey: keyPair.publicKey },
      ...changes,
    }
    return signCpa(this.#cloud.crypto, cpa, keyPair.secretKey)
  }

  #answerTo(messageId: number): AuthorityBuffer | undefined {
    this.#cloud.world.runFor(1000)
    const authority = this.of('AUTHORITY').find(({ ackedMessageId }) => ackedMessageId === messageId)
    return authority && readAuthorityBuffer(authority.fragment)
  }

  #received(bytes: Uint8Array, from: Endpoint): void {
    const message = this.#transport.receive(bytes, from)
    if (message === undefined) return
    this.received.push({ message, from })
    switch (message.type) {
      case 'ADVERTISE':
      case 'ACK':
      case 'AUTHORITY':
        this.#cookies.set(from.host, message.cookie)
        break
      default:
        if (!this.onRequest(message, from)) this.#answer(message, from)
    }
  }

  #answer(request: AnyRequest, from: Endpoint): void {
    const start = this.replyTo(request, from)
    switch (request.type) {
      case 'SOLICIT': {
        const ids = [...this.registrations.keys()].slice(0, 5)
        this.sendRaw({ type: 'ADVERTISE', ...start, ids, hashedNonce: request.hashedNonce, features: 0 }, from)
        break
      }
      case 'REQUEST':
        this.sendRaw({ type: 'ACK', ...start, notFound: false, cookieNeeded: false }, from)
        for (const id of request.ids) {
          const flood = { type: 'FLOOD', withoutAck: true, validateId: NO_PNRP_ID, alreadyFlooded: [] } as const
          this.send({ ...flood, routeEntry: this.entry(id) }, from)
        }
        break
      case 'FLOOD':
        if (!request.withoutAck) this.sendRaw({ type: 'ACK', ...start, notFound: false, cookieNeeded: false }, from)
        break
      case 'LOOKUP':
        this.answer(request, from, this.sayToLookup(request))
        break
      case 'INQUIRE': {
        const registration = this.registrations.get(request.validateId)
        if (registration === undefined) this.answer(request, from, { notFound: true })
        else if (!request.wantsCpa) this.answer(request, from, {})
        else this.answer(request, from, { cpa: this.cpa(registration, request.nonce ?? NO_NONCE) })
      }
    }
  }
}

type DistributiveOmit<Union, Key extends PropertyKey> = Union extends unknown ? Omit<Union, Key> : never
