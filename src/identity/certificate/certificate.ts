/**
 * Certificates: what proves that a key is an identity, a group, a member of a group, or an invitation
 * link. All four kinds are X.509 v3 in one narrow profile (docs/protocol/certificates.md), so that
 * `openssl` prints and verifies them.
 *
 * The content of a certificate determines its bytes: reading one and writing its content again gives
 * the same bytes, but for the signature, which {@link SignedForm} keeps.
 */
import type { PeerName } from '../peer-name.ts'
import type { Role } from '../role.ts'

/** A certificate that was read: of legal form, and nothing more. Its signature is not checked yet. */
export type Certificate = IdentityCertificate | GroupRootCertificate | GroupMembershipCertificate | LinkCertificate

/** IDC: self-signed by the key of an identity. Never part of a chain. */
export type IdentityCertificate = IdentityCertificateContent & SignedForm
/** GRC: self-signed by the key of a group. The first certificate of every chain. */
export type GroupRootCertificate = GroupRootCertificateContent & SignedForm
/** GMC: makes an identity a member of a group. */
export type GroupMembershipCertificate = GroupMembershipCertificateContent & SignedForm
/** Lets whoever holds its key make a GMC for their own identity. */
export type LinkCertificate = LinkCertificateContent & SignedForm

/** What is signed in a certificate. */
export type CertificateContent =
  | IdentityCertificateContent
  | GroupRootCertificateContent
  | GroupMembershipCertificateContent
  | LinkCertificateContent

export type CertificateKind = CertificateContent['kind']

/** The bytes of a certificate: views of one array, which belongs to the certificate. */
interface SignedForm {
  /** All of it. */
  readonly der: Uint8Array
  /** What the signature covers. */
  readonly signedPart: Uint8Array
  /** 64 bytes. */
  readonly signature: Uint8Array
}

/** What all kinds have. */
interface CommonContent {
  /** {@link SERIAL_NUMBER_LENGTH} bytes, the first of them 0x01 to 0x7f; the others are random. */
  readonly serialNumber: Uint8Array
  /** The common name: a friendly name (so up to 255 characters; RFC 5280 has 64), or else the peer name. */
  readonly subject: string
  /** That of the certificate whose key signed; in a self-signed one, the same as the subject. */
  readonly issuer: string
  /** The first moment of its validity, in milliseconds since 1970, a whole second. */
  readonly notBefore: number
  /** The last moment of its validity, in milliseconds since 1970, a whole second. */
  readonly notAfter: number
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** Secured. That its authority is the hash of the key is not a matter of form: verification sees to it. */
  readonly peerName: PeerName
  /** Whether the flags of its kind are written, which are always 0. Peerage does not write them. */
  readonly hasFlags: boolean
  /** Extensions that this version does not know and that are not critical, ascending by identifier. */
  readonly unknownExtensions: readonly UnknownExtension[]
}

interface IdentityCertificateContent extends CommonContent {
  readonly kind: 'identity'
}

/** Its peer name is the group's. */
interface GroupRootCertificateContent extends CommonContent {
  readonly kind: 'group-root'
}

/** What only certificates have that somebody else signed. */
interface IssuedContent extends CommonContent {
  /** The peer name in the certificate whose key signed. */
  readonly issuerPeerName: PeerName
  readonly groupPeerName: PeerName
  /** At least one, none twice, in the order of {@link ROLES}. In a link certificate, one. */
  readonly roles: readonly Role[]
  /** Up to {@link MOST_CLASSIFIERS}, none twice; none at all means every classifier. */
  readonly classifiers: readonly string[]
}

interface GroupMembershipCertificateContent extends IssuedContent {
  readonly kind: 'group-membership'
}

interface LinkCertificateContent extends IssuedContent {
  readonly kind: 'link'
  /** When admissions by this link end, in milliseconds since 1970, a whole second within the validity. */
  readonly admitsUntil: number
}

/** An extension that is kept as it is. */
export interface UnknownExtension {
  /** The content of its object identifier in DER. */
  readonly identifier: Uint8Array
  readonly value: Uint8Array
}

/** Longer certificates, in bytes, are refused before they are read. Every certificate of the profile fits. */
export const LONGEST_CERTIFICATE = 8192
/** The most entries in the classifier list of a certificate. */
export const MOST_CLASSIFIERS = 8
/** The most extensions of a certificate that are passed over because they are not known. */
export const MOST_UNKNOWN_EXTENSIONS = 8
/** In bytes. */
export const SERIAL_NUMBER_LENGTH = 16
