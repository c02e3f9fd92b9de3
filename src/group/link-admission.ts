/**
 * Admission by a link. A GMC that the holder of a link signed for themselves counts on any node only with a membership record
 * for it by another member, made before the link's expiry (P-049): else the holder could make members at will. What is here is
 * a function of certificates and of that record; that its author is a member in force, and that nothing is revoked, is for
 * others to say.
 */
import type { GroupMembershipCertificate, LinkCertificate } from '../identity/certificate/certificate.ts'
import type { Chain } from '../identity/certificate/chain-encoding.ts'
import { authorityPart } from '../identity/peer-name.ts'
import { linkTermsOf } from './link-terms.ts'

/** A place in a chain where somebody came in by a link. */
export interface LinkEntry {
  readonly link: LinkCertificate
  /** The one under the link, which the link's key signed. */
  readonly holder: GroupMembershipCertificate
}

/** Why an admission by a link does not count, or is refused. */
export type LinkRefusal = 'link-expired' | 'link-used-up' | 'link-of-another-admitter' | 'link-admits-itself'

/** All such places of a verified chain, from the root down. */
export function linkEntries(chain: Chain): readonly LinkEntry[] {
  const entries: LinkEntry[] = []
  for (const [index, link] of chain.entries()) {
    const holder = chain[index + 1]
    if (link.kind === 'link' && holder?.kind === 'group-membership') entries.push({ link, holder })
  }
  return entries
}

/**
 * Why the record of an admission does not make an entry count; undefined if it does. Every node comes to the same result.
 *
 * @param admitter The authority of the record's author
 * @param made When the record was made, in milliseconds of peer time since 1970
 * @throws PeerageError `invalid-certificate`: link-terms
 */
export function whyNotAdmitted(entry: LinkEntry, admitter: string, made: number): LinkRefusal | undefined {
  const terms = linkTermsOf(entry.link)
  if (admitter === authorityPart(entry.holder.peerName)) return 'link-admits-itself'
  if (terms.admitter !== undefined && terms.admitter !== admitter) return 'link-of-another-admitter'
  return made > entry.link.admitsUntil ? 'link-expired' : undefined
}

/**
 * Why a member does not admit somebody now; undefined if it does. The number of uses is looked at here alone: who was admitted
 * in excess, by several members at once, is not put out by it (P-127).
 *
 * @param used How many others came in by this link, as far as is known here
 * @throws PeerageError `invalid-certificate`: link-terms
 */
export function whyNotAdmitting(
  entry: LinkEntry,
  admitter: string,
  now: number,
  used: number,
): LinkRefusal | undefined {
  const { uses } = linkTermsOf(entry.link)
  if (uses !== undefined && used >= uses) return 'link-used-up'
  return whyNotAdmitted(entry, admitter, now)
}
