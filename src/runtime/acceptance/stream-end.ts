/**
 * One end of a stream under test: it takes everything, counts it, and notes whatever a stream must
 * not do. What travels is one endless pattern, so that each byte says where it belongs.
 */
import { equalBytes } from '../bytes.ts'
import type { ByteStream, ByteStreamHandler, StreamClosing } from '../streams.ts'

/** A prime, so that no buffer's size is a multiple of it. */
const PERIOD = 251
const PATTERN = Uint8Array.from({ length: PERIOD * 400 }, (_, index) => index % PERIOD)
const LONGEST_PATTERN = PATTERN.length - PERIOD
const CHUNK = 16_000

/** `length` bytes of the pattern from its byte `from` on, in a new array. */
export function pattern(from: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let done = 0; done < length; done += LONGEST_PATTERN) {
    const start = (from + done) % PERIOD
    bytes.set(PATTERN.subarray(start, start + Math.min(LONGEST_PATTERN, length - done)), done)
  }
  return bytes
}

/** The handler of one end, once it is attached. */
export class StreamEnd implements ByteStreamHandler {
  readonly stream: ByteStream
  /** What the stream did wrong. */
  readonly problems: string[] = []
  readonly closings: StreamClosing[] = []
  /** The first array that came. */
  first: Uint8Array | undefined
  bytesReceived = 0
  deliveries = 0
  drains = 0
  endings = 0
  /** Bytes of the pattern that were written by {@link StreamEnd.send}. */
  sent = 0
  /** Called after each delivery. */
  onReceived: () => void = () => undefined
  #toSend = 0
  #mayDrain = false
  #ended = false

  constructor(stream: ByteStream) {
    this.stream = stream
  }

  attach(): void {
    this.stream.attach(this)
  }

  /** Writes one array, whatever its content. */
  write(bytes: Uint8Array): boolean {
    const goOn = this.stream.write(bytes)
    if (!goOn) this.#mayDrain = true
    return goOn
  }

  /** Ends this direction; nothing can be written any more. */
  end(): void {
    this.#ended = true
    this.stream.end()
  }

  /** Writes that many further bytes of the pattern, as fast as the stream takes them. */
  send(length: number): void {
    this.#toSend += length
    this.#goOnSending()
  }

  received(bytes: Uint8Array): void {
    this.#noteIfOver('received')
    if (this.endings > 0) this.problems.push('received after ended')
    if (!equalBytes(bytes, pattern(this.bytesReceived, bytes.length))) {
      this.problems.push(`other bytes than were sent, from byte ${this.bytesReceived} on`)
    }
    this.first ??= bytes
    this.bytesReceived += bytes.length
    this.deliveries++
    this.onReceived()
  }

  drained(): void {
    this.#noteIfOver('drained')
    if (this.#ended) this.problems.push('drained after the end of this direction')
    if (!this.#mayDrain) this.problems.push('drained without a write that was refused')
    this.#mayDrain = false
    this.drains++
    this.#goOnSending()
  }

  ended(): void {
    this.#noteIfOver('ended')
    this.endings++
    if (this.endings > 1) this.problems.push('ended twice')
  }

  closed(reason: StreamClosing): void {
    this.#noteIfOver('closed')
    this.closings.push(reason)
  }

  #goOnSending(): void {
    while (this.#toSend > 0) {
      const chunk = pattern(this.sent, Math.min(CHUNK, this.#toSend))
      this.sent += chunk.length
      this.#toSend -= chunk.length
      if (!this.write(chunk)) return
    }
  }

  #noteIfOver(call: string): void {
    if (this.closings.length > 0) this.problems.push(`${call} after closed`)
  }
}
