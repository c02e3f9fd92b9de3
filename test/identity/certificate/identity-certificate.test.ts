import { describe, expect, test } from 'vitest'
import { authorityOf } from '../../../src/identity/authority.ts'
import { CLOCK_TOLERANCE, verifyCertificate } from '../../../src/identity/certificate/certificate-verification.ts'
import { issueCertificate } from '../../../src/identity/certificate/certificate-writer.ts'
import {
  CERTIFICATE_LABEL,
  INFINITE_VALIDITY,
  makeIdentityCertificate,
  verifyIdentityCertificate,
} from '../../../src/identity/certificate/identity-certificate.ts'
import { authorityPart, makePeerName } from '../../../src/identity/peer-name.ts'
import { encodePem, readPemBlock } from '../../../src/identity/pem.ts'
import { nodeCrypto } from '../../../src/nodejs/crypto/node-crypto.ts'
import { openssl, opensslOutput } from '../openssl.ts'
import { crypto, random } from '../platform.ts'
import { ann, bob, contents, NOW, nameOf, refusalOf, samples, YEAR } from './certificate-samples.ts'

const peerName = nameOf(ann, 'Ann')
const idc = makeIdentityCertificate(crypto, random, { peerName, friendlyName: 'Ann', keyPair: ann, now: NOW + 789 })
const problemAt = (now: number, der: Uint8Array = idc): string =>
  refusalOf(() => verifyIdentityCertificate(crypto, der, now)).problem

describe('making an IDC', () => {
  test('I-21, I-26: it says what it was given, and no more', () => {
    expect(verifyIdentityCertificate(crypto, idc, NOW)).toMatchObject({
      kind: 'identity',
      subject: 'Ann',
      issuer: 'Ann',
      peerName,
      publicKey: ann.publicKey,
      notBefore: NOW,
      notAfter: NOW + INFINITE_VALIDITY,
      hasFlags: false,
      unknownExtensions: [],
    })
  })

  test('it is valid for 1,000 years', () => {
    expect(new Date(NOW + INFINITE_VALIDITY).toISOString()).toBe('3026-11-23T05:00:00.000Z')
    expect(opensslOutput(['x509', '-noout', '-dates', '-inform', 'DER', '-in', 'idc'], { idc })).toBe(
      'notBefore=Nov 22 17:00:00 2026 GMT\nnotAfter=Nov 23 05:00:00 3026 GMT\n',
    )
  })

  test('I-26: as PEM it passes openssl verify with itself as CA, and its key gives its authority', () => {
    const pem = encodePem(CERTIFICATE_LABEL, idc)
    expect(openssl(['verify', '-attime', String(NOW / 1000), '-CAfile', 'idc', 'idc'], { idc: pem })).toMatchObject({
      accepted: true,
    })
    const key = opensslOutput(['x509', '-noout', '-pubkey', '-in', 'idc'], { idc: pem })
    const info = readPemBlock(key)?.bytes ?? new Uint8Array()
    const hash = opensslOutput(['dgst', '-sha256', '-r', 'key'], { key: info })
    expect(hash.slice(0, 40)).toBe(authorityPart(peerName))
  })

  test('I-21: without a friendly name the peer name stands there, also where it could not be a friendly name', () => {
    const unprintable = nameOf(ann, 'a\nb')
    const der = makeIdentityCertificate(crypto, random, { peerName: unprintable, keyPair: ann, now: NOW })
    expect(verifyIdentityCertificate(crypto, der, NOW)).toMatchObject({ subject: unprintable, issuer: unprintable })
  })

  test('I-22: a peer name that has no host name stands there alone', () => {
    const long = nameOf(ann, 'é'.repeat(149))
    const der = makeIdentityCertificate(crypto, random, { peerName: long, friendlyName: 'Ann', keyPair: ann, now: NOW })
    expect(verifyIdentityCertificate(crypto, der, NOW).peerName).toBe(long)
    const names = opensslOutput(['x509', '-noout', '-ext', 'subjectAltName', '-inform', 'DER', '-in', 'idc'], {
      idc: der,
    })
    expect(names).toContain('othername: 1.3.6.1.4.1.311.44.0.2::')
    expect(names).not.toContain('DNS:')
  })

  test('I-20: two of them have different serial numbers', () => {
    const again = makeIdentityCertificate(crypto, random, { peerName, friendlyName: 'Ann', keyPair: ann, now: NOW })
    const [one, other] = [idc, again].map((der) => verifyIdentityCertificate(crypto, der, NOW).serialNumber)
    expect(one).not.toEqual(other)
  })

  test('I-21, I-27: a bad friendly name, an unsecured name and a name of another key are refused', () => {
    const make = (changes: object): void => {
      makeIdentityCertificate(crypto, random, { peerName, friendlyName: 'Ann', keyPair: ann, now: NOW, ...changes })
    }
    expect(() => make({ friendlyName: 'x'.repeat(256) })).toThrowError(
      expect.objectContaining({ code: 'invalid-friendly-name' }),
    )
    expect(() => make({ friendlyName: '' })).toThrowError(expect.objectContaining({ code: 'invalid-friendly-name' }))
    expect(() => make({ peerName: makePeerName('0', 'Ann') })).toThrowError(
      expect.objectContaining({ code: 'unsecured-peer-name' }),
    )
    expect(refusalOf(() => make({ peerName: nameOf(bob, 'Ann') })).problem).toBe('authority')
  })
})

describe('judging an IDC', () => {
  test('I-27: it counts from its first moment to its last, give or take the tolerance for clocks', () => {
    expect(problemAt(NOW)).toBe('none')
    expect(problemAt(NOW - CLOCK_TOLERANCE)).toBe('none')
    expect(problemAt(NOW - CLOCK_TOLERANCE - 1)).toBe('not-yet-valid')
    expect(problemAt(NOW + INFINITE_VALIDITY + CLOCK_TOLERANCE)).toBe('none')
    expect(problemAt(NOW + INFINITE_VALIDITY + CLOCK_TOLERANCE + 1)).toBe('expired')
  })

  test('I-27: a certificate of another kind is refused, though its signature verifies', () => {
    const { der, publicKey } = samples.groupRoot
    expect(refusalOf(() => verifyCertificate(crypto, samples.groupRoot, publicKey)).problem).toBe('none')
    expect(problemAt(NOW, der)).toBe('kind')
    expect(problemAt(NOW, samples.groupMembership.der)).toBe('kind')
    expect(problemAt(NOW, samples.link.der)).toBe('kind')
  })

  test('I-27: a peer name of another key is refused', () => {
    const { der } = issueCertificate(crypto, { ...contents.identity, peerName: nameOf(bob, 'Ann') }, ann.secretKey)
    expect(problemAt(NOW, der)).toBe('authority')
  })

  test('I-27: a signature by another key is refused', () => {
    const { der } = issueCertificate(crypto, contents.identity, bob.secretKey)
    expect(problemAt(NOW, der)).toBe('signature')
  })

  test('I-27: a certificate that has expired is refused, and so is one of the future', () => {
    const issued = issueCertificate(crypto, contents.identity, ann.secretKey).der
    expect(problemAt(NOW + YEAR + CLOCK_TOLERANCE, issued)).toBe('none')
    expect(problemAt(NOW + YEAR + CLOCK_TOLERANCE + 1, issued)).toBe('expired')
    expect(problemAt(0, issued)).toBe('not-yet-valid')
  })

  test('I-27: both implementations of the crypto port take it, and what either made', () => {
    const other = nodeCrypto()
    const made = makeIdentityCertificate(other, random, { peerName, friendlyName: 'Ann', keyPair: ann, now: NOW })
    expect(verifyIdentityCertificate(other, idc, NOW).peerName).toBe(peerName)
    expect(verifyIdentityCertificate(crypto, made, NOW).peerName).toBe(peerName)
    expect(authorityOf(other, ann.publicKey)).toBe(authorityPart(peerName))
  })
})

describe('judging other certificates', () => {
  test('each verifies with the key of the one before it, and with no other', () => {
    const { groupRoot, groupMembership, link } = samples
    const problem = (certificate: typeof samples.link, key: Uint8Array): string =>
      refusalOf(() => verifyCertificate(crypto, certificate, key)).problem
    expect(problem(groupRoot, groupRoot.publicKey)).toBe('none')
    expect(problem(groupMembership, groupRoot.publicKey)).toBe('none')
    expect(problem(link, groupMembership.publicKey)).toBe('none')
    expect(problem(groupMembership, groupMembership.publicKey)).toBe('signature')
    expect(problem(link, groupRoot.publicKey)).toBe('signature')
  })
})
