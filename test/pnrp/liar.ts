/**
 * Members that lie (N-103). A liar joins like anybody, at the random place that its hash gives it, proves its own ID
 * and so gets into caches. But what it answers is false: it names nodes that are not there, or other liars under IDs
 * that they do not have, says N and L at random, forges proofs, and tells everybody a wrong observed address, the
 * same as all other liars.
 *
 * It forges what can be forged: it has no key but its own.
 */
import { parsePeerName } from '../../src/identity/peer-name.ts'
import { type AuthorityBuffer, encodeAuthorityBuffer, readAuthorityBuffer } from '../../src/pnrp/authority-buffer.ts'
import { signCpa } from '../../src/pnrp/certified-peer-address.ts'
import { Counters } from '../../src/pnrp/counters.ts'
import { DatagramTransport } from '../../src/pnrp/datagram-transport.ts'
import type { Inquire, Lookup } from '../../src/pnrp/message.ts'
import { NO_NONCE } from '../../src/pnrp/message.ts'
import { p2pIdOf } from '../../src/pnrp/p2p-id.ts'
import {
  addToPnrpId,
  makePnrpId,
  type PnrpId,
  placeDistance,
  placeOf,
  pnrpIdBytes,
  pnrpIdFromBytes,
} from '../../src/pnrp/pnrp-id.ts'
import { splitAuthorityBuffer } from '../../src/pnrp/reassembly.ts'
import type { RouteEntry } from '../../src/pnrp/route-entry.ts'
import type { Endpoint } from '../../src/runtime/endpoint.ts'
import { type Random, randomBytes, randomChoice, randomFraction } from '../../src/runtime/random.ts'
import type { Member, MemberOptions, SimulatedCloud, Tampering } from './simulated-cloud.ts'

/** All liars of one cloud. They know each other. */
export class Liars {
  readonly members: Member[] = []
  /** From now on they lie; before, they behave, so that they are in many caches when it begins. */
  lie = false
  /** About which targets they lie; by default about all. */
  liesAbout: (target: PnrpId) => boolean = () => true
  readonly #cloud: SimulatedCloud
  readonly #random: Random
  /** Names that were tried out to get a place. */
  #tried = 0

  constructor(cloud: SimulatedCloud) {
    this.#cloud = cloud
    this.#random = cloud.world.random('liars')
  }

  /** Adds one more liar. */
  add(options: MemberOptions = {}): Member {
    const tampering = new Lying(this.#cloud, this, this.#random)
    const member = this.#cloud.add({ ...options, tampering })
    tampering.endpoint = member.endpoint
    this.members.push(member)
    return member
  }

  /** Adds one that has an ID of its choice: it tries out names until one lies close enough, above and below in turn. */
  addNear(id: PnrpId, farthest: number): Member {
    const liar = this.add()
    const isAbove = this.members.length % 2 === 0
    for (;;) {
      const name = parsePeerName(`0.attack-${this.#tried++}`)
      const place = placeOf(makePnrpId(p2pIdOf(this.#cloud.crypto, name), NO_SERVICE_LOCATION))
      if (placeDistance(place, placeOf(id)) > farthest || place > placeOf(id) !== isAbove) continue
      liar.register(name)
      return liar
    }
  }

  /** The address at which every liar says to see everybody. */
  get falseObservation(): Endpoint | undefined {
    return this.members[0]?.endpoint
  }

  /** An ID as close to a target as can be, at a liar that does not have it. */
  nameNear(target: PnrpId): RouteEntry | undefined {
    const accomplice = randomChoice(this.#random, this.members)
    if (accomplice === undefined) return undefined
    const lowest = new Uint8Array(32)
    lowest.set(randomBytes(this.#random, 8), 24)
    const id = addToPnrpId(target, pnrpIdFromBytes(lowest))
    return { id, port: accomplice.endpoint.port, addresses: [accomplice.endpoint.host] }
  }
}

class Lying implements Tampering {
  endpoint: Endpoint | undefined
  readonly #cloud: SimulatedCloud
  readonly #liars: Liars
  readonly #random: Random
  /** What was asked lately, by Message ID. */
  readonly #requests = new Map<number, Lookup | Inquire>()
  readonly #codec: DatagramTransport
  #written: Uint8Array = new Uint8Array(0)

  constructor(cloud: SimulatedCloud, liars: Liars, random: Random) {
    this.#cloud = cloud
    this.#liars = liars
    this.#random = random
    this.#codec = new DatagramTransport({
      ...{ cloud: cloud.cloud, crypto: cloud.crypto, counters: new Counters() },
      send: (bytes) => {
        this.#written = bytes
      },
    })
  }

  received(bytes: Uint8Array, from: Endpoint): void {
    if (!this.#liars.lie) return
    const message = this.#codec.receive(new Uint8Array(bytes), from)
    if (message?.type !== 'LOOKUP' && message?.type !== 'INQUIRE') return
    this.#requests.set(message.messageId, message)
    if (this.#requests.size <= MOST_REQUESTS) return
    for (const oldest of this.#requests.keys()) {
      this.#requests.delete(oldest)
      break
    }
  }

  sending(bytes: Uint8Array, to: Endpoint): Uint8Array {
    const { endpoint } = this
    if (!this.#liars.lie || endpoint === undefined) return bytes
    const message = this.#codec.receive(new Uint8Array(bytes), endpoint)
    if (message?.type !== 'AUTHORITY' && message?.type !== 'ACK' && message?.type !== 'ADVERTISE') return bytes
    const observed = this.#liars.falseObservation ?? endpoint
    const request = this.#requests.get(message.ackedMessageId)
    const about = request?.type === 'LOOKUP' ? request.target : request?.validateId
    if (about !== undefined && !this.#liars.liesAbout(about)) return bytes
    if (message.type !== 'AUTHORITY' || request === undefined || message.size !== message.fragment.length) {
      return this.#encode({ ...message, observed }, to)
    }
    const buffer = this.#falsified(request, readAuthorityBuffer(message.fragment))
    const encoded = encodeAuthorityBuffer(buffer)
    const [first] = splitAuthorityBuffer(encoded)
    if (first === undefined || first.fragment.length !== encoded.length) return bytes
    return this.#encode({ ...message, observed, size: encoded.length, fragment: encoded }, to)
  }

  #falsified(request: Lookup | Inquire, buffer: AuthorityBuffer): AuthorityBuffer {
    if (request.type === 'INQUIRE') {
      const forges = buffer.notFound && request.wantsCpa
      return forges ? { ...buffer, notFound: false, cpa: this.#forgedCpa(request) } : { ...buffer, notFound: false }
    }
    const draw = randomFraction(this.#random)
    if (draw < 0.2) return { ...buffer, routeEntry: undefined, notFound: true }
    if (draw < 0.4) return { ...buffer, routeEntry: undefined, leafSet: true }
    return { ...buffer, routeEntry: this.#liars.nameNear(request.target), leafSet: draw < 0.6 }
  }

  /** All that is asked for, under the only key that a liar has: its own. */
  #forgedCpa({ validateId, nonce }: Inquire): Uint8Array {
    const { crypto } = this.#cloud
    const keyPair = crypto.signingKeyPair(new Uint8Array(32).fill(1))
    const { host, port } = this.endpoint ?? { host: undefined, port: 0 }
    const address = host === undefined ? [] : [host]
    return signCpa(
      crypto,
      {
        ...{ revoked: false, hasPayload: false, notAfter: this.#utc() + DAY, nonce: nonce ?? NO_NONCE, comment: '' },
        ...{
          serviceLocation: pnrpIdBytes(validateId).slice(16),
          authority: crypto.sha256(keyPair.publicKey).slice(0, 20),
        },
        ...{ classifierHash: undefined, servicePort: port, serviceAddresses: address, endpoints: [] },
        publicKey: keyPair.publicKey,
      },
      keyPair.secretKey,
    )
  }

  #utc(): number {
    return this.#liars.members[0]?.host.ports.clock.utc() ?? 0
  }

  #encode(message: Parameters<DatagramTransport['send']>[0], to: Endpoint): Uint8Array {
    this.#codec.send(message, to)
    return this.#written
  }
}

const MOST_REQUESTS = 256
const NO_SERVICE_LOCATION = new Uint8Array(16)
const DAY = 24 * 3_600_000
