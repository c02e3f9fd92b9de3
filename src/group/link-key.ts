/**
 * Links: whoever has the text of one can join (P-048). A link is a key of its own and a link certificate for that key under
 * its maker's chain. The text carries the private key, with which its holder signs a GMC for their own identity.
 *
 * Members see the link certificate and not the private key, so what they see does not let them use the link. Whether a GMC
 * under a link counts is for those who admit to say (link-admission.ts).
 */
import type { LinkCertificate } from '../identity/certificate/certificate.ts'
import { verifyChain } from '../identity/certificate/certificate-chain.ts'
import { refused } from '../identity/certificate/certificate-refusal.ts'
import type { Chain } from '../identity/certificate/chain-encoding.ts'
import { mayGiveRole, type Role } from '../identity/role.ts'
import { formatUtc } from '../runtime/calendar.ts'
import { type Crypto, SEED_LENGTH } from '../runtime/crypto.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { type Random, randomBytes } from '../runtime/random.ts'
import { unusable } from './invitation-problem.ts'
import {
  groupOf,
  type Issuer,
  issueLinkUnder,
  issueMembershipUnder,
  parentOf,
  periodUnder,
  requireInForce,
} from './issuer.ts'
import { type LinkTerms, linkTermsExtension } from './link-terms.ts'
import { type MemberChain, verifiedMemberChain } from './member-chain.ts'
import type { IssuingState } from './membership-issuing.ts'

/** A link, as the text of an invitation carries it. */
export interface LinkKey {
  /** The seed of its key: {@link SEED_LENGTH} bytes. A secret. */
  readonly seed: Uint8Array
  /** Ends with the link certificate. */
  readonly chain: Chain
}

/** What a link is made for. */
export interface LinkRequest extends LinkTerms {
  readonly role: Role
  /** When admissions by it end, in milliseconds since 1970. */
  readonly admitsUntil: number
}

/**
 * Makes a link. Its certificate ends with that of its maker; what ends before is admission.
 *
 * @throws PeerageError `not-authorized`, `membership-not-in-force`, `invalid-time-period`, `invalid-argument`,
 *   `chain-too-long`
 */
export function makeLink(
  crypto: Crypto,
  random: Random,
  maker: Issuer,
  request: LinkRequest,
  { now, stands }: IssuingState,
): LinkKey {
  requireRight(maker, request.role)
  requireInForce(crypto, maker, stands, now)
  const period = periodUnder(maker, undefined, undefined, now)
  // The period in which it admits is checked like one of a certificate.
  const { notAfter: admitsUntil } = periodUnder(maker, period.notBefore, request.admitsUntil, now)
  const seed = randomBytes(random, SEED_LENGTH)
  const { publicKey } = crypto.signingKeyPair(seed)
  const issuance = { publicKey, roles: [request.role], period }
  const chain = issueLinkUnder(crypto, random, maker, issuance, admitsUntil, linkTermsExtension(request))
  verifyChain(crypto, chain)
  return { seed, chain }
}

/**
 * The GMC that the holder of a link signs for a key of their own. It ends with the link certificate.
 *
 * @param now In milliseconds since 1970
 * @throws PeerageError `invalid-invitation` (expired); `invalid-certificate` if the chain of the link proves nothing;
 *   `chain-too-long`; `circular-chain` if the key stands in it, as that of its maker does
 */
export function joinWithLink(
  crypto: Crypto,
  random: Random,
  { seed, chain }: LinkKey,
  publicKey: Uint8Array,
  now: number,
): MemberChain {
  const link = linkAtEnd(chain)
  const keyPair = crypto.signingKeyPair(seed)
  if (now > link.admitsUntil) throw unusable('expired', `the link admitted until ${formatUtc(link.admitsUntil)}`)
  const issuer = { chain, secretKey: keyPair.secretKey }
  const period = periodUnder(issuer, undefined, undefined, now)
  const longer = issueMembershipUnder(crypto, random, issuer, { publicKey, roles: link.roles, period })
  return verifiedMemberChain(crypto, groupOf(issuer), longer)
}

/** The link certificate that ends a chain. @throws PeerageError `invalid-certificate`: kind */
export function linkAtEnd(chain: Chain): LinkCertificate {
  const link = chain.at(-1)
  if (link?.kind !== 'link') throw refused('kind', 'its chain does not end with a link certificate')
  return link
}

/** A link is for a role that its maker may give (P-114). */
function requireRight(maker: Issuer, role: Role): void {
  const parent = parentOf(maker)
  if (parent.kind === 'link') throw new TypeError('no link is made with the key of a link')
  if (parent.kind === 'group-root' || mayGiveRole(parent.roles, role)) return
  throw new PeerageError('not-authorized', {
    operation: `making a link for the role ${role}`,
    problem: `own roles are ${parent.roles.join(', ')}`,
  })
}
