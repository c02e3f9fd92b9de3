import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nobleArgon2id, openSslArgon2id } from '../../src/nodejs/crypto/argon2id.ts'
import { platformCrypto } from '../../src/nodejs/crypto/crypto.ts'
import { nodeCrypto } from '../../src/nodejs/crypto/node-crypto.ts'
import { sodiumCrypto } from '../../src/nodejs/crypto/sodium-crypto.ts'
import { cryptoAcceptance } from '../../src/runtime/acceptance/crypto.ts'
import { argon2idVectors, fromVector } from '../../src/runtime/acceptance/crypto-vectors.ts'
import { realCryptoAcceptance } from '../../src/runtime/acceptance/real-crypto.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import { isTakenByLaxVerifier } from '../runtime/ed25519-reference.ts'

const sodium = sodiumCrypto()
const node = nodeCrypto()

for (const crypto of [sodium, node]) {
  describe(crypto.implementation, () => {
    for (const check of [...cryptoAcceptance, ...realCryptoAcceptance]) test(check.name, () => check.run(crypto))
  })
}

describe('sodium-native and node:crypto', () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
  const anyBytes = fc.uint8Array({ maxLength: 600 })

  test('I-29: give the same bytes for the same input', () => {
    fc.assert(
      fc.property(bytes(32), bytes(32), bytes(12), anyBytes, anyBytes, (seed, otherSeed, nonce, one, other) => {
        const [bySodium, byNode] = [sodium, node].map((crypto) => {
          const { publicKey, secretKey } = crypto.signingKeyPair(seed)
          const agreement = crypto.agreementKeyPair(seed)
          const shared = crypto.agree(agreement.secretKey, crypto.agreementKeyPair(otherSeed).publicKey)
          return [
            publicKey,
            secretKey,
            crypto.sign(one, secretKey),
            crypto.sha256(one, other),
            crypto.hmacSha256(one, other),
            crypto.seal(seed, nonce, one, other),
            agreement.publicKey,
            crypto.agreementPublicKey(publicKey) ?? new Uint8Array(0),
            crypto.agreementSecretKey(secretKey),
            crypto.sha512(one, other),
            shared ?? new Uint8Array(0),
          ].map(toHex)
        })
        expect(bySodium).toEqual(byNode)
      }),
    )
  })

  test('I-29: verify and open what the other one made', () => {
    fc.assert(
      fc.property(bytes(32), bytes(12), anyBytes, anyBytes, (seed, nonce, one, other) => {
        for (const [maker, taker] of [
          [sodium, node],
          [node, sodium],
        ] as const) {
          const { publicKey, secretKey } = maker.signingKeyPair(seed)
          expect(taker.verify(maker.sign(one, secretKey), one, publicKey)).toBe(true)
          expect(taker.open(seed, nonce, maker.seal(seed, nonce, one, other), other)).toEqual(one)
        }
      }),
    )
  })
})

describe('Argon2id on Node.js', () => {
  test.each(argon2idVectors)('I-29: noble gives the right result at $cost', ({ password, salt, cost, result }) => {
    expect(nobleArgon2id(fromVector(password), fromVector(salt), cost)).toEqual(fromVector(result))
  })

  test.each(argon2idVectors)('I-29: OpenSSL gives it too at $cost, if it is there', (vector) => {
    const { password, salt, cost, result } = vector
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
    const isThere = major > 24 || (major === 24 && minor >= 7)
    const actual = openSslArgon2id(fromVector(password), fromVector(salt), cost)
    expect(actual).toEqual(isThere ? fromVector(result) : undefined)
  })
})

describe('the platform', () => {
  test('I-29: sodium-native is preferred where it loads, and there is nothing to explain', () => {
    const crypto = platformCrypto()
    expect(crypto.implementation).toBe('sodium-native')
    expect(crypto.fallbackReason).toBeUndefined()
  })

  test('I-29: node:crypto serves where sodium-native does not load, and the reason is kept', () => {
    const crypto = platformCrypto(() => {
      throw new Error('no prebuilt binary for this platform')
    })
    expect(crypto.implementation).toBe('node:crypto')
    expect(crypto.fallbackReason).toBe('no prebuilt binary for this platform')
    const { publicKey, secretKey } = crypto.signingKeyPair(new Uint8Array(32))
    expect(crypto.verify(crypto.sign(secretKey, secretKey), secretKey, publicKey)).toBe(true)
  })

  test('I-29: a library that comes to judge mixed-order signatures otherwise is passed over', () => {
    const crypto = platformCrypto(() => ({ ...sodium, verify: isTakenByLaxVerifier }))
    expect(crypto.implementation).toBe('node:crypto')
    expect(crypto.fallbackReason).toMatch(/^sodium-native does not judge signatures of mixed order/)
  })
})

test.each([sodium, node])('$implementation shows no key in an error', (crypto) => {
  const almostKey = Uint8Array.from({ length: 65 }, (_, index) => 200 - index)
  const none = new Uint8Array(0)
  const calls: readonly (() => unknown)[] = [
    () => crypto.signingKeyPair(almostKey),
    () => crypto.sign(none, almostKey),
    () => crypto.seal(almostKey, new Uint8Array(12), none, none),
    () => crypto.agreementKeyPair(almostKey),
    () => crypto.agreementSecretKey(almostKey),
    () => crypto.ristretto255Multiply(almostKey, new Uint8Array(32)),
    () => crypto.agree(almostKey, new Uint8Array(32)),
    () => crypto.argon2id(almostKey, almostKey, { memory: 8, passes: 1, length: 16 }),
    () => crypto.scrypt(almostKey, none, { cost: 3, blockSize: 1, parallelization: 1 }, 32),
    () => crypto.encryptAes256Cbc(almostKey, new Uint8Array(16), none),
  ]
  const shownForms = [toHex(almostKey.subarray(0, 4)), Buffer.from(almostKey).toString('base64').slice(0, 8), '200,199']
  for (const call of calls) {
    const shown = messageOf(call)
    for (const form of shownForms) expect(shown).not.toContain(form)
  }
})

/** All that an error says, to whoever prints it. */
function messageOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    if (error instanceof RangeError) return `${error.stack} ${JSON.stringify(error)}`
    throw error
  }
  throw new Error('no error was thrown')
}
