/**
 * Keys in the form that `node:crypto` works with, made from their bare bytes: public keys by way of JWK
 * (RFC 8037), which takes a third of the time that DER takes, secret keys by way of DER (RFC 8410), which for one
 * algorithm is always the same few bytes and then the key, and leaves no copy in a text that cannot be overwritten.
 *
 * That costs a good part of checking a signature, and the same few keys come again and again, so the
 * keys of signatures are kept. Only keys are: never what was signed, and never a verdict.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { equalSecrets } from '../../runtime/bytes.ts'
import { SEED_LENGTH } from '../../runtime/crypto.ts'

type KeyAlgorithm = 'ed25519' | 'x25519'

const JWK_CURVE = { ed25519: 'Ed25519', x25519: 'X25519' } as const
/** What precedes the key in a SubjectPublicKeyInfo, of either algorithm, in bytes. */
const SPKI_PREFIX_LENGTH = 12
const PKCS8_PREFIX = {
  ed25519: Buffer.from('302e020100300506032b657004220420', 'hex'),
  x25519: Buffer.from('302e020100300506032b656e04220420', 'hex'),
}

export function publicKeyObject(algorithm: KeyAlgorithm, publicKey: Uint8Array): KeyObject {
  const x = asBuffer(publicKey).toString('base64url')
  return createPublicKey({ key: { kty: 'OKP', crv: JWK_CURVE[algorithm], x }, format: 'jwk' })
}

export function secretKeyObject(algorithm: KeyAlgorithm, seed: Uint8Array): KeyObject {
  const key = Buffer.concat([PKCS8_PREFIX[algorithm], seed])
  const object = createPrivateKey({ key, format: 'der', type: 'pkcs8' })
  key.fill(0)
  return object
}

/** The 32 bytes of the public key that belongs to a secret one. */
export function publicKeyOf(secretKey: KeyObject): Uint8Array {
  const der = createPublicKey(secretKey).export({ format: 'der', type: 'spki' })
  return Uint8Array.from(der.subarray(SPKI_PREFIX_LENGTH))
}

/** The Ed25519 keys that one implementation has worked with. */
interface SigningKeyObjects {
  publicKey(publicKey: Uint8Array): KeyObject
  secretKey(secretKey: Uint8Array): KeyObject
}

/** How many public keys are kept; the one that was used longest ago goes first. */
const MOST_PUBLIC_KEYS = 512

/** An empty store of such keys. */
export function signingKeyObjects(): SigningKeyObjects {
  const publicKeys = new Map<string, KeyObject>()
  // A secret key is kept as long as the array that holds it. The array can be overwritten: hence the comparison.
  const secretKeys = new WeakMap<Uint8Array, { readonly seed: Uint8Array; readonly object: KeyObject }>()

  return {
    publicKey(publicKey) {
      const name = asBuffer(publicKey).toString('latin1')
      const object = publicKeys.get(name) ?? publicKeyObject('ed25519', publicKey)
      publicKeys.delete(name)
      publicKeys.set(name, object)
      const [oldest] = publicKeys.size > MOST_PUBLIC_KEYS ? publicKeys.keys() : []
      if (oldest !== undefined) publicKeys.delete(oldest)
      return object
    },
    secretKey(secretKey) {
      const seed = secretKey.subarray(0, SEED_LENGTH)
      const kept = secretKeys.get(secretKey)
      if (kept !== undefined && equalSecrets(kept.seed, seed)) return kept.object
      const object = secretKeyObject('ed25519', seed)
      secretKeys.set(secretKey, { seed: seed.slice(), object })
      return object
    },
  }
}

/** The same bytes, not a copy. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
