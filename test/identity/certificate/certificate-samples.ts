/** Certificates for tests: one of each kind, any legal content, and certificates that are wrong in one place. */
import { authorityOf } from '../../../src/identity/authority.ts'
import type { Certificate, CertificateContent } from '../../../src/identity/certificate/certificate.ts'
import {
  EXTENSIONS,
  type ExtensionName,
  type ExtensionProfile,
} from '../../../src/identity/certificate/certificate-profile.ts'
import {
  encodeCertificate,
  encodeSignedPart,
  issueCertificate,
} from '../../../src/identity/certificate/certificate-writer.ts'
import { DerReader } from '../../../src/identity/der-reader.ts'
import { contextConstructed, OCTET_STRING, SEQUENCE } from '../../../src/identity/der-tags.ts'
import { DER_TRUE, derElement, derObjectIdentifier } from '../../../src/identity/der-writer.ts'
import { makePeerName, type PeerName } from '../../../src/identity/peer-name.ts'
import { compareBytes } from '../../../src/runtime/bytes.ts'
import type { SigningKeyPair } from '../../../src/runtime/crypto.ts'
import { PeerageError } from '../../../src/runtime/peerage-error.ts'
import { crypto } from '../platform.ts'

/** 2026-11-22T17:00:00Z */
export const NOW = 1_795_366_800_000
export const YEAR = 365 * 86_400_000

/** The key pair of a seed that repeats one byte. */
export function keyPairOf(byte: number): SigningKeyPair {
  return crypto.signingKeyPair(new Uint8Array(32).fill(byte))
}

export function nameOf({ publicKey }: SigningKeyPair, classifier = ''): PeerName {
  return makePeerName(authorityOf(crypto, publicKey), classifier)
}

export const ann = keyPairOf(1)
export const bob = keyPairOf(2)
export const group = keyPairOf(3)
export const link = keyPairOf(4)

const annName = nameOf(ann, 'Ann')
const groupName = nameOf(group, 'book club')

const common = (
  byte: number,
): Pick<CertificateContent, 'serialNumber' | 'notBefore' | 'notAfter' | 'hasFlags' | 'unknownExtensions'> => ({
  serialNumber: new Uint8Array(16).fill(byte),
  notBefore: NOW,
  notAfter: NOW + YEAR,
  hasFlags: false,
  unknownExtensions: [],
})

/** One certificate of each kind: Ann's IDC, a group, Bob as its administrator, and a link of Bob's. */
export const contents = {
  identity: {
    ...common(0x11),
    kind: 'identity',
    subject: 'Ann',
    issuer: 'Ann',
    publicKey: ann.publicKey,
    peerName: annName,
  },
  groupRoot: {
    ...common(0x22),
    kind: 'group-root',
    subject: 'Book club',
    issuer: 'Book club',
    publicKey: group.publicKey,
    peerName: groupName,
    notAfter: Date.UTC(3026, 10, 22),
  },
  groupMembership: {
    ...common(0x33),
    kind: 'group-membership',
    subject: authorityOf(crypto, bob.publicKey),
    issuer: 'Book club',
    publicKey: bob.publicKey,
    peerName: nameOf(bob),
    issuerPeerName: groupName,
    groupPeerName: groupName,
    roles: ['administrator'],
    classifiers: [],
  },
  link: {
    ...common(0x44),
    kind: 'link',
    subject: authorityOf(crypto, link.publicKey),
    issuer: authorityOf(crypto, bob.publicKey),
    publicKey: link.publicKey,
    peerName: nameOf(link),
    issuerPeerName: nameOf(bob),
    groupPeerName: groupName,
    roles: ['member'],
    classifiers: ['participant'],
    admitsUntil: NOW + 7 * 86_400_000,
  },
} as const satisfies Record<string, CertificateContent>

/** Who signs each of {@link contents}. */
export const issuers = { identity: ann, groupRoot: group, groupMembership: group, link: bob } as const

export type SampleKind = keyof typeof contents
export const sampleKinds: readonly SampleKind[] = ['identity', 'groupRoot', 'groupMembership', 'link']

export const samples: Readonly<Record<SampleKind, Certificate>> = {
  identity: issue('identity'),
  groupRoot: issue('groupRoot'),
  groupMembership: issue('groupMembership'),
  link: issue('link'),
}

function issue(kind: SampleKind): Certificate {
  return issueCertificate(crypto, contents[kind], issuers[kind].secretKey)
}

/** The problem that a PeerageError `invalid-certificate` names, and its detail. */
export function refusalOf(body: () => unknown): { problem: string; detail: string } {
  try {
    body()
  } catch (error) {
    if (PeerageError.is(error, 'invalid-certificate')) return error.details
    throw error
  }
  return { problem: 'none', detail: 'nothing was refused' }
}

/** The parts of a signed part, each a whole element, by name; the extensions are apart. */
export interface Parts {
  readonly version: Uint8Array
  readonly serialNumber: Uint8Array
  readonly algorithm: Uint8Array
  readonly issuer: Uint8Array
  readonly validity: Uint8Array
  readonly subject: Uint8Array
  readonly publicKey: Uint8Array
  /** What stands between the public key and the extensions. */
  readonly between: Uint8Array
  readonly outerAlgorithm: Uint8Array
  /** The whole BIT STRING of the signature, or undefined for a right one. */
  readonly signature: Uint8Array | undefined
}

/** An extension to be written, whatever it is. */
export interface RawExtension {
  readonly identifier: Uint8Array
  readonly critical: Uint8Array
  readonly value: Uint8Array
}

/** A sample with some of its parts or its extensions replaced, signed again. */
export function altered(
  kind: SampleKind,
  parts: Partial<Parts>,
  extensions: (given: readonly RawExtension[]) => readonly RawExtension[] = (given) => given,
): Uint8Array {
  const whole = { ...partsOf(contents[kind]), ...parts }
  const list = extensions(extensionsOf(contents[kind])).map(({ identifier, critical, value }) =>
    derElement(SEQUENCE, derObjectIdentifier(identifier), critical, derElement(OCTET_STRING, value)),
  )
  const signedPart = derElement(
    SEQUENCE,
    whole.version,
    whole.serialNumber,
    whole.algorithm,
    whole.issuer,
    whole.validity,
    whole.subject,
    whole.publicKey,
    whole.between,
    derElement(contextConstructed(3), derElement(SEQUENCE, ...list)),
  )
  const signature = crypto.sign(signedPart, issuers[kind].secretKey)
  if (whole.signature === undefined && whole.outerAlgorithm.length === 7)
    return encodeCertificate(signedPart, signature)
  const bits = whole.signature ?? derElement(0x03, Uint8Array.of(0), signature)
  return derElement(SEQUENCE, signedPart, whole.outerAlgorithm, bits)
}

/** The same with the value of one extension replaced, or taken out. */
export function withExtension(kind: SampleKind, name: ExtensionName, value: Uint8Array | undefined): Uint8Array {
  const profile = profileOf(name)
  return altered(kind, {}, (given) => {
    const others = given.filter(({ identifier }) => compareBytes(identifier, profile.identifier) !== 0)
    if (value === undefined) return others
    const critical = profile.critical ? DER_TRUE : new Uint8Array()
    return inOrder([...others, { identifier: profile.identifier, critical, value }])
  })
}

/** What stands in an extension of a sample. */
export function extensionValue(kind: SampleKind, name: ExtensionName): Uint8Array {
  return profileOf(name).value(contents[kind])
}

export function inOrder(extensions: readonly RawExtension[]): readonly RawExtension[] {
  return [...extensions].sort((one, other) => compareBytes(one.identifier, other.identifier))
}

function profileOf(name: ExtensionName): ExtensionProfile {
  const profile = EXTENSIONS.find((row) => row.name === name)
  if (profile === undefined) throw new Error(`no extension ${name}`)
  return profile
}

function partsOf(content: CertificateContent): Parts {
  const reader = new DerReader(encodeSignedPart(content), 'sample')
  reader.enter(SEQUENCE, 'the signed part')
  const [version, serialNumber, algorithm, issuer, validity, subject, publicKey] = [
    0xa0, 2, 0x30, 0x30, 0x30, 0x30, 0x30,
  ].map((tag) => reader.element(tag, 'a part'))
  if (!version || !serialNumber || !algorithm || !issuer || !validity || !subject || !publicKey)
    throw new Error('parts')
  return {
    ...{ version, serialNumber, algorithm, issuer, validity, subject, publicKey },
    between: new Uint8Array(),
    outerAlgorithm: algorithm,
    signature: undefined,
  }
}

function extensionsOf(content: CertificateContent): readonly RawExtension[] {
  return EXTENSIONS.filter(({ kinds, optional }) => kinds.includes(content.kind) && !optional).map((row) => ({
    identifier: row.identifier,
    critical: row.critical ? DER_TRUE : new Uint8Array(),
    value: row.value(content),
  }))
}
