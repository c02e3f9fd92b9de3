/**
 * Those who listen to the events of a graph. Each has a queue of its own, so that a slow one holds up nobody: a listener
 * that returns a promise gets the next event when that has settled. Is its queue full, the oldest events go, and before
 * its next one `lagged` says how many (G-186). Nothing is called from inside the graph.
 */
import type { Log } from '../runtime/log.ts'
import type { GraphEvents } from './graph.ts'

/** Events that wait for one listener. */
export const MOST_WAITING_EVENTS = 256

type Listener<Detail> = (detail: Detail) => unknown

/** The subscriptions of each event, as far as somebody has ever listened to it. */
type Subscriptions<Events> = { [Event in keyof Events]?: Set<Subscription<Events[Event]>> }

/** The listeners of one graph. */
export class EventSubscribers<Events extends object = GraphEvents> {
  readonly #log: Log
  readonly #lagged: (detail: GraphEvents['lagged']) => void
  readonly #subscriptions: Subscriptions<Events> = {}

  /** @param lagged Told of a listener that was too slow */
  constructor(log: Log, lagged: (detail: GraphEvents['lagged']) => void) {
    this.#log = log
    this.#lagged = lagged
  }

  /** @returns what ends it, as the signal does */
  on<Event extends keyof Events & string>(
    event: Event,
    listener: Listener<Events[Event]>,
    signal: AbortSignal | undefined,
  ): () => void {
    signal?.throwIfAborted()
    const those: Set<Subscription<Events[Event]>> = this.#subscriptions[event] ?? new Set()
    this.#subscriptions[event] = those
    const lagged = (missed: number): void => this.#lagged({ event, missed })
    const subscription = new Subscription(listener, lagged, (error) => {
      this.#log.warn('a listener of an event failed', { event, reason: String(error) })
    })
    const end = (): void => {
      signal?.removeEventListener('abort', end)
      those.delete(subscription)
      subscription.end()
    }
    signal?.addEventListener('abort', end, { once: true })
    those.add(subscription)
    return end
  }

  raise<Event extends keyof Events>(event: Event, detail: Events[Event]): void {
    for (const subscription of this.#subscriptions[event] ?? []) subscription.add(detail)
  }

  /** What was raised is still delivered, and nothing after it. */
  close(): void {
    for (const event in this.#subscriptions) this.#subscriptions[event]?.clear()
  }
}

class Subscription<Detail> {
  readonly #listener: Listener<Detail>
  readonly #lagged: (missed: number) => void
  readonly #failed: (error: unknown) => void
  #waiting: Detail[] = []
  #missed = 0
  #isDelivering = false
  #hasEnded = false

  constructor(listener: Listener<Detail>, lagged: (missed: number) => void, failed: (error: unknown) => void) {
    this.#listener = listener
    this.#lagged = lagged
    this.#failed = failed
  }

  add(detail: Detail): void {
    this.#waiting.push(detail)
    if (this.#waiting.length > MOST_WAITING_EVENTS) {
      this.#waiting.shift()
      this.#missed++
    }
    if (!this.#isDelivering) void this.#deliver()
  }

  end(): void {
    this.#hasEnded = true
    this.#waiting = []
  }

  async #deliver(): Promise<void> {
    this.#isDelivering = true
    // Never from inside the call that raised it.
    await undefined
    while (this.#waiting.length > 0) {
      if (this.#missed > 0) {
        const missed = this.#missed
        this.#missed = 0
        this.#lagged(missed)
        // Those who listen for it hear of it first.
        await undefined
        await undefined
      }
      const [detail] = this.#waiting.splice(0, 1)
      if (this.#hasEnded || detail === undefined) break
      try {
        await this.#listener(detail)
      } catch (error) {
        this.#failed(error)
      }
    }
    this.#isDelivering = false
  }
}
