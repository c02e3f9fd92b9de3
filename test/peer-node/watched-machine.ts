/** Ports that tell what is open on them. */
import type { Clock, Timer } from '../../src/runtime/clock.ts'
import type { Endpoint } from '../../src/runtime/endpoint.ts'
import type { ByteStream, ByteStreamHandler, StreamListener, Streams } from '../../src/runtime/streams.ts'

/** A clock that tells how many timers are set. */
export class WatchedClock implements Clock {
  readonly #inner: Clock
  readonly #timers = new Set<Timer>()

  constructor(inner: Clock) {
    this.#inner = inner
  }

  get pending(): number {
    return this.#timers.size
  }

  utc(): number {
    return this.#inner.utc()
  }

  monotonic(): number {
    return this.#inner.monotonic()
  }

  setTimer(delay: number, expired: () => void): Timer {
    const inner = this.#inner.setTimer(delay, () => {
      this.#timers.delete(timer)
      expired()
    })
    const timer = {
      cancel: () => {
        this.#timers.delete(timer)
        inner.cancel()
      },
    }
    this.#timers.add(timer)
    return timer
  }
}

/** Streams that tell how many there are. */
export class WatchedStreams implements Streams {
  readonly #inner: Streams
  readonly #open = new Set<ByteStream>()
  readonly #listeners = new Set<StreamListener>()
  /** Endpoints that were dialled, in that order. */
  readonly dialled: Endpoint[] = []
  /** How often something was written. */
  writes = 0

  constructor(inner: Streams) {
    this.#inner = inner
  }

  /** Streams that are open. */
  get open(): number {
    return this.#open.size
  }

  get listeners(): number {
    return this.#listeners.size
  }

  async listen(local: Endpoint, accepted: (stream: ByteStream) => void): Promise<StreamListener> {
    const inner = await this.#inner.listen(local, (stream) => accepted(this.#watch(stream)))
    const listener = {
      ...{ local: inner.local, failures: inner.failures },
      close: () => {
        this.#listeners.delete(listener)
        inner.close()
      },
    }
    this.#listeners.add(listener)
    return listener
  }

  async connect(to: Endpoint, options: { readonly signal: AbortSignal }): Promise<ByteStream> {
    this.dialled.push(to)
    return this.#watch(await this.#inner.connect(to, options))
  }

  #watch(inner: ByteStream): ByteStream {
    this.#open.add(inner)
    const watched = (handler: ByteStreamHandler): ByteStreamHandler => ({
      received: (bytes) => handler.received(bytes),
      drained: () => handler.drained(),
      ended: () => handler.ended(),
      closed: (reason, cause) => {
        this.#open.delete(inner)
        handler.closed(reason, cause)
      },
    })
    return {
      ...{ remote: inner.remote, channelBinding: inner.channelBinding },
      get waiting() {
        return inner.waiting
      },
      attach: (handler) => inner.attach(watched(handler)),
      write: (bytes) => {
        this.writes++
        return inner.write(bytes)
      },
      pause: () => inner.pause(),
      resume: () => inner.resume(),
      end: () => inner.end(),
      destroy: () => inner.destroy(),
    }
  }
}
