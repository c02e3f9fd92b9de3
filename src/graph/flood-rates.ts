/**
 * Fairness between those who write (G-158): each creator and each neighbor has a rate at which its floods are taken in. What exceeds
 * it is delayed, never refused, because a refusal would make views differ; what does not fit into the bounded queue
 * is fetched later by a comparison.
 *
 * Before the signatures of a record are checked, nobody knows who made it. So at first it counts for the neighbor that
 * sent it, and for what that neighbor sends of that creator; only a record that is proven counts for its creator alone.
 * Otherwise anybody could use up the rate of somebody else with forged records.
 */
import type { GraphRecord } from '../records/record.ts'
import { toHex } from '../runtime/bytes.ts'
import type { Deadline } from '../runtime/deadlines.ts'
import { type Rate, TokenBuckets } from '../runtime/token-buckets.ts'
import type { GraphParts } from './graph-parts.ts'

/** Records a second. */
export const RECORDS_OF_CREATOR: Rate = { perSecond: 1000, burst: 4000 }
export const RECORDS_OF_NEIGHBOR: Rate = { perSecond: 10_000, burst: 20_000 }
/** Flooded records that are delayed, of one creator (before they are checked: from one neighbor) and in all. */
export const MOST_DELAYED_OF_CREATOR = 512
export const MOST_DELAYED = 8192
/** Bytes of flooded records that are delayed, likewise. */
export const LARGEST_DELAYED_OF_CREATOR = 1024 * 1024
export const LARGEST_DELAYED = 16 * 1024 * 1024
/** Creators, and neighbors, whose rates are remembered. */
const MOST_KEYS = 4096
/** How often delayed records are looked after, in milliseconds. */
const PAUSE = 20

interface Delayed {
  readonly pass: (waited: true) => void
  readonly size: number
}

interface Queue {
  readonly takes: () => boolean
  delayed: Delayed[]
  bytes: number
}

/** The rates of one node's floods. */
export class FloodRates {
  readonly #parts: Pick<GraphParts, 'clock' | 'deadlines' | 'counters'>
  readonly #creators: TokenBuckets
  readonly #neighbors: TokenBuckets
  readonly #unchecked: TokenBuckets
  /** By what exceeds its rate; each in the order in which its records came. */
  readonly #queues = new Map<string, Queue>()
  #count = 0
  #bytes = 0
  #timer: Deadline | undefined

  constructor(
    parts: Pick<GraphParts, 'clock' | 'deadlines' | 'counters'>,
    rates: { readonly ofCreator: Rate; readonly ofNeighbor: Rate },
  ) {
    this.#parts = parts
    this.#creators = new TokenBuckets(parts.clock, rates.ofCreator, MOST_KEYS)
    this.#unchecked = new TokenBuckets(parts.clock, rates.ofCreator, MOST_KEYS)
    this.#neighbors = new TokenBuckets(parts.clock, rates.ofNeighbor, MOST_KEYS)
  }

  /** How many records are delayed. */
  get size(): number {
    return this.#count
  }

  /**
   * Lets a flooded record pass to where its signatures are checked, now or later.
   *
   * @param pass Called when it may, maybe before this returns; `waited`: not now, but later.
   * @returns false if there is no room to wait: it is dropped
   */
  takeUnchecked({ creator, bytes }: GraphRecord, neighbor: string, pass: (waited: boolean) => void): boolean {
    const key = `${neighbor} ${toHex(creator.publicKey)}`
    let isCounted = false
    const takes = (): boolean => {
      // A record that has its creator's token and waits for its neighbor's takes no second one.
      isCounted ||= this.#unchecked.take(key)
      if (!isCounted || !this.#neighbors.take(neighbor)) return false
      isCounted = false
      return true
    }
    return this.#take(key, takes, bytes.length, pass)
  }

  /** Lets a record whose signatures are good pass, now or later, as {@link FloodRates.takeUnchecked} does. */
  takeChecked({ creator, bytes }: GraphRecord, pass: () => void): boolean {
    const key = toHex(creator.publicKey)
    return this.#take(key, () => this.#creators.take(key), bytes.length, pass)
  }

  clear(): void {
    this.#queues.clear()
    this.#count = 0
    this.#bytes = 0
    if (this.#timer !== undefined) this.#parts.deadlines.cancel(this.#timer)
    this.#timer = undefined
  }

  #take(key: string, takes: () => boolean, size: number, pass: (waited: boolean) => void): boolean {
    const queue = this.#queues.get(key)
    if (queue === undefined && takes()) {
      pass(false)
      return true
    }
    const isFull =
      this.#count >= MOST_DELAYED ||
      this.#bytes + size > LARGEST_DELAYED ||
      (queue !== undefined &&
        (queue.delayed.length >= MOST_DELAYED_OF_CREATOR || queue.bytes + size > LARGEST_DELAYED_OF_CREATOR))
    if (isFull) {
      this.#parts.counters.dropped('record-over-rate')
      return false
    }
    const made: Queue = queue ?? { takes, delayed: [], bytes: 0 }
    made.delayed.push({ pass, size })
    made.bytes += size
    this.#queues.set(key, made)
    this.#count++
    this.#bytes += size
    this.#parts.counters.counted('records-delayed')
    this.#arm()
    return true
  }

  #arm(): void {
    this.#timer ??= this.#parts.deadlines.set(PAUSE, () => {
      this.#timer = undefined
      this.#drain()
      if (this.#count > 0) this.#arm()
    })
  }

  #drain(): void {
    for (const [key, queue] of [...this.#queues]) {
      const passed: Delayed[] = []
      for (const delayed of queue.delayed) {
        if (!queue.takes()) break
        passed.push(delayed)
        queue.bytes -= delayed.size
        this.#bytes -= delayed.size
      }
      this.#count -= passed.length
      queue.delayed = queue.delayed.slice(passed.length)
      if (queue.delayed.length === 0) this.#queues.delete(key)
      for (const { pass } of passed) pass(true)
    }
  }
}
