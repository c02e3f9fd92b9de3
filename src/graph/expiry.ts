/**
 * What is due at each whole minute of peer time (MS-PPGRH 3.1.6.7, 3.1.6.8; G-057, G-058, G-182): records that have expired are
 * removed, own ones that are about to are renewed, removals that nobody can still ask for are forgotten.
 *
 * Nothing is purged before the first reconciliation after a start or a wake: a clock that is wrong then would
 * expire what is alive. A graph with deferred expiration purges nothing while it has no neighbor either, and goes on
 * showing what has expired.
 */
import type { Deadline } from '../runtime/deadlines.ts'
import type { GraphParts } from './graph-parts.ts'
import { MINUTE } from './peer-time.ts'
import type { RecordStore } from './record-store.ts'

/** How long removals are kept, so that a reader can learn of them, in milliseconds (G-151). */
export const REMOVALS_KEPT = 7 * 24 * 60 * MINUTE
/** A timer that comes later than this, or a clock that jumps further, in milliseconds, means that the machine has slept. */
export const SLEEP_NOTICED = 30_000
/** Neighbors are told the time each so many minutes. */
const TELLING_INTERVAL = 10
/** Removals are forgotten each so many minutes. */
const FORGETTING_INTERVAL = 60

/** What expiry needs of the rest of the node. */
export interface ExpiryOwner {
  isOnline(): boolean
  /** Whether a reconciliation has ended since the start or the last wake. */
  hasReconciled(): boolean
  defersExpiration(): boolean
  refresh(): void
  /** Others are to know what time it is here (G-111). */
  tellTime(): void
  /** The machine has slept, or its clock was set. */
  woke(): void
}

/** The minutes of one node. */
export class Expiry {
  readonly #parts: GraphParts
  readonly #store: RecordStore
  readonly #owner: ExpiryOwner
  #timer: Deadline | undefined
  #due = 0
  #clockOffset = 0
  #minutes = 0
  #hasWarned = false

  constructor(parts: GraphParts, store: RecordStore, owner: ExpiryOwner) {
    this.#parts = parts
    this.#store = store
    this.#owner = owner
  }

  start(): void {
    if (this.#timer !== undefined) return
    this.#clockOffset = this.#offset()
    this.#arm()
  }

  stop(): void {
    if (this.#timer !== undefined) this.#parts.deadlines.cancel(this.#timer)
    this.#timer = undefined
  }

  /** Looks whether the machine has slept, as each minute does: a link that broke may tell it sooner. */
  look(): void {
    const offset = this.#offset()
    const jump = Math.abs(offset - this.#clockOffset)
    if (this.#timer === undefined || jump <= SLEEP_NOTICED) return
    this.#clockOffset = offset
    this.#owner.woke()
  }

  /** Removes what has expired, if that may be done now. */
  purge(): void {
    const minute = this.#parts.peerTime.minute()
    this.#store.advanceTrie(minute)
    if (!this.#owner.hasReconciled() || this.#isDeferred()) return
    this.#store.purgeEphemeral(minute)
    if (this.#store.purge(minute)) this.#parts.deadlines.set(0, () => this.#timer !== undefined && this.purge())
  }

  /** What expires at this peer time or before is not read any more; undefined: everything is, though it be expired (G-058). */
  hiddenUntil(): number | undefined {
    return this.#isDeferred() ? undefined : this.#parts.peerTime.minute()
  }

  #isDeferred(): boolean {
    return this.#owner.defersExpiration() && this.#parts.neighbors.count === 0
  }

  #arm(): void {
    const { clock, peerTime, deadlines } = this.#parts
    const delay = peerTime.minute() + MINUTE - peerTime.now()
    this.#due = clock.monotonic() + delay
    this.#timer = deadlines.set(delay, () => {
      this.#timer = undefined
      this.#tick()
    })
  }

  #tick(): void {
    const { clock, peerTime } = this.#parts
    // A machine that slept shows it in one of two ways: this comes late, or only the time of day has moved on.
    const isLate = clock.monotonic() - this.#due > SLEEP_NOTICED
    this.#arm()
    if (isLate) this.#owner.woke()
    else this.look()
    this.#clockOffset = this.#offset()
    this.purge()
    this.#warnOfClock()
    // Before a comparison a record here may be an old version of what others have: renewing it would hide theirs.
    const knowsOthers = this.#owner.hasReconciled() || this.#parts.neighbors.count === 0
    if (this.#owner.isOnline() && knowsOthers) this.#owner.refresh()
    this.#minutes++
    if (this.#minutes % TELLING_INTERVAL === 0) this.#owner.tellTime()
    if (this.#minutes % FORGETTING_INTERVAL === 0) {
      this.#store.database.forgetRemovals(peerTime.now() - REMOVALS_KEPT)
    }
  }

  /** A clock that peer time cannot make good for is said to be so (G-113). */
  #warnOfClock(): void {
    const { peerTime, log } = this.#parts
    const { outOfReach } = peerTime
    if (outOfReach === undefined) {
      this.#hasWarned = false
    } else if (!this.#hasWarned) {
      this.#hasWarned = true
      const seconds = Math.round(outOfReach / 1000)
      log.warn('the clock of this machine is too far off for its graph: set it, or let NTP set it', { seconds })
    }
  }

  #offset(): number {
    const { clock } = this.#parts
    return clock.utc() - clock.monotonic()
  }
}
