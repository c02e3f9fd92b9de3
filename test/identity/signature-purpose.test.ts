import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type SignaturePurpose, signaturePurposes, signFor, verifyFor } from '../../src/identity/signature-purpose.ts'
import { platformCrypto } from '../../src/nodejs/crypto/crypto.ts'
import { fromVector } from '../../src/runtime/acceptance/crypto-vectors.ts'
import { concatBytes, fromUtf8, toUtf8 } from '../../src/runtime/bytes.ts'
import type { Crypto } from '../../src/runtime/crypto.ts'
import { fakeCrypto } from '../../src/simulation/fake-crypto.ts'

const real = platformCrypto()
const fake = fakeCrypto(real)
const purposes = Object.keys(signaturePurposes).filter(isPurpose)
const { publicKey, secretKey } = real.signingKeyPair(new Uint8Array(32))
const content = toUtf8('some content')

function isPurpose(text: string): text is SignaturePurpose {
  return text in signaturePurposes
}

/** What {@link signFor} hands to the port. */
function signedBytes(purpose: SignaturePurpose, bytes: Uint8Array): Uint8Array {
  let signed: Uint8Array | undefined
  const recording: Crypto = {
    ...real,
    sign(message) {
      signed = message
      return new Uint8Array(64)
    },
  }
  signFor(recording, purpose, bytes, secretKey)
  if (signed === undefined) throw new Error('nothing was signed')
  return signed
}

describe.each([real, fake])('with $implementation crypto', (crypto) => {
  const pairs = purposes.flatMap((one) => purposes.map((other) => ({ one, other })))

  test.each(pairs)('I-31, P-080: a signature for "$one" is judged as one for "$other"', ({ one, other }) => {
    const signature = signFor(crypto, one, content, secretKey)
    expect(verifyFor(crypto, other, content, signature, publicKey)).toBe(one === other)
  })

  test('I-30, I-31: a signature counts for no other content and no other key', () => {
    const other = crypto.signingKeyPair(new Uint8Array(32).fill(1))
    for (const purpose of purposes) {
      const signature = signFor(crypto, purpose, content, secretKey)
      expect(verifyFor(crypto, purpose, toUtf8('other content'), signature, publicKey)).toBe(false)
      expect(verifyFor(crypto, purpose, content, signature, other.publicKey)).toBe(false)
    }
  })

  test('I-31: a signature without a context, or with a forged one in its content, is refused', () => {
    for (const purpose of purposes) {
      for (const message of [content, concatBytes(toUtf8(`peerage/1/${purpose}`), content)]) {
        const signature = crypto.sign(message, secretKey)
        for (const claimed of purposes) {
          expect(verifyFor(crypto, claimed, content, signature, publicKey)).toBe(false)
        }
      }
    }
  })
})

test('I-31: the signed bytes give purpose and content back, so that no two pairs of them are alike', () => {
  fc.assert(
    fc.property(fc.constantFrom(...purposes), fc.uint8Array({ maxLength: 100 }), (purpose, bytes) => {
      const signed = signedBytes(purpose, bytes)
      const end = signed.indexOf(0)
      expect(fromUtf8(signed.subarray(0, end))).toBe(`peerage/1/${purpose}`)
      expect(signed.subarray(end + 1)).toEqual(bytes)
    }),
  )
})

test('I-31: each purpose belongs to one structure and has a name that can be part of a context', () => {
  for (const purpose of purposes) expect(purpose).toMatch(/^[a-z]+(-[a-z]+)*$/)
  expect(new Set(Object.values(signaturePurposes)).size).toBe(purposes.length)
})

test('I-31: docs/protocol/signatures.md lists each purpose with its structure, and no other', () => {
  const page = readFileSync('docs/protocol/signatures.md', 'utf8')
  const rows = page.matchAll(/^\| `([^`]+)` \| (.+) \|$/gm)
  const listed = Object.fromEntries([...rows].map(([, purpose, structure]) => [purpose, withoutLink(structure ?? '')]))
  expect(listed).toEqual(signaturePurposes)
})

/** The words of a Markdown link. */
function withoutLink(text: string): string {
  return text.replace(/^\[(.+)\]\(.+\)$/, '$1')
}

describe('docs/protocol/vectors/signatures.json', () => {
  const vectors = readVectors()

  test('I-31: has every purpose', () => {
    expect(new Set(vectors.signatures.map(({ purpose }) => purpose))).toEqual(new Set(purposes))
  })

  test.each(vectors.signatures)(
    'I-31: the signature for "$purpose" over "$content" is the one that is made',
    (vector) => {
      const pair = real.signingKeyPair(fromVector(vectors.seed))
      const bytes = fromVector(vector.content)
      const signature = fromVector(vector.signature)
      expect(pair.publicKey).toEqual(fromVector(vectors.publicKey))
      expect(signedBytes(vector.purpose, bytes)).toEqual(fromVector(vector.signedBytes))
      expect(signFor(real, vector.purpose, bytes, pair.secretKey)).toEqual(signature)
      for (const purpose of purposes) {
        expect(verifyFor(real, purpose, bytes, signature, pair.publicKey)).toBe(purpose === vector.purpose)
      }
    },
  )
})

interface SignatureVectors {
  readonly seed: string
  readonly publicKey: string
  readonly signatures: readonly {
    readonly purpose: SignaturePurpose
    readonly content: string
    readonly signedBytes: string
    readonly signature: string
  }[]
}

function readVectors(): SignatureVectors {
  return JSON.parse(readFileSync('docs/protocol/vectors/signatures.json', 'utf8'))
}
