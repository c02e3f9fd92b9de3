/** Certificates that are signed and wrong in exactly what one extension says, and the reason that each is refused for. */
import { describe, expect, test } from 'vitest'
import { authorityBytes, subjectPublicKeyInfo } from '../../../src/identity/authority.ts'
import type { ExtensionName } from '../../../src/identity/certificate/certificate-profile.ts'
import { readCertificate } from '../../../src/identity/certificate/certificate-reader.ts'
import { DER_TRUE, derElement } from '../../../src/identity/der-writer.ts'
import { hostNameOf } from '../../../src/identity/host-name.ts'
import { authorityPart } from '../../../src/identity/peer-name.ts'
import { fromHex, toHex, toUtf8 } from '../../../src/runtime/bytes.ts'
import { ann, bob, group, nameOf, refusalOf, type SampleKind, samples, withExtension } from './certificate-samples.ts'
import { ascii, identifier, octets, sequence, utf8 } from './raw-der.ts'

const problemOf = (bytes: Uint8Array): string => refusalOf(() => readCertificate(bytes)).problem
const detailOf = (bytes: Uint8Array): string => refusalOf(() => readCertificate(bytes)).detail
const otherName = (value: Uint8Array, type = '1.3.6.1.4.1.311.44.0.2'): Uint8Array =>
  derElement(0xa0, identifier(type), derElement(0xa0, value))
const uuid = (printed: string): Uint8Array => octets(...(fromHex(printed.replaceAll('-', '')) ?? []))

describe('values of extensions', () => {
  const annName = nameOf(ann, 'Ann')
  const bobName = nameOf(bob)
  const host = derElement(0x82, toUtf8(hostNameOf(annName)))
  const peerAuthentication = identifier('1.3.6.1.4.1.311.44.3.4')
  const administrator = uuid('04387127-aa56-450a-8ce5-4f565c6790f4')
  const member = uuid('f12dc4c7-0857-4ca0-93fc-b1bb19a3d8c2')
  const classifier = (text: string): Uint8Array => otherName(utf8(text), '1.3.6.1.4.1.311.44.0.3')

  const values: readonly (readonly [
    row: string,
    what: string,
    problem: string,
    kind: SampleKind,
    extension: ExtensionName,
    value: Uint8Array,
  ])[] = [
    ['I-23', 'certificate type 0', 'certificate-type', 'identity', 'certificate type', octets(0, 0, 0, 0)],
    ['I-23', 'certificate type 5', 'certificate-type', 'identity', 'certificate type', octets(5, 0, 0, 0)],
    [
      'I-23',
      'a certificate type in network byte order',
      'certificate-type',
      'identity',
      'certificate type',
      octets(0, 0, 0, 3),
    ],
    ['I-23', 'a certificate type of 1 byte', 'certificate-type', 'identity', 'certificate type', octets(3)],
    [
      'I-23',
      'a certificate type of 5 bytes',
      'certificate-type',
      'identity',
      'certificate type',
      octets(3, 0, 0, 0, 0),
    ],
    ['I-23', 'certificate version 1.3', 'certificate-version', 'identity', 'certificate version', octets(1, 0, 3, 0)],
    [
      'I-23',
      'a certificate version of 2 bytes',
      'certificate-version',
      'identity',
      'certificate version',
      octets(1, 0),
    ],
    ['I-23', 'identity flags that are not 0', 'flags', 'identity', 'identity flags', octets(1, 0, 0, 0)],
    ['I-23', 'grouping flags that are not 0', 'flags', 'groupRoot', 'grouping flags', octets(0, 0, 0, 0x80)],
    ['I-23', 'grouping flags of 1 byte', 'flags', 'groupMembership', 'grouping flags', octets(0)],
    ['I-23', 'grouping flags in an IDC', 'unexpected-extension', 'identity', 'grouping flags', octets(0, 0, 0, 0)],
    [
      'I-23',
      'identity flags in a GMC',
      'unexpected-extension',
      'groupMembership',
      'identity flags',
      octets(0, 0, 0, 0),
    ],
    [
      'I-18, I-22',
      'an unsecured peer name',
      'peer-name',
      'identity',
      'subjectAltName',
      sequence(otherName(utf8('0.Ann')), host),
    ],
    [
      'I-22',
      'a peer name without a dot',
      'peer-name',
      'identity',
      'subjectAltName',
      sequence(otherName(utf8('Ann')), host),
    ],
    ['I-22', 'no name at all', 'encoding', 'identity', 'subjectAltName', sequence()],
    ['I-22', 'a host name alone', 'encoding', 'identity', 'subjectAltName', sequence(host)],
    [
      'I-22',
      'an otherName of another type',
      'encoding',
      'identity',
      'subjectAltName',
      sequence(otherName(utf8(annName), '1.3.6.1.4.1.311.20.2.3'), host),
    ],
    [
      'I-32',
      'a peer name that is a PrintableString',
      'encoding',
      'identity',
      'subjectAltName',
      sequence(otherName(ascii(0x13, annName)), host),
    ],
    [
      'I-22',
      'an IDC without its host name',
      'host-name',
      'identity',
      'subjectAltName',
      sequence(otherName(utf8(annName))),
    ],
    [
      'I-22',
      'an IDC with the host name of another name',
      'host-name',
      'identity',
      'subjectAltName',
      sequence(otherName(utf8(annName)), derElement(0x82, toUtf8('example.org'))),
    ],
    [
      'I-22',
      'an IDC with two host names',
      'encoding',
      'identity',
      'subjectAltName',
      sequence(otherName(utf8(annName)), host, host),
    ],
    [
      'I-22',
      'a GMC with a host name',
      'encoding',
      'groupMembership',
      'subjectAltName',
      sequence(otherName(utf8(bobName)), derElement(0x82, toUtf8(hostNameOf(bobName)))),
    ],
    [
      'I-25',
      'server authentication beside peer authentication',
      'key-usage',
      'identity',
      'extendedKeyUsage',
      sequence(peerAuthentication, identifier('1.3.6.1.5.5.7.3.1')),
    ],
    [
      'I-25',
      'server authentication instead of peer authentication',
      'key-usage',
      'identity',
      'extendedKeyUsage',
      sequence(identifier('1.3.6.1.5.5.7.3.1')),
    ],
    ['I-26', 'an IDC that is a CA', 'key-usage', 'identity', 'basicConstraints', sequence(DER_TRUE)],
    [
      'I-32',
      'a CA that says false, which is the default',
      'key-usage',
      'identity',
      'basicConstraints',
      sequence(Uint8Array.of(1, 1, 0)),
    ],
    [
      'I-26',
      'an IDC whose key may sign certificates',
      'key-usage',
      'identity',
      'keyUsage',
      derElement(3, Uint8Array.of(2, 0x84)),
    ],
    [
      'I-32',
      'a key usage with a superfluous byte',
      'key-usage',
      'identity',
      'keyUsage',
      derElement(3, Uint8Array.of(7, 0x80, 0)),
    ],
    ['P-005', 'a GRC that is no CA', 'key-usage', 'groupRoot', 'basicConstraints', sequence()],
    ['P-005', 'an administrator whose GMC is no CA', 'key-usage', 'groupMembership', 'basicConstraints', sequence()],
    [
      'P-005',
      'a CA with a path length',
      'key-usage',
      'groupRoot',
      'basicConstraints',
      sequence(DER_TRUE, derElement(2, Uint8Array.of(0))),
    ],
    [
      'P-002',
      'a GRC of another group than its own',
      'group-peer-name',
      'groupRoot',
      'group peer name',
      sequence(otherName(utf8(annName))),
    ],
    [
      'P-003',
      'an unsecured issuer',
      'peer-name',
      'groupMembership',
      'issuerAltName',
      sequence(otherName(utf8('0.Ann'))),
    ],
    [
      'P-003',
      'two issuers',
      'encoding',
      'groupMembership',
      'issuerAltName',
      sequence(otherName(utf8(nameOf(group, 'book club'))), otherName(utf8(annName))),
    ],
    [
      'P-003',
      'an authority key identifier of another key',
      'key-identifier',
      'groupMembership',
      'authorityKeyIdentifier',
      sequence(derElement(0x80, new Uint8Array(20))),
    ],
    [
      'P-003',
      'an authority key identifier with an issuer',
      'encoding',
      'groupMembership',
      'authorityKeyIdentifier',
      sequence(derElement(0x80, authorityBytes(authorityPart(nameOf(group)))), derElement(0x82, Uint8Array.of(1))),
    ],
    [
      'I-32',
      'a subject key identifier of another key',
      'key-identifier',
      'identity',
      'subjectKeyIdentifier',
      octets(...new Uint8Array(20)),
    ],
    ['P-004', 'an empty role list', 'roles', 'groupMembership', 'roles', sequence()],
    [
      'P-004',
      'the UUID that MS-PNRP has for inviting members',
      'roles',
      'groupMembership',
      'roles',
      sequence(uuid('dd15f41f-fc4e-4922-b035-4c06a754d01d')),
    ],
    ['P-004', 'a role of 15 bytes', 'roles', 'groupMembership', 'roles', sequence(octets(...new Uint8Array(15)))],
    ['P-004', 'a role twice', 'roles', 'groupMembership', 'roles', sequence(administrator, administrator)],
    ['I-32', 'roles out of order', 'roles', 'groupMembership', 'roles', sequence(member, administrator)],
    ['I-32', 'a link for two roles', 'roles', 'link', 'roles', sequence(administrator, member)],
    [
      'I-32',
      'a classifier of 150 characters',
      'classifiers',
      'groupMembership',
      'classifiers',
      sequence(classifier('x'.repeat(150))),
    ],
    ['I-32', 'a classifier with a NUL', 'classifiers', 'groupMembership', 'classifiers', sequence(classifier('a\0b'))],
    [
      'I-32',
      'a classifier twice',
      'classifiers',
      'groupMembership',
      'classifiers',
      sequence(classifier('a'), classifier('a')),
    ],
    [
      'I-28',
      'nine classifiers',
      'classifiers',
      'groupMembership',
      'classifiers',
      sequence(...'abcdefghi'.split('').map(classifier)),
    ],
    [
      'I-32',
      'a classifier of the type of peer names',
      'encoding',
      'groupMembership',
      'classifiers',
      sequence(otherName(utf8('a'))),
    ],
    [
      'I-32',
      'a link that expires after its certificate',
      'link-expiry',
      'link',
      'privateKeyUsagePeriod',
      sequence(ascii(0x81, '20281122170000Z')),
    ],
    [
      'I-32',
      'a link that expired before its certificate began',
      'link-expiry',
      'link',
      'privateKeyUsagePeriod',
      sequence(ascii(0x81, '20261122165959Z')),
    ],
    [
      'I-32',
      'a link that expires at no time',
      'link-expiry',
      'link',
      'privateKeyUsagePeriod',
      sequence(ascii(0x81, '20261301000000Z')),
    ],
    [
      'I-32',
      'a link with a beginning of its own',
      'encoding',
      'link',
      'privateKeyUsagePeriod',
      sequence(ascii(0x80, '20261122170000Z'), ascii(0x81, '20261129170000Z')),
    ],
  ]

  test.each(values)('%s: %s is refused as %s', (_row, _what, problem, kind, extension, value) => {
    expect(problemOf(withExtension(kind, extension, value))).toBe(problem)
  })

  const allowed: typeof values = [
    ['I-23', 'identity flags of 0', 'none', 'identity', 'identity flags', octets(0, 0, 0, 0)],
    ['I-23', 'grouping flags of 0', 'none', 'link', 'grouping flags', octets(0, 0, 0, 0)],
    ['I-32', 'an empty classifier list', 'none', 'groupMembership', 'classifiers', sequence()],
    [
      'I-32',
      'an empty classifier, and one of 149 characters',
      'none',
      'groupMembership',
      'classifiers',
      sequence(classifier(''), classifier('x'.repeat(149))),
    ],
    ['I-32', 'several roles', 'none', 'groupMembership', 'roles', sequence(administrator, member)],
    [
      'I-32',
      'a link that expires with its certificate',
      'none',
      'link',
      'privateKeyUsagePeriod',
      sequence(ascii(0x81, '20271122170000Z')),
    ],
  ]

  test.each(allowed)('%s: %s is taken', (_row, _what, _problem, kind, extension, value) => {
    expect(detailOf(withExtension(kind, extension, value))).toBe('nothing was refused')
  })

  test('P-004, I-23: the constants are those of the specifications, byte for byte', () => {
    const written = toHex(samples.groupMembership.der)
    for (const bytes of [
      sequence(identifier('1.3.6.1.4.1.311.44.0.1'), octets(4, 4, 1, 0, 0, 0)),
      sequence(identifier('1.3.6.1.4.1.311.44.0.4'), octets(4, 4, 1, 0, 2, 0)),
      sequence(identifier('1.3.6.1.4.1.311.44.3.3'), derElement(4, sequence(administrator))),
      sequence(identifier('2.5.29.37'), derElement(4, sequence(peerAuthentication))),
    ]) {
      expect(written).toContain(toHex(bytes))
    }
  })

  test('P-003: the public key of a GMC is byte for byte that of the identity', () => {
    expect(toHex(samples.groupMembership.der)).toContain(toHex(subjectPublicKeyInfo(bob.publicKey)))
    expect(samples.groupMembership.publicKey).toEqual(bob.publicKey)
  })
})
