/**
 * The comparisons of a node with others, as its graph sees them: when one begins, what arrives in it, and what its end means.
 * reconciliations.ts does the comparing, comparisons.ts chooses the nodes that are no neighbors.
 */
import type { Deadline } from '../runtime/deadlines.ts'
import { randomFraction } from '../runtime/random.ts'
import type { DropReason } from './graph-counters.ts'
import type { GraphParts } from './graph-parts.ts'
import type { KeptState } from './kept-state.ts'
import type { LinkPort } from './link-port.ts'
import type { LinkSession } from './link-session.ts'
import { MINUTE } from './peer-time.ts'
import type { ReconciledRecords, ReconciliationEnd, ReconciliationFailure } from './reconciled-records.ts'
import type { ReconciliationPolicy } from './reconciliation-stages.ts'
import { Reconciliations } from './reconciliations.ts'
import type { RecordArrival } from './record-arrival.ts'
import type { RecordStore } from './record-store.ts'

/** Between a comparison for which there was no place, and the next attempt, in milliseconds, with up to as much again added. */
export const COMPARISON_RETRY = 3000

/** What synchronizing needs of the rest of the node. */
export interface SynchronizingOwner {
  policy(): ReconciliationPolicy
  /** The session over a link, as long as it is there. */
  sessionOf(link: LinkPort): LinkSession | undefined
  /** A comparison has ended well. @param isCutOff Whether it showed that the two are cut off from each other */
  compared(session: LinkSession, isCutOff: boolean): void
  /** The first one since the start, or since the last wake, has ended well. */
  synchronized(): void
}

/** The comparisons of one node. */
export class Synchronizing {
  readonly reconciliations: Reconciliations
  readonly #parts: GraphParts
  readonly #store: RecordStore
  readonly #arrival: RecordArrival
  readonly #kept: KeptState
  readonly #owner: SynchronizingOwner
  /** How often the disk had failed when a comparison began here. */
  readonly #losses = new WeakMap<LinkPort, number>()
  readonly #comparedLater = new Map<LinkSession, Deadline>()
  #wasSynchronized: boolean
  #hasReconciled = false
  #isCurrent = false

  constructor(
    parts: GraphParts,
    tools: { readonly store: RecordStore; readonly arrival: RecordArrival; readonly kept: KeptState },
    owner: SynchronizingOwner,
  ) {
    const { clock, crypto, random, deadlines, events } = parts
    this.#parts = parts
    this.#store = tools.store
    this.#arrival = tools.arrival
    this.#kept = tools.kept
    this.#owner = owner
    this.#wasSynchronized = tools.kept.wasSynchronized
    this.reconciliations = new Reconciliations(
      (link) => this.#recordsOver(link),
      { clock, crypto, random, deadlines },
      () => owner.policy(),
      {
        progress: (_link, received, expected) => events.progressed(received, expected),
        typeComplete: (_link, type) => events.synchronized(type),
        ended: (link, end) => this.#ended(link, end),
      },
    )
  }

  /** Whether a comparison has ended well at any time, before a restart too. */
  get wasSynchronized(): boolean {
    return this.#wasSynchronized
  }

  /** Whether one has since the start, or since the last wake. */
  get hasReconciled(): boolean {
    return this.#hasReconciled
  }

  /** Whether one has since there was no neighbor. */
  get isCurrent(): boolean {
    return this.#isCurrent
  }

  /** The last neighbor has gone: what happens now is not seen here. */
  lostAll(): void {
    this.#isCurrent = false
  }

  /** What is here may be long out of date: all are to be compared with anew. */
  forget(): void {
    for (const deadline of this.#comparedLater.values()) this.#parts.deadlines.cancel(deadline)
    this.#comparedLater.clear()
    this.#hasReconciled = false
    this.#isCurrent = false
  }

  /** Compares with the other end of a link; if there is no place for it now, a little later. */
  compare(session: LinkSession): void {
    if (this.reconciliations.begin(session.link, session.types)) {
      this.#losses.set(session.link, this.#store.losses)
      this.#parts.counters.counted('comparisons')
    } else {
      this.#compareLater(session)
    }
  }

  #compareLater(session: LinkSession, pause = COMPARISON_RETRY): void {
    if (session.state !== 'neighbor') {
      // Another round will do: nothing waits for a place but neighbors.
      session.link.end()
      return
    }
    const { deadlines, random } = this.#parts
    const former = this.#comparedLater.get(session)
    if (former !== undefined) deadlines.cancel(former)
    const deadline = deadlines.set(pause * (1 + randomFraction(random)), () => {
      this.#comparedLater.delete(session)
      if (this.#parts.neighbors.of(session) === undefined || this.reconciliations.isUnderWay(session.link)) return
      this.compare(session)
    })
    this.#comparedLater.set(session, deadline)
  }

  #recordsOver(link: LinkPort): ReconciledRecords {
    const store = this.#store
    return {
      trie: store.trie,
      minute: () => this.#parts.peerTime.minute(),
      advanceTrie: (minute) => store.advanceTrie(minute),
      bytesOf: (type, id) => store.bytesOf(type, id),
      reading: (read) => store.database.reading(read),
      waiting: () => this.#arrival.waiting.leaves(),
      isLongHeld: (id) => store.isLongHeld(id),
      arrived: (bytes, done) => {
        this.#arrival.take(bytes, { session: this.#owner.sessionOf(link), how: 'bulk' }, done)
      },
    }
  }

  #ended(link: LinkPort, end: ReconciliationEnd): void {
    const session = this.#owner.sessionOf(link)
    if (session === undefined) return
    if (end.kind === 'failed') {
      this.#parts.counters.dropped(failures[end.reason])
      // Clocks that are minutes apart come together slowly, if at all.
      const pause = end.reason === 'minute' ? MINUTE : COMPARISON_RETRY
      if (end.reason !== 'link' && end.reason !== 'ended') this.#compareLater(session, pause)
      return
    }
    if (end.kind === 'reconciled') this.#parts.counters.counted('comparisons-different')
    if (this.#isComplete(session) && !this.#completed(session)) return
    this.#owner.compared(session, end.kind === 'reconciled' && end.wasCutOff)
  }

  /** Whether the other end keeps all that is kept here: else a comparison with it says nothing about the rest (G-010). */
  #isComplete({ types }: LinkSession): boolean {
    return types === undefined || this.#parts.own.types?.every((type) => types.includes(type)) === true
  }

  /** All that is kept here was compared. @returns whether it is on disk */
  #completed(session: LinkSession): boolean {
    if (!this.#wasSynchronized) {
      this.#kept.setSynchronized()
      this.#store.commit()
      // What the disk did not take has to come again before this is a complete copy.
      if ((this.#losses.get(session.link) ?? 0) !== this.#store.losses) {
        this.#kept.clearSynchronized()
        this.#compareLater(session)
        return false
      }
      this.#wasSynchronized = true
    }
    this.#isCurrent = true
    if (!this.#hasReconciled) {
      this.#hasReconciled = true
      this.#owner.synchronized()
    }
    return true
  }
}

const failures: Readonly<Record<ReconciliationFailure, DropReason>> = {
  busy: 'comparison-busy',
  minute: 'comparison-minute',
  stalled: 'comparison-failed',
  'given-up': 'comparison-failed',
  protocol: 'comparison-failed',
  link: 'comparison-failed',
  ended: 'comparison-failed',
}
