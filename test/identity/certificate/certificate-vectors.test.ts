/** The published certificates, which another implementation made: docs/protocol/vectors/certificates.json. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { authorityOf } from '../../../src/identity/authority.ts'
import { readCertificate } from '../../../src/identity/certificate/certificate-reader.ts'
import { requireInTime, verifyCertificate } from '../../../src/identity/certificate/certificate-verification.ts'
import { encodeCertificate, encodeSignedPart } from '../../../src/identity/certificate/certificate-writer.ts'
import { decodeChain } from '../../../src/identity/certificate/chain-encoding.ts'
import { formatObjectIdentifier } from '../../../src/identity/object-identifier.ts'
import { concatBytes, fromHex, toHex } from '../../../src/runtime/bytes.ts'
import type { SigningKeyPair } from '../../../src/runtime/crypto.ts'
import { crypto } from '../platform.ts'
import { NOW } from './certificate-samples.ts'

interface CertificateVectors {
  readonly keys: readonly { readonly name: string; readonly seed: string; readonly authority: string }[]
  readonly certificates: readonly {
    readonly what: string
    readonly signer: string
    readonly content: Readonly<Record<string, unknown>>
    readonly der: string
  }[]
  /** The places of the certificates that make a chain. */
  readonly chain: readonly number[]
}

const vectors: CertificateVectors = JSON.parse(
  readFileSync(new URL('../../../docs/protocol/vectors/certificates.json', import.meta.url), 'utf8'),
)

function hex(digits: string): Uint8Array {
  const bytes = fromHex(digits)
  if (bytes === undefined) throw new Error(`not hexadecimal: ${digits}`)
  return bytes
}

function keyOf(name: string): SigningKeyPair {
  const key = vectors.keys.find((candidate) => candidate.name === name)
  if (key === undefined) throw new Error(`no key ${name}`)
  return crypto.signingKeyPair(hex(key.seed))
}

/** The content of a certificate in the way in which the vectors write it. */
function described(der: Uint8Array): Readonly<Record<string, unknown>> {
  const { der: _der, signedPart: _signedPart, signature: _signature, ...content } = readCertificate(der)
  const { unknownExtensions, notBefore, notAfter } = content
  const times = { notBefore, notAfter, ...('admitsUntil' in content && { admitsUntil: content.admitsUntil }) }
  const texts = Object.entries(times).map(([name, utc]) => [name, new Date(utc).toISOString()])
  return {
    ...content,
    ...Object.fromEntries(texts),
    serialNumber: toHex(content.serialNumber),
    publicKey: toHex(content.publicKey),
    unknownExtensions: unknownExtensions.map(({ identifier, value }) => ({
      identifier: formatObjectIdentifier(identifier),
      value: toHex(value),
    })),
  }
}

test.each(vectors.keys)('I-15: the authority of the key of $name', ({ seed, authority }) => {
  expect(authorityOf(crypto, crypto.signingKeyPair(hex(seed)).publicKey)).toBe(authority)
})

test.each(vectors.certificates)('I-32, P-004: $what says what it should', ({ content, der }) => {
  expect(described(hex(der))).toEqual(content)
})

test.each(vectors.certificates)('I-32: $what has the same bytes when it is written here', ({ signer, der }) => {
  const signedPart = encodeSignedPart(readCertificate(hex(der)))
  expect(toHex(encodeCertificate(signedPart, crypto.sign(signedPart, keyOf(signer).secretKey)))).toBe(der)
})

test.each(vectors.certificates)('I-27: $what verifies', ({ signer, der }) => {
  const certificate = readCertificate(hex(der))
  verifyCertificate(crypto, certificate, keyOf(signer).publicKey)
  requireInTime(certificate, NOW)
})

test('a chain is read', () => {
  const chain = vectors.chain.map((place) => hex(vectors.certificates[place]?.der ?? ''))
  expect(decodeChain(concatBytes(...chain)).map(({ kind }) => kind)).toEqual([
    'group-root',
    'group-membership',
    'link',
    'group-membership',
  ])
})
