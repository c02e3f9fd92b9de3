/** Sealing verifiers to the keys of members. The bytes of seals are in the vectors of password records. */
import { describe, expect, test } from 'vitest'
import { certificateDigest } from '../../src/group/digests.ts'
import { canBeSealedTo, openVerifier, SEAL_LENGTH, sealVerifier } from '../../src/group/verifier-seals.ts'
import { nodeCrypto } from '../../src/nodejs/crypto/node-crypto.ts'
import { unconvertibleKeys } from '../../src/runtime/acceptance/crypto-vectors.ts'
import { equalBytes, toHex, toUtf8 } from '../../src/runtime/bytes.ts'
import { fakeCrypto } from '../../src/simulation/fake-crypto.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'
import { crypto } from '../identity/platform.ts'
import { hex } from '../records/record-vectors.ts'
import { verifier } from './password-vectors.ts'

const random = new SeededRandom('seals')
const context = toUtf8('this password')
const holders = [1, 2, 3].map((byte) => {
  const keyPair = crypto.signingKeyPair(new Uint8Array(32).fill(byte))
  return { keyPair, publicKey: keyPair.publicKey, certificate: certificateDigest(crypto, Uint8Array.of(byte)) }
})

for (const port of [crypto, nodeCrypto(), fakeCrypto(crypto)]) {
  describe(`with ${port.implementation}`, () => {
    test('whoever it is sealed to opens it, and nobody else', () => {
      const sealed = sealVerifier(port, random, verifier.value, holders.slice(0, 2), context)
      for (const { certificate, keyPair } of holders.slice(0, 2)) {
        expect(openVerifier(port, sealed, certificate, keyPair, context)).toEqual(verifier.value)
      }
      for (const { certificate } of holders) {
        const { keyPair } = holders[2] ?? { keyPair: undefined }
        if (keyPair === undefined) throw new Error('there are three')
        expect(openVerifier(port, sealed, certificate, keyPair, context)).toBeUndefined()
      }
    })

    test('a seal opens for its own certificate and context only, and not once a byte has changed', () => {
      const [one, other] = holders
      if (one === undefined || other === undefined) throw new Error('there are three')
      const both = { ...other, publicKey: one.publicKey }
      const sealed = sealVerifier(port, random, verifier.value, [one, both], context)
      const open = (changed = sealed, in_ = context) => openVerifier(port, changed, one.certificate, one.keyPair, in_)
      expect(open()).toEqual(verifier.value)
      expect(open(sealed, toUtf8('another password'))).toBeUndefined()
      const [first, second] = sealed.seals
      if (first === undefined || second === undefined) throw new Error('two were made')
      // Two certificates of one key do not share a seal.
      expect(equalBytes(first.sealed, second.sealed)).toBe(false)
      expect(open({ ...sealed, seals: [{ ...first, sealed: second.sealed }] })).toBeUndefined()
      for (let index = 0; index < SEAL_LENGTH; index += 5) {
        expect(open({ ...sealed, seals: [{ ...first, sealed: altered(first.sealed, index) }] })).toBeUndefined()
      }
      expect(open({ ...sealed, sealingKey: altered(sealed.sealingKey, 3) })).toBeUndefined()
      expect(open({ ...sealed, sealingKey: new Uint8Array(32) })).toBeUndefined()
    })
  })
}

test('the same verifier, sealed again, has other bytes throughout', () => {
  const all = [1, 2].map(() => sealVerifier(crypto, random, verifier.value, holders, context))
  const strings = all.flatMap(({ sealingKey, seals }) => [
    toHex(sealingKey),
    ...seals.map(({ sealed }) => toHex(sealed)),
  ])
  expect(new Set(strings).size).toBe(8)
})

test('to a key that is none, or of mixed order, nothing is sealed', () => {
  for (const publicKey of unconvertibleKeys.map(hex)) {
    expect(canBeSealedTo(crypto, publicKey)).toBe(false)
    const { certificate } = holders[0] ?? {}
    if (certificate === undefined) throw new Error('there are three')
    expect(() => sealVerifier(crypto, random, verifier.value, [{ certificate, publicKey }], context)).toThrow(TypeError)
  }
})

function altered(bytes: Uint8Array, index: number): Uint8Array {
  const copy = bytes.slice()
  copy[index] = (copy[index] ?? 0) ^ 4
  return copy
}
