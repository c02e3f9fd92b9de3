/**
 * The protocol on one open link (MS-PPGRH 3.1.1): who opened it sends CONNECT and waits for WELCOME or REFUSE; whoever took it
 * waits for CONNECT; then it is CONNECTED, as a neighbor link, a comparison link or a direct connection. A message that does
 * not belong into the state ends the link unprocessed (G-019).
 */

import type { Deadline, Deadlines } from '../runtime/deadlines.ts'
import type { Endpoint } from '../runtime/endpoint.ts'
import type { GraphMessage, MessageKind } from './graph-message.ts'
import type { LinkClosing, LinkHandler, LinkPort, LinkPriority } from './link-port.ts'
import type { Connect, LinkPurpose, NodeId, Referral, RefuseCode, Welcome } from './overlay-message.ts'
import { reconciliationKinds } from './reconciliation-message.ts'
import type { LinkPeer } from './security-provider.ts'

/** What the link waits for, or what it has become. */
export type LinkState = 'authenticated' | 'connect-wait' | LinkPurpose

/** Told what comes over the links of a graph. */
export interface SessionOwner {
  /** A CONNECT without U came over a link that is not connected: answer by {@link LinkSession.welcome} or {@link LinkSession.refuse}. */
  connectCame(session: LinkSession, connect: Connect): void
  /** WELCOME came: the link is connected. */
  welcomed(session: LinkSession, welcome: Welcome): void
  refused(session: LinkSession, code: RefuseCode, referrals: readonly Referral[]): void
  /** A message that belongs into the state came over a connected link. */
  received(session: LinkSession, message: GraphMessage): void
  ready(session: LinkSession, priority: LinkPriority): void
  /** The last call. `was` is the state in which it closed. */
  closed(session: LinkSession, reason: LinkClosing, was: LinkState): void
  /** A message that does not belong into the state came. */
  outOfPlace(session: LinkSession, kind: MessageKind): void
}

/** How long an answer to CONNECT, and a CONNECT, may take, in milliseconds (G-024). */
export const LONGEST_CONNECT_WAIT = 10_000

/** One link and its state. */
export class LinkSession implements LinkHandler {
  readonly link: LinkPort
  readonly #owner: SessionOwner
  readonly #deadlines: Deadlines
  #state: LinkState
  #wait: Deadline | undefined
  #asked: Connect | undefined
  #isClosed = false
  /** Of the node at the other end, once CONNECT or WELCOME has told them. */
  nodeId: NodeId = ''
  addresses: readonly Endpoint[] = []
  /** The types that it keeps beside `peerage.*`; undefined: all. */
  types: readonly string[] | undefined
  /** The label of a direct connection. */
  protocol = ''

  /** Takes a link over. One that was opened here is to be asked for with {@link LinkSession.connect} next. */
  constructor(link: LinkPort, deadlines: Deadlines, owner: SessionOwner) {
    this.link = link
    this.#owner = owner
    this.#deadlines = deadlines
    this.#state = link.isDialler ? 'connect-wait' : 'authenticated'
    this.#wait = deadlines.set(LONGEST_CONNECT_WAIT, () => link.destroy('silent'))
    link.attach(this)
  }

  get peer(): LinkPeer {
    return this.link.peer
  }

  get state(): LinkState {
    return this.#state
  }

  get isConnected(): boolean {
    return this.#state !== 'authenticated' && this.#state !== 'connect-wait'
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** What this end asked for; undefined where the other end did. */
  get asked(): Connect | undefined {
    return this.#asked
  }

  /** Asks what the link is wanted for. */
  connect(connect: Connect): void {
    this.#asked = connect
    this.protocol = connect.protocol
    this.link.send(connect)
  }

  /** Answers a CONNECT: the link is connected. */
  welcome(connect: Connect, welcome: Welcome): void {
    this.#connected(connect.purpose)
    this.nodeId = connect.nodeId
    this.addresses = connect.addresses
    this.types = connect.types
    this.protocol = connect.protocol
    this.link.send(welcome)
  }

  /** Answers a CONNECT and ends the link. */
  refuse(code: RefuseCode, referrals: readonly Referral[] = []): void {
    this.link.send({ kind: 'REFUSE', code, referrals })
    this.link.end()
  }

  /** A comparison link becomes a neighbor link (G-163). */
  becomeNeighbor(): void {
    if (this.#state === 'comparison') this.#state = 'neighbor'
  }

  received(message: GraphMessage): void {
    if (!this.#isInPlace(message)) {
      this.#owner.outOfPlace(this, message.kind)
      this.link.destroy('protocol')
      return
    }
    switch (message.kind) {
      case 'CONNECT':
        this.#connectCame(message)
        break
      case 'WELCOME':
        this.#connected(this.#asked?.purpose ?? 'neighbor')
        this.nodeId = message.nodeId
        this.types = message.types
        this.#owner.welcomed(this, message)
        break
      case 'REFUSE':
        if (this.isConnected) return
        this.#owner.refused(this, message.code, message.referrals)
        this.link.end()
        break
      default:
        this.#owner.received(this, message)
    }
  }

  ready(priority: LinkPriority): void {
    this.#owner.ready(this, priority)
  }

  closed(reason: LinkClosing): void {
    this.#isClosed = true
    this.#stopWaiting()
    this.#owner.closed(this, reason, this.#state)
  }

  #connectCame(connect: Connect): void {
    if (!this.isConnected) {
      // U has no meaning yet: it is ignored (G-026).
      this.#stopWaiting()
      this.#owner.connectCame(this, connect)
    } else if (!connect.update) {
      this.link.send({ kind: 'REFUSE', code: 'already-connected', referrals: [] })
    } else if (this.#state === 'neighbor') {
      this.addresses = connect.addresses
      this.#owner.received(this, connect)
    }
  }

  #connected(purpose: LinkPurpose): void {
    this.#stopWaiting()
    this.#state = purpose
  }

  #stopWaiting(): void {
    if (this.#wait === undefined) return
    this.#deadlines.cancel(this.#wait)
    this.#wait = undefined
  }

  #isInPlace(message: GraphMessage): boolean {
    // Code 2 answers a CONNECT over a link that is connected.
    if (message.kind === 'REFUSE' && this.isConnected) return message.code === 'already-connected'
    return messagesIn[this.#state].has(message.kind)
  }
}

const RECONCILIATION: readonly string[] = Object.keys(reconciliationKinds)

/** What may come in each state (G-019). */
const messagesIn: Readonly<Record<LinkState, ReadonlySet<string>>> = {
  authenticated: new Set<string>(['CONNECT']),
  'connect-wait': new Set<string>(['WELCOME', 'REFUSE']),
  neighbor: new Set<string>([
    ...(['CONNECT', 'DISCONNECT', 'SHUFFLE', 'SHUFFLE_REPLY', 'BECOME_NEIGHBOR'] as const),
    ...(['FLOOD', 'ADVERTISE', 'GRAFT', 'PRUNE', 'PROOF_REQUEST', 'PROOF', 'PT2PT', 'PT2PT_ANSWER'] as const),
    ...RECONCILIATION,
  ]),
  comparison: new Set<string>([
    ...(['CONNECT', 'BECOME_NEIGHBOR', 'FLOOD', 'PROOF_REQUEST', 'PROOF'] as const),
    ...RECONCILIATION,
  ]),
  direct: new Set<string>(['CONNECT', 'DATA', 'DATA_END', 'PT2PT', 'PT2PT_ANSWER']),
}
