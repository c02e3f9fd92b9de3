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

/** So many buckets are kept, full or not. */
const FEWEST_KEPT_BUCKETS = 4

/** Milliseconds that sums of intervals may be off. */
const ROUNDING = 1e-6

/** One bucket. */
export class TokenBucket {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #rate: Rate
  #fullAt = 0

  constructor(clock: Pick<Clock, 'monotonic'>, rate: Rate) {
    this.#clock = clock
    this.#rate = rate
  }

  /** Takes a token; false if the bucket is empty. */
  take(): boolean {
    const fullAt = fullAfterToken(this.#rate, this.#clock.monotonic(), this.#fullAt)
    if (fullAt === undefined) return false
    this.#fullAt = fullAt
    return true
  }
}

/** A bounded table of buckets of one rate. */
export class TokenBuckets {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #rate: Rate
  readonly #mostKeys: number
  /** When the bucket of each key will be full again: all that there is to know about it. */
  readonly #fullAt = new Map<string, number>()
  /** At how many buckets it is time to look for full ones. */
  #roomUntil = FEWEST_KEPT_BUCKETS

  constructor(clock: Pick<Clock, 'monotonic'>, rate: Rate, mostKeys: number) {
    this.#clock = clock
    this.#rate = rate
    this.#mostKeys = mostKeys
  }

  /** Takes a token of a key; false if its bucket is empty. */
  take(key: string): boolean {
    const now = this.#clock.monotonic()
    const kept = this.#fullAt.get(key)
    const fullAt = fullAfterToken(this.#rate, now, kept ?? now)
    if (fullAt === undefined) return false
    if (kept === undefined && this.#fullAt.size >= Math.min(this.#roomUntil, this.#mostKeys)) this.#makeRoom(now)
    this.#fullAt.set(key, fullAt)
    return true
  }

  /** Whether {@link TokenBuckets.take} would take one now. */
  has(key: string): boolean {
    const now = this.#clock.monotonic()
    return fullAfterToken(this.#rate, now, this.#fullAt.get(key) ?? now) !== undefined
  }

  clear(): void {
    this.#fullAt.clear()
  }

  /** Drops the buckets that are full again, or else the oldest one. */
  #makeRoom(now: number): void {
    for (const [key, fullAt] of this.#fullAt) if (fullAt <= now) this.#fullAt.delete(key)
    // Looking at all of them is put off until there are twice as many: it costs little for each that came.
    this.#roomUntil = Math.max(FEWEST_KEPT_BUCKETS, this.#fullAt.size * 2)
    if (this.#fullAt.size < this.#mostKeys) return
    for (const oldest of this.#fullAt.keys()) {
      this.#fullAt.delete(oldest)
      break
    }
  }
}

/** When a bucket that would be full at a time will be full if a token is taken now; undefined if it has none. */
function fullAfterToken({ perSecond, burst }: Rate, now: number, wouldBeFullAt: number): number | undefined {
  const interval = 1000 / perSecond
  const fullAt = Math.max(now, wouldBeFullAt)
  return fullAt - now > (burst - 1) * interval + ROUNDING ? undefined : fullAt + interval
}
