/**
 * When maintenance is due (MS-PNRP 3.1.2, appendix A note 1), and whether the machine has slept meanwhile: a machine
 * that slept shows it in one of two ways, the timer comes late, or only the time of day has moved on.
 */
import { randomFraction } from '../runtime/random.ts'
import type { CloudParts } from './cloud-parts.ts'

/** How often maintenance runs, and how often while the cache has 2 entries or fewer, in milliseconds. */
export const MAINTENANCE_INTERVAL = 15_000
export const SMALL_CACHE_MAINTENANCE_INTERVAL = 10_000
const SMALL_CACHE_SIZE = 2
/** A timer that comes later than this, or a clock that jumps further, in milliseconds, means that the machine has slept. */
export const SLEEP_NOTICED = 60_000

/** The maintenance timer of one node. */
export class MaintenanceTimer {
  readonly #parts: CloudParts
  readonly #due: (hasSlept: boolean) => void
  /** When the next tick should come. */
  #expected = 0
  /** How far the time of day was ahead of the monotonic clock when the timer started. */
  #clockOffset = 0

  /** @param due Called at each tick, with whether the machine slept before it. */
  constructor(parts: CloudParts, due: (hasSlept: boolean) => void) {
    this.#parts = parts
    this.#due = due
  }

  /** Starts it. All deadlines were dropped, or this is the first time. */
  start(): void {
    const { cache, clock, deadlines, random } = this.#parts
    const interval = cache.size <= SMALL_CACHE_SIZE ? SMALL_CACHE_MAINTENANCE_INTERVAL : MAINTENANCE_INTERVAL
    // Jitter, so that nodes that were started together do not stay in step.
    const delay = interval * (1 + (randomFraction(random) - 0.5) * MAINTENANCE_JITTER)
    const now = clock.monotonic()
    this.#expected = now + delay
    this.#clockOffset = clock.utc() - now
    deadlines.set(delay, () => {
      this.#due(this.#hasSlept())
      this.start()
    })
  }

  #hasSlept(): boolean {
    const { clock } = this.#parts
    const now = clock.monotonic()
    const jump = Math.abs(clock.utc() - now - this.#clockOffset)
    return now - this.#expected > SLEEP_NOTICED || jump > SLEEP_NOTICED
  }
}

const MAINTENANCE_JITTER = 0.2
