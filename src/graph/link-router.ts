/**
 * Leads what comes over the links of a graph to the part that it is for, by the state of the link; and asks and answers what links
 * are for (MS-PPGRH 3.1.5).
 */
import { readRecord } from '../records/read-record.ts'
import { toHex } from '../runtime/bytes.ts'
import type { AddressMemory } from './address-memory.ts'
import type { Dialer, LinkWish } from './dialer.ts'
import type { DirectLinks } from './direct-links.ts'
import type { Flood } from './flood-message.ts'
import type { Flooding } from './flooding.ts'
import type { GraphMessage, MessageKind } from './graph-message.ts'
import type { GraphParts } from './graph-parts.ts'
import type { LinkClosing, LinkPort, LinkPriority } from './link-port.ts'
import { LinkSession, type LinkState, type SessionOwner } from './link-session.ts'
import type { LostNeighbors } from './lost-neighbors.ts'
import type { Membership } from './membership.ts'
import type { MissingProofs } from './missing-proofs.ts'
import type { NodeList } from './node-list.ts'
import type { Connect, Referral, RefuseCode, Welcome } from './overlay-message.ts'
import type { Presence } from './presence.ts'
import { PRESENCE_TYPE } from './presence-record.ts'
import { isReconciliationMessage } from './reconciliation-message.ts'
import type { Reconciliations } from './reconciliations.ts'
import type { RecordArrival } from './record-arrival.ts'
import { LONG_HELD, type RecordStore } from './record-store.ts'
import type { Shuffling } from './shuffling.ts'

/** Comparison links that others opened, at a time. */
export const MOST_COMPARISON_LINKS = 8

/** Where messages lead. */
export interface RoutedParts {
  readonly dialer: Dialer
  readonly membership: Membership
  readonly shuffling: Shuffling
  readonly flooding: Flooding
  readonly reconciliations: Reconciliations
  readonly direct: DirectLinks
  readonly missing: MissingProofs
  readonly memory: AddressMemory
  readonly lost: LostNeighbors
  readonly store: RecordStore
  readonly presence: Presence
  readonly nodes: NodeList
  readonly arrival: RecordArrival
}

/** The links of one node in one graph. */
export class LinkRouter implements SessionOwner {
  readonly #parts: GraphParts
  readonly #routed: RoutedParts
  /** Each with the time at which its last question went out, for samples of peer time. */
  readonly #sessions = new Map<LinkSession, number>()
  /** How long the way to a neighbor and back takes, as it was when its link was opened, in milliseconds. */
  readonly #roundTrips = new WeakMap<LinkSession, number>()
  #empty: (() => void) | undefined

  constructor(parts: GraphParts, routed: RoutedParts) {
    this.#parts = parts
    this.#routed = routed
  }

  /** Takes over a link that is open. */
  take(link: LinkPort): LinkSession {
    const session = new LinkSession(link, this.#parts.deadlines, this)
    // Who opened it asks as soon as it is open there: in answer to what left here a round trip ago.
    this.#sessions.set(session, this.#parts.clock.monotonic() - link.roundTrip)
    // The security state may have changed while the link was being opened (G-190).
    if (!this.#parts.provider.isAdmitted(link.peer.publicKey)) link.destroy('not-admitted')
    return session
  }

  /** Asks over a link that was opened here. */
  ask(session: LinkSession, { purpose, protocol }: LinkWish): void {
    this.#sessions.set(session, this.#parts.clock.monotonic())
    const alone = purpose === 'neighbor' && this.#parts.neighbors.count === 0
    session.connect({ ...this.#self(), update: false, purpose, alone, protocol })
  }

  /** Answers a CONNECT: the link is connected. */
  welcome(session: LinkSession, connect: Connect, referrals: readonly Referral[]): void {
    const { nodeId, peerTime, own } = this.#parts
    this.#sample(session, connect.peerTime, connect.purpose)
    session.welcome(connect, { kind: 'WELCOME', nodeId, peerTime: peerTime.now(), referrals, types: own.types })
    if (session.state === 'comparison') this.#showPresence(session)
    else if (session.state === 'neighbor') this.#rememberClaim(session)
  }

  /** The session over a link, as long as it is there. */
  sessionOf(link: LinkPort): LinkSession | undefined {
    for (const session of this.#sessions.keys()) if (session.link === link) return session
    return undefined
  }

  /** Tells a neighbor where this node listens now (G-012). */
  tellAddresses(session: LinkSession): void {
    const { addresses } = this.#parts.own
    if (addresses.length === 0) return
    session.link.send({ ...this.#self(), update: true, purpose: 'neighbor', alone: false, protocol: '' })
  }

  /** Tells all neighbors the peer time of this node: links last for days, and a sample counts for an hour (G-111). */
  tellTime(): void {
    for (const { session } of this.#parts.neighbors.all()) {
      session.link.send({ ...this.#self(), update: true, purpose: 'neighbor', alone: false, protocol: '' })
    }
  }

  /** A comparison over a link has ended. @param isCutOff Whether it showed that the two are cut off from each other */
  compared(session: LinkSession, isCutOff: boolean): void {
    if (session.state !== 'comparison') return
    const { isDialler, peer } = session.link
    if (isCutOff || (isDialler && this.#routed.lost.has(peer.key))) this.#adopt(session)
    else if (isDialler) session.link.end()
  }

  /** Ends all links but those of neighbors, who have been told already. */
  closeOthers(): void {
    for (const session of [...this.#sessions.keys()]) {
      if (session.state !== 'neighbor') session.link.destroy('closed')
    }
  }

  /** Ends links at once: their owners are not admitted any more. */
  some(isOut: (session: LinkSession) => boolean): boolean {
    return [...this.#sessions.keys()].some(isOut)
  }

  closeWhere(isOut: (session: LinkSession) => boolean): void {
    for (const session of [...this.#sessions.keys()]) {
      if (!isOut(session)) continue
      // What was sent to a neighbor just now may say why: it is not cut off.
      if (session.state === 'neighbor') session.link.end('not-admitted')
      else session.link.destroy('not-admitted')
    }
  }

  destroyAll(): void {
    for (const session of [...this.#sessions.keys()]) session.link.destroy('closed')
  }

  /** Calls back once no link is left: at once if there is none. */
  whenEmpty(empty: () => void): void {
    if (this.#sessions.size === 0) empty()
    else this.#empty = empty
  }

  // What comes over links

  connectCame(session: LinkSession, connect: Connect): void {
    if (connect.nodeId === this.#parts.nodeId || session.peer.key === this.#parts.ownKey) {
      session.refuse('own-node')
      return
    }
    switch (connect.purpose) {
      case 'direct':
        this.#routed.direct.judge(session, connect)
        break
      case 'comparison':
        if (this.#comparisonLinks() < MOST_COMPARISON_LINKS) this.welcome(session, connect, [])
        else session.refuse('busy')
        break
      case 'neighbor':
        this.#routed.membership.judge(session, connect)
    }
  }

  welcomed(session: LinkSession, welcome: Welcome): void {
    const { memory, membership, dialer } = this.#routed
    const purpose = session.asked?.purpose ?? 'neighbor'
    this.#sample(session, welcome.peerTime, purpose)
    const { publicKey, key } = session.peer
    const confirmed = this.#parts.peerTime.now()
    memory.confirm({ endpoint: session.link.remote, publicKey, key, confirmed, isProven: true })
    dialer.answered(session, 'welcome')
    if (purpose === 'neighbor') membership.welcomed(session, welcome)
    else if (purpose === 'comparison') this.#showPresence(session)
  }

  refused(session: LinkSession, code: RefuseCode, referrals: readonly Referral[]): void {
    this.#routed.dialer.answered(session, { code, referrals })
  }

  received(session: LinkSession, message: GraphMessage): void {
    const { membership, shuffling, flooding, reconciliations, direct, missing } = this.#routed
    switch (message.kind) {
      case 'DISCONNECT':
        membership.takesLeave(session, message.reason, message.referrals)
        break
      case 'SHUFFLE':
        shuffling.shuffleCame(session, message)
        break
      case 'SHUFFLE_REPLY':
        shuffling.replyCame(session, message)
        break
      case 'BECOME_NEIGHBOR':
        if (session.state === 'comparison') membership.adopt(session)
        break
      case 'FLOOD':
        if (session.state === 'comparison') this.#presenceShown(session, message)
        else flooding.floodCame(session, message)
        break
      case 'ADVERTISE':
        flooding.advertiseCame(session, message)
        break
      case 'GRAFT':
        flooding.graftCame(session, message)
        break
      case 'PRUNE':
        flooding.pruneCame(session, message)
        break
      case 'PROOF_REQUEST': {
        const proof = this.#parts.provider.proof(message.request) ?? NOTHING
        session.link.send({ kind: 'PROOF', request: message.request, proof })
        break
      }
      case 'PROOF':
        missing.proofCame(message.request, message.proof)
        break
      case 'PT2PT':
      case 'PT2PT_ANSWER':
      case 'DATA':
      case 'DATA_END':
        direct.received(session, message)
        break
      case 'CONNECT': {
        // A neighbor's new addresses, which the session has noted, and its time.
        this.#rememberClaim(session)
        const roundTrip = this.#roundTrips.get(session)
        if (roundTrip !== undefined) this.#parts.peerTime.sample(session.peer.key, message.peerTime, roundTrip)
        break
      }
      case 'WELCOME':
      case 'REFUSE':
        // The session has dealt with them.
        break
      default:
        if (isReconciliationMessage(message)) reconciliations.received(session.link, session.types, message)
    }
  }

  ready(session: LinkSession, priority: LinkPriority): void {
    const { flooding, reconciliations, direct } = this.#routed
    if (priority === 'flood') flooding.ready(session)
    if (priority === 'bulk') reconciliations.ready(session.link)
    direct.ready(session)
  }

  closed(session: LinkSession, reason: LinkClosing, was: LinkState): void {
    const { dialer, membership, reconciliations, direct } = this.#routed
    this.#sessions.delete(session)
    reconciliations.closed(session.link)
    direct.closed(session, reason)
    if (was === 'neighbor') membership.closed(session, reason)
    else dialer.answered(session, 'closed')
    if (this.#sessions.size > 0) return
    const empty = this.#empty
    this.#empty = undefined
    empty?.()
  }

  outOfPlace(_session: LinkSession, _kind: MessageKind): void {
    this.#parts.counters.dropped('message-out-of-order')
  }

  #self(): Pick<Connect, 'kind' | 'nodeId' | 'peerTime' | 'addresses' | 'types'> {
    const { nodeId, peerTime, own } = this.#parts
    return { kind: 'CONNECT', nodeId, peerTime: peerTime.now(), addresses: own.addresses, types: own.types }
  }

  /** Direct connections give no sample (G-111). */
  #sample(session: LinkSession, peerTime: number, purpose: Connect['purpose']): void {
    const asked = this.#sessions.get(session)
    if (purpose === 'direct' || asked === undefined) return
    const roundTrip = this.#parts.clock.monotonic() - asked
    this.#roundTrips.set(session, roundTrip)
    this.#parts.peerTime.sample(session.peer.key, peerTime, roundTrip)
  }

  /** A neighbor says where it listens: that is worth as much as its presence record. */
  #rememberClaim({ peer: { publicKey, key }, addresses }: LinkSession): void {
    const { own, peerTime } = this.#parts
    const confirmed = peerTime.now()
    for (const endpoint of addresses) {
      if (!own.isInScope(endpoint) || own.has(endpoint)) continue
      this.#routed.memory.confirm({ endpoint, publicKey, key, confirmed, isProven: false })
    }
  }

  #comparisonLinks(): number {
    let count = 0
    for (const { state, link } of this.#sessions.keys()) if (state === 'comparison' && !link.isDialler) count++
    return count
  }

  /** Over a comparison link each end shows its presence record, if others should have it by now (G-176). */
  #showPresence(session: LinkSession): void {
    const { record } = this.#routed.presence
    if (record === undefined || record.created + LONG_HELD > this.#parts.peerTime.now()) return
    session.link.send({ kind: 'FLOOD', record: record.bytes })
  }

  /** Whoever is not in the node list although it should be is cut off. */
  #presenceShown(session: LinkSession, { record: bytes }: Flood): void {
    const { crypto, keys } = this.#parts
    const { nodes, arrival } = this.#routed
    const record = readRecord(crypto, keys, bytes)
    const isShown = typeof record !== 'string' && record.type === PRESENCE_TYPE
    if (!isShown || toHex(record.creator.publicKey) !== session.peer.key || nodes.get(session.peer.key) !== undefined)
      return
    arrival.take(bytes, { session, how: 'flood' }, (outcome) => {
      if (outcome === 'new' && session.state === 'comparison') this.#adopt(session)
    })
  }

  #adopt(session: LinkSession): void {
    session.link.send({ kind: 'BECOME_NEIGHBOR' })
    this.#routed.membership.adopt(session)
  }
}

const NOTHING = new Uint8Array(0)
