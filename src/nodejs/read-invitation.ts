/**
 * Reading an invitation without a node (P-036).
 */
import type { InvitationInfo } from '../peer-node/group.ts'
import { invitationInfo } from '../peer-node/invitation-info.ts'
import { platformCrypto } from './crypto/crypto.ts'

/**
 * What an invitation says: which group, who invites, for which role, until when. It needs no network, no node and no identity, and
 * changes nothing. All of it is a claim until a join has verified it.
 *
 * @throws PeerageError `invalid-invitation`, with the problem; `unsupported-version`
 */
export function readInvitation(text: string): InvitationInfo {
  return invitationInfo(platformCrypto(), text)
}
