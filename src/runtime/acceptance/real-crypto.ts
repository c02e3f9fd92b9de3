/**
 * The acceptance suite of the crypto port for implementations that are real: the algorithms are the
 * ones that the port names, and each signature on which libraries differ gets the one verdict of
 * `docs/protocol/signatures.md`. They must pass {@link cryptoAcceptance} as well.
 */
import type { Crypto } from '../crypto.ts'
import { verifiesWithoutCofactor } from '../strict-ed25519.ts'
import { type AcceptanceCheck, expectBytes, expectSame, expectThat } from './acceptance.ts'
import {
  aeadVector,
  aes256CbcVector,
  agreementKeyVector,
  argon2idVectors,
  ed25519Vectors,
  fromVector,
  scryptVectors,
  unconvertibleKeys,
  x25519KeyPairs,
  x25519SmallOrderKeys,
  x25519Vectors,
} from './crypto-vectors.ts'
import { ed25519EdgeCases } from './ed25519-edge-cases.ts'

export const realCryptoAcceptance: readonly AcceptanceCheck<Crypto>[] = [
  {
    name: 'I-29: Ed25519 makes the keys and signatures of RFC 8032',
    run(crypto) {
      for (const { name, seed, publicKey, message, signature } of ed25519Vectors) {
        const keyPair = crypto.signingKeyPair(fromVector(seed))
        expectBytes(keyPair.publicKey, fromVector(publicKey), `${name}, public key`)
        expectBytes(crypto.sign(fromVector(message), keyPair.secretKey), fromVector(signature), name)
        expectThat(crypto.verify(fromVector(signature), fromVector(message), keyPair.publicKey), `${name} verifies`)
      }
    },
  },
  {
    name: 'I-29: each edge case of Ed25519 gets its one verdict',
    run(crypto) {
      for (const { name, verdict, publicKey, message, signature } of ed25519EdgeCases) {
        const verified = crypto.verify(fromVector(signature), fromVector(message), fromVector(publicKey))
        expectSame(verified, verdict === 'valid', `'${name}' (${verdict}) verifies`)
      }
      expectThat(verifiesWithoutCofactor(crypto), 'the equation is checked without the cofactor')
    },
  },
  {
    name: 'I-29: ChaCha20-Poly1305 seals as RFC 8439 does',
    run(crypto) {
      const [key, nonce, associated] = [aeadVector.key, aeadVector.nonce, aeadVector.associated].map(fromVector)
      if (key === undefined || nonce === undefined || associated === undefined) throw new Error('a vector lacks a part')
      const sealed = crypto.seal(key, nonce, fromVector(aeadVector.plaintext), associated)
      expectBytes(sealed, fromVector(aeadVector.sealed), 'what was sealed')
      expectBytes(crypto.open(key, nonce, sealed, associated), fromVector(aeadVector.plaintext), 'what was opened')
    },
  },
  {
    name: 'I-29: X25519 makes the keys and secrets of RFC 7748, and reads u modulo p',
    run(crypto) {
      for (const { secretKey, publicKey } of x25519KeyPairs) {
        const keyPair = crypto.agreementKeyPair(fromVector(secretKey))
        expectBytes(keyPair.publicKey, fromVector(publicKey), 'the public agreement key')
      }
      for (const { name, secretKey, publicKey, shared } of x25519Vectors) {
        expectBytes(crypto.agree(fromVector(secretKey), fromVector(publicKey)), fromVector(shared), name)
      }
    },
  },
  {
    name: 'I-29: X25519 shares no secret with a key of small order, however it is encoded',
    run(crypto) {
      for (const { secretKey } of x25519KeyPairs) {
        for (const publicKey of x25519SmallOrderKeys) {
          expectSame(crypto.agree(fromVector(secretKey), fromVector(publicKey)), undefined, `agree with ${publicKey}`)
        }
      }
    },
  },
  {
    name: 'keys of Ed25519 convert to those of X25519 that libsodium names',
    run(crypto) {
      const pair = crypto.signingKeyPair(fromVector(agreementKeyVector.seed))
      const expected = fromVector(agreementKeyVector.publicKey)
      expectBytes(crypto.agreementPublicKey(pair.publicKey), expected, 'the public key')
      const secretKey = crypto.agreementSecretKey(pair.secretKey)
      expectBytes(clamped(secretKey), fromVector(agreementKeyVector.secretKey), 'the secret key')
      for (const key of unconvertibleKeys) {
        expectSame(crypto.agreementPublicKey(fromVector(key)), undefined, `the agreement key of ${key}`)
      }
    },
  },
  {
    name: 'I-29: Argon2id gives the results on which three implementations agree',
    run(crypto) {
      for (const { password, salt, cost, result } of argon2idVectors) {
        const actual = crypto.argon2id(fromVector(password), fromVector(salt), cost)
        expectBytes(actual, fromVector(result), `Argon2id at ${JSON.stringify(cost)}`)
      }
    },
  },
  {
    name: 'scrypt gives the results of RFC 7914',
    run(crypto) {
      for (const { password, salt, cost, result } of scryptVectors) {
        const actual = crypto.scrypt(fromVector(password), fromVector(salt), cost, 64)
        expectBytes(actual, fromVector(result), `scrypt at ${JSON.stringify(cost)}`)
      }
    },
  },
  {
    name: 'AES-256-CBC encrypts as NIST SP 800-38A does, and one block more for the padding',
    run(crypto) {
      const plaintext = fromVector(aes256CbcVector.plaintext)
      const encrypted = crypto.encryptAes256Cbc(
        fromVector(aes256CbcVector.key),
        fromVector(aes256CbcVector.iv),
        plaintext,
      )
      expectSame(encrypted.length, plaintext.length + 16, 'the length with padding')
      expectBytes(encrypted.subarray(0, plaintext.length), fromVector(aes256CbcVector.ciphertext), 'the ciphertext')
    },
  },
]

/** As X25519 reads a secret key (RFC 7748 section 5). */
function clamped(secretKey: Uint8Array): Uint8Array {
  const read = secretKey.slice()
  read[0] = (read[0] ?? 0) & 248
  read[31] = ((read[31] ?? 0) & 127) | 64
  return read
}
