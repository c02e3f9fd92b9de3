/**
 * The messages by which two commands pass a file over a direct connection (docs/protocol/file-transfer.md): each is a frame of its
 * length in four bytes, its kind in one, and its fields.
 */
import { PeerageError } from '../runtime/peerage-error.ts'
import { WireReader } from '../wire/wire-reader.ts'
import { WireWriter } from '../wire/wire-writer.ts'

/** The protocol of these direct connections. */
export const FILE_PROTOCOL = 'peerage.file/1'

/** Bytes of a file in one message. */
export const LARGEST_PIECE = 65_536
/** In bytes of UTF-8. */
export const LONGEST_NAME = 1024
/** In bytes of UTF-8. */
export const LONGEST_REASON = 1024
/** 2^53 - 1: what a number holds exactly. */
export const LARGEST_SIZE = Number.MAX_SAFE_INTEGER
const DIGEST_LENGTH = 32
const LENGTH_FIELD = 4
/** A piece and its kind. */
const LONGEST_FRAME = LARGEST_PIECE + 1

/** What one says to the other. */
export type FileMessage =
  /** The sender: a file that it would send. */
  | { readonly kind: 'offer'; readonly name: string; readonly size: number; readonly sha256: Uint8Array }
  /** The receiver: it wants the file from this byte on. */
  | { readonly kind: 'accept'; readonly offset: number }
  /** The sender: the next bytes. */
  | { readonly kind: 'piece'; readonly bytes: Uint8Array }
  /** The receiver: the file is whole, and on its disk. */
  | { readonly kind: 'done' }
  /** Either: there is no going on. A file that is `damaged` has to be sent from its beginning. */
  | { readonly kind: 'refuse'; readonly isDamaged: boolean; readonly reason: string }

const KINDS = ['offer', 'accept', 'piece', 'done', 'refuse'] as const

/** The frame of a message. */
export function encodeFileMessage(message: FileMessage): Uint8Array {
  const writer = new WireWriter(LENGTH_FIELD + LONGEST_FRAME)
  writer.uint32(0)
  writer.uint8(KINDS.indexOf(message.kind) + 1)
  switch (message.kind) {
    case 'offer':
      writer.uint64(BigInt(message.size))
      writer.bytes(message.sha256)
      writer.text(message.name, LONGEST_NAME)
      break
    case 'accept':
      writer.uint64(BigInt(message.offset))
      break
    case 'piece':
      writer.bytes(message.bytes)
      break
    case 'done':
      break
    case 'refuse':
      writer.uint8(message.isDamaged ? 1 : 0)
      writer.text(message.reason, LONGEST_REASON)
  }
  const frame = writer.copy()
  new DataView(frame.buffer).setUint32(0, frame.length - LENGTH_FIELD)
  return frame
}

/** Reads the messages of the other side. */
export class FileMessages {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  #waiting: Uint8Array[] = []
  #length = 0

  constructor(readable: ReadableStream<Uint8Array>) {
    this.#reader = readable.getReader()
  }

  /**
   * The next one; undefined if there is none any more.
   *
   * @throws PeerageError `malformed`, `connection-lost`
   */
  async next(): Promise<FileMessage | undefined> {
    const head = await this.#take(LENGTH_FIELD)
    if (head === undefined) return undefined
    const length = new WireReader(head, 'file message').uint32()
    if (length === 0 || length > LONGEST_FRAME) {
      const problem = `a frame has ${length} bytes, and 1 to ${LONGEST_FRAME} are allowed`
      throw new PeerageError('malformed', { structure: 'file message', problem, offset: 0 })
    }
    const frame = await this.#take(length)
    return frame === undefined ? undefined : decoded(frame)
  }

  /** Reads no more: a {@link FileMessages.next} that waits gives nothing. */
  async cancel(): Promise<void> {
    await this.#reader.cancel().catch(() => undefined)
  }

  async #take(length: number): Promise<Uint8Array | undefined> {
    while (this.#length < length) {
      const { value } = await this.#reader.read()
      if (value === undefined) return undefined
      this.#waiting.push(value)
      this.#length += value.length
    }
    const taken = new Uint8Array(length)
    let filled = 0
    while (filled < length) {
      const [first] = this.#waiting
      if (first === undefined) throw new RangeError('the length of what waits is wrong')
      const part = first.subarray(0, length - filled)
      taken.set(part, filled)
      filled += part.length
      if (part.length === first.length) this.#waiting.shift()
      else this.#waiting[0] = first.subarray(part.length)
    }
    this.#length -= length
    return taken
  }
}

function decoded(frame: Uint8Array): FileMessage {
  const reader = new WireReader(frame, 'file message')
  const kind = KINDS[reader.uint8() - 1]
  const message = kind === undefined ? undefined : fields(kind, reader)
  if (message === undefined) throw reader.malformed('its kind is not known', 0)
  reader.finish()
  return message
}

function fields(kind: FileMessage['kind'], reader: WireReader): FileMessage {
  switch (kind) {
    case 'offer':
      return { kind, size: sizeOf(reader), sha256: reader.bytes(DIGEST_LENGTH), name: reader.text(LONGEST_NAME) }
    case 'accept':
      return { kind, offset: sizeOf(reader) }
    case 'piece':
      return { kind, bytes: reader.rest() }
    case 'done':
      return { kind }
    case 'refuse':
      return { kind, isDamaged: reader.uint8() === 1, reason: reader.text(LONGEST_REASON) }
  }
}

function sizeOf(reader: WireReader): number {
  const size = reader.uint64()
  if (size > BigInt(LARGEST_SIZE)) throw reader.malformed(`a size is greater than ${LARGEST_SIZE}`)
  return Number(size)
}
