/**
 * A direct connection as two web streams (G-115 to G-120, G-183). What its reader does not take, the other side cannot go
 * on writing.
 */
import type { DirectConnectionEnd } from '../graph/direct-connection.ts'
import type { PeerName } from '../identity/peer-name.ts'
import type { Clock } from '../runtime/clock.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Closing } from './closing.ts'

/** A byte stream to one other node, in both directions. */
export interface DirectConnection extends Closing {
  /** Who is at the other end: proven. */
  readonly peer: PeerName
  /** The label for which it was opened. */
  readonly protocol: string
  /** Ends when the other side has closed its direction, and fails with `connection-lost` when the connection breaks. */
  readonly readable: ReadableStream<Uint8Array>
  /** Closing it ends this direction and leaves the other open; aborting it breaks the connection. */
  readonly writable: WritableStream<Uint8Array>
  /** Delivers what was written, then ends both directions. What still comes is dropped. */
  close(): Promise<void>
}

/** Received bytes that wait for the reader of one connection, before the other side has to wait. */
export const MOST_UNREAD_BYTES = 64 * 1024
/** How long the other side may take to end its direction, after this one was closed, in milliseconds. */
export const LONGEST_CLOSING = 5000

/** Makes the streams of a connection. @param closed Called when it is over, with what broke it */
export function directStreams(
  end: DirectConnectionEnd,
  clock: Clock,
  closed: (error: PeerageError | undefined) => void,
): DirectConnection {
  return new DirectStreams(end, clock, closed)
}

class DirectStreams implements DirectConnection {
  readonly peer: PeerName
  readonly protocol: string
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>
  readonly #end: DirectConnectionEnd
  readonly #clock: Clock
  readonly #over: Promise<void>
  #drained: { resolve(): void; reject(error: unknown): void } | undefined
  /** The write that goes on. */
  #writing: Promise<void> = Promise.resolve()
  #isDropping = false
  #isOver = false
  #closing: Promise<void> | undefined

  constructor(end: DirectConnectionEnd, clock: Clock, closed: (error: PeerageError | undefined) => void) {
    this.#end = end
    this.#clock = clock
    this.peer = end.peer.name
    this.protocol = end.protocol
    let reader: ReadableStreamDefaultController<Uint8Array> | undefined
    let writer: WritableStreamDefaultController | undefined
    this.readable = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          reader = controller
        },
        pull: () => this.#end.resume(),
        cancel: () => this.#drop(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: MOST_UNREAD_BYTES }),
    )
    this.writable = new WritableStream<Uint8Array>(
      {
        start: (controller) => {
          writer = controller
        },
        write: (chunk) => {
          this.#writing = this.#write(chunk)
          return this.#writing
        },
        close: () => this.#end.end(),
        abort: () => this.#end.destroy(),
      },
      { highWaterMark: 1 },
    )
    let over = (): void => undefined
    this.#over = new Promise((resolve) => {
      over = resolve
    })
    let hasEnded = false
    end.attach({
      received: (bytes) => {
        if (this.#isDropping || hasEnded) return
        reader?.enqueue(bytes)
        if ((reader?.desiredSize ?? 1) <= 0) this.#end.pause()
      },
      drained: () => this.#drained?.resolve(),
      ended: () => {
        if (!this.#isDropping && !hasEnded) reader?.close()
        hasEnded = true
      },
      closed: (error) => {
        this.#isOver = true
        const lost = error ?? new PeerageError('connection-lost', { peer: this.peer, reason: 'it was closed' })
        if (!this.#isDropping && !hasEnded) reader?.error(lost)
        hasEnded = true
        this.#drained?.reject(lost)
        writer?.error(lost)
        over()
        closed(error)
      },
    })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    // What was handed to the writable and waits there is written first; who holds its writer has to close that.
    if (!this.writable.locked) await this.writable.close().catch(() => undefined)
    await this.#writing.catch(() => undefined)
    this.#end.end()
    this.#drop()
    if (this.#isOver) return
    const timer = this.#clock.setTimer(LONGEST_CLOSING, () => this.#end.destroy())
    await this.#over
    timer.cancel()
  }

  #drop(): void {
    this.#isDropping = true
    this.#end.resume()
  }

  async #write(chunk: Uint8Array): Promise<void> {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('a direct connection carries Uint8Array')
    // It is copied before this returns: the writer may use its buffer again.
    if (chunk.length === 0 || this.#end.write(chunk)) return
    try {
      await new Promise<void>((resolve, reject) => {
        this.#drained = { resolve, reject }
      })
    } finally {
      this.#drained = undefined
    }
  }
}
