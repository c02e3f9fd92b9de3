/**
 * The form of a chain on the wire and in files: its certificates in DER, one after the other, the GRC first
 * (instead of a PKCS #7 container). DER says where each ends. Whether a chain proves anything is judged
 * elsewhere.
 */
import { concatBytes } from '../../runtime/bytes.ts'
import { PeerageError } from '../../runtime/peerage-error.ts'
import { DerReader } from '../der-reader.ts'
import { SEQUENCE } from '../der-tags.ts'
import type { Certificate, GroupMembershipCertificate, GroupRootCertificate, LinkCertificate } from './certificate.ts'
import { readCertificate } from './certificate-reader.ts'
import { refused } from './certificate-refusal.ts'

/** The certificates of a chain, of legal form and order: the root, and what stands under it. */
export type Chain = readonly [GroupRootCertificate, ...(GroupMembershipCertificate | LinkCertificate)[]]

/** The most certificates in a chain, the GRC included (MS-PNRP 2.2.3.5). */
export const LONGEST_CHAIN = 25
/** The least: the GRC and one that it issued. */
const SHORTEST_CHAIN = 2
/** Longer chains, in bytes, are refused before they are read. A record holds one of this length. */
export const LARGEST_CHAIN = 49_152

/** The bytes of a chain. */
export function encodeChain(chain: Chain): Uint8Array {
  return concatBytes(...chain.map(({ der }) => der))
}

/**
 * Reads the certificates of a chain.
 *
 * @throws PeerageError `invalid-certificate`: the chain has a wrong number of certificates, a wrong order,
 *   or one that is refused for its form
 */
export function decodeChain(bytes: Uint8Array): Chain {
  const [first, ...rest] = splitChain(bytes).map(readCertificate)
  if (first?.kind !== 'group-root') throw refused('chain-order', 'its first certificate is not a GRC')
  const others: (GroupMembershipCertificate | LinkCertificate)[] = []
  for (const certificate of rest) others.push(requireIssued(certificate))
  return [first, ...others]
}

function requireIssued(certificate: Certificate): GroupMembershipCertificate | LinkCertificate {
  if (certificate.kind === 'group-membership' || certificate.kind === 'link') return certificate
  throw refused('chain-order', 'a certificate behind the first is neither a GMC nor a link certificate')
}

/** The certificates of a chain, unread, counted before any is read. */
function splitChain(bytes: Uint8Array): readonly Uint8Array[] {
  if (bytes.length > LARGEST_CHAIN) {
    throw refused('too-long', `its chain has ${bytes.length} bytes, and at most ${LARGEST_CHAIN} are allowed`)
  }
  const reader = new DerReader(bytes, 'chain')
  const certificates: Uint8Array[] = []
  try {
    while (!reader.atEnd) certificates.push(reader.element(SEQUENCE, 'a certificate'))
  } catch (error) {
    if (PeerageError.is(error, 'malformed')) throw refused('encoding', error.message)
    throw error
  }
  if (certificates.length < SHORTEST_CHAIN || certificates.length > LONGEST_CHAIN) {
    throw refused(
      'chain-length',
      `its chain has ${certificates.length} certificates, not ${SHORTEST_CHAIN} to ${LONGEST_CHAIN}`,
    )
  }
  return certificates
}
