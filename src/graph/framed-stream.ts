/**
 * A stream as its two users see it, the opening of a link and then the link: messages in frames, in both directions.
 *
 * What is sent in one turn goes out together. It is cut into frames when the turn ends, or at once when a frame is full, and only
 * as fast as the stream takes them, so that what waits here can still be overtaken by what is more urgent.
 */
import type { Clock } from '../runtime/clock.ts'
import type { Deadline, Deadlines } from '../runtime/deadlines.ts'
import type { ByteStream, ByteStreamHandler, StreamClosing } from '../runtime/streams.ts'
import type { WireWriter } from '../wire/wire-writer.ts'
import { LONGEST_FRAME, priorities } from './frame.ts'
import { FrameReader, type MessageSink } from './frame-reader.ts'
import { FrameWriter } from './frame-writer.ts'
import type { DropReason, GraphCounters } from './graph-counters.ts'
import type { LinkPriority } from './link-port.ts'

/** Takes what comes, and is told what becomes of the stream. */
export interface StreamUser extends MessageSink {
  /** What came cannot be read on: nothing more is. */
  problem(reason: DropReason): void
  /** Frames have left: less waits. */
  sent(): void
  /** The other end will send nothing more. */
  ended(): void
  /** The last call. */
  closed(reason: StreamClosing): void
}

/** What it stands on. */
export interface FramedStreamParts {
  readonly clock: Clock
  readonly deadlines: Deadlines
  readonly counters: GraphCounters
}

/** After this end has ended, the other one has so long to end as well, in milliseconds. */
export const LONGEST_FAREWELL = 5000

/** Messages over one stream. */
export class FramedStream implements ByteStreamHandler {
  readonly stream: ByteStream
  readonly #parts: FramedStreamParts
  readonly #reader: FrameReader
  readonly #writer = new FrameWriter()
  /** Who takes what comes. */
  #user: StreamUser
  #counters: GraphCounters
  /** When anything last came and went, by the monotonic clock. */
  lastHeard: number
  lastSent: number
  /** The stream has taken what it takes for now; it will say `drained`. */
  #isFull = false
  #isPaused = false
  #state: 'open' | 'ending' | 'ended' | 'over' = 'open'
  /** What is sent meanwhile leaves at the end of this turn anyway. */
  #isInTurn = false
  #leavesSoon = false
  #readsSoon = false
  #farewell: Deadline | undefined

  constructor(stream: ByteStream, parts: FramedStreamParts, user: StreamUser) {
    this.stream = stream
    this.#parts = parts
    this.#user = user
    this.#counters = parts.counters
    this.#reader = new FrameReader({
      begins: (version, kind, length) => this.#user.begins(version, kind, length),
      message: (kind, body) => this.#user.message(kind, body),
    })
    this.lastHeard = parts.clock.monotonic()
    this.lastSent = this.lastHeard
  }

  /** Begins to read. */
  attach(): void {
    this.stream.attach(this)
  }

  /** Another user takes what comes from now on, also what waits already, and others count it. */
  handOver(user: StreamUser, counters: GraphCounters): void {
    this.#user = user
    this.#counters = counters
  }

  /** The version that messages carry from now on. */
  set version(version: number) {
    this.#writer.version = version
  }

  waiting(priority: LinkPriority): number {
    return this.#writer.waiting(priority)
  }

  /** Sends a message: see {@link FrameWriter.add}. Once this end has ended it is dropped. */
  send<Body>(
    priority: LinkPriority,
    kind: number,
    longest: number,
    write: (writer: WireWriter, body: Body) => void,
    body: Body,
  ): void {
    if (this.#state !== 'open') return
    this.#writer.add(priority, kind, longest, write, body)
    this.#counters.counted('messages-sent')
    if (this.#isInTurn || this.#isFull) return
    if (this.#writer.length >= LONGEST_FRAME) this.#leave()
    else this.#leaveSoon()
  }

  /** Gives memory back that nothing needs while the link is quiet. */
  giveBack(): void {
    this.#writer.giveBack()
  }

  /** Hands no further message on. */
  pause(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.#reader.pause()
    if (this.#state !== 'over') this.stream.pause()
  }

  /** What waits is handed on, but not before this returns. */
  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#reader.resume()
    if (this.#readsSoon) return
    this.#readsSoon = true
    this.#parts.deadlines.set(0, () => this.#readOn())
  }

  /** Sends what waits of control, drops the rest, then ends. Nothing more is handed on. */
  end(): void {
    if (this.#state !== 'open') return
    this.#state = 'ending'
    this.#reader.end()
    this.#writer.drop('flood')
    this.#writer.drop('bulk')
    this.#farewell = this.#parts.deadlines.set(LONGEST_FAREWELL, () => this.destroy())
    // Whoever pauses would not hear that the other end has ended.
    if (this.#isPaused) this.stream.resume()
    if (!this.#isInTurn) this.#leave()
  }

  /** Drops everything and closes. */
  destroy(): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#dropAll()
    this.stream.destroy()
  }

  // What the stream tells

  received(bytes: Uint8Array): void {
    this.lastHeard = this.#parts.clock.monotonic()
    this.#counters.counted('bytes-received', bytes.length)
    this.#turn(() => {
      this.#reader.take(bytes)
      this.#tellProblem()
    })
  }

  drained(): void {
    this.#isFull = false
    this.#turn(() => undefined)
  }

  ended(): void {
    if (this.#state === 'over') return
    this.#user.ended()
  }

  closed(reason: StreamClosing): void {
    this.#state = 'over'
    this.#dropAll()
    if (this.#farewell !== undefined) this.#parts.deadlines.cancel(this.#farewell)
    this.#user.closed(reason)
  }

  // Reading and writing

  /** Does something, and sends at its end what it was answered with. */
  #turn(act: () => void): void {
    this.#isInTurn = true
    try {
      act()
    } finally {
      this.#isInTurn = false
    }
    this.#leave()
  }

  #readOn(): void {
    this.#readsSoon = false
    if (this.#isPaused || this.#state !== 'open') return
    this.#turn(() => {
      this.#reader.read()
      this.#tellProblem()
    })
    if (!this.#isPaused && this.#state === 'open') this.stream.resume()
  }

  #dropAll(): void {
    this.#reader.end()
    for (const priority of priorities) this.#writer.drop(priority)
  }

  #tellProblem(): void {
    const { problem } = this.#reader
    if (problem === undefined || this.#state !== 'open') return
    this.#user.problem(problem)
  }

  #leaveSoon(): void {
    if (this.#leavesSoon) return
    this.#leavesSoon = true
    this.#parts.deadlines.set(0, () => {
      this.#leavesSoon = false
      if (!this.#isInTurn) this.#leave()
    })
  }

  /** Hands frames to the stream until it takes no more or nothing waits. */
  #leave(): void {
    let left = 0
    this.#isInTurn = true
    try {
      while (!this.#isFull && (this.#state === 'open' || this.#state === 'ending')) {
        const frames = this.#writer.next()
        if (frames === undefined) break
        left += frames.length
        if (!this.stream.write(frames)) this.#isFull = true
        // What the user sends now goes out with the rest, in the order of its priority.
        this.#user.sent()
      }
    } finally {
      this.#isInTurn = false
    }
    if (left > 0) {
      this.lastSent = this.#parts.clock.monotonic()
      this.#counters.counted('bytes-sent', left)
    }
    if (this.#state !== 'ending' || this.#writer.length > 0) return
    this.#state = 'ended'
    this.stream.end()
  }
}
