/**
 * The part of the contract of {@link Crypto} that is the same in every implementation: which lengths
 * and costs are programming errors. A message says what had which length and never what was in it,
 * since most of it is keys.
 */
import {
  AEAD_KEY_LENGTH,
  AEAD_NONCE_LENGTH,
  AES_BLOCK_LENGTH,
  AES256_KEY_LENGTH,
  ARGON2ID_SALT_LENGTH,
  type Argon2idCost,
  LARGEST_DERIVATION_MEMORY,
  RISTRETTO255_LENGTH,
  type ScryptCost,
} from './crypto.ts'
import { isReducedScalar } from './strict-ed25519.ts'

/** @throws RangeError unless the bytes have exactly this length */
export function requireLength(what: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) throw new RangeError(`${what} has ${length} bytes, not ${bytes.length}`)
}

/** @throws RangeError unless key and nonce have the lengths that ChaCha20-Poly1305 takes */
export function requireAeadLengths(key: Uint8Array, nonce: Uint8Array): void {
  requireLength('an AEAD key', key, AEAD_KEY_LENGTH)
  requireLength('an AEAD nonce', nonce, AEAD_NONCE_LENGTH)
}

/** @throws RangeError unless key and initialization vector have the lengths that AES-256-CBC takes */
export function requireAesLengths(key: Uint8Array, iv: Uint8Array): void {
  requireLength('an AES-256 key', key, AES256_KEY_LENGTH)
  requireLength('an initialization vector', iv, AES_BLOCK_LENGTH)
}

/** @throws RangeError unless it is a scalar of ristretto255 other than 0, reduced modulo the group order */
export function requireRistretto255Scalar(scalar: Uint8Array): void {
  requireLength('a scalar of ristretto255', scalar, RISTRETTO255_LENGTH)
  if (!isReducedScalar(scalar, 0)) throw new RangeError('a scalar of ristretto255 is below the group order')
  if (scalar.every((byte) => byte === 0)) throw new RangeError('a scalar of ristretto255 is not 0')
}

/** @throws RangeError unless salt and cost are within the limits of {@link Argon2idCost} */
export function requireArgon2idInputs(salt: Uint8Array, { memory, passes, length }: Argon2idCost): void {
  requireLength('an Argon2id salt', salt, ARGON2ID_SALT_LENGTH)
  requireInteger('the memory of Argon2id, in KiB,', memory, LEAST_ARGON2ID_MEMORY, LARGEST_DERIVATION_MEMORY / 1024)
  requireInteger('the passes of Argon2id', passes, 1, UINT32_MAX)
  requireInteger('the length of an Argon2id result', length, SHORTEST_ARGON2ID_RESULT, LONGEST_RESULT)
}

/** @throws RangeError unless cost and length are within the limits of {@link ScryptCost} and RFC 7914 section 2 */
export function requireScryptInputs(scryptCost: ScryptCost, length: number): void {
  const { cost, blockSize, parallelization } = scryptCost
  requireInteger('the cost N of scrypt', cost, 2, UINT32_MAX)
  if (!Number.isInteger(Math.log2(cost))) throw new RangeError(`the cost N of scrypt is a power of two, not ${cost}`)
  requireInteger('the block size r of scrypt', blockSize, 1, UINT32_MAX)
  if (cost >= 2 ** (16 * blockSize)) throw new RangeError(`the cost N of scrypt is below 2^(16 r), not ${cost}`)
  requireInteger('the parallelization p of scrypt', parallelization, 1, UINT32_MAX)
  requireInteger('the memory of scrypt, in bytes,', scryptMemory(scryptCost), 0, LARGEST_DERIVATION_MEMORY)
  requireInteger('the length of a scrypt result', length, 1, LONGEST_RESULT)
}

/** What scrypt takes, in bytes: N and p blocks of 128 r bytes, and two more to work in. */
export function scryptMemory({ cost, blockSize, parallelization }: ScryptCost): number {
  return 128 * blockSize * (cost + parallelization + 2)
}

const UINT32_MAX = 2 ** 32 - 1
/** RFC 9106 section 3.1: 8 KiB a lane. */
const LEAST_ARGON2ID_MEMORY = 8
const SHORTEST_ARGON2ID_RESULT = 16
const LONGEST_RESULT = 64

function requireInteger(what: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${what} is an integer from ${least} to ${most}, not ${value}`)
  }
}
