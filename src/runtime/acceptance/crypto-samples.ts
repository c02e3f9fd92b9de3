/**
 * Bytes for the acceptance suites of the crypto port, and ways to change them.
 */
import { AEAD_KEY_LENGTH, AEAD_NONCE_LENGTH, type Argon2idCost, type ScryptCost } from '../crypto.ts'

export const AEAD_KEY = patterned(AEAD_KEY_LENGTH, 11)
export const AEAD_NONCE = patterned(AEAD_NONCE_LENGTH, 13)

export const LEAST_ARGON2ID_COST: Argon2idCost = { memory: 8, passes: 1, length: 16 }
export const LEAST_SCRYPT_COST: ScryptCost = { cost: 2, blockSize: 1, parallelization: 1 }

/** Bytes that differ with each seed, in the middle of a larger buffer, as what was read from a message is. */
export function patterned(length: number, seed: number): Uint8Array {
  const surrounding = new Uint8Array(length + 16).fill(0xee)
  const bytes = surrounding.subarray(5, length + 5)
  for (let index = 0; index < length; index++) bytes[index] = (index * 31 + seed * 101 + (index >> 3)) & 0xff
  return bytes
}

/** Every way to change one byte a little, and to lengthen or shorten by one. */
export function* changesOf(bytes: Uint8Array): Generator<[Uint8Array, string]> {
  for (let index = 0; index < bytes.length; index++) {
    for (const bit of [0x01, 0x80]) {
      const changed = bytes.slice()
      changed[index] = (changed[index] ?? 0) ^ bit
      yield [changed, `bit ${bit} of byte ${index} flipped`]
    }
  }
  yield [bytes.subarray(0, bytes.length - 1), 'its last byte taken away']
  yield [resized(bytes, bytes.length + 1), 'a zero byte added']
}

/** The bytes cut, or lengthened with zeros, to this length. */
export function resized(bytes: Uint8Array, length: number): Uint8Array {
  const other = new Uint8Array(length)
  other.set(bytes.subarray(0, length))
  return other
}

/** The bytes, cut every `size` bytes. */
export function inParts(bytes: Uint8Array, size: number): Uint8Array[] {
  const parts: Uint8Array[] = []
  for (let offset = 0; offset < bytes.length; offset += size) parts.push(bytes.subarray(offset, offset + size))
  return parts
}
