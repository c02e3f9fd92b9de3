/**
 * What an invitation says, for applications.
 */
import { readInvitation } from '../group/invitation-text.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { formatEndpoint } from '../runtime/endpoint.ts'
import type { InvitationInfo } from './group.ts'

/** @throws PeerageError `invalid-invitation`, `unsupported-version` */
export function invitationInfo(crypto: Crypto, text: string): InvitationInfo {
  const invitation = readInvitation(crypto, text)
  const { kind, group, friendlyName, inviter, role, expires, cloud, hints } = invitation
  return {
    ...{ kind, group, friendlyName, from: inviter, role, cloud, expires: new Date(expires) },
    needsPassword: kind === 'password',
    ...(kind === 'identity' && { for: invitation.invited }),
    addresses: hints.map(formatEndpoint),
  }
}
