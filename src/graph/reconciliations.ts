/**
 * The reconciliations of one node (G-179): one at a time with the same node, and a bounded number in all, for those
 * that were begun here and those that others began, so that others cannot take the places of the own ones. What is too much is
 * answered as busy, and made up for in a later round. A node that begins too often, or with which a session came to nothing, is held
 * back in the same way.
 */
import type { Clock } from '../runtime/clock.ts'
import { type Rate, TokenBuckets } from '../runtime/token-buckets.ts'
import type { LinkPort } from './link-port.ts'
import type { ReconciledRecords, ReconciliationEnd } from './reconciled-records.ts'
import { Reconciliation, type ReconciliationPorts } from './reconciliation.ts'
import type { ReconciliationMessage, Root } from './reconciliation-message.ts'
import type { ReconciliationPolicy } from './reconciliation-stages.ts'

/** Sessions at a time that this node began. */
export const MOST_BEGUN_SESSIONS = 4
/** Sessions at a time that other nodes began. */
export const MOST_ANSWERED_SESSIONS = 8
/** How often another node may begin. */
export const SESSION_RATE: Rate = { perSecond: 0.2, burst: 8 }
/** How long a node is held back with which a session came to nothing, in milliseconds. */
export const HELD_BACK = 60_000
/** Nodes whose rate, and whose failure, is remembered. */
const MOST_REMEMBERED_NODES = 1024
const SESSION_NUMBERS = 2 ** 32

/** Told how the sessions go. */
export interface ReconciliationsOwner {
  /** @param expected As far as is known by now */
  progress(link: LinkPort, received: number, expected: number): void
  /** Everything of a prioritized type that differed is stored. */
  typeComplete(link: LinkPort, type: string): void
  /** A session has ended. After `protocol` the link is destroyed. */
  ended(link: LinkPort, end: ReconciliationEnd): void
}

interface Session {
  readonly link: LinkPort
  readonly reconciliation: Reconciliation
  readonly wasBegunHere: boolean
}

/** All sessions of one node in one graph. */
export class Reconciliations {
  /** The records, as one link sees them: what arrives over it is known to come from there. */
  readonly #records: (link: LinkPort) => ReconciledRecords
  readonly #ports: ReconciliationPorts
  readonly #clock: Clock
  readonly #policy: () => ReconciliationPolicy
  readonly #owner: ReconciliationsOwner
  /** By the key of the other node. */
  readonly #sessions = new Map<string, Session>()
  readonly #rates: TokenBuckets
  /** Until when nodes are held back, the oldest first. */
  readonly #heldBack = new Map<string, number>()
  #number = 0

  constructor(
    records: (link: LinkPort) => ReconciledRecords,
    ports: ReconciliationPorts & { readonly clock: Clock },
    policy: () => ReconciliationPolicy,
    owner: ReconciliationsOwner,
  ) {
    this.#records = records
    this.#ports = ports
    this.#clock = ports.clock
    this.#policy = policy
    this.#owner = owner
    this.#rates = new TokenBuckets(ports.clock, SESSION_RATE, MOST_REMEMBERED_NODES)
  }

  /** Whether one is under way over a link. */
  isUnderWay(link: LinkPort): boolean {
    return this.#sessions.get(link.peer.key)?.link === link
  }

  /**
   * Begins one.
   *
   * @param otherTypes The types that the other end keeps beside `peerage.*`; undefined: all.
   * @returns whether there is a place for it
   */
  begin(link: LinkPort, otherTypes: readonly string[] | undefined): boolean {
    const { key } = link.peer
    if (this.#sessions.has(key) || this.#isHeldBack(key)) return false
    if (this.#count(true) >= MOST_BEGUN_SESSIONS) return false
    // The numbers of the two ends differ in the lowest bit.
    this.#number = (this.#number + 2) % SESSION_NUMBERS
    this.#add(link, otherTypes, this.#number + (link.isDialler ? 0 : 1), true).begin()
    return true
  }

  /** A message of reconciliation came. @param otherTypes As for {@link Reconciliations.begin} */
  received(link: LinkPort, otherTypes: readonly string[] | undefined, message: ReconciliationMessage): void {
    const session = this.#sessions.get(link.peer.key)
    if (session?.link === link && session.reconciliation.session === message.session) {
      session.reconciliation.received(message)
    } else if (message.kind === 'ROOT') {
      this.#rootCame(link, otherTypes, message)
    }
    // Anything else belongs to a session that is over here.
  }

  /** The link takes bulk again. */
  ready(link: LinkPort): void {
    const session = this.#sessions.get(link.peer.key)
    if (session?.link === link) session.reconciliation.ready()
  }

  closed(link: LinkPort): void {
    const session = this.#sessions.get(link.peer.key)
    if (session?.link === link) session.reconciliation.stop('link', undefined)
  }

  /** Ends all sessions. */
  close(): void {
    for (const { reconciliation } of [...this.#sessions.values()]) reconciliation.stop('ended', 'stopped')
    this.#heldBack.clear()
    this.#rates.clear()
  }

  #rootCame(link: LinkPort, otherTypes: readonly string[] | undefined, root: Root): void {
    const isOwnNumber = (root.session & 1) === (link.isDialler ? 0 : 1)
    // A late answer to a session that is over.
    if (isOwnNumber) return
    const { key } = link.peer
    const present = this.#sessions.get(key)
    if (present?.link === link && present.wasBegunHere && present.reconciliation.isWaiting) {
      // Both ends began: the dialler's session counts.
      if (link.isDialler) return
      present.reconciliation.stop('busy', undefined)
    }
    const isTooOften = !this.#rates.take(key)
    const isFull = this.#count(false) >= MOST_ANSWERED_SESSIONS
    if (isTooOften || isFull || this.#sessions.has(key) || this.#isHeldBack(key)) {
      link.send({ kind: 'END', session: root.session, reason: 'busy' })
      return
    }
    this.#add(link, otherTypes, root.session, false).answer(root)
  }

  #add(
    link: LinkPort,
    otherTypes: readonly string[] | undefined,
    session: number,
    wasBegunHere: boolean,
  ): Reconciliation {
    const { key } = link.peer
    const reconciliation = new Reconciliation(
      this.#records(link),
      this.#ports,
      { link, session, policy: this.#policy(), otherTypes },
      {
        progress: (received, expected) => this.#owner.progress(link, received, expected),
        typeComplete: (type) => this.#owner.typeComplete(link, type),
        ended: (end) => {
          this.#sessions.delete(key)
          this.#ended(link, end)
        },
      },
    )
    this.#sessions.set(key, { link, reconciliation, wasBegunHere })
    return reconciliation
  }

  #ended(link: LinkPort, end: ReconciliationEnd): void {
    if (end.kind === 'failed' && (end.reason === 'stalled' || end.reason === 'protocol')) this.#holdBack(link.peer.key)
    this.#owner.ended(link, end)
    if (end.kind === 'failed' && end.reason === 'protocol') link.destroy('protocol')
  }

  #holdBack(key: string): void {
    const oldest = this.#heldBack.keys().next().value
    if (oldest !== undefined && this.#heldBack.size >= MOST_REMEMBERED_NODES) this.#heldBack.delete(oldest)
    this.#heldBack.delete(key)
    this.#heldBack.set(key, this.#clock.monotonic() + HELD_BACK)
  }

  #isHeldBack(key: string): boolean {
    const until = this.#heldBack.get(key)
    if (until === undefined) return false
    if (until > this.#clock.monotonic()) return true
    this.#heldBack.delete(key)
    return false
  }

  #count(wasBegunHere: boolean): number {
    let count = 0
    for (const session of this.#sessions.values()) if (session.wasBegunHere === wasBegunHere) count++
    return count
  }
}
