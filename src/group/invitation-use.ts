/**
 * Using an invitation: what it says is a claim, and this is where it is verified. Nothing is stored or sent before
 * {@link requireUsable} has passed; a chain that the text only names is fetched from whoever admits, and
 * {@link completeChain} sees to it that it is the one named.
 */
import { authorityOf } from '../identity/authority.ts'
import { requireChainInTime, verifyChain } from '../identity/certificate/certificate-chain.ts'
import { type Chain, decodeChain } from '../identity/certificate/chain-encoding.ts'
import { formatUtc } from '../runtime/calendar.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { expandChain } from './compact-certificate.ts'
import { chainDigest } from './digests.ts'
import type { IdentityInvitation, InvitationContent, LinkInvitation } from './invitation.ts'
import { unusable } from './invitation-problem.ts'
import type { LinkKey } from './link-key.ts'
import { type MemberChain, verifiedMemberChain } from './member-chain.ts'

/**
 * Checks what can be checked of an invitation without its chain.
 *
 * @param publicKey Of the identity that is to join
 * @param now In milliseconds since 1970
 * @throws PeerageError `invalid-invitation`: for-another-identity, expired
 */
export function requireUsable(crypto: Crypto, invitation: InvitationContent, publicKey: Uint8Array, now: number): void {
  if (invitation.kind === 'identity' && authorityOf(crypto, publicKey) !== invitation.invited) {
    throw unusable('for-another-identity', `it was made for ${invitation.invited}`)
  }
  if (now > invitation.expires) throw unusable('expired', `it was good until ${formatUtc(invitation.expires)}`)
}

/**
 * The chain of an invitation, its form checked.
 *
 * @param fetched The encoded chain that the invitation names, if it does; what a stranger sent
 * @returns undefined if the invitation names a chain and none was fetched
 * @throws PeerageError `invalid-invitation`: another-chain, chain-refused
 */
export function completeChain(
  crypto: Crypto,
  invitation: IdentityInvitation | LinkInvitation,
  fetched?: Uint8Array,
): Chain | undefined {
  const { chain } = invitation
  if ('whole' in chain) return chain.whole
  if (fetched === undefined) return undefined
  if (chainDigest(crypto, fetched) !== chain.named)
    throw unusable('another-chain', 'what came is not the chain that it names')
  return orRefused(() => expandChain(crypto, decodeChain(fetched), chain.rest, invitation))
}

/**
 * The membership that an invitation for one identity brings.
 *
 * @param chain From {@link completeChain}
 * @param publicKey Of the identity that is to join
 * @param now In milliseconds since 1970
 * @throws PeerageError `invalid-invitation`: chain-of-another-group, for-another-identity, chain-refused, chain-expired
 */
export function invitedMembership(
  crypto: Crypto,
  invitation: IdentityInvitation,
  chain: Chain,
  publicKey: Uint8Array,
  now: number,
): MemberChain {
  requireGroup(invitation, chain)
  const membership = orRefused(() => verifiedMemberChain(crypto, invitation.group, chain))
  if (authorityOf(crypto, membership.leaf.publicKey) !== authorityOf(crypto, publicKey)) {
    throw unusable('for-another-identity', 'its GMC is for another key')
  }
  requireInTime(chain, now)
  return membership
}

/**
 * The link that an invitation by link brings.
 *
 * @param chain From {@link completeChain}
 * @param now In milliseconds since 1970
 * @throws PeerageError `invalid-invitation`: chain-of-another-group, chain-refused, chain-expired
 */
export function invitedLink(crypto: Crypto, invitation: LinkInvitation, chain: Chain, now: number): LinkKey {
  requireGroup(invitation, chain)
  orRefused(() => verifyChain(crypto, chain))
  const link = chain.at(-1)
  const { publicKey } = crypto.signingKeyPair(invitation.seed)
  if (link?.kind !== 'link' || authorityOf(crypto, link.publicKey) !== authorityOf(crypto, publicKey)) {
    throw unusable('chain-refused', 'its chain does not end with the certificate of its link')
  }
  requireInTime(chain, now)
  return { seed: invitation.seed, chain }
}

function requireGroup({ group }: InvitationContent, [root]: Chain): void {
  if (root.peerName !== group) throw unusable('chain-of-another-group', `its chain is of ${root.peerName}`)
}

function requireInTime(chain: Chain, now: number): void {
  try {
    requireChainInTime(chain, now)
  } catch (error) {
    if (!PeerageError.is(error, 'invalid-certificate')) throw error
    throw unusable(error.details.problem === 'expired' ? 'chain-expired' : 'chain-refused', error.message, error)
  }
}

function orRefused<Result>(judge: () => Result): Result {
  try {
    return judge()
  } catch (error) {
    if (PeerageError.is(error, 'invalid-certificate')) throw unusable('chain-refused', error.message, error)
    throw error
  }
}
