/** Certificates that are signed and wrong in exactly one extension, and the reason that each is refused for. */
import { describe, expect, test } from 'vitest'
import { EXTENSIONS, type ExtensionName } from '../../../src/identity/certificate/certificate-profile.ts'
import { readCertificate } from '../../../src/identity/certificate/certificate-reader.ts'
import { DER_TRUE } from '../../../src/identity/der-writer.ts'
import { objectIdentifier } from '../../../src/identity/object-identifier.ts'
import {
  altered,
  extensionValue,
  inOrder,
  type RawExtension,
  refusalOf,
  type SampleKind,
  sampleKinds,
  withExtension,
} from './certificate-samples.ts'

const problemOf = (bytes: Uint8Array): string => refusalOf(() => readCertificate(bytes)).problem
const detailOf = (bytes: Uint8Array): string => refusalOf(() => readCertificate(bytes)).detail
const nothing = new Uint8Array()

describe('extensions', () => {
  test('I-32: the table ascends, which the reader relies on', () => {
    const ascending = inOrder(EXTENSIONS.map((row) => ({ ...row, critical: nothing, value: nothing })))
    expect(ascending.map(({ identifier }) => identifier)).toEqual(EXTENSIONS.map(({ identifier }) => identifier))
  })

  const everywhere: readonly ExtensionName[] = [
    'certificate type',
    'certificate version',
    'subjectKeyIdentifier',
    'keyUsage',
    'subjectAltName',
    'basicConstraints',
    'extendedKeyUsage',
  ]
  const issued: readonly ExtensionName[] = [
    ...everywhere,
    'group peer name',
    'roles',
    'classifiers',
    'issuerAltName',
    'authorityKeyIdentifier',
  ]
  const required: Readonly<Record<SampleKind, readonly ExtensionName[]>> = {
    identity: everywhere,
    groupRoot: [...everywhere, 'group peer name'],
    groupMembership: issued,
    link: [...issued, 'privateKeyUsagePeriod'],
  }
  const missing = sampleKinds.flatMap((kind) => required[kind].map((extension) => [kind, extension] as const))

  test.each(missing)('I-23, I-24: a %s certificate without %s is refused', (kind, extension) => {
    const { problem, detail } = refusalOf(() => readCertificate(withExtension(kind, extension, undefined)))
    expect({ problem, detail }).toEqual({ problem: 'missing-extension', detail: `its ${extension} is missing` })
  })

  test('I-24: a certificate without any extension is refused', () => {
    expect(problemOf(altered('identity', {}, () => []))).toBe('missing-extension')
  })

  const unexpected: readonly (readonly [row: string, kind: SampleKind, extension: ExtensionName, from: SampleKind])[] =
    [
      ['I-26', 'identity', 'issuerAltName', 'groupMembership'],
      ['I-26', 'identity', 'group peer name', 'groupRoot'],
      ['I-26', 'identity', 'roles', 'groupMembership'],
      ['I-26', 'identity', 'classifiers', 'groupMembership'],
      ['I-26', 'identity', 'authorityKeyIdentifier', 'groupMembership'],
      ['P-002', 'groupRoot', 'roles', 'groupMembership'],
      ['P-002', 'groupRoot', 'classifiers', 'groupMembership'],
      ['P-002', 'groupRoot', 'issuerAltName', 'groupMembership'],
      ['P-003', 'groupMembership', 'privateKeyUsagePeriod', 'link'],
    ]

  test.each(unexpected)('%s: a %s certificate with %s is refused', (_row, kind, extension, from) => {
    const value = extensionValue(from, extension)
    expect(problemOf(withExtension(kind, extension, value))).toBe('unexpected-extension')
  })

  test('I-24: an extension that is there twice is refused', () => {
    const doubled = (given: readonly RawExtension[]): readonly RawExtension[] =>
      given.flatMap((extension, index) => (index === 3 ? [extension, extension] : [extension]))
    for (const kind of sampleKinds) expect(problemOf(altered(kind, {}, doubled))).toBe('duplicate-extension')
  })

  test('I-32: extensions out of order are refused', () => {
    const swapped = ([first, second, ...rest]: readonly RawExtension[]): readonly RawExtension[] =>
      first === undefined || second === undefined ? [] : [second, first, ...rest]
    for (const kind of sampleKinds) expect(problemOf(altered(kind, {}, swapped))).toBe('extension-order')
  })

  test('I-24: an unknown critical extension is refused, and one that is not critical is passed over and kept', () => {
    const unknown = { identifier: objectIdentifier('1.3.6.1.4.1.311.44.3.99'), value: Uint8Array.of(5, 0) }
    const added = (critical: Uint8Array): Uint8Array =>
      altered('groupMembership', {}, (given) => inOrder([...given, { ...unknown, critical }]))
    expect(problemOf(added(DER_TRUE))).toBe('unknown-critical-extension')
    expect(readCertificate(added(nothing)).unknownExtensions).toEqual([unknown])
  })

  test('I-28: more unknown extensions than the limit are refused', () => {
    const unknown = (count: number): Uint8Array =>
      altered('identity', {}, (given) =>
        inOrder([
          ...given,
          ...Array.from({ length: count }, (_, index) => ({
            identifier: Uint8Array.of(0x2a, index),
            critical: nothing,
            value: nothing,
          })),
        ]),
      )
    expect(problemOf(unknown(8))).toBe('none')
    expect(problemOf(unknown(9))).toBe('too-many-extensions')
  })

  test('I-24: one of ours that is critical, and one of X.509 that is not, are refused', () => {
    const flipped = (place: number): Uint8Array =>
      altered('identity', {}, (given) =>
        given.map((extension, index) =>
          index === place
            ? { ...extension, critical: extension.critical.length === 0 ? DER_TRUE : nothing }
            : extension,
        ),
      )
    const details = Array.from({ length: 7 }, (_, place) => refusalOf(() => readCertificate(flipped(place))))
    expect(details.map(({ problem }) => problem)).toEqual(details.map(() => 'criticality'))
    expect(details[0]?.detail).toBe('its certificate type is critical')
    expect(details.map(({ detail }) => detail)).toContain('its keyUsage is not critical')
  })

  test('I-32: a critical flag that is false, which is the default, or another true is refused', () => {
    for (const flag of [0x00, 0x01]) {
      const written = altered('identity', {}, (given) =>
        given.map((extension) => ({
          ...extension,
          critical: extension.critical.length === 0 ? nothing : Uint8Array.of(1, 1, flag),
        })),
      )
      expect(detailOf(written)).toMatch(/a critical flag is not true$/)
    }
  })
})
