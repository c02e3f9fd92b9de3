/**
 * The acceptance suite of the crypto port, as far as it holds for every implementation, the fake of
 * the simulation included: what is refused, what depends on what, and which lengths are errors.
 * Hashes are here too, since they are never fake. {@link realCryptoAcceptance} binds the algorithms.
 */
import { concatBytes, toHex } from '../bytes.ts'
import {
  AEAD_KEY_LENGTH,
  AEAD_NONCE_LENGTH,
  AEAD_TAG_LENGTH,
  AES_BLOCK_LENGTH,
  AES256_KEY_LENGTH,
  AGREEMENT_KEY_LENGTH,
  ARGON2ID_SALT_LENGTH,
  type Argon2idCost,
  type Crypto,
  LARGEST_DERIVATION_MEMORY,
  PUBLIC_KEY_LENGTH,
  type ScryptCost,
  SECRET_KEY_LENGTH,
  SEED_LENGTH,
  SHA256_LENGTH,
  SIGNATURE_LENGTH,
} from '../crypto.ts'
import { type AcceptanceCheck, expectBytes, expectRangeError, expectSame, expectThat } from './acceptance.ts'
import { fromVector, hmacSha256Vectors, sha256Vectors } from './crypto-vectors.ts'

export const cryptoAcceptance: readonly AcceptanceCheck<Crypto>[] = [
  {
    name: 'I-29, I-30: a seed gives one signing key pair, whose secret key is the seed and then the public key',
    run(crypto) {
      const { publicKey, secretKey } = crypto.signingKeyPair(patterned(SEED_LENGTH, 1))
      const again = crypto.signingKeyPair(patterned(SEED_LENGTH, 1))
      const other = crypto.signingKeyPair(patterned(SEED_LENGTH, 2))
      expectBytes(again.publicKey, publicKey, 'the public key of the same seed')
      expectBytes(secretKey, concatBytes(patterned(SEED_LENGTH, 1), publicKey), 'the secret key')
      expectSame(publicKey.length, PUBLIC_KEY_LENGTH, 'the length of a public key')
      expectThat(toHex(other.publicKey) !== toHex(publicKey), 'another seed gives another public key')
    },
  },
  {
    name: 'I-29, I-30: a signature is the same each time and verifies, for messages of every length',
    run(crypto) {
      const { publicKey, secretKey } = crypto.signingKeyPair(patterned(SEED_LENGTH, 1))
      for (const length of MESSAGE_LENGTHS) {
        const message = patterned(length, 7)
        const signature = crypto.sign(message, secretKey)
        expectSame(signature.length, SIGNATURE_LENGTH, 'the length of a signature')
        expectBytes(crypto.sign(message, secretKey), signature, `the signature of ${length} bytes, made again`)
        expectThat(crypto.verify(signature, message, publicKey), `a signature of ${length} bytes verifies`)
      }
    },
  },
  {
    name: 'I-29, I-30: a signature is refused for any other message, key or signature',
    run(crypto) {
      const { publicKey, secretKey } = crypto.signingKeyPair(patterned(SEED_LENGTH, 1))
      const other = crypto.signingKeyPair(patterned(SEED_LENGTH, 2))
      const message = patterned(40, 7)
      const signature = crypto.sign(message, secretKey)
      for (const [changed, what] of changesOf(message)) {
        expectThat(!crypto.verify(signature, changed, publicKey), `refused for a message with ${what}`)
      }
      for (const [changed, what] of changesOf(signature)) {
        expectThat(!crypto.verify(changed, message, publicKey), `refused: a signature with ${what}`)
      }
      for (const [changed, what] of changesOf(publicKey)) {
        expectThat(!crypto.verify(signature, message, changed), `refused for a public key with ${what}`)
      }
      expectThat(!crypto.verify(signature, message, other.publicKey), 'refused for the key of another')
      expectThat(!crypto.verify(crypto.sign(message, other.secretKey), message, publicKey), 'refused from another')
    },
  },
  {
    name: 'a key that was overwritten signs as what it is now',
    run(crypto) {
      const message = patterned(40, 7)
      const first = crypto.signingKeyPair(patterned(SEED_LENGTH, 1))
      const second = crypto.signingKeyPair(patterned(SEED_LENGTH, 2))
      const secretKey = first.secretKey.slice()
      crypto.sign(message, secretKey)
      secretKey.set(second.secretKey)
      expectBytes(crypto.sign(message, secretKey), crypto.sign(message, second.secretKey), 'the signature')
    },
  },
  {
    name: 'signatures of a thousand keys in turn each verify with their own key only',
    run(crypto) {
      const message = patterned(40, 7)
      const signers = Array.from({ length: 1000 }, (_, index) => {
        const seed = patterned(SEED_LENGTH, 1)
        seed.set([index & 0xff, index >> 8])
        const { publicKey, secretKey } = crypto.signingKeyPair(seed)
        return { publicKey, signature: crypto.sign(message, secretKey) }
      })
      for (const [index, { publicKey, signature }] of signers.entries()) {
        const next = signers[(index + 1) % signers.length]
        expectThat(crypto.verify(signature, message, publicKey), `signature ${index} verifies`)
        expectThat(next !== undefined && !crypto.verify(signature, message, next.publicKey), `${index} is its own`)
      }
    },
  },
  {
    name: 'I-29: SHA-256 gives the digests of FIPS 180-4, in one part or many',
    run(crypto) {
      for (const { message, repeat, digest } of sha256Vectors) {
        const whole = repeated(fromVector(message), repeat)
        expectBytes(crypto.sha256(whole), fromVector(digest), `SHA-256 of ${whole.length} bytes`)
        for (const size of [1, 55, 64, 1000]) {
          if (whole.length / size > MOST_PARTS) continue
          expectBytes(crypto.sha256(...inParts(whole, size)), fromVector(digest), `the same in parts of ${size}`)
        }
      }
      expectBytes(crypto.sha256(), crypto.sha256(new Uint8Array(0)), 'SHA-256 of no parts')
    },
  },
  {
    name: 'SHA-256 of parts is that of the parts joined, around every length at which an implementation changes its way',
    run(crypto) {
      for (let length = 0; length <= 600; length++) {
        const bytes = patterned(length, 3)
        const parts = [
          bytes.subarray(0, length >> 2),
          bytes.subarray(length >> 2, length >> 1),
          bytes.subarray(length >> 1),
        ]
        expectBytes(crypto.sha256(...parts), crypto.sha256(bytes), `SHA-256 of ${length} bytes`)
      }
    },
  },
  {
    name: 'I-29: HMAC-SHA-256 gives the results of RFC 4231, in one part or many',
    run(crypto) {
      for (const { name, key, message, mac } of hmacSha256Vectors) {
        const whole = fromVector(message)
        const expected = fromVector(mac)
        const actual = crypto.hmacSha256(fromVector(key), whole)
        expectSame(actual.length, SHA256_LENGTH, 'the length of an HMAC')
        expectBytes(actual.subarray(0, expected.length), expected, name)
        expectBytes(crypto.hmacSha256(fromVector(key), ...inParts(whole, 7)), actual, `${name}, in parts`)
      }
    },
  },
  {
    name: 'I-29, I-30: what was sealed opens with the same key, nonce and associated data',
    run(crypto) {
      for (const length of MESSAGE_LENGTHS) {
        for (const associatedLength of [0, 1, 20]) {
          const plaintext = patterned(length, 7)
          const associated = patterned(associatedLength, 5)
          const sealed = crypto.seal(AEAD_KEY, AEAD_NONCE, plaintext, associated)
          expectSame(sealed.length, length + AEAD_TAG_LENGTH, 'the length of what was sealed')
          expectBytes(crypto.open(AEAD_KEY, AEAD_NONCE, sealed, associated), plaintext, `${length} bytes, opened`)
          expectBytes(crypto.seal(AEAD_KEY, AEAD_NONCE, plaintext, associated), sealed, 'the same, sealed again')
        }
      }
      const plaintext = patterned(64, 7)
      const sealed = toHex(crypto.seal(AEAD_KEY, AEAD_NONCE, plaintext, new Uint8Array(0)))
      expectThat(!sealed.includes(toHex(plaintext.subarray(0, 8))), 'the plaintext is not to be seen')
    },
  },
  {
    name: 'I-29, I-30: what was sealed does not open once anything has changed',
    run(crypto) {
      const associated = patterned(20, 5)
      const sealed = crypto.seal(AEAD_KEY, AEAD_NONCE, patterned(40, 7), associated)
      for (const [changed, what] of changesOf(sealed)) {
        expectSame(crypto.open(AEAD_KEY, AEAD_NONCE, changed, associated), undefined, `sealed bytes with ${what}`)
      }
      for (const [changed, what] of changesOf(associated)) {
        expectSame(crypto.open(AEAD_KEY, AEAD_NONCE, sealed, changed), undefined, `associated data with ${what}`)
      }
      for (const [changed, what] of changesOf(AEAD_KEY)) {
        expectSame(crypto.open(changed, AEAD_NONCE, sealed, associated), undefined, `a key with ${what}`)
      }
      for (const [changed, what] of changesOf(AEAD_NONCE)) {
        expectSame(crypto.open(AEAD_KEY, changed, sealed, associated), undefined, `a nonce with ${what}`)
      }
      for (let length = 0; length < AEAD_TAG_LENGTH; length++) {
        const opened = crypto.open(AEAD_KEY, AEAD_NONCE, sealed.subarray(0, length), associated)
        expectSame(opened, undefined, `${length} sealed bytes`)
      }
    },
  },
  {
    name: 'two agree on one secret, which no third one has',
    run(crypto) {
      const [one, two, three] = [1, 2, 3].map((seed) => crypto.agreementKeyPair(patterned(SEED_LENGTH, seed)))
      if (one === undefined || two === undefined || three === undefined) throw new Error('three key pairs were made')
      const shared = crypto.agree(one.secretKey, two.publicKey)
      expectThat(shared !== undefined && shared.length === AGREEMENT_KEY_LENGTH, 'there is a shared secret')
      expectBytes(crypto.agree(two.secretKey, one.publicKey), shared, 'the secret at the other end')
      for (const [secretKey, publicKey] of [
        [three.secretKey, one.publicKey],
        [three.secretKey, two.publicKey],
        [one.secretKey, three.publicKey],
        [one.secretKey, one.publicKey],
      ] as const) {
        const other = crypto.agree(secretKey, publicKey)
        expectThat(other !== undefined && toHex(other) !== toHex(shared), 'another pair has another secret')
      }
      expectBytes(one.secretKey, patterned(SEED_LENGTH, 1), 'the secret agreement key, which is the seed,')
    },
  },
  {
    name: 'no secret is shared with a public agreement key of zeros',
    run(crypto) {
      const { secretKey } = crypto.agreementKeyPair(patterned(SEED_LENGTH, 1))
      expectSame(crypto.agree(secretKey, new Uint8Array(AGREEMENT_KEY_LENGTH)), undefined, 'the shared secret')
    },
  },
  {
    name: 'Argon2id and scrypt depend on password, salt, each cost and length, and on nothing else',
    run(crypto) {
      const derived = new Set<string>()
      const inputs: [Uint8Array, Uint8Array][] = [
        [patterned(8, 1), patterned(ARGON2ID_SALT_LENGTH, 1)],
        [patterned(9, 1), patterned(ARGON2ID_SALT_LENGTH, 1)],
        [patterned(8, 1), patterned(ARGON2ID_SALT_LENGTH, 2)],
      ]
      let calls = 0
      for (const [password, salt] of inputs) {
        for (const cost of ARGON2ID_COSTS) {
          const result = crypto.argon2id(password, salt, cost)
          expectSame(result.length, cost.length, 'the length of an Argon2id result')
          expectBytes(crypto.argon2id(password, salt, cost), result, 'Argon2id of the same input')
          derived.add(toHex(result.subarray(0, 16)))
          calls++
        }
        for (const cost of SCRYPT_COSTS) {
          const result = crypto.scrypt(password, salt, cost, 32)
          expectSame(result.length, 32, 'the length of a scrypt result')
          expectBytes(crypto.scrypt(password, salt, cost, 32), result, 'scrypt of the same input')
          derived.add(toHex(result.subarray(0, 16)))
          calls++
        }
      }
      expectSame(derived.size, calls, 'the number of different results')
    },
  },
  {
    name: 'AES-256-CBC gives back what it was given, and nothing for a ciphertext that cannot be one',
    run(crypto) {
      const key = patterned(AES256_KEY_LENGTH, 1)
      const iv = patterned(AES_BLOCK_LENGTH, 2)
      for (const length of MESSAGE_LENGTHS) {
        const ciphertext = crypto.encryptAes256Cbc(key, iv, patterned(length, 7))
        expectSame(ciphertext.length, length - (length % AES_BLOCK_LENGTH) + AES_BLOCK_LENGTH, 'the padded length')
        expectBytes(crypto.decryptAes256Cbc(key, iv, ciphertext), patterned(length, 7), `${length} bytes, decrypted`)
      }
      // The plaintext of this block ends in zero, which is no padding.
      const [block] = inParts(crypto.encryptAes256Cbc(key, iv, new Uint8Array(AES_BLOCK_LENGTH)), AES_BLOCK_LENGTH)
      for (const bad of [block ?? iv, new Uint8Array(0), patterned(15, 1), patterned(17, 1)]) {
        expectSame(crypto.decryptAes256Cbc(key, iv, bad), undefined, `a bad ciphertext of ${bad.length} bytes`)
      }
    },
  },
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
      const none = new Uint8Array(0)
      const fixed: readonly [string, number, (bytes: Uint8Array) => unknown][] = [
        ['signingKeyPair', SEED_LENGTH, (seed) => crypto.signingKeyPair(seed)],
        ['sign', SECRET_KEY_LENGTH, (key) => crypto.sign(none, key)],
        ['seal, key', AEAD_KEY_LENGTH, (key) => crypto.seal(key, AEAD_NONCE, none, none)],
        ['seal, nonce', AEAD_NONCE_LENGTH, (nonce) => crypto.seal(AEAD_KEY, nonce, none, none)],
        ['agreementKeyPair', SEED_LENGTH, (seed) => crypto.agreementKeyPair(seed)],
        ['agree, secret key', AGREEMENT_KEY_LENGTH, (key) => crypto.agree(key, AEAD_KEY)],
        ['agree, public key', AGREEMENT_KEY_LENGTH, (key) => crypto.agree(AEAD_KEY, key)],
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
      }
      const { seed, message, salt } = inputs
      const signing = crypto.signingKeyPair(seed)
      const agreement = crypto.agreementKeyPair(seed)
      const sealed = crypto.seal(AEAD_KEY, AEAD_NONCE, message, salt)
      const ciphertext = crypto.encryptAes256Cbc(AEAD_KEY, salt, message)
      const before = JSON.stringify([inputs, signing, agreement, sealed, ciphertext].map(inHex))
      const compute = () => [
        signing.publicKey,
        signing.secretKey,
        agreement.publicKey,
        agreement.secretKey,
        sealed,
        ciphertext,
        crypto.sign(message, signing.secretKey),
        crypto.sha256(message),
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
      expectSame(JSON.stringify([inputs, signing, agreement, sealed, ciphertext].map(inHex)), before, 'the inputs')
      for (const result of results) {
        expectThat(result !== undefined && Object.getPrototypeOf(result) === Uint8Array.prototype, 'a Uint8Array')
      }
      expectSame(new Set(results.map((result) => result?.buffer)).size, results.length, 'the number of buffers')
    },
  },
]

/** Around the block lengths of the algorithms, and the length of a usual record. */
const MESSAGE_LENGTHS = [0, 1, 15, 16, 17, 63, 64, 65, 300, 5000]
const MOST_PARTS = 2000

const AEAD_KEY = patterned(AEAD_KEY_LENGTH, 11)
const AEAD_NONCE = patterned(AEAD_NONCE_LENGTH, 13)

const LEAST_ARGON2ID_COST: Argon2idCost = { memory: 8, passes: 1, length: 16 }
const ARGON2ID_COSTS: readonly Argon2idCost[] = [
  LEAST_ARGON2ID_COST,
  { ...LEAST_ARGON2ID_COST, memory: 16 },
  { ...LEAST_ARGON2ID_COST, passes: 2 },
  { ...LEAST_ARGON2ID_COST, length: 64 },
]
const LEAST_SCRYPT_COST: ScryptCost = { cost: 2, blockSize: 1, parallelization: 1 }
const SCRYPT_COSTS: readonly ScryptCost[] = [
  LEAST_SCRYPT_COST,
  { ...LEAST_SCRYPT_COST, cost: 4 },
  { ...LEAST_SCRYPT_COST, blockSize: 2 },
  { ...LEAST_SCRYPT_COST, parallelization: 2 },
]

/** Bytes that differ with each seed, in the middle of a larger buffer, as what was read from a message is. */
function patterned(length: number, seed: number): Uint8Array {
  const surrounding = new Uint8Array(length + 16).fill(0xee)
  const bytes = surrounding.subarray(5, length + 5)
  for (let index = 0; index < length; index++) bytes[index] = (index * 31 + seed * 101 + (index >> 3)) & 0xff
  return bytes
}

/** Every way to change one byte a little, and to lengthen or shorten by one. */
function* changesOf(bytes: Uint8Array): Generator<[Uint8Array, string]> {
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
function resized(bytes: Uint8Array, length: number): Uint8Array {
  const other = new Uint8Array(length)
  other.set(bytes.subarray(0, length))
  return other
}

function repeated(bytes: Uint8Array, times: number): Uint8Array {
  const all = new Uint8Array(bytes.length * times)
  for (let time = 0; time < times; time++) all.set(bytes, time * bytes.length)
  return all
}

function inParts(bytes: Uint8Array, size: number): Uint8Array[] {
  const parts: Uint8Array[] = []
  for (let offset = 0; offset < bytes.length; offset += size) parts.push(bytes.subarray(offset, offset + size))
  return parts
}

/** Any structure with its byte arrays in text, to compare it with itself later. */
function inHex(value: object | undefined): unknown {
  if (value instanceof Uint8Array) return toHex(value)
  if (value === undefined) return undefined
  return Object.values(value).map((member: unknown) => (member instanceof Uint8Array ? toHex(member) : member))
}
