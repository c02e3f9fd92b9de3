/**
 * Rates by key: each key has a bucket that fills at a rate up to a burst, and each event takes one token.
 * The table is bounded; a key that is not in it has a full bucket, and one whose bucket is full again needs
 * no place in it.
 */
import type { Clock } from './clock.ts'

/** A rate and how much of it may come at once. */
export interface Rate {
  /** Tokens a second. */
  readonly perSecond: number
  readonly burst: number
}

interface Bucket {
  tokens: number
  filled: number
}

/** So many buckets are kept, full or not. */
const FEWEST_KEPT_BUCKETS = 16

/** A bounded table of buckets of one rate. */
export class TokenBuckets {
  readonly #clock: Clock
  readonly #rate: Rate
  readonly #mostKeys: number
  readonly #buckets = new Map<string, Bucket>()
  /** At how many buckets it is time to look for full ones. */
  #roomUntil = FEWEST_KEPT_BUCKETS

  constructor(clock: Clock, rate: Rate, mostKeys: number) {
    this.#clock = clock
    this.#rate = rate
    this.#mostKeys = mostKeys
  }

  /** Takes a token of a key; false if its bucket is empty. */
  take(key: string): boolean {
    const now = this.#clock.monotonic()
    const { perSecond, burst } = this.#rate
    let bucket = this.#buckets.get(key)
    if (bucket === undefined) {
      if (this.#buckets.size >= Math.min(this.#roomUntil, this.#mostKeys)) this.#makeRoom(now)
      bucket = { tokens: burst, filled: now }
      this.#buckets.set(key, bucket)
    }
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.filled) / 1000) * perSecond)
    bucket.filled = now
    if (bucket.tokens < 1) return false
    bucket.tokens--
    return true
  }

  clear(): void {
    this.#buckets.clear()
  }

  /** Drops the buckets that are full again, or else the one that was filled longest ago. */
  #makeRoom(now: number): void {
    const { perSecond, burst } = this.#rate
    for (const [key, { tokens, filled }] of this.#buckets) {
      if (tokens + ((now - filled) / 1000) * perSecond >= burst) this.#buckets.delete(key)
    }
    // Looking at all of them is put off until there are twice as many: it costs little for each that came.
    this.#roomUntil = Math.max(FEWEST_KEPT_BUCKETS, this.#buckets.size * 2)
    if (this.#buckets.size < this.#mostKeys) return
    for (const oldest of this.#buckets.keys()) {
      this.#buckets.delete(oldest)
      break
    }
  }
}
