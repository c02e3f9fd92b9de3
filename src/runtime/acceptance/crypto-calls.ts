/**
 * The part of the acceptance suite of the crypto port that is about calls and not about what they
 * compute: which lengths and costs are refused in which way, and whose the results are.
 */
import { toHex } from '../bytes.ts'
import {
  AEAD_KEY_LENGTH,
  AEAD_NONCE_LENGTH,
  AES_BLOCK_LENGTH,
  AES256_KEY_LENGTH,
  AGREEMENT_KEY_LENGTH,
  ARGON2ID_SALT_LENGTH,
  type Argon2idCost,
  type Crypto,
  LARGEST_DERIVATION_MEMORY,
  PUBLIC_KEY_LENGTH,
  RISTRETTO255_LENGTH,
  RISTRETTO255_UNIFORM_LENGTH,
  type ScryptCost,
  SECRET_KEY_LENGTH,
  SEED_LENGTH,
  SIGNATURE_LENGTH,
} from '../crypto.ts'
import { type AcceptanceCheck, expectRangeError, expectSame, expectThat } from './acceptance.ts'
import { AEAD_KEY, AEAD_NONCE, LEAST_ARGON2ID_COST, LEAST_SCRYPT_COST, patterned, resized } from './crypto-samples.ts'
import { fromVector } from './crypto-vectors.ts'
import { LAST_SCALAR, ristretto255Multiples } from './ristretto255-vectors.ts'

/** A part of `cryptoAcceptance`. */
export const cryptoCallAcceptance: readonly AcceptanceCheck<Crypto>[] = [
  {
    name: 'what a stranger sent in a wrong length is refused without an error',
    run(crypto) {
      const { publicKey, secretKey } = crypto.signingKeyPair(patterned(SEED_LENGTH, 1))
      const message = patterned(40, 7)
      const signature = crypto.sign(message, secretKey)
      for (const length of [0, 1, SIGNATURE_LENGTH - 1, SIGNATURE_LENGTH + 1]) {
        expectThat(!crypto.verify(resized(signature, length), message, publicKey), `a signature of ${length} bytes`)
      }
      for (const length of [0, 1, PUBLIC_KEY_LENGTH - 1, PUBLIC_KEY_LENGTH + 1]) {
        expectThat(!crypto.verify(signature, message, resized(publicKey, length)), `a public key of ${length} bytes`)
      }
      const sealed = crypto.seal(AEAD_KEY, AEAD_NONCE, message, new Uint8Array(0))
      for (const change of [-1, 1]) {
        const key = resized(AEAD_KEY, AEAD_KEY_LENGTH + change)
        const nonce = resized(AEAD_NONCE, AEAD_NONCE_LENGTH + change)
        expectSame(crypto.open(key, AEAD_NONCE, sealed, new Uint8Array(0)), undefined, 'opened with a wrong key length')
        expectSame(
          crypto.open(AEAD_KEY, nonce, sealed, new Uint8Array(0)),
          undefined,
          'opened with a wrong nonce length',
        )
      }
    },
  },
  {
    name: 'a wrong length of anything else, and a cost out of bounds, is a RangeError',
    run(crypto) {
      const salt = patterned(ARGON2ID_SALT_LENGTH, 1)
      const scalar = fromVector(LAST_SCALAR)
      const none = new Uint8Array(0)
      const fixed: readonly [string, number, (bytes: Uint8Array) => unknown][] = [
        ['signingKeyPair', SEED_LENGTH, (seed) => crypto.signingKeyPair(seed)],
        ['sign', SECRET_KEY_LENGTH, (key) => crypto.sign(none, key)],
        ['seal, key', AEAD_KEY_LENGTH, (key) => crypto.seal(key, AEAD_NONCE, none, none)],
        ['seal, nonce', AEAD_NONCE_LENGTH, (nonce) => crypto.seal(AEAD_KEY, nonce, none, none)],
        ['agreementKeyPair', SEED_LENGTH, (seed) => crypto.agreementKeyPair(seed)],
        ['agree, secret key', AGREEMENT_KEY_LENGTH, (key) => crypto.agree(key, AEAD_KEY)],
        ['agree, public key', AGREEMENT_KEY_LENGTH, (key) => crypto.agree(AEAD_KEY, key)],
        ['agreementPublicKey', PUBLIC_KEY_LENGTH, (key) => crypto.agreementPublicKey(key)],
        ['agreementSecretKey', SECRET_KEY_LENGTH, (key) => crypto.agreementSecretKey(key)],
        ['ristretto255Element', RISTRETTO255_UNIFORM_LENGTH, (bytes) => crypto.ristretto255Element(bytes)],
        ['ristretto255Multiply, element', RISTRETTO255_LENGTH, (bytes) => crypto.ristretto255Multiply(scalar, bytes)],
        ['argon2id', ARGON2ID_SALT_LENGTH, (bytes) => crypto.argon2id(none, bytes, LEAST_ARGON2ID_COST)],
        ['encryptAes256Cbc, key', AES256_KEY_LENGTH, (key) => crypto.encryptAes256Cbc(key, salt, none)],
        ['encryptAes256Cbc, iv', AES_BLOCK_LENGTH, (iv) => crypto.encryptAes256Cbc(AEAD_KEY, iv, none)],
        ['decryptAes256Cbc, key', AES256_KEY_LENGTH, (key) => crypto.decryptAes256Cbc(key, salt, salt)],
        ['decryptAes256Cbc, iv', AES_BLOCK_LENGTH, (iv) => crypto.decryptAes256Cbc(AEAD_KEY, iv, salt)],
      ]
      for (const [what, length, action] of fixed) {
        for (const wrong of [0, length - 1, length + 1]) {
          expectRangeError(() => action(patterned(wrong, 1)), `${what} of ${wrong} bytes`)
        }
      }
      const [element = none] = ristretto255Multiples.map(fromVector)
      for (const wrong of [resized(scalar, 31), resized(scalar, 33), new Uint8Array(32), incremented(scalar)]) {
        expectRangeError(() => crypto.ristretto255Multiply(wrong, element), `the scalar ${toHex(wrong)}`)
      }
      const argon2id: readonly Argon2idCost[] = [
        { ...LEAST_ARGON2ID_COST, memory: 7 },
        { ...LEAST_ARGON2ID_COST, memory: 8.5 },
        { ...LEAST_ARGON2ID_COST, memory: LARGEST_DERIVATION_MEMORY / 1024 + 1 },
        { ...LEAST_ARGON2ID_COST, passes: 0 },
        { ...LEAST_ARGON2ID_COST, length: 15 },
        { ...LEAST_ARGON2ID_COST, length: 65 },
      ]
      for (const cost of argon2id) {
        expectRangeError(() => crypto.argon2id(none, salt, cost), `argon2id at ${JSON.stringify(cost)}`)
      }
      const scrypt: readonly ScryptCost[] = [
        { ...LEAST_SCRYPT_COST, cost: 1 },
        { ...LEAST_SCRYPT_COST, cost: 24 },
        { ...LEAST_SCRYPT_COST, cost: 2 ** 16 },
        { ...LEAST_SCRYPT_COST, blockSize: 0 },
        { ...LEAST_SCRYPT_COST, parallelization: 0 },
        { cost: 2 ** 20, blockSize: 8, parallelization: 1 },
      ]
      for (const cost of scrypt) {
        expectRangeError(() => crypto.scrypt(none, salt, cost, 32), `scrypt at ${JSON.stringify(cost)}`)
      }
      for (const length of [0, 65, 1.5]) {
        expectRangeError(() => crypto.scrypt(none, salt, LEAST_SCRYPT_COST, length), `scrypt of ${length} bytes`)
      }
    },
  },
  {
    name: 'a result is a plain array of its own, which no later call changes, and no input is changed',
    run(crypto) {
      const inputs = {
        seed: patterned(SEED_LENGTH, 1),
        message: patterned(40, 7),
        salt: patterned(ARGON2ID_SALT_LENGTH, 3),
        uniform: patterned(RISTRETTO255_UNIFORM_LENGTH, 4),
        scalar: fromVector(LAST_SCALAR),
      }
      const { seed, message, salt, uniform, scalar } = inputs
      const signing = crypto.signingKeyPair(seed)
      const agreement = crypto.agreementKeyPair(seed)
      const sealed = crypto.seal(AEAD_KEY, AEAD_NONCE, message, salt)
      const element = crypto.ristretto255Element(uniform)
      const ciphertext = crypto.encryptAes256Cbc(AEAD_KEY, salt, message)
      const before = JSON.stringify([inputs, signing, agreement, sealed, element, ciphertext].map(inHex))
      const compute = () => [
        signing.publicKey,
        signing.secretKey,
        agreement.publicKey,
        agreement.secretKey,
        sealed,
        ciphertext,
        crypto.sign(message, signing.secretKey),
        crypto.sha256(message),
        crypto.sha512(message),
        crypto.agreementPublicKey(signing.publicKey),
        crypto.agreementSecretKey(signing.secretKey),
        element,
        crypto.ristretto255Multiply(scalar, element),
        crypto.hmacSha256(message, message),
        crypto.open(AEAD_KEY, AEAD_NONCE, sealed, salt),
        crypto.agree(agreement.secretKey, agreement.publicKey),
        crypto.argon2id(message, salt, LEAST_ARGON2ID_COST),
        crypto.scrypt(message, salt, LEAST_SCRYPT_COST, 32),
        crypto.decryptAes256Cbc(AEAD_KEY, salt, ciphertext),
      ]
      const results = compute()
      const first = JSON.stringify(results.map(inHex))
      const other = crypto.signingKeyPair(patterned(SEED_LENGTH, 9))
      crypto.verify(crypto.sign(patterned(41, 8), other.secretKey), patterned(41, 8), other.publicKey)
      crypto.sha256(patterned(41, 8))
      crypto.hmacSha256(patterned(41, 8))
      expectSame(JSON.stringify(compute().map(inHex)), first, 'the results of the same calls')
      expectSame(JSON.stringify(results.map(inHex)), first, 'the first results, afterwards')
      expectSame(
        JSON.stringify([inputs, signing, agreement, sealed, element, ciphertext].map(inHex)),
        before,
        'the inputs',
      )
      for (const result of results) {
        expectThat(result !== undefined && Object.getPrototypeOf(result) === Uint8Array.prototype, 'a Uint8Array')
      }
      expectSame(new Set(results.map((result) => result?.buffer)).size, results.length, 'the number of buffers')
    },
  },
]

/** A number, lowest byte first, and 1 more. Its first byte must not be the last one. */
function incremented(number: Uint8Array): Uint8Array {
  const next = number.slice()
  next[0] = (next[0] ?? 0) + 1
  return next
}

/** Any structure with its byte arrays in text, to compare it with itself later. */
function inHex(value: object | undefined): unknown {
  if (value instanceof Uint8Array) return toHex(value)
  if (value === undefined) return undefined
  return Object.values(value).map((member: unknown) => (member instanceof Uint8Array ? toHex(member) : member))
}
