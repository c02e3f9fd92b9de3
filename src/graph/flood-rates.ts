/**
 * Fairness between those who write (G-158): each creator and each neighbor has a rate at which its floods are taken in. What exceeds
 * it is delayed, never refused, because a refusal would make views differ; what does not fit into the bounded queue
 * is fetched later by a comparison.
 */
import type { GraphRecord } from '../records/record.ts'
import { toHex } from '../runtime/bytes.ts'
import type { Deadline } from '../runtime/deadlines.ts'
import { type Rate, TokenBuckets } from '../runtime/token-buckets.ts'
import type { GraphParts } from './graph-parts.ts'

/** Records a second. */
export const RECORDS_OF_CREATOR: Rate = { perSecond: 1000, burst: 4000 }
export const RECORDS_OF_NEIGHBOR: Rate = { perSecond: 10_000, burst: 20_000 }
/** Delayed records, of one creator and in all. */
export const MOST_DELAYED_OF_CREATOR = 512
export const MOST_DELAYED = 8192
const MOST_KEYS = 4096
/** How often delayed records are looked after, in milliseconds. */
const PAUSE = 20

interface Delayed {
  readonly again: () => void
  readonly neighbor: string
}

/** The rates of one node's floods. */
export class FloodRates {
  readonly #parts: GraphParts
  readonly #creators: TokenBuckets
  readonly #neighbors: TokenBuckets
  /** By creator, in the order in which they came. */
  readonly #delayed = new Map<string, Delayed[]>()
  #count = 0
  #timer: Deadline | undefined

  constructor(parts: GraphParts, rates: { readonly ofCreator: Rate; readonly ofNeighbor: Rate }) {
    this.#parts = parts
    this.#creators = new TokenBuckets(parts.clock, rates.ofCreator, MOST_KEYS)
    this.#neighbors = new TokenBuckets(parts.clock, rates.ofNeighbor, MOST_KEYS)
  }

  /**
   * Lets a flooded record pass, now or later.
   *
   * @param pass Called when it may be taken in, maybe before this returns.
   * @returns false if there is no room to wait: it is dropped
   */
  take({ creator }: GraphRecord, neighbor: string, pass: () => void): boolean {
    const key = toHex(creator.publicKey)
    const queue = this.#delayed.get(key)
    if (queue === undefined && this.#creators.take(key) && this.#neighbors.take(neighbor)) {
      pass()
      return true
    }
    if (this.#count >= MOST_DELAYED || (queue?.length ?? 0) >= MOST_DELAYED_OF_CREATOR) {
      this.#parts.counters.dropped('record-over-rate')
      return false
    }
    const delayed: Delayed = { again: pass, neighbor }
    if (queue === undefined) this.#delayed.set(key, [delayed])
    else queue.push(delayed)
    this.#count++
    this.#arm()
    return true
  }

  clear(): void {
    this.#delayed.clear()
    this.#count = 0
    if (this.#timer !== undefined) this.#parts.deadlines.cancel(this.#timer)
    this.#timer = undefined
  }

  #arm(): void {
    this.#timer ??= this.#parts.deadlines.set(PAUSE, () => {
      this.#timer = undefined
      this.#drain()
      if (this.#count > 0) this.#arm()
    })
  }

  #drain(): void {
    for (const [key, queue] of this.#delayed) {
      let passed = 0
      for (const { again, neighbor } of queue) {
        if (!this.#creators.take(key) || !this.#neighbors.take(neighbor)) break
        passed++
        again()
      }
      this.#count -= passed
      if (passed === queue.length) this.#delayed.delete(key)
      else if (passed > 0) queue.splice(0, passed)
    }
  }
}
