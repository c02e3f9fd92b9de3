/**
 * What joining a group by password needs and libsodium, as `sodium-native` has it, does not: the same functions in both
 * implementations of the crypto port. The arithmetic on curves is that of `@noble/curves`, which is loaded when
 * it is called first, since nearly nobody needs it.
 */
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import type { ed25519, ristretto255, ristretto255_hasher } from '@noble/curves/ed25519.js'
import {
  AGREEMENT_KEY_LENGTH,
  type Crypto,
  PUBLIC_KEY_LENGTH,
  RISTRETTO255_LENGTH,
  RISTRETTO255_UNIFORM_LENGTH,
  SECRET_KEY_LENGTH,
  SEED_LENGTH,
} from '../../runtime/crypto.ts'
import { requireLength, requireRistretto255Scalar } from '../../runtime/crypto-contract.ts'
import { isStrictPublicKey } from '../../runtime/strict-ed25519.ts'
import { withoutBuffer } from './sha256.ts'

export const passwordPrimitives: Pick<
  Crypto,
  'sha512' | 'agreementSecretKey' | 'ristretto255Element' | 'ristretto255Multiply'
> = {
  sha512,

  agreementSecretKey(secretKey) {
    requireLength('a secret key', secretKey, SECRET_KEY_LENGTH)
    // RFC 8032 section 5.1.5: what X25519 makes of these bytes is the very scalar that Ed25519 signs with.
    const expanded = sha512(secretKey.subarray(0, SEED_LENGTH))
    const agreementKey = expanded.slice(0, AGREEMENT_KEY_LENGTH)
    expanded.fill(0)
    return agreementKey
  },

  ristretto255Element(uniform) {
    requireLength('what an element of ristretto255 is derived from', uniform, RISTRETTO255_UNIFORM_LENGTH)
    return curves().ristretto255_hasher.deriveToCurve(uniform).toBytes()
  },

  ristretto255Multiply(scalar, element) {
    requireRistretto255Scalar(scalar)
    requireLength('an element of ristretto255', element, RISTRETTO255_LENGTH)
    const point = decoded(curves().ristretto255.Point, element)
    return point === undefined || point.is0() ? undefined : point.multiply(littleEndian(scalar)).toBytes()
  },
}

/** {@link Crypto.agreementPublicKey}, for where libsodium is not there. */
export function nobleAgreementPublicKey(publicKey: Uint8Array): Uint8Array | undefined {
  requireLength('a public key', publicKey, PUBLIC_KEY_LENGTH)
  if (!isStrictPublicKey(publicKey)) return undefined
  const { Point, utils } = curves().ed25519
  return decoded(Point, publicKey)?.isTorsionFree() ? utils.toMontgomery(publicKey) : undefined
}

/** The point that these bytes are, or undefined if they are none. */
function decoded<Point>(points: { fromBytes(bytes: Uint8Array): Point }, bytes: Uint8Array): Point | undefined {
  try {
    return points.fromBytes(bytes)
  } catch {
    // The length is right, so that nothing else can be wrong.
    return undefined
  }
}

function sha512(...parts: readonly Uint8Array[]): Uint8Array {
  const hashing = createHash('sha512')
  for (const part of parts) hashing.update(part)
  return withoutBuffer(hashing.digest())
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
}

interface Curves {
  readonly ed25519: typeof ed25519
  readonly ristretto255: typeof ristretto255
  /** Its type calls the function optional, since other curves lack it. */
  readonly ristretto255_hasher: Required<Pick<typeof ristretto255_hasher, 'deriveToCurve'>>
}

let loaded: Curves | undefined

function curves(): Curves {
  const present: Curves = loaded ?? createRequire(import.meta.url)('@noble/curves/ed25519.js')
  loaded = present
  return present
}
