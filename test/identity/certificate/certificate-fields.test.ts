/** Certificates that are signed and wrong in exactly one field, and the reason that each is refused for. */
import { describe, expect, test } from 'vitest'
import { readCertificate } from '../../../src/identity/certificate/certificate-reader.ts'
import { derElement } from '../../../src/identity/der-writer.ts'
import { concatBytes } from '../../../src/runtime/bytes.ts'
import { altered, type Parts, refusalOf, sampleKinds, samples } from './certificate-samples.ts'
import { ascii, identifier, sequence, utf8 } from './raw-der.ts'

const problemOf = (bytes: Uint8Array): string => refusalOf(() => readCertificate(bytes)).problem
const detailOf = (bytes: Uint8Array): string => refusalOf(() => readCertificate(bytes)).detail
const nothing = new Uint8Array()
const name = (value: Uint8Array, type = '2.5.4.3'): Uint8Array =>
  sequence(derElement(0x31, sequence(identifier(type), value)))
const validity = (notBefore: Uint8Array, notAfter: Uint8Array): Uint8Array => sequence(notBefore, notAfter)
const utcTime = (text: string): Uint8Array => ascii(0x17, text)
const generalizedTime = (text: string): Uint8Array => ascii(0x18, text)
const someTime = utcTime('261122170000Z')

describe('fields', () => {
  test.each(sampleKinds)(
    'an unchanged %s certificate is read, so that each change below is what is refused',
    (kind) => {
      expect(altered(kind, {})).toEqual(samples[kind].der)
    },
  )

  const wrong: readonly (readonly [row: string, what: string, problem: string, parts: Partial<Parts>])[] = [
    ['I-19', 'version 1 of X.509, which is left out', 'version', { version: nothing }],
    ['I-19', 'version 2 of X.509', 'version', { version: derElement(0xa0, derElement(2, Uint8Array.of(1))) }],
    ['I-19', 'version 4 of X.509', 'version', { version: derElement(0xa0, derElement(2, Uint8Array.of(3))) }],
    [
      'I-20',
      'a serial number of 15 bytes',
      'serial-number',
      { serialNumber: derElement(2, new Uint8Array(15).fill(1)) },
    ],
    [
      'I-20',
      'a serial number of 17 bytes',
      'serial-number',
      { serialNumber: derElement(2, new Uint8Array(17).fill(1)) },
    ],
    [
      'I-20',
      'a serial number with a zero in front',
      'serial-number',
      { serialNumber: derElement(2, new Uint8Array(16)) },
    ],
    [
      'I-20',
      'a negative serial number',
      'serial-number',
      { serialNumber: derElement(2, new Uint8Array(16).fill(0x80)) },
    ],
    [
      'I-19',
      'SHA-1 with RSA inside',
      'algorithm',
      { algorithm: sequence(identifier('1.2.840.113549.1.1.5'), Uint8Array.of(5, 0)) },
    ],
    ['I-19', 'SHA-1 with RSA outside', 'algorithm', { outerAlgorithm: sequence(identifier('1.2.840.113549.1.1.5')) }],
    [
      'I-19',
      'Ed25519 with parameters',
      'algorithm',
      { algorithm: sequence(identifier('1.3.101.112'), Uint8Array.of(5, 0)) },
    ],
    [
      'I-19',
      'an Ed448 key',
      'public-key',
      { publicKey: sequence(sequence(identifier('1.3.101.113')), derElement(3, new Uint8Array(58))) },
    ],
    [
      'I-19',
      'a key with one byte more',
      'public-key',
      { publicKey: sequence(sequence(identifier('1.3.101.112')), derElement(3, new Uint8Array(34))) },
    ],
    ['I-19', 'an issuerUniqueID', 'unique-identifier', { between: derElement(0x81, Uint8Array.of(0, 1)) }],
    ['I-19', 'a subjectUniqueID', 'unique-identifier', { between: derElement(0x82, Uint8Array.of(0, 1)) }],
    ['I-19', 'a signature of 63 bytes', 'signature-form', { signature: derElement(3, new Uint8Array(64)) }],
    [
      'I-19',
      'a signature whose last bit does not count',
      'signature-form',
      { signature: derElement(3, Uint8Array.of(1), new Uint8Array(64)) },
    ],
    ['I-21', 'an empty subject', 'encoding', { subject: sequence() }],
    ['I-21', 'an empty common name', 'common-name', { subject: name(utf8('')), issuer: name(utf8('')) }],
    [
      'I-21',
      'a common name of 256 characters',
      'common-name',
      { subject: name(utf8('x'.repeat(256))), issuer: name(utf8('x'.repeat(256))) },
    ],
    [
      'I-21',
      'a line break in the common name',
      'common-name',
      { subject: name(utf8('Ann\nBob')), issuer: name(utf8('Ann\nBob')) },
    ],
    ['I-21', 'another issuer than its subject', 'common-name', { issuer: name(utf8('Bob')) }],
    ['I-21', 'an organization in place of the common name', 'common-name', { subject: name(utf8('Ann'), '2.5.4.10') }],
    ['I-32', 'a common name that is a PrintableString', 'encoding', { subject: name(ascii(0x13, 'Ann')) }],
    [
      'I-32',
      'a common name that is a BMPString',
      'encoding',
      { subject: name(derElement(0x1e, Uint8Array.of(0, 65))) },
    ],
    [
      'I-32',
      'a common name that is not UTF-8',
      'common-name',
      { subject: name(derElement(0x0c, Uint8Array.of(0xc0, 0x80))) },
    ],
    [
      'I-32',
      'a subject of two parts',
      'encoding',
      { subject: sequence(name(utf8('Ann')).subarray(2), name(utf8('Ann')).subarray(2)) },
    ],
    [
      'I-32',
      'a validity that ends before it begins',
      'validity',
      { validity: validity(utcTime('270101000000Z'), someTime) },
    ],
    [
      'I-32',
      'a time without seconds',
      'encoding',
      { validity: validity(utcTime('2611221700Z'), utcTime('271122170000Z')) },
    ],
    [
      'I-32',
      'a time in a time zone',
      'encoding',
      { validity: validity(utcTime('261122170000+0100'), utcTime('271122170000Z')) },
    ],
    [
      'I-32',
      'a time with a fraction',
      'encoding',
      { validity: validity(someTime, generalizedTime('20501122170000.5Z')) },
    ],
    ['I-32', 'a 31 November', 'encoding', { validity: validity(utcTime('261131170000Z'), utcTime('271122170000Z')) }],
    ['I-32', 'a 60th second', 'encoding', { validity: validity(utcTime('261122170060Z'), utcTime('271122170000Z')) }],
    [
      'I-32',
      'a time up to 2049 as GeneralizedTime',
      'encoding',
      { validity: validity(someTime, generalizedTime('20491231235959Z')) },
    ],
    ['I-32', 'bytes left over before the extensions', 'encoding', { between: Uint8Array.of(5, 0) }],
  ]

  test.each(wrong)('%s: %s is refused as %s', (_row, _what, problem, parts) => {
    expect(problemOf(altered('identity', parts))).toBe(problem)
  })

  test('I-32: a time beyond 2049 as UTCTime would be one of the century before, and ends before it begins', () => {
    expect(problemOf(altered('identity', { validity: validity(someTime, utcTime('991231235959Z')) }))).toBe('validity')
  })

  test('I-32: bytes left over anywhere are refused as that', () => {
    const { der } = samples.identity
    expect(detailOf(concatBytes(der, Uint8Array.of(0)))).toMatch(/1 bytes are left over after the certificate$/)
    const content = der.subarray(4)
    expect(detailOf(derElement(0x30, content, Uint8Array.of(5, 0)))).toMatch(
      /2 bytes are left over after the signature$/,
    )
    expect(detailOf(altered('identity', {}, (given) => given).subarray(0, -1))).toMatch(/cut short/)
  })

  test('I-32: a certificate with an indefinite or overlong length is refused as that', () => {
    const content = samples.identity.der.subarray(4)
    expect(detailOf(concatBytes(Uint8Array.of(0x30, 0x80), content, new Uint8Array(2)))).toMatch(/indefinite length$/)
    const length = Uint8Array.of(0x30, 0x83, 0, content.length >> 8, content.length & 0xff)
    expect(detailOf(concatBytes(length, content))).toMatch(/overlong length$/)
  })
})
