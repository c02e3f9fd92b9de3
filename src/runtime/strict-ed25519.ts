/**
 * Which Ed25519 signatures and public keys are refused by their encoding alone, whatever library
 * does the arithmetic (DESIGN section 4).
 *
 * Libraries agree on every signature that an honest signer makes and differ on what only an attacker
 * makes. So that all nodes give one verdict on the same bytes, these are refused before a library
 * sees them:
 *
 * - an S that is not below the group order L (RFC 8032 section 5.1.7 demands that, some skip it);
 * - a public key A or a point R whose y coordinate is not below the field's prime p;
 * - an A or R of small order: the eight points whose order divides the cofactor 8. A key of small
 *   order has signatures that fit every message.
 *
 * What is left is the equation. It is checked without the cofactor, `[S]B = R + [k]A` with k reduced
 * modulo L first and R compared as bytes, which is what libsodium and OpenSSL do; so a mixed-order
 * key or point (an honest one plus one of small order) counts only if its small parts cancel out.
 * {@link verifiesWithoutCofactor} finds a library that has come to think otherwise.
 */
import { fromHex } from './bytes.ts'
import { type Crypto, PUBLIC_KEY_LENGTH, SIGNATURE_LENGTH } from './crypto.ts'

/** Whether S is reduced and R and A are canonical and not of small order. False for wrong lengths. */
export function isStrictlyEncoded(signature: Uint8Array, publicKey: Uint8Array): boolean {
  return (
    signature.length === SIGNATURE_LENGTH &&
    publicKey.length === PUBLIC_KEY_LENGTH &&
    isReducedScalar(signature, POINT_LENGTH) &&
    isStrictPoint(signature) &&
    isStrictPoint(publicKey)
  )
}

/** Whether a public key is canonical and not of small order. False for a wrong length. */
export function isStrictPublicKey(publicKey: Uint8Array): boolean {
  return publicKey.length === PUBLIC_KEY_LENGTH && isStrictPoint(publicKey)
}

/** R and A are points of this length; R is the first half of a signature, S the second. */
const POINT_LENGTH = 32
const LAST = POINT_LENGTH - 1
/** The highest bit of a point is the sign of x; the others are y. */
const Y_MASK = 0x7f

/** The order of the base point, 2^252 + 27742317777372353535851937790883648493, lowest byte first. */
const GROUP_ORDER = bytes('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010')
/** The prime of the field, 2^255 - 19, lowest byte first. */
const FIELD_PRIME = bytes('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f')

/** The y coordinates of the eight points of small order: they come in pairs of x and -x, or with x = 0. */
const SMALL_ORDER_Y = [
  '0100000000000000000000000000000000000000000000000000000000000000', // order 1: (0, 1)
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // order 2: (0, -1)
  '0000000000000000000000000000000000000000000000000000000000000000', // order 4
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', // order 8
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', // order 8
].map(bytes)

/** Their first bytes all differ, so that one look at the first byte clears nearly every point. */
const SMALL_ORDER_BY_FIRST_BYTE: readonly (Uint8Array | undefined)[] = Array.from({ length: 256 }, (_, first) =>
  SMALL_ORDER_Y.find((y) => y[0] === first),
)

/** Whether the 32 bytes from `offset` are a number below the group order. */
export function isReducedScalar(container: Uint8Array, offset: number): boolean {
  return isBelow(container, offset, GROUP_ORDER, 0xff)
}

/** Whether the first 32 bytes have a y below the prime that is not one of small order. */
function isStrictPoint(container: Uint8Array): boolean {
  if (!isBelow(container, 0, FIELD_PRIME, Y_MASK)) return false
  const suspect = SMALL_ORDER_BY_FIRST_BYTE[container[0] ?? 0]
  return suspect === undefined || !hasY(container, suspect)
}

/** Compares from the highest byte down, after `mask` is put on that one. Nothing here is secret. */
function isBelow(container: Uint8Array, offset: number, bound: Uint8Array, mask: number): boolean {
  let difference = ((container[offset + LAST] ?? 0) & mask) - (bound[LAST] ?? 0)
  for (let index = LAST - 1; difference === 0 && index >= 0; index--) {
    difference = (container[offset + index] ?? 0) - (bound[index] ?? 0)
  }
  return difference < 0
}

function hasY(point: Uint8Array, y: Uint8Array): boolean {
  for (let index = 0; index < LAST; index++) if (point[index] !== y[index]) return false
  return ((point[LAST] ?? 0) & Y_MASK) === y[LAST]
}

/**
 * Whether an implementation checks the equation without the cofactor. Two signatures decide, cases 3
 * and 4 of "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko, 2020): their key and R are of
 * mixed order; the small parts of the first cancel out, those of the second only times 8.
 */
export function verifiesWithoutCofactor(crypto: Pick<Crypto, 'verify'>): boolean {
  return (
    crypto.verify(CANCELLING.signature, CANCELLING.message, MIXED_ORDER_KEY) &&
    !crypto.verify(REMAINING.signature, REMAINING.message, MIXED_ORDER_KEY)
  )
}

const MIXED_ORDER_KEY = bytes('cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d')
const CANCELLING = {
  message: bytes('9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79'),
  signature: bytes(
    '9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f' +
      '87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009',
  ),
}
const REMAINING = {
  message: bytes('e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c'),
  signature: bytes(
    '160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed512' +
      '5ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09',
  ),
}

function bytes(hex: string): Uint8Array {
  const decoded = fromHex(hex)
  if (decoded === undefined) throw new TypeError('a constant of this file is not hexadecimal')
  return decoded
}
