/**
 * Frames into messages. Bytes come in pieces of any size; memory is taken for what has come and never for what was only
 * announced. A message that lies whole in one piece is handed on as a view of it.
 *
 * Whatever is wrong ends the reading, with a reason: of a row of messages nothing can be found again behind a mistake.
 */
import { FRAME_HEADER_LENGTH, LONGEST_FRAME_TAKEN, priorities } from './frame.ts'
import type { DropReason } from './graph-counters.ts'
import { MESSAGE_HEADER_LENGTH } from './message-header.ts'

/** Takes the messages. */
export interface MessageSink {
  /** What to do with a message whose header has come: take it, pass over it, or end the reading for a reason. */
  begins(version: number, kind: number, length: number): 'take' | 'pass-over' | DropReason
  /** A message that was to be taken. The body may be a view of what was given to {@link FrameReader.take}. */
  message(kind: number, body: Uint8Array): void
}

/** The first memory for a message that comes in pieces, in bytes. It doubles as bytes come. */
const FIRST_CAPACITY = 4096
const NOTHING = new Uint8Array(0)

/** The messages of one link that come. */
export class FrameReader {
  /** Why the reading has ended, if it has. */
  problem: DropReason | undefined
  readonly #sink: MessageSink
  readonly #lanes: readonly Lane[]
  /** What has come and was not read yet, from `#offset` on. */
  #bytes: Uint8Array = NOTHING
  #offset = 0
  readonly #header = new Uint8Array(FRAME_HEADER_LENGTH)
  #headerLength = 0
  #lane: Lane | undefined
  /** Of the content of the present frame. */
  #bytesToCome = 0
  #isPaused = false
  #isOver = false
  #isReading = false

  constructor(sink: MessageSink) {
    this.#sink = sink
    this.#lanes = priorities.map(() => new Lane())
  }

  /** Whether bytes wait because of a pause. */
  get waits(): boolean {
    return this.#offset < this.#bytes.length
  }

  /** Reads what came. After a {@link FrameReader.pause} there may be one more piece, and no second one. */
  take(bytes: Uint8Array): void {
    if (this.#isOver) return
    if (this.waits) throw new RangeError('bytes came although the reading pauses')
    this.#bytes = bytes
    this.#offset = 0
    this.read()
  }

  /** No further message is handed on until {@link FrameReader.resume} and {@link FrameReader.read}. */
  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
  }

  /** Nothing more is read. */
  end(): void {
    this.#isOver = true
    this.#bytes = NOTHING
    this.#offset = 0
  }

  /** Goes on with what waits. */
  read(): void {
    if (this.#isReading) return
    this.#isReading = true
    try {
      while (this.waits && !this.#isPaused && !this.#isOver) {
        const problem = this.#bytesToCome === 0 ? this.#readHeader() : this.#readContent()
        if (problem === undefined) continue
        this.problem = problem
        this.end()
      }
    } finally {
      this.#isReading = false
    }
    if (!this.waits) this.#bytes = NOTHING
  }

  #readHeader(): DropReason | undefined {
    const header = this.#header
    while (this.waits && this.#headerLength < FRAME_HEADER_LENGTH) {
      header[this.#headerLength++] = this.#bytes[this.#offset++] ?? 0
    }
    if (this.#headerLength < FRAME_HEADER_LENGTH) return undefined
    this.#headerLength = 0
    const length = uint16(header, 0)
    this.#lane = this.#lanes[header[2] ?? 0]
    if (length === 0) return 'frame-empty'
    if (length > LONGEST_FRAME_TAKEN) return 'frame-too-large'
    if (this.#lane === undefined) return 'frame-priority'
    this.#bytesToCome = length
    return undefined
  }

  /** Reads up to the end of the frame, of what has come, or of a message, whichever is first. */
  #readContent(): DropReason | undefined {
    const lane = this.#lane
    if (lane === undefined) throw new TypeError('a frame has a lane')
    const end = Math.min(this.#bytes.length, this.#offset + this.#bytesToCome)
    const start = this.#offset
    const body = lane.take(this.#bytes, start, end, this.#sink)
    this.#offset += lane.used
    this.#bytesToCome -= lane.used
    if (body instanceof Uint8Array) this.#sink.message(lane.kind, body)
    return typeof body === 'string' ? body : undefined
  }
}

/** The messages of one priority. */
class Lane {
  /** How many bytes the last call of {@link take} has used. */
  used = 0
  /** Of the message that comes. */
  kind = 0
  #header: Uint8Array | undefined
  #headerLength = 0
  /** How much of the message is still to come; only once its header is there. */
  #bytesToCome = 0
  #isPassedOver = false
  /** What has come of a message that comes in pieces. */
  #body: Uint8Array | undefined
  #bodyLength = 0

  /** Uses bytes up to the end of a message or of a header. @returns the body of a message that is complete, or a problem */
  take(bytes: Uint8Array, start: number, end: number, sink: MessageSink): Uint8Array | DropReason | undefined {
    if (this.#bytesToCome === 0) return this.#takeHeader(bytes, start, end, sink)
    const length = Math.min(this.#bytesToCome, end - start)
    this.used = length
    this.#bytesToCome -= length
    if (this.#isPassedOver) return undefined
    if (this.#bytesToCome === 0 && this.#body === undefined) return bytes.subarray(start, start + length)
    this.#keep(bytes.subarray(start, start + length))
    if (this.#bytesToCome > 0) return undefined
    const body = this.#body?.subarray(0, this.#bodyLength)
    this.#body = undefined
    this.#bodyLength = 0
    return body
  }

  #takeHeader(bytes: Uint8Array, start: number, end: number, sink: MessageSink): Uint8Array | DropReason | undefined {
    if (this.#headerLength === 0 && end - start >= MESSAGE_HEADER_LENGTH) {
      this.used = MESSAGE_HEADER_LENGTH
      return this.#begin(bytes, start, sink)
    }
    this.#header ??= new Uint8Array(MESSAGE_HEADER_LENGTH)
    this.used = Math.min(MESSAGE_HEADER_LENGTH - this.#headerLength, end - start)
    this.#header.set(bytes.subarray(start, start + this.used), this.#headerLength)
    this.#headerLength += this.used
    if (this.#headerLength < MESSAGE_HEADER_LENGTH) return undefined
    this.#headerLength = 0
    return this.#begin(this.#header, 0, sink)
  }

  /** A header is there. */
  #begin(bytes: Uint8Array, start: number, sink: MessageSink): Uint8Array | DropReason | undefined {
    const length = uint16(bytes, start) * 2 ** 16 + uint16(bytes, start + 2) - MESSAGE_HEADER_LENGTH
    if (length < 0) return 'message-size'
    this.kind = bytes[start + 5] ?? 0
    const decision = sink.begins(bytes[start + 4] ?? 0, this.kind, length)
    if (decision !== 'take' && decision !== 'pass-over') return decision
    this.#isPassedOver = decision === 'pass-over'
    this.#bytesToCome = length
    return length === 0 && decision === 'take' ? NOTHING : undefined
  }

  /** Adds to the body. It has room for at most twice what has come, and never for more than the message. */
  #keep(part: Uint8Array): void {
    const length = this.#bodyLength + part.length
    if (this.#body === undefined || this.#body.length < length) {
      const capacity = Math.min(length + this.#bytesToCome, Math.max(length, 2 * this.#bodyLength, FIRST_CAPACITY))
      const grown = new Uint8Array(capacity)
      if (this.#body !== undefined) grown.set(this.#body.subarray(0, this.#bodyLength))
      this.#body = grown
    }
    this.#body.set(part, this.#bodyLength)
    this.#bodyLength = length
  }
}

function uint16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0)
}
