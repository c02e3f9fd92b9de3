/**
 * Endpoints to leave alone for a while: those that failed or led nowhere (N-68), and those at which a probe
 * failed, which nobody may make us probe again and again (N-102).
 */
import type { Clock } from '../runtime/clock.ts'
import { type Endpoint, formatEndpoint } from '../runtime/endpoint.ts'

/** Endpoints that are remembered; the oldest makes room. */
export const MOST_BACKED_OFF = 1024

/** A bounded table of endpoints, each until a time. */
export class BackOff {
  readonly #clock: Clock
  readonly #until = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Leaves an endpoint alone for this many milliseconds. */
  add(endpoint: Endpoint, duration: number): void {
    const key = formatEndpoint(endpoint)
    this.#until.delete(key)
    this.#until.set(key, this.#clock.monotonic() + duration)
    if (this.#until.size > MOST_BACKED_OFF) {
      for (const oldest of this.#until.keys()) {
        this.#until.delete(oldest)
        break
      }
    }
  }

  has(endpoint: Endpoint): boolean {
    if (this.#until.size === 0) return false
    const key = formatEndpoint(endpoint)
    const until = this.#until.get(key)
    if (until === undefined) return false
    if (until > this.#clock.monotonic()) return true
    this.#until.delete(key)
    return false
  }

  clear(): void {
    this.#until.clear()
  }
}
