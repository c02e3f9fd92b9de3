/**
 * Whom to leave alone for a while: endpoints that were silent or led nowhere (N-68), and entries that could not be
 * proven, which nobody may make us ask again and again (N-102).
 */
import type { Clock } from '../runtime/clock.ts'
import { RecentMap } from '../runtime/recent-map.ts'

/** Pauses that are remembered; the oldest makes room. */
export const MOST_BACKED_OFF = 1024

interface Pause {
  readonly until: number
  /** Whether it ends at once when something is heard from there. */
  readonly isForSilence: boolean
}

/** A bounded table of keys, such as formatted endpoints, each until a time. */
export class BackOff {
  readonly #clock: Clock
  readonly #pauses = new RecentMap<Pause>(MOST_BACKED_OFF)

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A pause of this many milliseconds. */
  add(key: string, duration: number): void {
    this.#pause(key, { until: this.#clock.monotonic() + duration, isForSilence: false })
  }

  /** A pause of this many milliseconds for silence: it ends when something is heard. */
  addSilent(key: string, duration: number): void {
    this.#pause(key, { until: this.#clock.monotonic() + duration, isForSilence: true })
  }

  /** Something came from there that shows that it is alive: silence is forgiven, lies are not. */
  heard(key: string): void {
    if (this.#pauses.size === 0) return
    if (this.#pauses.get(key)?.isForSilence === true) this.#pauses.delete(key)
  }

  has(key: string): boolean {
    if (this.#pauses.size === 0) return false
    const pause = this.#pauses.get(key)
    if (pause === undefined) return false
    if (pause.until > this.#clock.monotonic()) return true
    this.#pauses.delete(key)
    return false
  }

  clear(): void {
    this.#pauses.clear()
  }

  #pause(key: string, pause: Pause): void {
    this.#pauses.set(key, pause)
  }
}
