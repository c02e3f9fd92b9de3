/**
 * Byte strings: joining, comparing, and their text forms.
 */

/** All parts, one after the other, in a new array. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const joined = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}

/** Whether both hold the same bytes. Stops at the first difference, so never use it on a secret. */
export function equalBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false
  return true
}

/** Whether both hold the same bytes, in a time that depends on the length alone. */
export function equalSecrets(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false
  let difference = 0
  for (let index = 0; index < one.length; index++) difference |= (one[index] ?? 0) ^ (other[index] ?? 0)
  return difference === 0
}

/** Order as unsigned numbers, byte by byte; a prefix comes first. Negative, 0 or positive. */
export function compareBytes(one: Uint8Array, other: Uint8Array): number {
  const length = Math.min(one.length, other.length)
  for (let index = 0; index < length; index++) {
    const difference = (one[index] ?? 0) - (other[index] ?? 0)
    if (difference !== 0) return difference
  }
  return one.length - other.length
}

const HEX = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, '0'))

/** Lower-case hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (let index = 0; index < bytes.length; index++) text += HEX[bytes[index] ?? 0]
  return text
}

/** The bytes of an even number of hexadecimal digits, or undefined if the text is anything else. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let index = 0; index < bytes.length; index++) {
    const value = hexDigit(text.charCodeAt(index * 2)) * 16 + hexDigit(text.charCodeAt(index * 2 + 1))
    if (value < 0) return undefined
    bytes[index] = value
  }
  return bytes
}

const NO_DIGIT = -1000

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lowerCase = code | 0x20
  return lowerCase >= 0x61 && lowerCase <= 0x66 ? lowerCase - 0x61 + 10 : NO_DIGIT
}

const BASE64_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Base64 (RFC 4648 section 4) with padding, in one line. */
export function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (let index = 0; index < bytes.length; index += 3) {
    const group = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0)
    const given = Math.min(3, bytes.length - index)
    for (let digit = 0; digit < 4; digit++) {
      text += digit <= given ? BASE64_ALPHABET[(group >> (18 - 6 * digit)) & 63] : '='
    }
  }
  return text
}

/** The bytes that {@link toBase64} gives this very text for, or undefined if there are none. */
export function fromBase64(text: string): Uint8Array | undefined {
  const digits = text.endsWith('==') ? text.length - 2 : text.endsWith('=') ? text.length - 1 : text.length
  if (text.length % 4 !== 0) return undefined
  const bytes = new Uint8Array(Math.floor((digits * 3) / 4))
  let buffer = 0
  let bits = 0
  let length = 0
  for (let index = 0; index < digits; index++) {
    const value = BASE64_ALPHABET.indexOf(text.charAt(index))
    if (value < 0) return undefined
    buffer = (buffer << 6) | value
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes[length++] = buffer >> bits
      buffer &= (1 << bits) - 1
    }
  }
  // What is left over is padding; other than zero, it would be a second text for the same bytes.
  return buffer === 0 ? bytes : undefined
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** UTF-8. The text must be well-formed: an unpaired surrogate is a programming error. */
export function toUtf8(text: string): Uint8Array {
  if (!text.isWellFormed()) throw new TypeError('text with an unpaired surrogate has no UTF-8 form')
  return encoder.encode(text)
}

/** The text of valid UTF-8 (a byte order mark stays), or undefined. */
export function fromUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}
