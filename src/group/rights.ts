/**
 * What the roles of a group may do (MS-PPSEC 2.2.5.3; P-016 to P-024, P-113 to P-116). Several roles add up.
 *
 * Three rights name a role, and are the same: who may issue a GMC for it may also admit for it by password and make a link
 * for it (P-016, P-017, P-022, P-114): {@link mayGiveRole} of identity/role.ts. The rest is one table. Revoking
 * depends on the certificate as well, and has a decision of its own.
 */
import type { Role } from '../identity/role.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { AuthorChain } from './author-chain.ts'
import type { CertificateDigest } from './digests.ts'

/** What a member may do. */
export type Right =
  | 'publish'
  | 'change-own-records'
  | 'change-records-of-others'
  | 'admit-by-link'
  | 'set-password'
  | 'change-properties'
  | 'revoke-deeper'
  | 'revoke-issued'

/** Which roles have each right. */
const RIGHTS: Readonly<Record<Right, readonly Role[]>> = {
  publish: ['administrator', 'inviting-member', 'member'],
  'change-own-records': ['administrator', 'inviting-member', 'member'],
  'change-records-of-others': ['administrator'],
  'admit-by-link': ['administrator', 'inviting-member', 'member'],
  'set-password': ['administrator'],
  // Only the group key can.
  'change-properties': [],
  'revoke-deeper': ['administrator'],
  'revoke-issued': ['administrator', 'inviting-member'],
}

/** Whether a member with these roles has a right. */
export function hasRight(roles: readonly Role[], right: Right): boolean {
  return roles.some((role) => RIGHTS[right].includes(role))
}

/** @param operation What is being done, for people. @throws PeerageError `not-authorized` */
export function requireRight(roles: readonly Role[], right: Right, operation: string): void {
  if (hasRight(roles, right)) return
  const holders = RIGHTS[right].map((role) => `${role}s`).join(' and ')
  const problem = holders === '' ? 'it takes the group key' : `it is for ${holders}`
  throw new PeerageError('not-authorized', { operation, problem })
}

/**
 * Whether the holder of a chain may revoke a certificate where it stands in a chain (DESIGN section 8). The group key may
 * revoke every certificate but the GRC; an administrator those that are deeper than its own, which has certificates
 * under other issuers among them; an inviting member those under its own. So equals never revoke each other, and
 * whoever revokes is nearer to the root than what is revoked.
 *
 * @param path The certificates of the chain, the GRC first
 * @param index Which of them
 */
export function mayRevoke(
  author: Pick<AuthorChain, 'depth' | 'roles' | 'certificateDigests'>,
  path: readonly CertificateDigest[],
  index: number,
): boolean {
  const { depth, roles, certificateDigests } = author
  if (index <= depth || index >= path.length) return false
  if (depth === 0 || hasRight(roles, 'revoke-deeper')) return true
  return hasRight(roles, 'revoke-issued') && path[depth] === certificateDigests[depth]
}
