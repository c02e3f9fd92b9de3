/**
 * Messages into frames. What is to be sent waits in a lane for each priority, already encoded, and is cut into frames only
 * when the stream takes more: so a message that comes late can still go first.
 *
 * A lane has two writers. Messages are written into one while frames are cut from the other: nothing is copied but from
 * the lane into the frame.
 */
import { WireWriter } from '../wire/wire-writer.ts'
import { FRAME_HEADER_LENGTH, LONGEST_FRAME, priorityNumbers } from './frame.ts'
import type { LinkPriority } from './link-port.ts'
import { MESSAGE_HEADER_LENGTH, PROTOCOL_VERSION } from './message-header.ts'

/** What one lane of one link may hold, in bytes: more is a defect of whoever sends without looking. */
const LARGEST_LANE = 64 * 1024 * 1024
/**
 * A writer that has held more bytes than this is not kept for the next messages: it is as much as waits of a direct connection that is
 * written to in pieces of 64 KB. The others are kept until the link has been quiet ({@link FrameWriter.giveBack}).
 */
const LARGEST_KEPT_WRITER = 192 * 1024
/** What frames are cut for together, in bytes: one record of TLS. */
const LONGEST_WRITE = FRAME_HEADER_LENGTH + LONGEST_FRAME

/** The messages of one link that wait to be sent. */
export class FrameWriter {
  /** The version of the protocol that messages carry. */
  version = PROTOCOL_VERSION
  readonly #lanes = [new Lane(), new Lane(), new Lane()] as const
  /** How much of each lane goes into the next frames. */
  readonly #contents = [0, 0, 0]

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

  /** Gives back the memory of the lanes in which nothing waits. */
  giveBack(): void {
    for (const lane of this.#lanes) if (lane.length === 0) lane.giveBack()
  }

  /**
   * The next frames, the most urgent ones first, of at most {@link LONGEST_WRITE} bytes; undefined if nothing waits. A message
   * that fits into one frame is not cut, so that the other end need not put it together.
   */
  next(): Uint8Array | undefined {
    if (this.length === 0) return undefined
    const contents = this.#contents
    let length = 0
    for (const [number, lane] of this.#lanes.entries()) {
      const content = lane.fitting(LONGEST_WRITE - length - FRAME_HEADER_LENGTH)
      contents[number] = content
      if (content > 0) length += FRAME_HEADER_LENGTH + content
    }
    const frames = new Uint8Array(length)
    let offset = 0
    for (const [number, lane] of this.#lanes.entries()) {
      const content = contents[number] ?? 0
      if (content === 0) continue
      frames[offset] = content >> 8
      frames[offset + 1] = content
      frames[offset + 2] = number
      lane.take(frames, offset + FRAME_HEADER_LENGTH, content)
      offset += FRAME_HEADER_LENGTH + content
    }
    return frames
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
  /** Of a message that was cut, how much is still to be sent. */
  #rest = 0

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

  /** How many bytes the next frame takes, of at most `room`: whole messages, or a part of one that fits into no frame. */
  fitting(room: number): number {
    if (this.length === 0 || room <= 0) return 0
    if (this.#taken === this.#full.length) this.#turn()
    let end = this.#taken + this.#rest
    while (end < this.#full.length) {
      const next = end + sizeAt(this.#full, end)
      if (next - this.#taken > room) break
      end = next
    }
    const whole = end - this.#taken
    if (whole > 0 && whole <= room) return whole
    const size = this.#rest > 0 ? this.#rest : sizeAt(this.#full, this.#taken)
    return size > LONGEST_FRAME ? room : 0
  }

  /** Moves `length` bytes, as many as {@link Lane.fitting} has said. */
  take(target: Uint8Array, offset: number, length: number): void {
    target.set(this.#full.subarray(this.#taken, this.#taken + length), offset)
    let left = length
    while (left > 0) {
      if (this.#rest === 0) this.#rest = sizeAt(this.#full, this.#taken)
      const part = Math.min(left, this.#rest)
      this.#rest -= part
      this.#taken += part
      left -= part
    }
    this.length -= length
    if (this.length === 0) this.#release()
  }

  drop(): void {
    this.length = 0
    this.#rest = 0
    this.#filling?.reset()
    this.#release()
  }

  giveBack(): void {
    this.#filling = undefined
    this.#emptying = undefined
    this.#full = NOTHING
    this.#taken = 0
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

/** The size of the message that begins there, header included. */
function sizeAt(bytes: Uint8Array, offset: number): number {
  const upper = ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0)
  return upper * 2 ** 16 + (((bytes[offset + 2] ?? 0) << 8) | (bytes[offset + 3] ?? 0))
}
