/**
 * A crypto port for simulations at scale. THIS IS NO CRYPTOGRAPHY: whoever knows a public key can
 * sign for it, and whoever knows two public agreement keys knows their secret. What it keeps is what
 * nodes can tell without an attack: a signature is refused for every other key, context and content,
 * and sealed bytes do not open once anything about them has changed. So it serves to simulate ten
 * thousand nodes and never to judge security: each simulation that does so also runs with the real
 * port (conformance row I-30).
 *
 * Signatures, seals, shared secrets and derived keys are all the same function: 128 bits in which each
 * bit of the inputs counts (the mixing of MurmurHash3, x86, 128 bits, by Austin Appleby, who gave it to
 * the public domain), stretched to as many bytes as are needed. Pairs of signing keys are real ones, so
 * that a seed leads to the same peer names and PNRP IDs as in a run with the real port. Hashes, AES and ristretto255
 * are real too.
 */
import { compareBytes, equalBytes } from '../runtime/bytes.ts'
import {
  AEAD_KEY_LENGTH,
  AEAD_NONCE_LENGTH,
  AEAD_TAG_LENGTH,
  AGREEMENT_KEY_LENGTH,
  type Crypto,
  PUBLIC_KEY_LENGTH,
  SECRET_KEY_LENGTH,
  SEED_LENGTH,
  SIGNATURE_LENGTH,
} from '../runtime/crypto.ts'
import {
  requireAeadLengths,
  requireArgon2idInputs,
  requireLength,
  requireScryptInputs,
} from '../runtime/crypto-contract.ts'
import { isStrictPublicKey } from '../runtime/strict-ed25519.ts'

/** The fake, with hashes, AES, ristretto255 and pairs of signing keys of the real port. */
export function fakeCrypto(real: Crypto): Crypto {
  const expectedSignature = new Uint8Array(SIGNATURE_LENGTH)
  const noKey = new Uint8Array(AGREEMENT_KEY_LENGTH)
  return {
    implementation: 'fake',

    signingKeyPair: (seed) => real.signingKeyPair(seed),
    sign(message, secretKey) {
      requireLength('a secret key', secretKey, SECRET_KEY_LENGTH)
      const signature = new Uint8Array(SIGNATURE_LENGTH)
      derive(SIGNING, signature, secretKey.subarray(SEED_LENGTH), message)
      return signature
    },
    verify(signature, message, publicKey) {
      if (signature.length !== SIGNATURE_LENGTH || publicKey.length !== PUBLIC_KEY_LENGTH) return false
      derive(SIGNING, expectedSignature, publicKey, message)
      return equalBytes(signature, expectedSignature)
    },

    sha256: (...parts) => real.sha256(...parts),
    sha512: (...parts) => real.sha512(...parts),
    hmacSha256: (key, ...parts) => real.hmacSha256(key, ...parts),

    seal(key, nonce, plaintext, associated) {
      requireAeadLengths(key, nonce)
      const sealed = new Uint8Array(plaintext.length + AEAD_TAG_LENGTH)
      hide(sealed, plaintext, key, nonce)
      derive(TAGGING, sealed.subarray(plaintext.length), key, nonce, plaintext, associated)
      return sealed
    },
    open(key, nonce, sealed, associated) {
      if (key.length !== AEAD_KEY_LENGTH || nonce.length !== AEAD_NONCE_LENGTH) return undefined
      if (sealed.length < AEAD_TAG_LENGTH) return undefined
      const plaintext = new Uint8Array(sealed.length - AEAD_TAG_LENGTH)
      hide(plaintext, sealed, key, nonce)
      const tag = new Uint8Array(AEAD_TAG_LENGTH)
      derive(TAGGING, tag, key, nonce, plaintext, associated)
      return equalBytes(tag, sealed.subarray(plaintext.length)) ? plaintext : undefined
    },

    agreementKeyPair(seed) {
      requireLength('a seed', seed, SEED_LENGTH)
      return { publicKey: agreementKeyOf(seed), secretKey: Uint8Array.from(seed) }
    },
    agree(secretKey, publicKey) {
      requireLength('a secret agreement key', secretKey, AGREEMENT_KEY_LENGTH)
      requireLength('a public agreement key', publicKey, AGREEMENT_KEY_LENGTH)
      if (equalBytes(publicKey, noKey)) return undefined
      const own = agreementKeyOf(secretKey)
      const shared = new Uint8Array(AGREEMENT_KEY_LENGTH)
      if (compareBytes(own, publicKey) < 0) derive(AGREEING, shared, own, publicKey)
      else derive(AGREEING, shared, publicKey, own)
      return shared
    },

    agreementPublicKey(publicKey) {
      requireLength('a public key', publicKey, PUBLIC_KEY_LENGTH)
      return isStrictPublicKey(publicKey) ? agreementKeyOf(agreementSeedOf(publicKey)) : undefined
    },
    agreementSecretKey(secretKey) {
      requireLength('a secret key', secretKey, SECRET_KEY_LENGTH)
      return agreementSeedOf(secretKey.subarray(SEED_LENGTH))
    },

    ristretto255Element: (uniform) => real.ristretto255Element(uniform),
    ristretto255Multiply: (scalar, element) => real.ristretto255Multiply(scalar, element),

    argon2id(password, salt, cost) {
      requireArgon2idInputs(salt, cost)
      const result = new Uint8Array(cost.length)
      derive(DERIVING_ARGON2ID, result, password, salt, numbers(cost.memory, cost.passes, cost.length))
      return result
    },
    scrypt(password, salt, scryptCost, length) {
      requireScryptInputs(scryptCost, length)
      const { cost, blockSize, parallelization } = scryptCost
      const result = new Uint8Array(length)
      derive(DERIVING_SCRYPT, result, password, salt, numbers(cost, blockSize, parallelization))
      return result
    },
    encryptAes256Cbc: (key, iv, plaintext) => real.encryptAes256Cbc(key, iv, plaintext),
    decryptAes256Cbc: (key, iv, ciphertext) => real.decryptAes256Cbc(key, iv, ciphertext),
  }
}

/** What bytes are derived for, so that one thing is never another. */
const SIGNING = 1
const HIDING = 2
const TAGGING = 3
const NAMING_AGREEMENT_KEY = 4
const AGREEING = 5
const DERIVING_ARGON2ID = 6
const DERIVING_SCRYPT = 7
const CONVERTING = 8

function agreementKeyOf(secretKey: Uint8Array): Uint8Array {
  const publicKey = new Uint8Array(AGREEMENT_KEY_LENGTH)
  derive(NAMING_AGREEMENT_KEY, publicKey, secretKey)
  return publicKey
}

/** What stands for the secret agreement key of a signing key: everybody can derive it. */
function agreementSeedOf(publicKey: Uint8Array): Uint8Array {
  const seed = new Uint8Array(AGREEMENT_KEY_LENGTH)
  derive(CONVERTING, seed, publicKey)
  return seed
}

/** Fills the target with the source, as far as the shorter of them goes, under a pad of key and nonce. */
function hide(target: Uint8Array, source: Uint8Array, key: Uint8Array, nonce: Uint8Array): void {
  const length = Math.min(target.length, source.length)
  const shown = target.subarray(0, length)
  derive(HIDING, shown, key, nonce)
  for (let index = 0; index < length; index++) shown[index] = (shown[index] ?? 0) ^ (source[index] ?? 0)
}

function numbers(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Float64Array.from(values).buffer)
}

/** Fills the target from the parts. Each part counts with its length, so that no two lists of parts are alike. */
function derive(purpose: number, target: Uint8Array, ...parts: readonly Uint8Array[]): void {
  let one = purpose
  let two = purpose
  let three = purpose
  let four = purpose
  for (const part of parts) {
    const { length } = part
    for (let offset = 0; offset < length; offset += BLOCK_LENGTH) {
      one ^= Math.imul(rotated(Math.imul(word(part, offset), FIRST), 15), SECOND)
      one = (Math.imul(rotated(one, 19) + two, 5) + 0x561ccd1b) | 0
      two ^= Math.imul(rotated(Math.imul(word(part, offset + 4), SECOND), 16), THIRD)
      two = (Math.imul(rotated(two, 17) + three, 5) + 0x0bcaa747) | 0
      three ^= Math.imul(rotated(Math.imul(word(part, offset + 8), THIRD), 17), FOURTH)
      three = (Math.imul(rotated(three, 15) + four, 5) + 0x96cd1c35) | 0
      four ^= Math.imul(rotated(Math.imul(word(part, offset + 12), FOURTH), 18), FIRST)
      four = (Math.imul(rotated(four, 13) + one, 5) + 0x32ac3b17) | 0
    }
    one ^= length
    two = (two + one) | 0
    three = (three + one) | 0
    four = (four + one) | 0
  }
  one = finished((one + two + three + four) | 0)
  two = finished((two + one) | 0)
  three = finished((three + one) | 0)
  four = finished((four + one) | 0)
  stretch(target, (one + two + three + four) | 0, (two + one) | 0, (three + one) | 0, (four + one) | 0)
}

const BLOCK_LENGTH = 16
const FIRST = 0x239b961b
const SECOND = 0xab0e9789
const THIRD = 0x38b34ae5
const FOURTH = 0xa1e38b93

/** Four bytes, lowest first; what lies past the end is zero. */
function word(bytes: Uint8Array, offset: number): number {
  return (
    (bytes[offset] ?? 0) |
    ((bytes[offset + 1] ?? 0) << 8) |
    ((bytes[offset + 2] ?? 0) << 16) |
    ((bytes[offset + 3] ?? 0) << 24)
  )
}

function rotated(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}

/** Spreads each bit over all of them. */
function finished(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

/** Fills the target with the numbers of the small fast counting generator `sfc32` from this state. */
function stretch(target: Uint8Array, one: number, two: number, three: number, four: number): void {
  let [a, b, c, counter] = [one, two, three, four]
  for (let offset = 0; offset < target.length; offset += 4) {
    const drawn = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (rotated(c, 21) + drawn) | 0
    // Writing past the end of the target does nothing.
    target[offset] = drawn
    target[offset + 1] = drawn >>> 8
    target[offset + 2] = drawn >>> 16
    target[offset + 3] = drawn >>> 24
  }
}
