/**
 * Records from the future wait (G-181): whose times are more than a minute ahead of peer time is not shown, not stored and
 * not passed on until peer time comes near. It costs its sender nothing, but there are limits for each sender and for all;
 * what overflows is fetched again by a later comparison.
 */

import type { GraphRecord } from '../records/record.ts'
import type { Deadline } from '../runtime/deadlines.ts'
import type { GraphParts } from './graph-parts.ts'

/** How far ahead of peer time a record may be, in milliseconds. */
export const TOLERATED_LEAD = 60_000
/** In bytes, of one sender and in all. */
export const LARGEST_WAITING_OF_SENDER = 1024 * 1024
export const LARGEST_WAITING = 8 * 1024 * 1024
/** At least so long, so that a bad clock makes no busy loop; in milliseconds. */
const SHORTEST_WAIT = 1000
const LONGEST_WAIT = 60_000

interface Waiting {
  readonly record: GraphRecord
  readonly sender: string
  readonly again: () => void
}

/** The records of one node that wait. */
export class WaitingRecords {
  readonly #parts: GraphParts
  /** By ID: one version of each. */
  readonly #records = new Map<string, Waiting>()
  readonly #bytes = new Map<string, number>()
  #total = 0
  #timer: Deadline | undefined

  constructor(parts: GraphParts) {
    this.#parts = parts
  }

  get size(): number {
    return this.#records.size
  }

  /** Whether a record has to wait. */
  isAhead({ created, modified }: GraphRecord): boolean {
    return Math.max(created, modified) > this.#parts.peerTime.now() + TOLERATED_LEAD
  }

  /** Whether a version of it waits here. */
  has(id: string): boolean {
    return this.#records.has(id)
  }

  /** Keeps a record. @param again Called when its time has come. */
  add(record: GraphRecord, sender: string, again: () => void): void {
    const size = record.bytes.length
    const former = this.#records.get(record.id)
    if (former !== undefined) this.#drop(former)
    const ofSender = (this.#bytes.get(sender) ?? 0) + size
    if (ofSender > LARGEST_WAITING_OF_SENDER || this.#total + size > LARGEST_WAITING) {
      this.#parts.counters.dropped('waiting-limit')
      return
    }
    this.#parts.counters.counted('records-waited')
    this.#records.set(record.id, { record, sender, again })
    this.#bytes.set(sender, ofSender)
    this.#total += size
    this.#arm()
  }

  clear(): void {
    this.#records.clear()
    this.#bytes.clear()
    this.#total = 0
    if (this.#timer !== undefined) this.#parts.deadlines.cancel(this.#timer)
    this.#timer = undefined
  }

  #drop(waiting: Waiting): void {
    const { record, sender } = waiting
    const size = record.bytes.length
    this.#records.delete(record.id)
    this.#total -= size
    const left = (this.#bytes.get(sender) ?? 0) - size
    if (left > 0) this.#bytes.set(sender, left)
    else this.#bytes.delete(sender)
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#records.size === 0) return
    let earliest = Number.POSITIVE_INFINITY
    for (const { record } of this.#records.values()) {
      earliest = Math.min(earliest, Math.max(record.created, record.modified) - TOLERATED_LEAD)
    }
    const wait = earliest - this.#parts.peerTime.now()
    this.#timer = this.#parts.deadlines.set(Math.max(SHORTEST_WAIT, Math.min(LONGEST_WAIT, wait)), () => {
      this.#timer = undefined
      for (const waiting of [...this.#records.values()]) {
        if (this.isAhead(waiting.record)) continue
        this.#drop(waiting)
        waiting.again()
      }
      this.#arm()
    })
  }
}
