/**
 * The profile of our certificates as one table of extensions: which there are, which kinds of
 * certificates have them, and what stands in them. The writer and the reader both go by it;
 * docs/protocol/certificates.md shows it to people.
 *
 * Extensions stand in ascending order of their identifiers' bytes, so that a set of them has one form
 * and a doubled one is seen. The two that every verifier must understand are critical; ours are not,
 * because `openssl verify` stops at a critical extension that it does not know.
 */
import { equalBytes, fromHex, toUtf8 } from '../../runtime/bytes.ts'
import { authorityBytes } from '../authority.ts'
import {
  BIT_STRING,
  BOOLEAN,
  contextConstructed,
  contextPrimitive,
  INTEGER,
  OBJECT_IDENTIFIER,
  OCTET_STRING,
  SEQUENCE,
  UTF8_STRING,
} from '../der-tags.ts'
import { derElement, derObjectIdentifier } from '../der-writer.ts'
import { hostNameIfAny } from '../host-name.ts'
import { objectIdentifier } from '../object-identifier.ts'
import { authorityPart, type PeerName } from '../peer-name.ts'
import { mayIssueCertificates, ROLES, type Role } from '../role.ts'
import { type CertificateContent, type CertificateKind, SERIAL_NUMBER_LENGTH } from './certificate.ts'
import type { CertificateProblem } from './certificate-refusal.ts'
import { generalizedTime } from './certificate-time.ts'

/** One row of the table. */
export interface ExtensionProfile {
  readonly name: ExtensionName
  /** The content of its object identifier in DER. */
  readonly identifier: Uint8Array
  readonly critical: boolean
  /** The kinds of certificates that have it, and no other may. */
  readonly kinds: readonly CertificateKind[]
  /** Whether these may also be without it. */
  readonly optional: boolean
  /** Its value, which kind and rights alone determine in the extensions that have a `problem`. */
  readonly value: (content: CertificateContent) => Uint8Array
  /** Why a certificate is refused that has another value there. The other extensions are read. */
  readonly problem: CertificateProblem | undefined
}

export type ExtensionName =
  | 'certificate type'
  | 'certificate version'
  | 'identity flags'
  | 'group peer name'
  | 'grouping flags'
  | 'roles'
  | 'classifiers'
  | 'subjectKeyIdentifier'
  | 'keyUsage'
  | 'privateKeyUsagePeriod'
  | 'subjectAltName'
  | 'issuerAltName'
  | 'basicConstraints'
  | 'authorityKeyIdentifier'
  | 'extendedKeyUsage'

// What all certificates have outside their extensions

/** Version 3 of X.509, which is written as 2. */
export const X509_VERSION: Uint8Array = Uint8Array.of(contextConstructed(0), 3, INTEGER, 1, 2)
/** The AlgorithmIdentifier of Ed25519, without parameters (RFC 8410 section 3). */
export const ED25519_ALGORITHM: Uint8Array = Uint8Array.of(SEQUENCE, 5, OBJECT_IDENTIFIER, 3, 0x2b, 0x65, 0x70)
export const COMMON_NAME_IDENTIFIER: Uint8Array = objectIdentifier('2.5.4.3')

// What stands in their extensions

const PEERNET = '1.3.6.1.4.1.311.44'
/** The type-id of an otherName that is a peer name. */
export const PEER_NAME_IDENTIFIER: Uint8Array = objectIdentifier(`${PEERNET}.0.2`)
/** The type-id of an otherName that is a classifier. */
export const CLASSIFIER_IDENTIFIER: Uint8Array = objectIdentifier(`${PEERNET}.0.3`)
const PEER_AUTHENTICATION = objectIdentifier(`${PEERNET}.3.4`)

/** The certificate types, little-endian (MS-PPSEC 2.2.5); 4 is ours. */
const CERTIFICATE_TYPES: Readonly<Record<CertificateKind, Uint8Array>> = {
  'group-membership': octetString(1, 0, 0, 0),
  'group-root': octetString(2, 0, 0, 0),
  identity: octetString(3, 0, 0, 0),
  link: octetString(4, 0, 0, 0),
}

/** Version 1.2: 0x01000200 in network byte order (MS-PNRP 2.2.3.5.1.2). */
const CERTIFICATE_VERSION = octetString(1, 0, 2, 0)
const NO_FLAGS = octetString(0, 0, 0, 0)

/** The UUIDs of the roles, in the order of their printed digits (MS-PPSEC 2.2.5.3). */
const ROLE_IDENTIFIERS: Readonly<Record<Role, Uint8Array>> = {
  administrator: uuid('04387127-aa56-450a-8ce5-4f565c6790f4'),
  'inviting-member': uuid('4370fd89-dc18-4cfb-8dbf-9853a8a9f905'),
  member: uuid('f12dc4c7-0857-4ca0-93fc-b1bb19a3d8c2'),
}

// Bit strings of one byte, after the number of bits in it that do not count.
const DIGITAL_SIGNATURE = Uint8Array.of(BIT_STRING, 2, 7, 0b1000_0000)
const CERTIFICATE_SIGNING = Uint8Array.of(BIT_STRING, 2, 2, 0b0000_0100)
const DIGITAL_SIGNATURE_AND_CERTIFICATE_SIGNING = Uint8Array.of(BIT_STRING, 2, 2, 0b1000_0100)

const CERTIFICATE_AUTHORITY = Uint8Array.of(SEQUENCE, 3, BOOLEAN, 1, 0xff)
const NO_CERTIFICATE_AUTHORITY = Uint8Array.of(SEQUENCE, 0)

/** Peer authentication, and nothing for TLS, which never sees these certificates. */
const EXTENDED_KEY_USAGE = derElement(SEQUENCE, derObjectIdentifier(PEER_AUTHENTICATION))

const ALL: readonly CertificateKind[] = ['identity', 'group-root', 'group-membership', 'link']
const IN_GROUPS: readonly CertificateKind[] = ['group-root', 'group-membership', 'link']
const ISSUED: readonly CertificateKind[] = ['group-membership', 'link']

/** The table, in the order in which the extensions stand. */
export const EXTENSIONS: readonly ExtensionProfile[] = [
  fixed('certificate type', `${PEERNET}.0.1`, ALL, 'certificate-type', ({ kind }) => CERTIFICATE_TYPES[kind]),
  fixed('certificate version', `${PEERNET}.0.4`, ALL, 'certificate-version', () => CERTIFICATE_VERSION),
  { ...fixed('identity flags', `${PEERNET}.2.2`, ['identity'], 'flags', () => NO_FLAGS), optional: true },
  variable('group peer name', `${PEERNET}.3.1`, IN_GROUPS, groupPeerName),
  { ...fixed('grouping flags', `${PEERNET}.3.2`, IN_GROUPS, 'flags', () => NO_FLAGS), optional: true },
  variable('roles', `${PEERNET}.3.3`, ISSUED, roles),
  variable('classifiers', `${PEERNET}.3.5`, ISSUED, classifiers),
  variable('subjectKeyIdentifier', '2.5.29.14', ALL, subjectKeyIdentifier),
  { ...fixed('keyUsage', '2.5.29.15', ALL, 'key-usage', keyUsage), critical: true },
  // RFC 3280 section 4.2.1.4. RFC 5280 leaves it out, since the web has no use for it; `openssl` prints it.
  variable('privateKeyUsagePeriod', '2.5.29.16', ['link'], linkExpiry),
  variable('subjectAltName', '2.5.29.17', ALL, subjectAltName),
  variable('issuerAltName', '2.5.29.18', ISSUED, issuerAltName),
  { ...fixed('basicConstraints', '2.5.29.19', ALL, 'key-usage', basicConstraints), critical: true },
  variable('authorityKeyIdentifier', '2.5.29.35', ISSUED, authorityKeyIdentifier),
  fixed('extendedKeyUsage', '2.5.29.37', ALL, 'key-usage', () => EXTENDED_KEY_USAGE),
]

/** The kind that a value of the certificate type stands for, or undefined. */
export function kindOfType(value: Uint8Array): CertificateKind | undefined {
  return ALL.find((kind) => equalBytes(CERTIFICATE_TYPES[kind], value))
}

/** The role that an element of the role list stands for, or undefined. */
export function roleOfIdentifier(element: Uint8Array): Role | undefined {
  return ROLES.find((role) => equalBytes(ROLE_IDENTIFIERS[role], element))
}

/** Whether a serial number is positive and takes exactly its 16 bytes in DER. */
export function isSerialNumber(bytes: Uint8Array): boolean {
  const [first = 0] = bytes
  return bytes.length === SERIAL_NUMBER_LENGTH && first > 0 && first < 0x80
}

function fixed(
  name: ExtensionName,
  identifier: string,
  kinds: readonly CertificateKind[],
  problem: CertificateProblem,
  value: ExtensionProfile['value'],
): ExtensionProfile {
  return { ...variable(name, identifier, kinds, value), problem }
}

function variable(
  name: ExtensionName,
  identifier: string,
  kinds: readonly CertificateKind[],
  value: ExtensionProfile['value'],
): ExtensionProfile {
  return {
    name,
    identifier: objectIdentifier(identifier),
    critical: false,
    kinds,
    optional: false,
    value,
    problem: undefined,
  }
}

/** Whether further certificates can be under one with this content. */
function mayIssue(content: CertificateContent): boolean {
  if (content.kind === 'group-membership') return content.roles.some(mayIssueCertificates)
  return content.kind !== 'identity'
}

function basicConstraints(content: CertificateContent): Uint8Array {
  return mayIssue(content) ? CERTIFICATE_AUTHORITY : NO_CERTIFICATE_AUTHORITY
}

/** A key signs what its owner says, and further certificates if it may; that of a link signs only these. */
function keyUsage(content: CertificateContent): Uint8Array {
  if (content.kind === 'link') return CERTIFICATE_SIGNING
  return mayIssue(content) ? DIGITAL_SIGNATURE_AND_CERTIFICATE_SIGNING : DIGITAL_SIGNATURE
}

type IssuedContent = Extract<CertificateContent, { readonly issuerPeerName: PeerName }>

/** The content, of which the table says that it is one of an issued certificate. */
function issued(content: CertificateContent): IssuedContent {
  if (content.kind === 'group-membership' || content.kind === 'link') return content
  throw new TypeError(`a certificate of kind ${content.kind} has no issuer`)
}

function groupPeerName(content: CertificateContent): Uint8Array {
  const name = content.kind === 'group-root' ? content.peerName : issued(content).groupPeerName
  return derElement(SEQUENCE, otherName(PEER_NAME_IDENTIFIER, name))
}

function roles(content: CertificateContent): Uint8Array {
  return derElement(SEQUENCE, ...issued(content).roles.map((role) => ROLE_IDENTIFIERS[role]))
}

function classifiers(content: CertificateContent): Uint8Array {
  const names = issued(content).classifiers.map((classifier) => otherName(CLASSIFIER_IDENTIFIER, classifier))
  return derElement(SEQUENCE, ...names)
}

/** A key is named by its authority: any value that tells keys apart will do (RFC 5280 section 4.2.1.2). */
function subjectKeyIdentifier({ peerName }: CertificateContent): Uint8Array {
  return derElement(OCTET_STRING, authorityBytes(authorityPart(peerName)))
}

function authorityKeyIdentifier(content: CertificateContent): Uint8Array {
  const authority = authorityBytes(authorityPart(issued(content).issuerPeerName))
  return derElement(SEQUENCE, derElement(contextPrimitive(0), authority))
}

/** When a link's key may sign no longer. */
function linkExpiry(content: CertificateContent): Uint8Array {
  if (content.kind !== 'link') throw new TypeError(`a certificate of kind ${content.kind} is no link`)
  return derElement(SEQUENCE, derElement(contextPrimitive(1), generalizedTime(content.admitsUntil)))
}

/** The peer name, and in an IDC also its host name where it has one. */
function subjectAltName({ kind, peerName }: CertificateContent): Uint8Array {
  const name = otherName(PEER_NAME_IDENTIFIER, peerName)
  const hostName = kind === 'identity' ? hostNameIfAny(peerName) : undefined
  if (hostName === undefined) return derElement(SEQUENCE, name)
  return derElement(SEQUENCE, name, derElement(contextPrimitive(2), toUtf8(hostName)))
}

function issuerAltName(content: CertificateContent): Uint8Array {
  return derElement(SEQUENCE, otherName(PEER_NAME_IDENTIFIER, issued(content).issuerPeerName))
}

function otherName(identifier: Uint8Array, text: string): Uint8Array {
  const value = derElement(contextConstructed(0), derElement(UTF8_STRING, toUtf8(text)))
  return derElement(contextConstructed(0), derObjectIdentifier(identifier), value)
}

function uuid(printed: string): Uint8Array {
  return octetString(...(fromHex(printed.replaceAll('-', '')) ?? []))
}

function octetString(...bytes: readonly number[]): Uint8Array {
  return derElement(OCTET_STRING, Uint8Array.from(bytes))
}
