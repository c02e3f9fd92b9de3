/**
 * The crypto port by `node:crypto` (OpenSSL), for platforms on which `sodium-native` does not load.
 */
import { createCipheriv, createDecipheriv, diffieHellman, sign, verify } from 'node:crypto'
import {
  AEAD_KEY_LENGTH,
  AEAD_NONCE_LENGTH,
  AEAD_TAG_LENGTH,
  AGREEMENT_KEY_LENGTH,
  type Crypto,
  SECRET_KEY_LENGTH,
  SEED_LENGTH,
} from '../../runtime/crypto.ts'
import { requireAeadLengths, requireLength } from '../../runtime/crypto-contract.ts'
import { isStrictlyEncoded } from '../../runtime/strict-ed25519.ts'
import { nodeArgon2id } from './argon2id.ts'
import { publicKeyObject, publicKeyOf, secretKeyObject, signingKeyObjects } from './key-object.ts'
import { nobleAgreementPublicKey, passwordPrimitives } from './password-primitives.ts'
import { pkcs8Primitives } from './pkcs8-primitives.ts'
import { hmacWith, openSslSha256, withoutBuffer } from './sha256.ts'

const AEAD = 'chacha20-poly1305'
const AEAD_OPTIONS = { authTagLength: AEAD_TAG_LENGTH }

/** The crypto port by OpenSSL. */
export function nodeCrypto(): Crypto {
  const keys = signingKeyObjects()
  return {
    implementation: 'node:crypto',

    signingKeyPair(seed) {
      requireLength('a seed', seed, SEED_LENGTH)
      const publicKey = publicKeyOf(secretKeyObject('ed25519', seed))
      const secretKey = new Uint8Array(SECRET_KEY_LENGTH)
      secretKey.set(seed)
      secretKey.set(publicKey, SEED_LENGTH)
      return { publicKey, secretKey }
    },
    sign(message, secretKey) {
      requireLength('a secret key', secretKey, SECRET_KEY_LENGTH)
      return withoutBuffer(sign(null, message, keys.secretKey(secretKey)))
    },
    verify(signature, message, publicKey) {
      return isStrictlyEncoded(signature, publicKey) && verify(null, message, keys.publicKey(publicKey), signature)
    },

    sha256: openSslSha256,
    hmacSha256: (key, ...parts) => hmacWith(openSslSha256, key, parts),

    seal(key, nonce, plaintext, associated) {
      requireAeadLengths(key, nonce)
      const cipher = createCipheriv(AEAD, key, nonce, AEAD_OPTIONS)
      cipher.setAAD(associated, { plaintextLength: plaintext.length })
      const sealed = new Uint8Array(plaintext.length + AEAD_TAG_LENGTH)
      sealed.set(cipher.update(plaintext))
      cipher.final()
      sealed.set(cipher.getAuthTag(), plaintext.length)
      return sealed
    },
    open(key, nonce, sealed, associated) {
      if (key.length !== AEAD_KEY_LENGTH || nonce.length !== AEAD_NONCE_LENGTH) return undefined
      if (sealed.length < AEAD_TAG_LENGTH) return undefined
      const decipher = createDecipheriv(AEAD, key, nonce, AEAD_OPTIONS)
      const tagStart = sealed.length - AEAD_TAG_LENGTH
      decipher.setAAD(associated, { plaintextLength: tagStart })
      decipher.setAuthTag(sealed.subarray(tagStart))
      const plaintext = decipher.update(sealed.subarray(0, tagStart))
      try {
        decipher.final()
      } catch {
        // All lengths are right, so that only the tag can be wrong.
        return undefined
      }
      return withoutBuffer(plaintext)
    },

    agreementKeyPair(seed) {
      requireLength('a seed', seed, SEED_LENGTH)
      return { publicKey: publicKeyOf(secretKeyObject('x25519', seed)), secretKey: Uint8Array.from(seed) }
    },
    agree(secretKey, publicKey) {
      requireLength('a secret agreement key', secretKey, AGREEMENT_KEY_LENGTH)
      requireLength('a public agreement key', publicKey, AGREEMENT_KEY_LENGTH)
      const ends = {
        privateKey: secretKeyObject('x25519', secretKey),
        publicKey: publicKeyObject('x25519', publicKey),
      }
      try {
        return withoutBuffer(diffieHellman(ends))
      } catch {
        // All lengths are right, so that only a public key of small order is refused.
        return undefined
      }
    },

    agreementPublicKey: nobleAgreementPublicKey,
    argon2id: nodeArgon2id,
    ...passwordPrimitives,
    ...pkcs8Primitives,
  }
}
