/**
 * Who issues a certificate of a group, and what is the same in all that is issued: names, time, place in the chain. Whatever
 * is issued is verified as others will verify it before it is handed out.
 *
 * A certificate of a group shows no personal name (P-120): its subject is the authority of the key.
 */
import { authorityOf } from '../identity/authority.ts'
import type {
  Certificate,
  GroupMembershipCertificate,
  GroupRootCertificate,
  LinkCertificate,
  UnknownExtension,
} from '../identity/certificate/certificate.ts'
import { issueCertificate, newSerialNumber } from '../identity/certificate/certificate-writer.ts'
import { type Chain, LARGEST_CHAIN, LONGEST_CHAIN } from '../identity/certificate/chain-encoding.ts'
import { makePeerName, type PeerName } from '../identity/peer-name.ts'
import type { Role } from '../identity/role.ts'
import { equalBytes } from '../runtime/bytes.ts'
import { formatUtc, LATEST_UTC } from '../runtime/calendar.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Random } from '../runtime/random.ts'
import { type CertificateDigest, certificateDigest } from './digests.ts'

/** A holder of a key that can issue. */
export interface Issuer {
  /** Its chain, verified; for the group key, the GRC alone. */
  readonly chain: Chain
  /** Of the last key of the chain: 64 bytes. */
  readonly secretKey: Uint8Array
}

/** What is different in each certificate that is issued. */
export interface Issuance {
  readonly publicKey: Uint8Array
  /** At least one, in the order of a certificate. */
  readonly roles: readonly Role[]
  readonly period: Period
}

/** When a certificate is valid: whole seconds, in milliseconds since 1970. */
export interface Period {
  readonly notBefore: number
  readonly notAfter: number
}

/** The one classifier that who is no administrator may have: the name of a group in PNRP (P-018). */
export const PARTICIPANT = 'participant'

/** The classifier list of a certificate with these roles (P-018): every classifier for administrators. */
export function classifiersFor(roles: readonly Role[]): readonly string[] {
  return roles.includes('administrator') ? [] : [PARTICIPANT]
}

/** The certificate whose key signs. */
export function parentOf({ chain }: Issuer): GroupRootCertificate | GroupMembershipCertificate | LinkCertificate {
  return chain.at(-1) ?? chain[0]
}

/** The group in which this issuer issues. */
export function groupOf({ chain }: Issuer): PeerName {
  return chain[0].peerName
}

/**
 * Checks that the issuer's own certificates are in force (P-091). For what one does oneself there is no tolerance at the
 * end; at the beginning there is no need for a check: what is issued begins no earlier.
 *
 * @param stands Whether what is done under these certificates, from the GRC down, stands by what is known here. That one of
 *   them is revoked is not enough: the revocation may keep the next one
 * @throws PeerageError `membership-not-in-force`
 */
export function requireInForce(
  crypto: Crypto,
  issuer: Issuer,
  stands: (path: readonly CertificateDigest[]) => boolean,
  now: number,
): void {
  const group = groupOf(issuer)
  const end = Math.min(...issuer.chain.map(({ notAfter }) => notAfter))
  if (now > end) {
    throw new PeerageError('membership-not-in-force', { group, problem: `it has expired, at ${timeText(end)}` })
  }
  if (!stands(issuer.chain.map(({ der }) => certificateDigest(crypto, der)))) {
    throw new PeerageError('membership-not-in-force', { group, problem: 'it has been revoked' })
  }
}

/**
 * The period of a new certificate, inside that of its issuer (P-039). Parts of seconds are cut off.
 *
 * @param notBefore If undefined, now, or the issuer's beginning if its clock is ahead
 * @param notAfter If undefined, the issuer's end
 * @throws PeerageError `invalid-time-period`
 */
export function periodUnder(
  issuer: Issuer,
  notBefore: number | undefined,
  notAfter: number | undefined,
  now: number,
): Period {
  const parent = parentOf(issuer)
  const from = wholeSecond(notBefore ?? Math.max(now, parent.notBefore))
  const until = wholeSecond(notAfter ?? parent.notAfter)
  if (!(from >= parent.notBefore)) throw outside(from, until, `the issuer's begins at ${timeText(parent.notBefore)}`)
  if (!(until <= parent.notAfter)) throw outside(from, until, `the issuer's ends at ${timeText(parent.notAfter)}`)
  if (until <= from) throw outside(from, until, 'it would end before it begins')
  return { notBefore: from, notAfter: until }
}

/**
 * Issues a GMC. Rights and times are for the caller to check.
 *
 * @returns The chain that ends with it
 * @throws PeerageError `chain-too-long`, `circular-chain`
 */
export function issueMembershipUnder(crypto: Crypto, random: Random, issuer: Issuer, issuance: Issuance): Chain {
  const content = { kind: 'group-membership', ...issuedContent(crypto, random, issuer, issuance) } as const
  return chainWith(issuer, issueCertificate(crypto, content, issuer.secretKey))
}

/**
 * Issues a link certificate. Rights and times are for the caller to check.
 *
 * @param admitsUntil A whole second, within the period
 * @returns The chain that ends with it
 * @throws PeerageError `chain-too-long`, `circular-chain`
 */
export function issueLinkUnder(
  crypto: Crypto,
  random: Random,
  issuer: Issuer,
  issuance: Issuance,
  admitsUntil: number,
  terms: UnknownExtension,
): Chain {
  const common = issuedContent(crypto, random, issuer, issuance)
  const content = { ...common, kind: 'link', admitsUntil, unknownExtensions: [terms] } as const
  return chainWith(issuer, issueCertificate(crypto, content, issuer.secretKey))
}

/** The whole second that a moment lies in. */
function wholeSecond(moment: number): number {
  return Math.floor(moment / 1000) * 1000
}

/** The chain with one more certificate. Its size is limited, too: the names in it may be long. */
function chainWith({ chain }: Issuer, certificate: Certificate): Chain {
  const { kind } = certificate
  if (kind !== 'group-membership' && kind !== 'link') throw new TypeError(`a ${kind} certificate stands under no other`)
  const longer: Chain = [...chain, certificate]
  if (longer.reduce((size, { der }) => size + der.length, 0) > LARGEST_CHAIN) throw tooLong()
  return longer
}

function tooLong(): PeerageError<'chain-too-long'> {
  return new PeerageError('chain-too-long', { limit: LONGEST_CHAIN })
}

type IssuedContent = Omit<GroupMembershipCertificate, 'kind' | 'der' | 'signedPart' | 'signature'>

function issuedContent(crypto: Crypto, random: Random, issuer: Issuer, issuance: Issuance): IssuedContent {
  const { publicKey, roles, period } = issuance
  const parent = parentOf(issuer)
  const authority = authorityOf(crypto, publicKey)
  requirePlace(issuer, publicKey, authority)
  return {
    serialNumber: newSerialNumber(random),
    issuer: parent.subject,
    ...period,
    subject: authority,
    publicKey,
    peerName: makePeerName(authority, ''),
    hasFlags: false,
    unknownExtensions: [],
    issuerPeerName: parent.peerName,
    groupPeerName: groupOf(issuer),
    roles,
    classifiers: classifiersFor(roles),
  }
}

function requirePlace({ chain }: Issuer, publicKey: Uint8Array, authority: string): void {
  if (chain.length >= LONGEST_CHAIN) throw tooLong()
  if (chain.some((above) => equalBytes(above.publicKey, publicKey))) {
    throw new PeerageError('circular-chain', { peer: makePeerName(authority, '') })
  }
}

function outside(from: number, until: number, problem: string): PeerageError<'invalid-time-period'> {
  return new PeerageError('invalid-time-period', { from: timeText(from), until: timeText(until), problem })
}

/** A moment for people; whoever asks for one that no certificate can state sees the number. */
function timeText(moment: number): string {
  return moment >= 0 && moment <= LATEST_UTC ? formatUtc(moment) : `${moment} ms`
}
