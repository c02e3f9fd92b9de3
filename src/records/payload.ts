/**
 * Payloads of records: bytes that say what they are (DESIGN section 6, G-147). A payload that is not what it says makes
 * its record invalid; one of an encoding that this release does not know may be anything.
 */
import { fromUtf8 } from '../runtime/bytes.ts'
import type { PayloadEncoding } from './record.ts'

/** Lists and objects of JSON within each other: no reader's stack is at the mercy of a writer. */
export const MOST_JSON_LEVELS = 100

/** The number that stands for each encoding in a record. */
const CODES = { bytes: 0, text: 1, json: 2 } as const
const NAMES = ['bytes', 'text', 'json'] as const

/** The number of an encoding: 0 to 255. */
export function payloadEncodingCode(encoding: PayloadEncoding): number {
  return typeof encoding === 'number' ? encoding : CODES[encoding]
}

/** The encoding that a number stands for: its name, where this release knows it. */
export function payloadEncodingOf(code: number): PayloadEncoding {
  return NAMES[code] ?? code
}

/** Whether a payload is what its encoding says. */
export function isPayloadOf(encoding: PayloadEncoding, payload: Uint8Array): boolean {
  if (encoding === 'text') return fromUtf8(payload) !== undefined
  return encoding !== 'json' || isJson(payload)
}

/** Whether the bytes are one value of JSON (RFC 8259) in UTF-8, without a byte order mark, and not nested too deep. */
function isJson(bytes: Uint8Array): boolean {
  if (!nestsInBounds(bytes)) return false
  const text = fromUtf8(bytes)
  if (text === undefined) return false
  try {
    JSON.parse(text)
    return true
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Counts what is open. What is no JSON may come out either way. */
function nestsInBounds(bytes: Uint8Array): boolean {
  let depth = 0
  let inString = false
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]
    if (inString) {
      if (byte === BACKSLASH) index++
      else if (byte === QUOTE) inString = false
    } else if (byte === QUOTE) {
      inString = true
    } else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > MOST_JSON_LEVELS) return false
    } else if (byte === 0x5d || byte === 0x7d) {
      depth--
    }
  }
  return true
}
