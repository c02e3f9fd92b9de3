/** Any legal content of a certificate, for property tests. */
import fc from 'fast-check'
import type { CertificateContent } from '../../../src/identity/certificate/certificate.ts'
import { classifierPart, type PeerName } from '../../../src/identity/peer-name.ts'
import { ROLES } from '../../../src/identity/role.ts'
import { compareBytes } from '../../../src/runtime/bytes.ts'
import { anyPeerName } from '../peer-name-samples.ts'
import { keyPairOf, nameOf } from './certificate-samples.ts'

const anySecond = fc.integer({ min: 0, max: 253_402_300_799 }).map((second) => second * 1000)

const anySecuredName: fc.Arbitrary<PeerName> = fc
  .tuple(fc.integer({ min: 1, max: 255 }), anyPeerName)
  .map(([byte, name]) => nameOf(keyPairOf(byte), classifierPart(name)))

const anyFriendlyName = fc.oneof(
  fc.constantFrom('Ann', 'Änn 🐎', 'x'.repeat(255), '\u4e2d'.repeat(255)),
  fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
    .map((text) => `A${text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '')}`),
)

const anyUnknownExtensions = fc
  .uniqueArray(
    fc.record({ identifier: fc.constantFrom(...unknownIdentifiers()), value: fc.uint8Array({ maxLength: 20 }) }),
    {
      maxLength: 4,
      selector: ({ identifier }) => identifier.join('.'),
    },
  )
  .map((list) => list.sort((one, other) => compareBytes(one.identifier, other.identifier)))

/** 1.2.3, 1.3.6.1.4.1.311.44.3.99, 2.5.29.31, 2.5.29.99 and 2.999. */
function unknownIdentifiers(): readonly Uint8Array[] {
  return [
    Uint8Array.of(0x2a, 3),
    Uint8Array.of(0x2b, 6, 1, 4, 1, 0x82, 0x37, 0x2c, 3, 99),
    Uint8Array.of(0x55, 0x1d, 31),
    Uint8Array.of(0x55, 0x1d, 99),
    Uint8Array.of(0x88, 0x37),
  ]
}

const anyCommon = fc
  .record({
    serialNumber: fc.tuple(fc.integer({ min: 1, max: 127 }), fc.uint8Array({ minLength: 15, maxLength: 15 })),
    keyByte: fc.integer({ min: 1, max: 255 }),
    name: anyPeerName,
    subject: fc.option(anyFriendlyName, { nil: undefined }),
    times: fc.tuple(anySecond, anySecond),
    hasFlags: fc.boolean(),
    unknownExtensions: anyUnknownExtensions,
  })
  .map(({ serialNumber: [first, rest], keyByte, name, subject, times: [one, other], ...others }) => {
    const keyPair = keyPairOf(keyByte)
    const peerName = nameOf(keyPair, classifierPart(name))
    return {
      ...others,
      serialNumber: Uint8Array.of(first, ...rest),
      publicKey: keyPair.publicKey,
      peerName,
      subject: subject ?? peerName,
      notBefore: Math.min(one, other),
      notAfter: Math.max(one, other),
    }
  })

const anyIssued = fc
  .record({
    issuerPeerName: anySecuredName,
    issuerFriendlyName: fc.option(anyFriendlyName, { nil: undefined }),
    groupPeerName: anySecuredName,
    roles: fc.subarray([...ROLES], { minLength: 1 }),
    classifiers: fc.uniqueArray(anyPeerName.map(classifierPart), { maxLength: 3 }),
  })
  .map(({ issuerFriendlyName, ...others }) => ({ ...others, issuer: issuerFriendlyName ?? others.issuerPeerName }))

const anyKind = fc.constantFrom<CertificateContent['kind'][]>('identity', 'group-root', 'group-membership', 'link')

type Common = typeof anyCommon extends fc.Arbitrary<infer Value> ? Value : never
type Issued = typeof anyIssued extends fc.Arbitrary<infer Value> ? Value : never

/** Any legal content of any kind. */
export const anyContent: fc.Arbitrary<CertificateContent> = fc
  .tuple(anyKind, anyCommon, anyIssued, fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([kind, common, issued, share]) => contentOf(kind, common, issued, share))

function contentOf(
  kind: CertificateContent['kind'],
  common: Common,
  issued: Issued,
  share: number,
): CertificateContent {
  switch (kind) {
    case 'identity':
      return { kind, ...common, issuer: common.subject }
    case 'group-root':
      return { kind, ...common, issuer: common.subject }
    case 'group-membership':
      return { kind, ...common, ...issued }
    case 'link': {
      const seconds = Math.floor(((common.notAfter - common.notBefore) / 1000) * share)
      const admitsUntil = common.notBefore + seconds * 1000
      return { kind, ...common, ...issued, roles: issued.roles.slice(0, 1), admitsUntil }
    }
  }
}
