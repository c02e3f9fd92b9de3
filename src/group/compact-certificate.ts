/**
 * Certificates in the few bytes that an invitation has for them. What a certificate says determines its bytes, and what one
 * of a group says follows for the most part from its key and from the certificate above it: names, classifiers, the end. So
 * about 125 bytes are left of 400, and the rest is put back (docs/protocol/group-invitations.md).
 *
 * A certificate that says something else, such as one with extensions that are not known here, is carried as it is.
 */
import { authorityOf } from '../identity/authority.ts'
import {
  type Certificate,
  type CertificateContent,
  LONGEST_CERTIFICATE,
  SERIAL_NUMBER_LENGTH,
  type UnknownExtension,
} from '../identity/certificate/certificate.ts'
import { readCertificate } from '../identity/certificate/certificate-reader.ts'
import { refused } from '../identity/certificate/certificate-refusal.ts'
import { encodeCertificate, encodeSignedPart } from '../identity/certificate/certificate-writer.ts'
import { type Chain, decodeChain } from '../identity/certificate/chain-encoding.ts'
import { LONGEST_FRIENDLY_NAME } from '../identity/friendly-name.ts'
import { makePeerName, type PeerName } from '../identity/peer-name.ts'
import { ROLES, type Role } from '../identity/role.ts'
import { concatBytes, equalBytes } from '../runtime/bytes.ts'
import { LATEST_UTC } from '../runtime/calendar.ts'
import { type Crypto, PUBLIC_KEY_LENGTH, SIGNATURE_LENGTH } from '../runtime/crypto.ts'
import type { WireReader } from '../wire/wire-reader.ts'
import type { WireWriter } from '../wire/wire-writer.ts'
import { classifiersFor } from './issuer.ts'
import { LINK_TERMS_IDENTIFIER } from './link-terms.ts'

/** A certificate as it is carried. */
export type CompactCertificate = CompactRoot | CompactIssued | { readonly form: 'der'; readonly der: Uint8Array }

interface CompactCommon {
  readonly serialNumber: Uint8Array
  /** In milliseconds since 1970, a whole second. */
  readonly notBefore: number
  readonly publicKey: Uint8Array
  readonly signature: Uint8Array
}

interface CompactRoot extends CompactCommon {
  readonly form: 'root'
  readonly notAfter: number
  /** Its subject; empty for the friendly name of the group, or its peer name if it has none. */
  readonly subject: string
}

interface CompactIssued extends CompactCommon {
  readonly form: 'membership' | 'link'
  readonly roles: readonly Role[]
  /** undefined: that of the one above. */
  readonly notAfter: number | undefined
  /** Of a link. */
  readonly admitsUntil: number
  /** Of a link: its terms in DER; empty if it has none. */
  readonly terms: Uint8Array
}

/** What is known of a group beside its certificates. */
export interface KnownNames {
  readonly group: PeerName
  /** May be empty. */
  readonly friendlyName: string
}

const FORMS = ['der', 'root', 'membership', 'link'] as const
/** The bit for each role is its place among the roles; this one says that the end is that of the one above. */
const SAME_END = 0x80
/** Of a subject, in bytes of UTF-8. */
const LONGEST_SUBJECT = 3 * LONGEST_FRIENDLY_NAME
/** Of the terms of a link, in bytes; they have at most 31. */
const LONGEST_TERMS = 64

/** The compact forms of the certificates of a chain. */
export function compactChain(crypto: Crypto, chain: Chain, names: KnownNames): readonly CompactCertificate[] {
  return chain.map((certificate, index) => compacted(crypto, certificate, chain[index - 1], names))
}

/**
 * The chain of which these are the compact forms. Whether it proves anything is not judged.
 *
 * @param above What stands above the first of them; empty if they begin with the GRC
 * @throws PeerageError `invalid-certificate` if no legal chain is
 */
export function expandChain(
  crypto: Crypto,
  above: Chain | readonly [],
  compact: readonly CompactCertificate[],
  names: KnownNames,
): Chain {
  const certificates: Certificate[] = [...above]
  for (const one of compact) {
    const parent = certificates.at(-1)
    const isFirst = one.form === 'root' || one.form === 'der'
    if (parent === undefined && !isFirst) throw refused('chain-order', 'its first certificate is not a GRC')
    certificates.push(readCertificate(one.form === 'der' ? one.der : expandedBytes(crypto, one, parent, names)))
  }
  return decodeChain(concatBytes(...certificates.map(({ der }) => der)))
}

/** Writes a compact form. */
export function writeCompactCertificate(writer: WireWriter, compact: CompactCertificate): void {
  writer.uint8(FORMS.indexOf(compact.form))
  if (compact.form === 'der') {
    writer.byteString(compact.der, LONGEST_CERTIFICATE)
    return
  }
  writer.bytes(compact.serialNumber)
  writer.bytes(compact.publicKey)
  writer.bytes(compact.signature)
  writeSecond(writer, compact.notBefore)
  if (compact.form === 'root') {
    writeSecond(writer, compact.notAfter)
    writer.text(compact.subject, LONGEST_SUBJECT)
    return
  }
  const roles = compact.roles.reduce((bits, role) => bits | (1 << ROLES.indexOf(role)), 0)
  writer.uint8(roles | (compact.notAfter === undefined ? SAME_END : 0))
  if (compact.notAfter !== undefined) writeSecond(writer, compact.notAfter)
  if (compact.form === 'membership') return
  writeSecond(writer, compact.admitsUntil)
  writer.byteString(compact.terms, LONGEST_TERMS)
}

/** Reads a compact form. @throws PeerageError `malformed` */
export function readCompactCertificate(reader: WireReader): CompactCertificate {
  const form = FORMS[reader.uint8()]
  if (form === undefined) throw reader.malformed('a certificate is of an unknown form', reader.offset - 1)
  if (form === 'der') return { form, der: new Uint8Array(reader.byteString(LONGEST_CERTIFICATE)) }
  const common = {
    serialNumber: new Uint8Array(reader.bytes(SERIAL_NUMBER_LENGTH)),
    publicKey: new Uint8Array(reader.bytes(PUBLIC_KEY_LENGTH)),
    signature: new Uint8Array(reader.bytes(SIGNATURE_LENGTH)),
    notBefore: readSecond(reader),
  }
  if (form === 'root') return { form, ...common, notAfter: readSecond(reader), subject: reader.text(LONGEST_SUBJECT) }
  const bits = reader.uint8()
  const roles = ROLES.filter((_, place) => (bits & (1 << place)) !== 0)
  if ((bits & ~SAME_END) >= 1 << ROLES.length) throw reader.malformed('a role is not known', reader.offset - 1)
  const notAfter = (bits & SAME_END) === 0 ? readSecond(reader) : undefined
  if (form === 'membership') return { form, ...common, roles, notAfter, admitsUntil: 0, terms: new Uint8Array() }
  const admitsUntil = readSecond(reader)
  const terms = new Uint8Array(reader.byteString(LONGEST_TERMS))
  return { form, ...common, roles, notAfter, admitsUntil, terms }
}

function compacted(
  crypto: Crypto,
  certificate: Certificate,
  above: Certificate | undefined,
  names: KnownNames,
): CompactCertificate {
  const compact = compactParts(certificate, above, names)
  const isFaithful = compact !== undefined && equalBytes(expandedBytes(crypto, compact, above, names), certificate.der)
  return isFaithful ? compact : { form: 'der', der: certificate.der }
}

type Parts = Exclude<CompactCertificate, { readonly form: 'der' }>

function compactParts(
  certificate: Certificate,
  above: Certificate | undefined,
  { group, friendlyName }: KnownNames,
): Parts | undefined {
  const { serialNumber, notBefore, notAfter, publicKey, signature, subject } = certificate
  const common = { serialNumber, notBefore, publicKey, signature }
  switch (certificate.kind) {
    case 'identity':
      return undefined
    case 'group-root':
      return { form: 'root', ...common, notAfter, subject: subject === (friendlyName || group) ? '' : subject }
    default: {
      const { roles, unknownExtensions } = certificate
      const end = notAfter === above?.notAfter ? undefined : notAfter
      const [terms = new Uint8Array()] = unknownExtensions.map(({ value }) => value)
      if (terms.length > LONGEST_TERMS) return undefined
      if (certificate.kind === 'group-membership') {
        return { form: 'membership', ...common, roles, notAfter: end, admitsUntil: 0, terms: new Uint8Array() }
      }
      return { form: 'link', ...common, roles, notAfter: end, admitsUntil: certificate.admitsUntil, terms }
    }
  }
}

function expandedBytes(crypto: Crypto, compact: Parts, above: Certificate | undefined, names: KnownNames): Uint8Array {
  return encodeCertificate(encodeSignedPart(expandedContent(crypto, compact, above, names)), compact.signature)
}

function expandedContent(
  crypto: Crypto,
  compact: Parts,
  above: Certificate | undefined,
  { group, friendlyName }: KnownNames,
): CertificateContent {
  const { serialNumber, notBefore, publicKey } = compact
  const common = { serialNumber, notBefore, publicKey, hasFlags: false }
  if (compact.form === 'root') {
    const subject = compact.subject || friendlyName || group
    const { notAfter } = compact
    return { ...common, kind: 'group-root', subject, issuer: subject, notAfter, peerName: group, unknownExtensions: [] }
  }
  if (above === undefined) throw new TypeError('only a GRC stands under nothing')
  const { roles, notAfter = above.notAfter } = compact
  const authority = authorityOf(crypto, publicKey)
  const issued = {
    ...common,
    ...{ notAfter, roles, subject: authority, peerName: makePeerName(authority, '') },
    ...{ issuer: above.subject, issuerPeerName: above.peerName, groupPeerName: group },
    classifiers: classifiersFor(roles),
  }
  if (compact.form === 'membership') return { ...issued, kind: 'group-membership', unknownExtensions: [] }
  return { ...issued, kind: 'link', admitsUntil: compact.admitsUntil, unknownExtensions: termsOf(compact.terms) }
}

function termsOf(value: Uint8Array): readonly UnknownExtension[] {
  return value.length === 0 ? [] : [{ identifier: LINK_TERMS_IDENTIFIER, value }]
}

function writeSecond(writer: WireWriter, moment: number): void {
  writer.uint48(moment / 1000)
}

function readSecond(reader: WireReader): number {
  const moment = reader.uint48() * 1000
  if (moment > LATEST_UTC) throw reader.malformed('a time is after the year 9999', reader.offset - 6)
  return moment
}
