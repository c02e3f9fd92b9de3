/**
 * Every counter of a node in a cloud, and what makes it go up: one row for each, held to the lists in the code, so that
 * there is no counter that nothing produces.
 */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { authorityOf } from '../../src/identity/authority.ts'
import { CLOCK_TOLERANCE } from '../../src/identity/certificate/certificate-verification.ts'
import { makePeerName, type PeerName } from '../../src/identity/peer-name.ts'
import type { AuthorityBuffer } from '../../src/pnrp/authority-buffer.ts'
import { type CertifiedPeerAddress, LONGEST_CPA_LIFE, signCpa } from '../../src/pnrp/certified-peer-address.ts'
import { type Cloud, GLOBAL_CLOUD, makeCloud } from '../../src/pnrp/cloud.ts'
import { type CountedEvent, countedEvents, type DropReason, dropReasons } from '../../src/pnrp/counters.ts'
import { MOST_UNPROVEN_ENTRIES } from '../../src/pnrp/entry-proof.ts'
import {
  type Advertise,
  type Inquire,
  type Message,
  NO_NONCE,
  NONCE_LENGTH,
  type Solicit,
} from '../../src/pnrp/message.ts'
import { NO_PNRP_ID, SERVICE_LOCATION_LENGTH } from '../../src/pnrp/pnrp-id.ts'
import { PROBES_OF_SOURCE } from '../../src/pnrp/probe-charges.ts'
import { drawRegistration } from '../../src/pnrp/publishing.ts'
import type { Registration } from '../../src/pnrp/registration.ts'
import { REQUESTS_OF_PREFIX } from '../../src/pnrp/request-admission.ts'
import { HIGHEST_RESERVED_PORT, type RouteEntry } from '../../src/pnrp/route-entry.ts'
import { fromUtf8, toUtf8 } from '../../src/runtime/bytes.ts'
import type { Clock } from '../../src/runtime/clock.ts'
import type { SigningKeyPair } from '../../src/runtime/crypto.ts'
import type { Endpoint } from '../../src/runtime/endpoint.ts'
import { randomBytes } from '../../src/runtime/random.ts'
import { address } from './pnrp-vectors.ts'
import { drawPnrpId, type Heard, ScriptedPeer } from './scripted-peer.ts'
import { type Member, PORT, SimulatedCloud } from './simulated-cloud.ts'

type Counter = CountedEvent | `dropped-${DropReason}`

/** A node, and somebody who does something to it. */
interface Scene {
  readonly cloud: SimulatedCloud
  readonly node: Member
  readonly peer: ScriptedPeer
  /** A registration of that somebody. */
  readonly publisher: Publisher
}

interface Row {
  /** By default a private cloud that takes any address. */
  readonly cloud?: Cloud
  /** Whom the node remembers and asks when it starts: by default nobody. */
  readonly remembered?: (peer: ScriptedPeer) => readonly Endpoint[]
  readonly resolveOnly?: boolean
  /** What has to be so before; what is counted meanwhile is left out. */
  readonly arrange?: (scene: Scene) => void
  /** What makes the counter go up. */
  readonly act: (scene: Scene) => void
  /** By how much, where it is not by 1. */
  readonly amount?: (scene: Scene) => number
}

const VERSION_MAJOR = 5
const TYPE = 7
const FIRST_OF_TAG = 12
const HOUR = 3_600_000
const DAY = 24 * HOUR
const SEED_LENGTH = 32
const SECRET = toUtf8('sixteen bytes or more')
const CLASSIFIER = 'counted'
/** Bytes that no certificate begins with. */
const NO_CHAIN = new Uint8Array(5)
/** Somebody in a private network, for a cloud of public addresses. */
const PRIVATE_ENDPOINT: Endpoint = { host: address('192.168.1.1'), port: PORT }
const FLOOD = { type: 'FLOOD', messageId: 1, withoutAck: true, validateId: NO_PNRP_ID, alreadyFlooded: [] } as const
const NO_FLAGS = { wantsCpa: false, wantsPayload: false, wantsChain: false } as const
/** The counters of everything that comes and goes. */
const TRAFFIC: readonly string[] = ['datagrams-sent', 'bytes-sent', 'datagrams-received', 'bytes-received']
/** Long enough for a few messages to and fro, too short for anything that the node does by itself, in milliseconds. */
const A_MOMENT = 150
/** Long enough for an entry to be proven and told on, in milliseconds. */
const UNTIL_CACHED = 5000

const rows: Readonly<Record<Counter, Row>> = {
  'datagrams-sent': { act: askForNothing },
  'bytes-sent': { act: askForNothing, amount: ({ peer }) => peer.heard[0]?.length ?? 0 },
  'datagrams-received': { act: askForNothing },
  'bytes-received': { act: askForNothing, amount: ({ cloud, peer }) => peer.lengthOf(inquiry(cloud)) },
  'replies-held-back': {
    act: ({ cloud, node, peer }) =>
      peer.send({ ...inquiry(cloud), validateId: node.ownId, wantsCpa: true }, node.endpoint),
  },
  'dropped-malformed': { act: damaged((bytes) => bytes.subarray(0, -1)) },
  'dropped-other-version': { act: damaged((bytes) => bytes.with(VERSION_MAJOR, 4)) },
  'dropped-unknown-type': { act: damaged((bytes) => bytes.with(TYPE, 0x55)) },
  'dropped-other-cloud': { act: damaged((bytes) => bytes.with(FIRST_OF_TAG, (bytes[FIRST_OF_TAG] ?? 0) ^ 1)) },
  'dropped-wrong-seal': {
    cloud: makeCloud('test', { secret: SECRET }),
    act: damaged(withLastBit),
  },
  'dropped-reserved-port': {
    act: ({ cloud, node, peer }) => {
      const from = { ...peer.endpoint, port: HIGHEST_RESERVED_PORT }
      node.node.received(peer.bytesOf(inquiry(cloud)), from, undefined)
    },
  },
  'dropped-address-out-of-range': {
    cloud: makeCloud(GLOBAL_CLOUD),
    act: ({ cloud, node, peer }) => {
      node.node.received(peer.bytesOf(inquiry(cloud)), PRIVATE_ENDPOINT, undefined)
    },
  },
  'dropped-not-asked-for': {
    act: ({ cloud, node, peer }) => peer.send(ackOf(peer, inquiry(cloud), node.endpoint), node.endpoint),
  },
  'dropped-other-endpoint': {
    remembered: (peer) => [peer.endpoint],
    act: ({ cloud, peer }) => {
      const other = new ScriptedPeer(cloud, 'other')
      peer.onHeard = ({ message, from }) => {
        if (message.type === 'SOLICIT') other.send(advertise(peer, message, from), from)
      }
    },
  },
  'dropped-rate-of-prefix': {
    act: ({ cloud, node, peer }) => {
      const bytes = peer.bytesOf(inquiry(cloud))
      for (let count = 0; count <= REQUESTS_OF_PREFIX.burst; count++) {
        node.node.received(bytes, peer.endpoint, undefined)
      }
    },
  },
  'dropped-resolve-only': { resolveOnly: true, act: askForNothing },
  'dropped-no-conversation': {
    act: ({ node, peer }) => {
      peer.send({ type: 'REQUEST', messageId: 1, nonce: new Uint8Array(NONCE_LENGTH), ids: [] }, node.endpoint)
    },
  },
  'dropped-wrong-nonce': {
    remembered: (peer) => [peer.endpoint],
    act: ({ peer }) => {
      peer.onHeard = ({ message, from }) => {
        if (message.type !== 'SOLICIT') return
        peer.send({ ...advertise(peer, message, from), hashedNonce: withLastBit(message.hashedNonce) }, from)
      }
    },
  },
  'dropped-table-full': {
    act: (scene) => {
      const { cloud } = scene
      let told = 0
      for (let teller = 0; told <= MOST_UNPROVEN_ENTRIES; teller++) {
        const from = new ScriptedPeer(cloud, `teller ${teller}`)
        for (let count = 0; count < PROBES_OF_SOURCE.burst && told <= MOST_UNPROVEN_ENTRIES; count++) {
          tell({ ...scene, peer: from }, silentEntry(cloud, told++))
        }
      }
    },
  },
  'dropped-bad-fragment': {
    act: (scene) => {
      const { cloud, peer } = scene
      peer.onHeard = ({ message, from }) => {
        const start = { ...peer.replyTo(message, from), size: 8, offset: 4 }
        if (message.type === 'INQUIRE') peer.send({ type: 'AUTHORITY', ...start, fragment: new Uint8Array(4) }, from)
      }
      tell(scene, peer.entry(drawPnrpId(cloud, 'id')))
    },
  },
  'dropped-entry-out-of-range': {
    act: (scene) => {
      tell(scene, { ...scene.peer.entry(drawPnrpId(scene.cloud, 'id')), port: HIGHEST_RESERVED_PORT })
    },
  },
  'dropped-entry-unproven': answered(() => ({ notFound: true })),
  'dropped-probe-charge': {
    act: (scene) => {
      for (let count = 0; count <= PROBES_OF_SOURCE.burst; count++) tell(scene, silentEntry(scene.cloud, count))
    },
  },
  'dropped-cpa-expired': certified((now) => ({ notAfter: now - CLOCK_TOLERANCE - HOUR })),
  'dropped-cpa-too-far-ahead': certified((now) => ({ notAfter: now + LONGEST_CPA_LIFE + CLOCK_TOLERANCE + HOUR })),
  'dropped-cpa-nonce': certified(() => ({ nonce: NO_NONCE })),
  'dropped-cpa-id': certified(() => ({ serviceLocation: new Uint8Array(SERVICE_LOCATION_LENGTH) })),
  'dropped-cpa-authority': answered((publisher, question) => ({
    cpa: publisher.cpa(question, {}, publisher.stranger),
  })),
  'dropped-cpa-chain': answered((publisher, question) => ({
    ...{ cpa: publisher.cpa(question), certificateChain: NO_CHAIN, classifier: CLASSIFIER },
  })),
  'dropped-cpa-classifier': answered((publisher, question) => ({
    ...{ cpa: publisher.cpa(question), certificateChain: NO_CHAIN, classifier: `another ${CLASSIFIER}` },
  })),
  'dropped-cpa-signature': answered((publisher, question) => ({ cpa: withLastBit(publisher.cpa(question)) })),
  'dropped-cpa-addresses': {
    act: (scene) => {
      const { publisher } = scene
      publisher.says = (question) => ({ cpa: publisher.cpa(question, { servicePort: PORT + 1 }) })
      publisher.listen()
      tell(scene, publisher.entry)
    },
  },
  'dropped-payload': certified(() => ({ hasPayload: true })),
  'dropped-revocation': {
    arrange: becomeCached,
    act: ({ node, peer, publisher }) => {
      const revocation = { revoked: true, serviceAddresses: [] }
      const revokeCpa = publisher.cpa({ nonce: NO_NONCE }, revocation, publisher.stranger)
      peer.send({ ...FLOOD, revokeCpa }, node.endpoint)
    },
  },
  'dropped-unsent-out-of-range': {
    cloud: makeCloud(GLOBAL_CLOUD),
    remembered: () => [PRIVATE_ENDPOINT],
    act: () => {},
  },
}

test('N-127: there is a row for every counter, and the documentation lists each once', () => {
  const counters = [...countedEvents, ...dropReasons.map((reason) => `dropped-${reason}`)].sort()
  expect(Object.keys(rows).sort()).toEqual(counters)
  const text = fromUtf8(readFileSync(new URL('../../docs/protocol/pnrp-counters.md', import.meta.url)))
  const listed = [...(text ?? '').matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name)
  expect(listed.toSorted()).toEqual(counters)
})

test.each(Object.entries(rows))('N-127: %s goes up, and no other counter of what is dropped', (counter, row) => {
  const cloud = new SimulatedCloud({
    ...{ seed: counter, conditions: { latency: 10 } },
    ...(row.cloud !== undefined && { cloud: row.cloud }),
  })
  const peer = new ScriptedPeer(cloud, 'peer')
  const remembered = row.remembered?.(peer) ?? []
  const node = cloud.add({ seeds: [], resolveOnly: row.resolveOnly ?? false, ports: { remembered: () => remembered } })
  const scene = { cloud, node, peer, publisher: new Publisher(cloud, peer, node.host.ports.clock) }
  row.arrange?.(scene)
  const before = row.arrange === undefined ? {} : node.node.counters()
  row.act(scene)
  cloud.world.runFor(A_MOMENT)
  const changes = Object.entries(node.node.counters())
    .map(([name, count]) => [name, count - (before[name] ?? 0)] as const)
    .filter(([name, change]) => change !== 0 && (name === counter || !TRAFFIC.includes(name)))
  expect(changes).toEqual([[counter, row.amount?.(scene) ?? 1]])
})

/** One who has registered a name, and answers as it is told to. */
class Publisher {
  readonly #peer: ScriptedPeer
  readonly #cloud: SimulatedCloud
  readonly #registration: Registration
  readonly clock: Clock
  /** Somebody else's keys. */
  readonly stranger: SigningKeyPair
  /** What it says of its registration. */
  says: (question: Question) => Partial<AuthorityBuffer> = (question) => ({ cpa: this.cpa(question) })

  constructor(cloud: SimulatedCloud, peer: ScriptedPeer, clock: Clock) {
    const { crypto } = cloud
    const random = cloud.world.random('publisher')
    const keyPair = crypto.signingKeyPair(randomBytes(random, SEED_LENGTH))
    const name = makePeerName(authorityOf(crypto, keyPair.publicKey), CLASSIFIER)
    const content = { endpoints: [{ ...peer.endpoint, protocol: 6 }], comment: '', payload: undefined }
    this.#cloud = cloud
    this.#peer = peer
    this.clock = clock
    this.stranger = crypto.signingKeyPair(randomBytes(random, SEED_LENGTH))
    this.#registration = drawRegistration({ crypto, random }, { name, keyPair, ...content }, peer.endpoint.host)
  }

  get name(): PeerName {
    return this.#registration.name
  }

  get entry(): RouteEntry {
    return this.#peer.entry(this.#registration.id)
  }

  /** From now on it answers. */
  listen(): void {
    this.#peer.onHeard = (heard) => this.#answer(heard)
  }

  /** A certified peer address for its registration. */
  cpa(
    { nonce = NO_NONCE }: Question,
    changes: Partial<CertifiedPeerAddress> = {},
    { publicKey, secretKey } = this.#registration.keyPair,
  ): Uint8Array {
    const { serviceLocation, authority, classifierHash, content } = this.#registration
    const { host, port } = this.#peer.endpoint
    const cpa = {
      ...{ revoked: false, hasPayload: false, notAfter: this.clock.utc() + DAY, serviceLocation, nonce },
      ...{ authority, classifierHash, comment: '', servicePort: port, serviceAddresses: [host] },
      ...{ endpoints: content.endpoints, publicKey, ...changes },
    }
    return signCpa(this.#cloud.crypto, cpa, secretKey)
  }

  #answer(heard: Heard): void {
    const { message, from } = heard
    if (message.type === 'FLOOD') this.#peer.send(ackOf(this.#peer, message, from), from)
    if (message.type === 'LOOKUP') this.#peer.answer(heard, {})
    if (message.type === 'INQUIRE') this.#peer.answer(heard, message.wantsCpa ? this.says(message) : {})
  }
}

/** What a CPA or a nonce is asked for with. */
type Question = Pick<Inquire, 'nonce'>

/** The publisher is in the cache and is asked for its proof by a resolve: this is what it says. */
function answered(says: (publisher: Publisher, question: Question) => Partial<AuthorityBuffer>): Row {
  return {
    arrange: becomeCached,
    act: ({ node, publisher }) => {
      publisher.says = (question) => says(publisher, question)
      node.resolveName(publisher.name, {}, { found: () => {}, ended: () => {} })
    },
  }
}

/** As {@link answered}, with a certified peer address that is like this. */
function certified(changes: (now: number) => Partial<CertifiedPeerAddress>): Row {
  return answered((publisher, question) => ({ cpa: publisher.cpa(question, changes(publisher.clock.utc())) }))
}

/** The publisher tells the node of its entry, and proves it. */
function becomeCached(scene: Scene): void {
  const { cloud, node, publisher } = scene
  publisher.listen()
  tell(scene, publisher.entry)
  cloud.world.runFor(UNTIL_CACHED)
  expect(node.node.parts.cache.get(publisher.entry.id)).toBeDefined()
}

/** The node is told of an entry. */
function tell({ node, peer }: Scene, routeEntry: RouteEntry): void {
  peer.send({ ...FLOOD, routeEntry }, node.endpoint)
}

/** The node gets a good datagram of somebody in its cloud that was damaged on the way. */
function damaged(alter: (bytes: Uint8Array) => Uint8Array): (scene: Scene) => void {
  return ({ cloud, node, peer }) => {
    peer.sendBytes(alter(peer.bytesOf(inquiry(cloud))), node.endpoint)
    cloud.world.runFor(A_MOMENT)
    expect(peer.heard).toEqual([])
  }
}

/** The node is asked for an ID that it does not have. */
function askForNothing({ cloud, node, peer }: Scene): void {
  peer.send(inquiry(cloud), node.endpoint)
}

function inquiry(cloud: SimulatedCloud): Inquire {
  return { type: 'INQUIRE', messageId: 1, ...NO_FLAGS, validateId: drawPnrpId(cloud, 'nobody') }
}

/** What every reply of a peer begins with, as an ACK. */
function ackOf(peer: ScriptedPeer, request: Message, observed: Endpoint): Message {
  return { type: 'ACK', ...peer.replyTo(request, observed), notFound: false, cookieNeeded: false }
}

function advertise(peer: ScriptedPeer, solicit: Solicit, observed: Endpoint): Advertise {
  return {
    type: 'ADVERTISE',
    ...peer.replyTo(solicit, observed),
    ids: [],
    hashedNonce: solicit.hashedNonce,
    features: 0,
  }
}

/** Somebody who never answers, under an ID of its own. */
function silentEntry(cloud: SimulatedCloud, index: number): RouteEntry {
  const host = address(`99.1.${index >> 8}.${index & 0xff}`)
  return { id: drawPnrpId(cloud, `silent ${index}`), port: PORT, addresses: [host] }
}

function withLastBit(bytes: Uint8Array): Uint8Array {
  return bytes.with(bytes.length - 1, (bytes.at(-1) ?? 0) ^ 1)
}
