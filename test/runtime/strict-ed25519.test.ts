import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nodeCrypto } from '../../src/nodejs/crypto/node-crypto.ts'
import { sodiumCrypto } from '../../src/nodejs/crypto/sodium-crypto.ts'
import { fromVector } from '../../src/runtime/acceptance/crypto-vectors.ts'
import { type Ed25519Verdict, ed25519EdgeCases } from '../../src/runtime/acceptance/ed25519-edge-cases.ts'
import { concatBytes } from '../../src/runtime/bytes.ts'
import { isStrictlyEncoded, verifiesWithoutCofactor } from '../../src/runtime/strict-ed25519.ts'
import {
  challenge,
  FIELD_PRIME,
  GROUP_ORDER,
  isTakenByLaxVerifier,
  littleEndian,
  mixedPoint,
  referenceVerdict,
} from './ed25519-reference.ts'

const implementations = [sodiumCrypto(), nodeCrypto()]
const edgeCases = ed25519EdgeCases.map(({ name, verdict, publicKey, message, signature }) => ({
  name,
  verdict,
  publicKey: fromVector(publicKey),
  message: fromVector(message),
  signature: fromVector(signature),
}))
const REFUSED_BY_ENCODING: readonly Ed25519Verdict[] = [
  'S not reduced',
  'R not canonical',
  'key not canonical',
  'R of small order',
  'key of small order',
]

describe('the edge cases of Ed25519', () => {
  test.each(edgeCases)('I-29: by plain arithmetic, "$name" is what it says: $verdict', (edgeCase) => {
    const { verdict, publicKey, message, signature } = edgeCase
    expect(referenceVerdict(signature, message, publicKey)).toBe(verdict)
  })

  test('I-29: some verifier takes each of them, but for the key that is no point', () => {
    for (const { name, verdict, publicKey, message, signature } of edgeCases) {
      const isTaken = isTakenByLaxVerifier(signature, message, publicKey)
      expect(isTaken, name).toBe(verdict !== 'key not a point')
    }
  })

  test('I-29: what is refused for its encoding is refused by our own check, and nothing else is', () => {
    for (const { name, verdict, publicKey, signature } of edgeCases) {
      expect(isStrictlyEncoded(signature, publicKey), name).toBe(!REFUSED_BY_ENCODING.includes(verdict))
    }
  })

  test('I-29: each verdict has a case, and all 14 encodings of small order appear as R and as key', () => {
    const verdicts = new Set(edgeCases.map(({ verdict }) => verdict))
    expect([...verdicts].sort()).toEqual([...REFUSED_BY_ENCODING, 'equation', 'key not a point', 'valid'].sort())
    for (const place of ['R', 'key']) {
      const encodings = ed25519EdgeCases
        .filter(({ name }) => name.startsWith(`${place}: order`))
        .map(({ publicKey, signature }) => (place === 'key' ? publicKey : signature.slice(0, 64)))
      expect(new Set(encodings).size).toBe(14)
    }
  })

  test('I-29: docs/protocol/vectors/ed25519.json holds the same cases', () => {
    const file: unknown = JSON.parse(readFileSync('docs/protocol/vectors/ed25519.json', 'utf8'))
    expect(file).toEqual({ description: expect.any(String), cases: ed25519EdgeCases })
  })
})

describe('the strict check', () => {
  const good = edgeCases.find(({ verdict }) => verdict === 'valid')
  if (good === undefined) throw new Error('there is a valid case')
  const honestR = good.signature.subarray(0, 32)
  const honestS = good.signature.subarray(32)

  test('I-29: no y from the prime up is taken, for R or key, with either sign', () => {
    for (let y = FIELD_PRIME; y < 2n ** 255n; y++) {
      for (const encoding of [littleEndian(y), littleEndian(y + 2n ** 255n)]) {
        expect(isStrictlyEncoded(good.signature, encoding)).toBe(false)
        expect(isStrictlyEncoded(concatBytes(encoding, honestS), good.publicKey)).toBe(false)
      }
    }
    const greatest = littleEndian(FIELD_PRIME - 2n)
    expect(isStrictlyEncoded(good.signature, greatest)).toBe(true)
    expect(isStrictlyEncoded(concatBytes(greatest, honestS), good.publicKey)).toBe(true)
  })

  test('I-29: S is taken below the group order only', () => {
    for (const [s, expected] of [
      [0n, true],
      [GROUP_ORDER - 1n, true],
      [GROUP_ORDER, false],
      [GROUP_ORDER + 1n, false],
      [2n ** 252n, true],
      [2n ** 253n, false],
      [2n ** 256n - 1n, false],
    ] as const) {
      expect(isStrictlyEncoded(concatBytes(honestR, littleEndian(s)), good.publicKey), `S = ${s}`).toBe(expected)
    }
  })

  test('I-29: points that differ from one of small order in any one bit are taken', () => {
    const smallOrder = edgeCases.filter(({ verdict }) => verdict === 'key of small order')
    for (const { publicKey } of smallOrder) {
      for (let bit = 0; bit < 255; bit++) {
        const other = publicKey.slice()
        other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        const verdict = referenceVerdict(good.signature, good.message, other)
        expect(isStrictlyEncoded(good.signature, other)).toBe(!REFUSED_BY_ENCODING.includes(verdict))
      }
    }
  })
})

describe('both implementations and the reference', () => {
  const scalar = fc.bigInt({ min: 1n, max: GROUP_ORDER - 1n })
  const torsion = fc.integer({ min: 0, max: 7 })

  test('I-29: give one verdict on keys and points of mixed order', () => {
    let valid = 0
    const property = fc.property(
      scalar,
      scalar,
      torsion,
      torsion,
      fc.uint8Array({ maxLength: 40 }),
      (a, r, t, u, message) => {
        const publicKey = mixedPoint(a, t).toBytes()
        const encodedR = mixedPoint(r, u).toBytes()
        const k = challenge(encodedR, publicKey, message)
        const signature = concatBytes(encodedR, littleEndian((r + k * a) % GROUP_ORDER))
        const verdict = referenceVerdict(signature, message, publicKey)
        if (verdict === 'valid') valid++
        for (const crypto of implementations) {
          expect(crypto.verify(signature, message, publicKey)).toBe(verdict === 'valid')
        }
      },
    )
    fc.assert(property, { numRuns: 300 })
    expect(valid).toBeGreaterThan(0)
  })

  test('I-29: give one verdict on keys, points and numbers that are edges or random', () => {
    const edges = [
      0n,
      1n,
      2n,
      FIELD_PRIME - 1n,
      FIELD_PRIME,
      FIELD_PRIME + 1n,
      GROUP_ORDER - 1n,
      GROUP_ORDER,
      2n ** 255n,
    ]
    const encoding = fc.oneof(
      fc.constantFrom(...edges).map(littleEndian),
      fc.constantFrom(...edgeCases.flatMap(({ publicKey, signature }) => [publicKey, signature.slice(0, 32)])),
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
    )
    fc.assert(
      fc.property(encoding, encoding, encoding, fc.uint8Array({ maxLength: 40 }), (r, s, publicKey, message) => {
        const signature = concatBytes(r, s)
        const isValid = referenceVerdict(signature, message, publicKey) === 'valid'
        for (const crypto of implementations) expect(crypto.verify(signature, message, publicKey)).toBe(isValid)
      }),
      { numRuns: 500 },
    )
  })

  test('I-29: a library that multiplies by the cofactor, or refuses mixed order, is found out', () => {
    expect(implementations.every(verifiesWithoutCofactor)).toBe(true)
    expect(verifiesWithoutCofactor({ verify: isTakenByLaxVerifier })).toBe(false)
    expect(verifiesWithoutCofactor({ verify: () => false })).toBe(false)
  })
})
