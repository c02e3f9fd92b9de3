/**
 * Invitations: what a text `peerage:…` says (P-036). There are three kinds, one for each way into a group:
 *
 * - for one **identity**: it carries or names the chain that was issued for it, and is of use to nobody else;
 * - a **link**: it carries the private key of a link, with which whoever has the text makes a GMC for themselves;
 * - for a **password**: it says where to knock, and neither the password nor anything derived from it.
 *
 * All of it is a claim until a join has verified it. The text itself is the business of invitation-text.ts, the bytes in it
 * of invitation-format.ts; whether somebody can use an invitation, invitation-use.ts says.
 */
import type { Chain } from '../identity/certificate/chain-encoding.ts'
import type { PeerName } from '../identity/peer-name.ts'
import type { Role } from '../identity/role.ts'
import type { GraphId } from '../records/graph-id.ts'
import type { Branded } from '../runtime/branded.ts'
import type { Endpoint } from '../runtime/endpoint.ts'
import type { CompactCertificate } from './compact-certificate.ts'
import type { ChainDigest } from './digests.ts'

/** The text of an invitation: one line that starts with `peerage:`. Of a link, it is a secret. */
export type Invitation = Branded<string, 'Invitation'>

/** What an invitation says. */
export type InvitationContent = IdentityInvitation | LinkInvitation | PasswordInvitation

interface CommonContent {
  readonly group: PeerName
  /** Whoever knows it can knock at the group's nodes, so no one else is told. */
  readonly graphId: GraphId
  /** Of the group; empty if it has none. Its end can be missing, where there was no room for it. */
  readonly friendlyName: string
  /** Where to look for members; undefined for every cloud that is open. The secret of a private cloud is never in it. */
  readonly cloud: string | undefined
  readonly inviter: PeerName
  readonly role: Role
  /** Until when it can be used, in milliseconds since 1970. */
  readonly expires: number
  /** Where members may be: up to {@link MOST_HINTS}, the most promising first. */
  readonly hints: readonly Endpoint[]
  /**
   * Of each hint, the UDP port at which it is in the cloud, so that it is a seed too (P-132); 0 for the usual one. Absent if all have that.
   */
  readonly cloudPorts?: readonly number[]
}

export interface IdentityInvitation extends CommonContent {
  readonly kind: 'identity'
  /** The authority of the identity that is invited. */
  readonly invited: string
  /** Ends with the GMC for it. */
  readonly chain: CarriedChain
}

export interface LinkInvitation extends CommonContent {
  readonly kind: 'link'
  /** Of the link's key: 32 bytes. The secret of the invitation. */
  readonly seed: Uint8Array
  /** Ends with the link certificate. */
  readonly chain: CarriedChain
}

export interface PasswordInvitation extends CommonContent {
  readonly kind: 'password'
}

/** A chain that an invitation holds, or of which it names what members have. */
export type CarriedChain =
  | { readonly whole: Chain }
  | {
      /** The chain that every member can serve. */
      readonly named: ChainDigest
      /** What stands under that one: the link certificate of a link; nothing for an identity. */
      readonly rest: readonly CompactCertificate[]
    }

/** In characters: a QR code holds it (P-037). */
export const LONGEST_INVITATION = 1200
/** The most addresses in an invitation (P-132). */
export const MOST_HINTS = 4
/** Of a group's friendly name, in UTF-16 code units (P-029). */
export const LONGEST_GROUP_FRIENDLY_NAME = 254
