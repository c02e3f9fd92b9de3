/**
 * Writing DER (X.690). Structures are built from the inside out: each function gives the bytes of one
 * whole element.
 */
import { concatBytes } from '../runtime/bytes.ts'
import { BOOLEAN, INTEGER, OBJECT_IDENTIFIER } from './der-tags.ts'

/** One element: tag, length in its shortest form, and the parts, joined. Longer than 65,535 bytes is a RangeError. */
export function derElement(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  return concatBytes(header(tag, length), ...parts)
}

/** A non-negative INTEGER. */
export function derInteger(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a non-negative safe integer: ${value}`)
  const bytes = [value % 256]
  for (let left = Math.floor(value / 256); left > 0; left = Math.floor(left / 256)) bytes.unshift(left % 256)
  // The first bit is the sign.
  if ((bytes[0] ?? 0) >= 0x80) bytes.unshift(0)
  return derElement(INTEGER, Uint8Array.from(bytes))
}

/** An OBJECT IDENTIFIER, given as its content. */
export function derObjectIdentifier(content: Uint8Array): Uint8Array {
  return derElement(OBJECT_IDENTIFIER, content)
}

/** BOOLEAN true. False never occurs: it is always a default, and DER leaves those out. */
export const DER_TRUE: Uint8Array = Uint8Array.of(BOOLEAN, 1, 0xff)

function header(tag: number, length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(tag, length)
  if (length < 0x100) return Uint8Array.of(tag, 0x81, length)
  if (length < 0x10000) return Uint8Array.of(tag, 0x82, length >> 8, length & 0xff)
  throw new RangeError(`an element of ${length} bytes is too long`)
}
