/**
 * The crypto port by `sodium-native` (libsodium), the fast implementation: it checks a signature in
 * half the time that OpenSSL needs.
 *
 * libsodium writes results into arrays that it is given. An array of up to 64 bytes lives in the heap
 * of JavaScript, and handing it to native code moves it out, which costs more than a short hash. So
 * results of a fixed length are written into one array that stays, and copied from there.
 */
import { createRequire } from 'node:module'
import {
  AEAD_KEY_LENGTH,
  AEAD_NONCE_LENGTH,
  AEAD_TAG_LENGTH,
  AGREEMENT_KEY_LENGTH,
  type Crypto,
  PUBLIC_KEY_LENGTH,
  SECRET_KEY_LENGTH,
  SEED_LENGTH,
  SHA256_LENGTH,
  SIGNATURE_LENGTH,
} from '../../runtime/crypto.ts'
import { requireAeadLengths, requireArgon2idInputs, requireLength } from '../../runtime/crypto-contract.ts'
import type { PasswordHashing } from '../../runtime/password-hashing.ts'
import { isStrictlyEncoded, isStrictPublicKey } from '../../runtime/strict-ed25519.ts'
import { passwordPrimitives } from './password-primitives.ts'
import { pkcs8Primitives } from './pkcs8-primitives.ts'
import { hmacWith, openSslSha256 } from './sha256.ts'

/**
 * The crypto port by libsodium.
 *
 * @throws Error whatever the loader threw, if `sodium-native` has no build that loads here
 */
export function sodiumCrypto(): Crypto {
  const sodium = loadSodium()
  const digest = new Uint8Array(new ArrayBuffer(SHA256_LENGTH))
  const signed = new Uint8Array(new ArrayBuffer(SIGNATURE_LENGTH))
  const shortInput = new Uint8Array(new ArrayBuffer(LONGEST_SHORT_INPUT))

  function sha256(...parts: readonly Uint8Array[]): Uint8Array {
    let length = 0
    for (const part of parts) length += part.length
    if (length > LONGEST_SHORT_INPUT) return openSslSha256(...parts)
    let offset = 0
    for (const part of parts) {
      shortInput.set(part, offset)
      offset += part.length
    }
    sodium.crypto_hash_sha256(digest, shortInput.subarray(0, length))
    return digest.slice()
  }

  return {
    implementation: 'sodium-native',

    signingKeyPair(seed) {
      requireLength('a seed', seed, SEED_LENGTH)
      const publicKey = new Uint8Array(PUBLIC_KEY_LENGTH)
      const secretKey = new Uint8Array(SECRET_KEY_LENGTH)
      sodium.crypto_sign_seed_keypair(publicKey, secretKey, seed)
      return { publicKey, secretKey }
    },
    sign(message, secretKey) {
      requireLength('a secret key', secretKey, SECRET_KEY_LENGTH)
      sodium.crypto_sign_detached(signed, message, secretKey)
      return signed.slice()
    },
    verify(signature, message, publicKey) {
      return (
        isStrictlyEncoded(signature, publicKey) && sodium.crypto_sign_verify_detached(signature, message, publicKey)
      )
    },

    sha256,
    hmacSha256: (key, ...parts) => hmacWith(sha256, key, parts),

    seal(key, nonce, plaintext, associated) {
      requireAeadLengths(key, nonce)
      const sealed = new Uint8Array(plaintext.length + AEAD_TAG_LENGTH)
      sodium.crypto_aead_chacha20poly1305_ietf_encrypt(sealed, plaintext, associated, null, nonce, key)
      return sealed
    },
    open(key, nonce, sealed, associated) {
      if (key.length !== AEAD_KEY_LENGTH || nonce.length !== AEAD_NONCE_LENGTH) return undefined
      if (sealed.length < AEAD_TAG_LENGTH) return undefined
      const plaintext = new Uint8Array(sealed.length - AEAD_TAG_LENGTH)
      try {
        sodium.crypto_aead_chacha20poly1305_ietf_decrypt(plaintext, null, sealed, associated, nonce, key)
      } catch {
        // All lengths are right, so that only the tag can be wrong.
        return undefined
      }
      return plaintext
    },

    agreementKeyPair(seed) {
      requireLength('a seed', seed, SEED_LENGTH)
      const publicKey = new Uint8Array(AGREEMENT_KEY_LENGTH)
      sodium.crypto_scalarmult_base(publicKey, seed)
      return { publicKey, secretKey: Uint8Array.from(seed) }
    },
    agree(secretKey, publicKey) {
      requireLength('a secret agreement key', secretKey, AGREEMENT_KEY_LENGTH)
      requireLength('a public agreement key', publicKey, AGREEMENT_KEY_LENGTH)
      const shared = new Uint8Array(AGREEMENT_KEY_LENGTH)
      try {
        sodium.crypto_scalarmult(shared, secretKey, publicKey)
      } catch {
        // All lengths are right, so that only a public key of small order is refused.
        return undefined
      }
      return shared
    },

    agreementPublicKey(publicKey) {
      requireLength('a public key', publicKey, PUBLIC_KEY_LENGTH)
      if (!isStrictPublicKey(publicKey)) return undefined
      const agreementKey = new Uint8Array(AGREEMENT_KEY_LENGTH)
      try {
        sodium.crypto_sign_ed25519_pk_to_curve25519(agreementKey, publicKey)
      } catch {
        // All lengths are right, so that only a key is refused that is no point of the prime-order group.
        return undefined
      }
      return agreementKey
    },

    argon2id(password, salt, cost) {
      requireArgon2idInputs(salt, cost)
      const { memory, passes, length } = cost
      const result = new Uint8Array(length)
      sodium.crypto_pwhash(result, password, salt, passes, memory * 1024, sodium.crypto_pwhash_ALG_ARGON2ID13)
      return result
    },
    ...passwordPrimitives,
    ...pkcs8Primitives,
  }
}

/**
 * Argon2id by libsodium on another thread.
 *
 * @throws Error whatever the loader threw, if `sodium-native` has no build that loads here
 */
export function sodiumPasswordHashing(): PasswordHashing {
  const sodium = loadSodium()
  return (password, salt, cost) => {
    requireArgon2idInputs(salt, cost)
    const result = new Uint8Array(cost.length)
    // The other thread reads its inputs until it is done.
    const inputs = [password.slice(), salt.slice(), cost.passes, cost.memory * 1024] as const
    const algorithm = sodium.crypto_pwhash_ALG_ARGON2ID13
    return sodium.crypto_pwhash_async(result, ...inputs, algorithm).then(() => result)
  }
}

/** Up to this many bytes, in all parts, libsodium hashes faster than OpenSSL is called. */
const LONGEST_SHORT_INPUT = 256

/** The functions of `sodium-native` that are used here, as it really has them. */
interface Sodium {
  crypto_sign_seed_keypair(publicKey: Uint8Array, secretKey: Uint8Array, seed: Uint8Array): void
  crypto_sign_detached(signature: Uint8Array, message: Uint8Array, secretKey: Uint8Array): void
  crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean
  crypto_hash_sha256(digest: Uint8Array, input: Uint8Array): void
  /** The fourth argument is of no use and must be null. */
  crypto_aead_chacha20poly1305_ietf_encrypt(
    sealed: Uint8Array,
    plaintext: Uint8Array,
    associated: Uint8Array,
    secretNonce: null,
    nonce: Uint8Array,
    key: Uint8Array,
  ): void
  /** Throws if the tag is wrong. The second argument is of no use and must be null. */
  crypto_aead_chacha20poly1305_ietf_decrypt(
    plaintext: Uint8Array,
    secretNonce: null,
    sealed: Uint8Array,
    associated: Uint8Array,
    nonce: Uint8Array,
    key: Uint8Array,
  ): void
  crypto_scalarmult_base(publicKey: Uint8Array, secretKey: Uint8Array): void
  /** Throws if the public key is of small order. */
  crypto_scalarmult(shared: Uint8Array, secretKey: Uint8Array, publicKey: Uint8Array): void
  /** Throws if the public key is no point of the prime-order group. */
  crypto_sign_ed25519_pk_to_curve25519(agreementKey: Uint8Array, publicKey: Uint8Array): void
  /** `memory` is in bytes. */
  crypto_pwhash(
    result: Uint8Array,
    password: Uint8Array,
    salt: Uint8Array,
    passes: number,
    memory: number,
    algorithm: number,
  ): void
  /** As above, on another thread. */
  crypto_pwhash_async(
    result: Uint8Array,
    password: Uint8Array,
    salt: Uint8Array,
    passes: number,
    memory: number,
    algorithm: number,
  ): Promise<void>
  readonly crypto_pwhash_ALG_ARGON2ID13: number
}

const SODIUM_FUNCTIONS = [
  'crypto_sign_seed_keypair',
  'crypto_sign_detached',
  'crypto_sign_verify_detached',
  'crypto_hash_sha256',
  'crypto_aead_chacha20poly1305_ietf_encrypt',
  'crypto_aead_chacha20poly1305_ietf_decrypt',
  'crypto_scalarmult_base',
  'crypto_scalarmult',
  'crypto_sign_ed25519_pk_to_curve25519',
  'crypto_pwhash',
  'crypto_pwhash_async',
] as const satisfies readonly (keyof Sodium)[]

/** Loads the package at once, which an import of a package that may be absent cannot do. */
function loadSodium(): Sodium {
  const loaded: unknown = createRequire(import.meta.url)('sodium-native')
  if (!isSodium(loaded)) throw new Error('sodium-native lacks functions that are needed')
  return loaded
}

function isSodium(loaded: unknown): loaded is Sodium {
  if (typeof loaded !== 'object' || loaded === null) return false
  const members = new Map(Object.entries(loaded))
  return (
    SODIUM_FUNCTIONS.every((name) => typeof members.get(name) === 'function') &&
    typeof members.get('crypto_pwhash_ALG_ARGON2ID13') === 'number'
  )
}
