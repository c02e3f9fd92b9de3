/**
 * Messages into frames. What is to be sent waits in a lane for each priority, already encoded, and is cut into frames only
 * when the stream takes more: so a message that comes late can still go first.
 *
 * A lane has two writers. Messages are written into one while frames are cut from the other: nothing is copied but from
 * the lane into the frame.
 */
import { WireWriter } from '../wire/wire-writer.ts'
import { FRAME_HEADER_LENGTH, LONGEST_FRAME, priorities, priorityNumbers } from './frame.ts'
import type { LinkPriority } from './link-port.ts'
import { MESSAGE_HEADER_LENGTH, PROTOCOL_VERSION } from './message-header.ts'

/** What one lane of one link may hold, in bytes: more is a defect of whoever sends without looking. */
const LARGEST_LANE = 64 * 1024 * 1024
/** A writer that has held more bytes than this is not kept for the next messages. */
const LARGEST_KEPT_WRITER = 8 * 1024
/** What frames are cut for together, in bytes: one record of TLS. */
const LONGEST_WRITE = FRAME_HEADER_LENGTH + LONGEST_FRAME

/** The messages of one link that wait to be sent. */
export class FrameWriter {
  /** The version of the protocol that messages carry. */
  version = PROTOCOL_VERSION
  readonly #lanes = [new Lane(), new Lane(), new Lane()] as const

  /** How many bytes of a priority wait. */
  waiting(priority: LinkPriority): number {
    return this.#lanes[priorityNumbers[priority]].length
  }

  /** How many bytes wait in all. */
  get length(): number {
    const [control, flood, bulk] = this.#lanes
    return control.length + flood.length + bulk.length
  }

  /**
   * Adds a message.
   *
   * @param longest Of the body, in bytes. A longer one is an error of the program.
   * @param write Writes the body. If it throws, the message was never there.
   */
  add<Body>(
    priority: LinkPriority,
    kind: number,
    longest: number,
    write: (writer: WireWriter, body: Body) => void,
    body: Body,
  ): void {
    this.#lanes[priorityNumbers[priority]].add(this.version, kind, longest, write, body)
  }

  /** Drops what waits of a priority, in the middle of a message too: nothing of that priority can follow. */
  drop(priority: LinkPriority): void {
    this.#lanes[priorityNumbers[priority]].drop()
  }

  /** The next frames, the most urgent ones first, of at most {@link LONGEST_WRITE} bytes; undefined if nothing waits. */
  next(): Uint8Array | undefined {
    const length = this.#lengthOfNext()
    if (length === 0) return undefined
    const frames = new Uint8Array(length)
    let offset = 0
    for (const priority of priorities) {
      const lane = this.#lanes[priorityNumbers[priority]]
      const content = Math.min(lane.length, length - offset - FRAME_HEADER_LENGTH)
      if (content <= 0) continue
      frames[offset] = content >> 8
      frames[offset + 1] = content
      frames[offset + 2] = priorityNumbers[priority]
      lane.take(frames, offset + FRAME_HEADER_LENGTH, content)
      offset += FRAME_HEADER_LENGTH + content
    }
    return frames
  }

  #lengthOfNext(): number {
    let length = 0
    for (const lane of this.#lanes) {
      const content = Math.min(lane.length, LONGEST_WRITE - length - FRAME_HEADER_LENGTH)
      if (content > 0) length += FRAME_HEADER_LENGTH + content
    }
    return length
  }
}

const NOTHING = new Uint8Array(0)
const NO_HEADER = new Uint8Array(MESSAGE_HEADER_LENGTH)

class Lane {
  /** How many bytes wait. */
  length = 0
  /** Takes new messages. */
  #filling: WireWriter | undefined
  /** Frames are cut from it, from `#taken` on. `#full` is its content. */
  #emptying: WireWriter | undefined
  #full: Uint8Array = NOTHING
  #taken = 0

  add<Body>(
    version: number,
    kind: number,
    longest: number,
    write: (writer: WireWriter, body: Body) => void,
    body: Body,
  ): void {
    this.#filling ??= new WireWriter(LARGEST_LANE)
    const writer = this.#filling
    const start = writer.length
    try {
      writer.bytes(NO_HEADER)
      write(writer, body)
      const size = writer.length - start
      if (size > MESSAGE_HEADER_LENGTH + longest) {
        throw new RangeError(`a message of kind ${kind} has at most ${longest} bytes, not ${size}`)
      }
      writer.overwriteUint16(start, size >>> 16)
      writer.overwriteUint16(start + 2, size & 0xffff)
      writer.overwriteUint16(start + 4, (version << 8) | kind)
      this.length += size
    } catch (error) {
      writer.truncate(start)
      throw error
    }
  }

  /** Moves `length` bytes, which must be there. */
  take(target: Uint8Array, offset: number, length: number): void {
    let moved = 0
    while (moved < length) {
      if (this.#taken === this.#full.length) this.#turn()
      const part = this.#full.subarray(this.#taken, this.#taken + length - moved)
      target.set(part, offset + moved)
      this.#taken += part.length
      moved += part.length
    }
    this.length -= length
    if (this.length === 0) this.#release()
  }

  drop(): void {
    this.length = 0
    this.#filling?.reset()
    this.#release()
  }

  /** What was filled is emptied from now on. */
  #turn(): void {
    const emptied = this.#emptying
    emptied?.reset()
    this.#emptying = this.#filling
    this.#filling = emptied
    this.#full = this.#emptying?.view() ?? NOTHING
    this.#taken = 0
  }

  /** Gives memory back that only a burst needed. */
  #release(): void {
    if (this.#full.length > LARGEST_KEPT_WRITER) this.#emptying = undefined
    this.#full = NOTHING
    this.#taken = 0
  }
}
