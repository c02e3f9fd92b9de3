/**
 * The roles of a group's members, as certificates carry them (MS-PPSEC 2.2.5.3).
 */

/** What a member may do in its group. */
export type Role = 'administrator' | 'inviting-member' | 'member'

/** All roles, in the order in which a certificate lists them. */
export const ROLES: readonly Role[] = ['administrator', 'inviting-member', 'member']

/** Whether a text names a role. */
export function isRole(text: string): text is Role {
  return ROLES.some((role) => role === text)
}

/** Whether a member with this role may issue certificates, for whatever roles. */
export function mayIssueCertificates(role: Role): boolean {
  return role !== 'member'
}

/** Which roles a holder of each role may give (MS-PPSEC 2.2.5.3). */
const ISSUABLE: Readonly<Record<Role, readonly Role[]>> = {
  administrator: ['administrator', 'inviting-member', 'member'],
  'inviting-member': ['inviting-member', 'member'],
  member: [],
}

/** Whether a member with these roles may give a role to others. */
export function mayGiveRole(held: readonly Role[], role: Role): boolean {
  return held.some((own) => ISSUABLE[own].includes(role))
}
