/**
 * SHA-256 and HMAC-SHA-256 for both implementations of the crypto port on Node.js.
 *
 * OpenSSL hashes long input three times as fast as libsodium (it uses the processor's instructions for
 * it) but costs more to call. Its HMAC costs 10 µs and more to set up for each new key, so HMAC is put
 * together from two hashes instead, as RFC 2104 defines it.
 */
import { createHash, hash } from 'node:crypto'
import type { Crypto } from '../../runtime/crypto.ts'

/** SHA-256 over the parts, by OpenSSL. */
export function openSslSha256(...parts: readonly Uint8Array[]): Uint8Array {
  const [only, ...others] = parts
  if (only !== undefined && others.length === 0) return withoutBuffer(hash('sha256', only, 'buffer'))
  const hashing = createHash('sha256')
  for (const part of parts) hashing.update(part)
  return withoutBuffer(hashing.digest())
}

/** The same bytes as a plain Uint8Array: the methods of a Buffer, such as `slice`, do not mean the same. */
export function withoutBuffer(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}

const HASH_BLOCK_LENGTH = 64
const INNER_PAD = 0x36
const OUTER_PAD = 0x5c

/** HMAC (RFC 2104) over the parts with the given SHA-256. */
export function hmacWith(sha256: Crypto['sha256'], key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
  const shortKey = key.length > HASH_BLOCK_LENGTH ? sha256(key) : key
  const inner = sha256(padded(shortKey, INNER_PAD), ...parts)
  return sha256(padded(shortKey, OUTER_PAD), inner)
}

function padded(key: Uint8Array, pad: number): Uint8Array {
  const block = new Uint8Array(HASH_BLOCK_LENGTH).fill(pad)
  for (let index = 0; index < key.length; index++) block[index] = (key[index] ?? 0) ^ pad
  return block
}
