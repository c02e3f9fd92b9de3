/**
 * The acceptance suite of the crypto port, as far as it holds for every implementation, the fake of
 * the simulation included: what is refused, what depends on what, and which lengths are errors.
 * Hashes are here too, since they are never fake. {@link realCryptoAcceptance} binds the algorithms.
 */
import { concatBytes, toHex } from '../bytes.ts'
import {
  AEAD_TAG_LENGTH,
  AES_BLOCK_LENGTH,
  AES256_KEY_LENGTH,
  AGREEMENT_KEY_LENGTH,
  ARGON2ID_SALT_LENGTH,
  type Argon2idCost,
  type Crypto,
  PUBLIC_KEY_LENGTH,
  type ScryptCost,
  SEED_LENGTH,
  SHA256_LENGTH,
  SIGNATURE_LENGTH,
} from '../crypto.ts'
import { type AcceptanceCheck, expectBytes, expectSame, expectThat } from './acceptance.ts'
import { cryptoCallAcceptance } from './crypto-calls.ts'
import {
  AEAD_KEY,
  AEAD_NONCE,
  changesOf,
  inParts,
  LEAST_ARGON2ID_COST,
  LEAST_SCRYPT_COST,
  patterned,
} from './crypto-samples.ts'
import { fromVector, hmacSha256Vectors, sha256Vectors, sha512Vectors } from './crypto-vectors.ts'
import { ristretto255Acceptance } from './ristretto255.ts'

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
    name: 'signatures of a thousand keys, all in one buffer, each verify with their own key only',
    run(crypto) {
      const message = patterned(40, 7)
      const publicKeys = new Uint8Array(1000 * PUBLIC_KEY_LENGTH)
      const signatures = inParts(publicKeys, PUBLIC_KEY_LENGTH).map((publicKey, index) => {
        const seed = patterned(SEED_LENGTH, 1)
        seed.set([index & 0xff, index >> 8])
        const pair = crypto.signingKeyPair(seed)
        publicKey.set(pair.publicKey)
        return crypto.sign(message, pair.secretKey)
      })
      for (const [index, publicKey] of inParts(publicKeys, PUBLIC_KEY_LENGTH).entries()) {
        const [own, next] = [signatures[index], signatures[(index + 1) % signatures.length]]
        expectThat(own !== undefined && crypto.verify(own, message, publicKey), `signature ${index} verifies`)
        expectThat(next !== undefined && !crypto.verify(next, message, publicKey), `key ${index} verifies no other`)
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
    name: 'I-29: SHA-512 gives the digests of FIPS 180-4, in one part or many',
    run(crypto) {
      for (const { message, repeat, digest } of sha512Vectors) {
        const whole = repeated(fromVector(message), repeat)
        expectBytes(crypto.sha512(whole), fromVector(digest), `SHA-512 of ${whole.length} bytes`)
        expectBytes(crypto.sha512(...inParts(whole, 1000)), fromVector(digest), 'the same in parts')
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
    name: 'keys that sign serve to agree, too, once they are converted',
    run(crypto) {
      const [one, two] = [1, 2].map((seed) => crypto.signingKeyPair(patterned(SEED_LENGTH, seed)))
      if (one === undefined || two === undefined) throw new Error('two key pairs were made')
      const [publicKey, otherPublicKey] = [one, two].map((pair) => crypto.agreementPublicKey(pair.publicKey))
      expectThat(publicKey !== undefined && otherPublicKey !== undefined, 'public keys that were made here convert')
      const secretKey = crypto.agreementSecretKey(one.secretKey)
      const otherSecretKey = crypto.agreementSecretKey(two.secretKey)
      expectBytes(crypto.agreementKeyPair(secretKey).publicKey, publicKey, 'the public key of the converted secret one')
      const shared = crypto.agree(secretKey, otherPublicKey)
      expectThat(shared !== undefined, 'there is a shared secret')
      expectBytes(crypto.agree(otherSecretKey, publicKey), shared, 'the secret at the other end')
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
  ...ristretto255Acceptance,
  ...cryptoCallAcceptance,
]

/** Around the block lengths of the algorithms, and the length of a usual record. */
const MESSAGE_LENGTHS = [0, 1, 15, 16, 17, 63, 64, 65, 300, 5000]
const MOST_PARTS = 2000

const ARGON2ID_COSTS: readonly Argon2idCost[] = [
  LEAST_ARGON2ID_COST,
  { ...LEAST_ARGON2ID_COST, memory: 16 },
  { ...LEAST_ARGON2ID_COST, passes: 2 },
  { ...LEAST_ARGON2ID_COST, length: 64 },
]
const SCRYPT_COSTS: readonly ScryptCost[] = [
  LEAST_SCRYPT_COST,
  { ...LEAST_SCRYPT_COST, cost: 4 },
  { ...LEAST_SCRYPT_COST, blockSize: 2 },
  { ...LEAST_SCRYPT_COST, parallelization: 2 },
]

function repeated(bytes: Uint8Array, times: number): Uint8Array {
  const all = new Uint8Array(bytes.length * times)
  for (let time = 0; time < times; time++) all.set(bytes, time * bytes.length)
  return all
}
