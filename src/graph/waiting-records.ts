/**
 * Records from the future wait (G-181): one whose times are more than a minute ahead of peer time is not shown, not stored and
 * not passed on until peer time comes near. It costs its sender nothing, but there are limits for each sender and for all;
 * what overflows is fetched again by a later comparison.
 *
 * Its signatures are not checked before that: so each version waits for itself, and a forged one displaces no other.
 */

import type { GraphRecord } from '../records/record.ts'
import { toHex } from '../runtime/bytes.ts'
import type { Deadline } from '../runtime/deadlines.ts'
import type { GraphParts } from './graph-parts.ts'
import { type HashedLeaf, hashedLeaf } from './merkle-trie.ts'

/** How far ahead of peer time a record may be, in milliseconds. */
export const TOLERATED_LEAD = 60_000
/** Records from the future, in bytes, of one sender and in all. */
export const LARGEST_WAITING_OF_SENDER = 1024 * 1024
export const LARGEST_WAITING = 8 * 1024 * 1024
/** Between two looks at those that wait: at least so long, so that a bad clock makes no busy loop; in milliseconds. */
const SHORTEST_WAIT = 1000
const LONGEST_WAIT = 60_000

interface Waiting {
  readonly record: GraphRecord
  readonly sender: string
  readonly again: () => void
  /** As other nodes may have it in their tries already. */
  readonly leaf: HashedLeaf
}

type WaitingParts = Pick<GraphParts, 'peerTime' | 'counters' | 'deadlines' | 'clock' | 'crypto'>

/** The records of one node that wait. */
export class WaitingRecords {
  readonly #parts: WaitingParts
  /** By digest. */
  readonly #records = new Map<string, Waiting>()
  readonly #bytes = new Map<string, number>()
  #total = 0
  #timer: Deadline | undefined
  #isPaused = false

  constructor(parts: WaitingParts) {
    this.#parts = parts
  }

  get size(): number {
    return this.#records.size
  }

  /** Whether a record has to wait. */
  isAhead(record: GraphRecord): boolean {
    return this.#wait(record) > 0
  }

  /** Whether this version waits here. */
  has(digest: Uint8Array): boolean {
    return this.#records.has(toHex(digest))
  }

  /** All that wait, as leaves. */
  leaves(): readonly HashedLeaf[] {
    return [...this.#records.values()].map(({ leaf }) => leaf)
  }

  /** Keeps a record. @param again Called when its time has come. @returns false if there is no room */
  add(record: GraphRecord, sender: string, again: () => void): boolean {
    const key = toHex(record.digest)
    if (this.#records.has(key)) return true
    const size = record.bytes.length
    const ofSender = (this.#bytes.get(sender) ?? 0) + size
    if (ofSender > LARGEST_WAITING_OF_SENDER || this.#total + size > LARGEST_WAITING) {
      this.#parts.counters.dropped('waiting-limit')
      return false
    }
    this.#parts.counters.counted('records-waited')
    this.#records.set(key, { record, sender, again, leaf: hashedLeaf(this.#parts.crypto, record) })
    this.#bytes.set(sender, ofSender)
    this.#total += size
    this.#arm(this.#wait(record))
    return true
  }

  /** Lets none go on, until {@link WaitingRecords.resume}. */
  pause(): void {
    this.#isPaused = true
    this.#stopTimer()
  }

  resume(): void {
    this.#isPaused = false
    this.#release()
  }

  clear(): void {
    this.#records.clear()
    this.#bytes.clear()
    this.#total = 0
    this.#stopTimer()
  }

  #stopTimer(): void {
    if (this.#timer !== undefined) this.#parts.deadlines.cancel(this.#timer)
    this.#timer = undefined
  }

  /** How long a record has to wait yet, in milliseconds. */
  #wait({ created, modified }: GraphRecord): number {
    return Math.max(created, modified) - TOLERATED_LEAD - this.#parts.peerTime.now()
  }

  #drop({ record, sender }: Waiting): void {
    const size = record.bytes.length
    this.#records.delete(toHex(record.digest))
    this.#total -= size
    const left = (this.#bytes.get(sender) ?? 0) - size
    if (left > 0) this.#bytes.set(sender, left)
    else this.#bytes.delete(sender)
  }

  #arm(wait: number): void {
    if (this.#isPaused) return
    const delay = Math.max(SHORTEST_WAIT, Math.min(LONGEST_WAIT, wait))
    if (this.#timer !== undefined) {
      if (this.#timer.due <= this.#parts.clock.monotonic() + delay) return
      this.#parts.deadlines.cancel(this.#timer)
    }
    this.#timer = this.#parts.deadlines.set(delay, () => {
      this.#timer = undefined
      this.#release()
    })
  }

  #release(): void {
    let shortest = Number.POSITIVE_INFINITY
    for (const waiting of [...this.#records.values()]) {
      const wait = this.#wait(waiting.record)
      if (wait > 0) {
        shortest = Math.min(shortest, wait)
      } else {
        this.#drop(waiting)
        waiting.again()
      }
    }
    if (shortest < Number.POSITIVE_INFINITY) this.#arm(shortest)
  }
}
