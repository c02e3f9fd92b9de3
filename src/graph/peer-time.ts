/**
 * Peer time: UTC with a bounded correction, so that the clocks of a graph agree although machines are set badly (DESIGN
 * section 7; MS-PPGRH 1.3.6, where the delta had no bound).
 *
 * Each link with another node gives a sample: how far that node's peer time is from local UTC. The latest sample of each
 * identity counts for an hour. With samples of three or more identities the correction is slewed towards
 * their median, by at most 5 % of the time that passes and never beyond 5 minutes: while fewer than half of the
 * samples are false, the median lies within the honest ones, and no number of liars moves it further.
 */
import type { Clock } from '../runtime/clock.ts'

/** How far peer time may be from local UTC, in milliseconds. */
export const LARGEST_CORRECTION = 5 * 60_000
/** How long a sample counts, in milliseconds. */
export const SAMPLE_LIFE = 60 * 60_000
/** A sample that took longer to fetch says too little, in milliseconds. */
export const LONGEST_SAMPLED_ROUND_TRIP = 5000
/** The identities of which samples are kept; the oldest sample makes room. */
export const MOST_SAMPLES = 256
/** With fewer samples the correction stays. */
export const FEWEST_SAMPLES = 3
/** How fast the correction moves, as a part of the time that passes. */
export const SLEW_RATE = 0.05
export const MINUTE = 60_000

interface Sample {
  /** How far that node was ahead of local UTC. */
  readonly offset: number
  /** When it was taken, by the monotonic clock. */
  readonly taken: number
}

/** The peer time of one node in one graph. */
export class PeerTime {
  readonly #clock: Clock
  /** The oldest first. */
  readonly #samples = new Map<string, Sample>()
  /** Their median, and until when it stays the same if no sample comes: peer time is asked for with each message. */
  #middle: { readonly median: number | undefined; readonly until: number } | undefined
  #correction: number
  #corrected: number

  /** @param correction What was stored when the graph was closed; 0 for a new one. */
  constructor(clock: Clock, correction: number) {
    this.#clock = clock
    this.#correction = clamp(correction)
    this.#corrected = clock.monotonic()
  }

  /** Milliseconds since 1970. Does not run backwards while local UTC does not. */
  now(): number {
    this.#slew()
    return Math.round(this.#clock.utc() + this.#correction)
  }

  /** The last whole minute: what has expired by then is expired (G-056). */
  minute(): number {
    return Math.floor(this.now() / MINUTE) * MINUTE
  }

  /** What is added to local UTC, in milliseconds: kept with the database. */
  get correction(): number {
    this.#slew()
    return this.#correction
  }

  /** How far the median of the samples is from local UTC; undefined with too few of them. */
  get median(): number | undefined {
    const now = this.#clock.monotonic()
    if (this.#middle === undefined || now > this.#middle.until) {
      for (const [key, { taken }] of this.#samples) {
        if (taken + SAMPLE_LIFE >= now) break
        this.#samples.delete(key)
      }
      const samples = [...this.#samples.values()]
      const until = (samples[0]?.taken ?? Number.POSITIVE_INFINITY) + SAMPLE_LIFE
      this.#middle = { median: medianOf(samples.map(({ offset }) => offset)), until }
    }
    return this.#middle.median
  }

  /** How far each other identity was ahead of local UTC at its latest sample, in milliseconds. */
  get offsets(): readonly number[] {
    const oldest = this.#clock.monotonic() - SAMPLE_LIFE
    return [...this.#samples.values()].filter(({ taken }) => taken >= oldest).map(({ offset }) => offset)
  }

  /** How far the others are ahead of local UTC, in milliseconds, if that is further than the correction can reach (G-113). */
  get outOfReach(): number | undefined {
    const { median } = this
    return median !== undefined && Math.abs(median) > LARGEST_CORRECTION ? median : undefined
  }

  /**
   * Another node told its peer time.
   *
   * @param key Whose it is: an identity counts once.
   * @param roundTrip How long it took to ask, by the monotonic clock.
   */
  sample(key: string, peerTime: number, roundTrip: number): void {
    if (roundTrip > LONGEST_SAMPLED_ROUND_TRIP) return
    this.#slew()
    this.#middle = undefined
    this.#samples.delete(key)
    this.#samples.set(key, {
      offset: peerTime + roundTrip / 2 - this.#clock.utc(),
      taken: this.#clock.monotonic(),
    })
    if (this.#samples.size <= MOST_SAMPLES) return
    for (const oldest of this.#samples.keys()) {
      this.#samples.delete(oldest)
      break
    }
  }

  /** The local clock was set, or the machine slept: what was measured against it is of no use any more. */
  forgetSamples(): void {
    this.#samples.clear()
    this.#middle = undefined
    this.#corrected = this.#clock.monotonic()
  }

  #slew(): void {
    const now = this.#clock.monotonic()
    const most = (now - this.#corrected) * SLEW_RATE
    if (most <= 0) return
    this.#corrected = now
    const { median } = this
    if (median === undefined) return
    const missing = clamp(median) - this.#correction
    this.#correction += Math.max(-most, Math.min(most, missing))
  }
}

function medianOf(offsets: number[]): number | undefined {
  if (offsets.length < FEWEST_SAMPLES) return undefined
  offsets.sort((one, other) => one - other)
  const middle = offsets.length >> 1
  const upper = offsets[middle] ?? 0
  return offsets.length % 2 === 1 ? upper : ((offsets[middle - 1] ?? 0) + upper) / 2
}

function clamp(correction: number): number {
  return Math.max(-LARGEST_CORRECTION, Math.min(LARGEST_CORRECTION, correction))
}
