/**
 * Writing DER (X.690). Structures are built from the inside out: each function gives the bytes of one
 * whole element.
 */
import { BOOLEAN, INTEGER, OBJECT_IDENTIFIER } from './der-tags.ts'

/** One element: tag, length in its shortest form, and the parts, joined. Longer than 65,535 bytes is a RangeError. */
export function derElement(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const element = new Uint8Array(headerLength(length) + length)
  let offset = writeHeader(element, tag, length)
  for (const part of parts) {
    element.set(part, offset)
    offset += part.length
  }
  return element
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

function headerLength(length: number): number {
  if (length < 0x80) return 2
  return length < 0x100 ? 3 : 4
}

/** Writes tag and length at the beginning of an element and returns where its content begins. */
function writeHeader(element: Uint8Array, tag: number, length: number): number {
  if (length > 0xffff) throw new RangeError(`an element of ${length} bytes is too long`)
  element[0] = tag
  if (length < 0x80) {
    element[1] = length
    return 2
  }
  if (length < 0x100) {
    element[1] = 0x81
    element[2] = length
    return 3
  }
  element[1] = 0x82
  element[2] = length >> 8
  element[3] = length
  return 4
}
