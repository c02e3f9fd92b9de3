/**
 * Frames on the control socket: a message is
 *
 * ```
 * length of all that follows (4 bytes) ‖ length of the text (4) ‖ text, UTF-8 JSON ‖ { length (4) ‖ bytes }…
 * ```
 *
 * with lengths as unsigned integers, the most significant byte first. The byte strings are those that the text refers to
 * (control-value.ts).
 */
import { fromUtf8, toUtf8 } from '../runtime/bytes.ts'
import { type ControlValue, packValue, unpackValue } from './control-value.ts'

/** The largest frame, in bytes without its first length: a record with all its attributes fits several times. */
export const LARGEST_CONTROL_FRAME: number = 1024 * 1024
/** The most byte strings in one frame. */
export const MOST_ATTACHMENTS = 256

const LENGTH_SIZE = 4

/** A frame with one message. @returns undefined if it would be too large */
export function writeFrame(message: ControlValue): Uint8Array | undefined {
  const { text, attachments } = packValue(message)
  const json = toUtf8(text)
  const size = attachments.reduce((sum, { length }) => sum + LENGTH_SIZE + length, LENGTH_SIZE + json.length)
  if (size > LARGEST_CONTROL_FRAME || attachments.length > MOST_ATTACHMENTS) return undefined
  const frame = new Uint8Array(LENGTH_SIZE + size)
  const view = new DataView(frame.buffer)
  view.setUint32(0, size)
  let offset = LENGTH_SIZE
  for (const part of [json, ...attachments]) {
    view.setUint32(offset, part.length)
    frame.set(part, offset + LENGTH_SIZE)
    offset += LENGTH_SIZE + part.length
  }
  return frame
}

/** Takes frames out of a stream of bytes, however it is cut. */
export class FrameReader {
  #chunks: Uint8Array[] = []
  #size = 0

  /** Bytes came. @returns the messages that are whole now; or `malformed`, after which nothing more can be read */
  add(bytes: Uint8Array): readonly ControlValue[] | 'malformed' {
    this.#chunks.push(bytes)
    this.#size += bytes.length
    const messages: ControlValue[] = []
    for (;;) {
      const length = this.#peekLength()
      if (length === undefined) return messages
      if (length > LARGEST_CONTROL_FRAME || length < LENGTH_SIZE) return 'malformed'
      if (this.#size < LENGTH_SIZE + length) return messages
      const message = readBody(this.#take(LENGTH_SIZE + length).subarray(LENGTH_SIZE))
      if (message === 'malformed') return message
      messages.push(message.value)
    }
  }

  #peekLength(): number | undefined {
    if (this.#size < LENGTH_SIZE) return undefined
    if ((this.#chunks[0]?.length ?? 0) < LENGTH_SIZE) this.#chunks = [this.#joined()]
    const [first] = this.#chunks
    return first && new DataView(first.buffer, first.byteOffset, first.length).getUint32(0)
  }

  #take(length: number): Uint8Array {
    const all = this.#chunks.length === 1 ? this.#chunks[0] : this.#joined()
    if (all === undefined) throw new RangeError('nothing to take from')
    this.#chunks = all.length > length ? [all.subarray(length)] : []
    this.#size -= length
    return all.subarray(0, length)
  }

  #joined(): Uint8Array {
    const all = new Uint8Array(this.#size)
    let offset = 0
    for (const chunk of this.#chunks) {
      all.set(chunk, offset)
      offset += chunk.length
    }
    return all
  }
}

function readBody(body: Uint8Array): { readonly value: ControlValue } | 'malformed' {
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  const parts: Uint8Array[] = []
  for (let offset = 0; offset < body.length; ) {
    if (body.length - offset < LENGTH_SIZE || parts.length > MOST_ATTACHMENTS) return 'malformed'
    const length = view.getUint32(offset)
    offset += LENGTH_SIZE
    if (length > body.length - offset) return 'malformed'
    parts.push(body.slice(offset, offset + length))
    offset += length
  }
  const [json, ...attachments] = parts
  const text = json && fromUtf8(json)
  return text === undefined ? 'malformed' : unpackValue({ text, attachments })
}
