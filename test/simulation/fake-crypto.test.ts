import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { platformCrypto } from '../../src/nodejs/crypto/crypto.ts'
import { cryptoAcceptance } from '../../src/runtime/acceptance/crypto.ts'
import { concatBytes, equalBytes, toHex } from '../../src/runtime/bytes.ts'
import { fakeCrypto } from '../../src/simulation/fake-crypto.ts'

const real = platformCrypto()
const fake = fakeCrypto(real)

describe('the fake', () => {
  for (const check of cryptoAcceptance) test(check.name, () => check.run(fake))

  test('I-30: says that it is one', () => {
    expect(fake.implementation).toBe('fake')
  })

  test('I-30: a seed gives the same peer names as with the real port', () => {
    const seed = Uint8Array.from({ length: 32 }, (_, index) => index)
    expect(fake.signingKeyPair(seed)).toEqual(real.signingKeyPair(seed))
  })

  test('I-30: takes no signature for another key or content, however alike they are', () => {
    const bytes = fc.uint8Array({ maxLength: 80 })
    const key = fc.uint8Array({ minLength: 32, maxLength: 32 })
    fc.assert(
      fc.property(key, key, bytes, bytes, (seed, otherSeed, content, otherContent) => {
        const one = fake.signingKeyPair(seed)
        const other = fake.signingKeyPair(otherSeed)
        const signature = fake.sign(content, one.secretKey)
        expect(fake.verify(signature, content, one.publicKey)).toBe(true)
        expect(fake.verify(signature, content, other.publicKey)).toBe(equalBytes(seed, otherSeed))
        expect(fake.verify(signature, otherContent, one.publicKey)).toBe(equalBytes(content, otherContent))
        expect(fake.verify(signature, concatBytes(content, otherContent), one.publicKey)).toBe(
          otherContent.length === 0,
        )
      }),
    )
  })

  test('I-30: a hundred thousand alike contents have different signatures', () => {
    const { secretKey } = fake.signingKeyPair(new Uint8Array(32))
    const seen = new Set<string>()
    const content = new Uint8Array(20)
    const counter = new DataView(content.buffer)
    for (let index = 0; index < 100_000; index++) {
      counter.setUint32(index % 17, index)
      // A fifth of the bytes: were they not spread well, they would be the same for some.
      seen.add(toHex(fake.sign(content, secretKey).subarray(20, 32)))
      content.fill(0)
    }
    expect(seen.size).toBe(100_000)
  })

  test('I-30: one flipped bit of the content flips about half of the bits of a signature', () => {
    const { secretKey } = fake.signingKeyPair(new Uint8Array(32))
    const content = Uint8Array.from({ length: 48 }, (_, index) => index * 7)
    const signature = fake.sign(content, secretKey)
    for (let bit = 0; bit < content.length * 8; bit++) {
      const other = content.slice()
      other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const flipped = differentBits(signature, fake.sign(other, secretKey))
      // Of 512 bits 256, with a standard deviation of 11: this is more than eight of them.
      expect(flipped, `bit ${bit}`).toBeGreaterThan(160)
      expect(flipped, `bit ${bit}`).toBeLessThan(352)
    }
  })

  test('I-30: a signature of the real port is none of the fake, and the other way round', () => {
    const { publicKey, secretKey } = real.signingKeyPair(new Uint8Array(32))
    expect(fake.verify(real.sign(secretKey, secretKey), secretKey, publicKey)).toBe(false)
    expect(real.verify(fake.sign(secretKey, secretKey), secretKey, publicKey)).toBe(false)
  })
})

function differentBits(one: Uint8Array, other: Uint8Array): number {
  let count = 0
  for (const [index, byte] of one.entries()) {
    for (let bits = byte ^ (other[index] ?? 0); bits !== 0; bits &= bits - 1) count++
  }
  return count
}
