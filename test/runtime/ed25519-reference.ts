/**
 * A second opinion on Ed25519 signatures: the rules of docs/protocol/signatures.md one by one, in plain
 * arithmetic on whole numbers and on the points of another library. Slow, and clear.
 */
import { createHash } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import type { Ed25519Verdict } from '../../src/runtime/acceptance/ed25519-edge-cases.ts'
import { toHex } from '../../src/runtime/bytes.ts'

const { Point } = ed25519
export const GROUP_ORDER = Point.Fn.ORDER
export const FIELD_PRIME = 2n ** 255n - 19n

type CurvePoint = InstanceType<typeof Point>

export function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn))
}

export function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)
}

/** [scalar]B plus [torsion]T, where T is a point of order 8. */
export function mixedPoint(scalar: bigint, torsion: number): CurvePoint {
  return multiple(Point.BASE, scalar).add(multiple(TORSION_POINT, BigInt(torsion % 8)))
}

const TORSION_POINT = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', true)

/** k, before it is reduced. */
export function challenge(r: Uint8Array, publicKey: Uint8Array, message: Uint8Array): bigint {
  return numberOf(createHash('sha512').update(r).update(publicKey).update(message).digest())
}

/** What docs/protocol/signatures.md says of a signature. */
export function referenceVerdict(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): Ed25519Verdict {
  const encodedR = signature.subarray(0, 32)
  const s = numberOf(signature.subarray(32))
  if (s >= GROUP_ORDER) return 'S not reduced'
  const r = decoded(encodedR)
  const key = decoded(publicKey)
  if (!isCanonical(encodedR, r)) return 'R not canonical'
  if (!isCanonical(publicKey, key)) return 'key not canonical'
  if (r?.isSmallOrder()) return 'R of small order'
  if (key === undefined) return 'key not a point'
  if (key.isSmallOrder()) return 'key of small order'
  const k = challenge(encodedR, publicKey, message) % GROUP_ORDER
  const expected = multiple(Point.BASE, s).subtract(multiple(key, k))
  return toHex(expected.toBytes()) === toHex(encodedR) ? 'valid' : 'equation'
}

/**
 * Whether some verifier takes this signature: S is taken modulo L, encodings are read laxly, R and the key are
 * hashed as they came or as they should have been, and the equation is multiplied by the cofactor.
 */
export function isTakenByLaxVerifier(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  const encodedR = signature.subarray(0, 32)
  const r = decoded(encodedR)
  const key = decoded(publicKey)
  if (r === undefined || key === undefined) return false
  const s = numberOf(signature.subarray(32)) % GROUP_ORDER
  const hashed: readonly [Uint8Array, Uint8Array][] = [
    [encodedR, publicKey],
    [r.toBytes(), key.toBytes()],
  ]
  return hashed.some(([hashedR, hashedKey]) => {
    const k = challenge(hashedR, hashedKey, message) % GROUP_ORDER
    return multiple(Point.BASE, s).subtract(multiple(key, k)).subtract(r).clearCofactor().is0()
  })
}

/** The point that a lax decoder reads, with y modulo the prime, or undefined if none has that y. */
function decoded(encoding: Uint8Array): CurvePoint | undefined {
  try {
    return Point.fromBytes(encoding, true)
  } catch {
    return undefined
  }
}

function isCanonical(encoding: Uint8Array, point: CurvePoint | undefined): boolean {
  const y = numberOf(encoding) % 2n ** 255n
  return y < FIELD_PRIME && (point === undefined || toHex(point.toBytes()) === toHex(encoding))
}

function multiple(point: CurvePoint, factor: bigint): CurvePoint {
  const reduced = factor % GROUP_ORDER
  return reduced === 0n ? Point.ZERO : point.multiplyUnsafe(reduced)
}
