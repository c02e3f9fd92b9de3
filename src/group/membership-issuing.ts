/**
 * Making members: issuing a GMC and renewing one (MS-PPSEC 3.1.4.5). Each condition has an error of its own (P-038), and all
 * are checked before anything is signed. What comes out is the new member's chain, verified.
 *
 * The friendly name is checked and goes no further: it stands in the membership record, since certificates of a group show
 * no personal name.
 */
import { authorityOf } from '../identity/authority.ts'
import { checkFriendlyName } from '../identity/friendly-name.ts'
import { authorityPart, type PeerName, parsePeerName, requireSecured } from '../identity/peer-name.ts'
import { isRole, mayGiveRole, ROLES, type Role } from '../identity/role.ts'
import { equalBytes } from '../runtime/bytes.ts'
import { type Crypto, PUBLIC_KEY_LENGTH } from '../runtime/crypto.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Random } from '../runtime/random.ts'
import { isStrictPublicKey } from '../runtime/strict-ed25519.ts'
import type { CertificateDigest } from './digests.ts'
import { groupOf, type Issuer, issueMembershipUnder, parentOf, periodUnder, requireInForce } from './issuer.ts'
import { type MemberChain, verifiedMemberChain } from './member-chain.ts'

/** Who is to become a member, and as what. All but the times and roles stands in the IDC of the identity. */
export interface MembershipRequest {
  /** The group that it is for. */
  readonly group: string
  readonly peerName: string
  readonly friendlyName?: string | undefined
  readonly publicKey: Uint8Array
  /** Names of roles; if undefined, member. */
  readonly roles?: readonly string[] | undefined
  /** In milliseconds since 1970; if undefined, now. */
  readonly notBefore?: number | undefined
  /** In milliseconds since 1970; if undefined, the end of the issuer's own certificate. */
  readonly notAfter?: number | undefined
}

/** What is to be different in a renewed GMC. What is undefined is taken from the one on record (P-093). */
export interface Renewal {
  readonly group: string
  readonly peerName: string
  readonly friendlyName?: string | undefined
  readonly publicKey?: Uint8Array | undefined
  readonly roles?: readonly string[] | undefined
  /** In milliseconds since 1970; if undefined, now. */
  readonly notBefore?: number | undefined
  /** In milliseconds since 1970; if undefined, it lasts as long as the one on record did, or as long as the issuer's own. */
  readonly notAfter?: number | undefined
}

/** What issuing has to know. */
export interface IssuingState {
  /** In milliseconds since 1970. */
  readonly now: number
  /** Whether what is done under these certificates, from the GRC down, stands by what is known here. */
  readonly stands: (path: readonly CertificateDigest[]) => boolean
  /** The chain on record for the peer name, the newest of several. */
  readonly onRecord?: MemberChain | undefined
}

/**
 * Issues a GMC.
 *
 * @throws PeerageError `another-group`, `invalid-peer-name`, `unsecured-peer-name`, `invalid-friendly-name`,
 *   `invalid-public-key`, `key-of-another-name`, `unknown-role`, `invalid-argument` (no role), `not-authorized`,
 *   `membership-not-in-force`, `invalid-time-period`, `chain-too-long`, `circular-chain`
 */
export function issueMembership(
  crypto: Crypto,
  random: Random,
  issuer: Issuer,
  request: MembershipRequest,
  state: IssuingState,
): MemberChain {
  requireGroup(issuer, request.group)
  const peerName = requireSecured(parsePeerName(request.peerName))
  if (request.friendlyName !== undefined) checkFriendlyName(request.friendlyName)
  requireKey(crypto, peerName, request.publicKey, state.onRecord)
  const roles = requireRoles(request.roles ?? ['member'])
  requireRight(issuer, roles)
  requireInForce(crypto, issuer, state.stands, state.now)
  const period = periodUnder(issuer, request.notBefore, request.notAfter, state.now)
  const { publicKey } = request
  const chain = issueMembershipUnder(crypto, random, issuer, { publicKey, roles, period })
  return verifiedMemberChain(crypto, groupOf(issuer), chain)
}

/**
 * Issues a new GMC for a member whose former one is on record.
 *
 * @throws PeerageError `member-not-found`, and what {@link issueMembership} throws
 */
export function renewMembership(
  crypto: Crypto,
  random: Random,
  issuer: Issuer,
  renewal: Renewal,
  state: IssuingState,
): MemberChain {
  requireGroup(issuer, renewal.group)
  const { onRecord } = state
  const peerName = requireSecured(parsePeerName(renewal.peerName))
  if (onRecord === undefined || authorityPart(onRecord.leaf.peerName) !== authorityPart(peerName)) {
    throw new PeerageError('member-not-found', { peer: peerName })
  }
  const { leaf } = onRecord
  const parent = parentOf(issuer)
  const begins = Math.max(renewal.notBefore ?? state.now, parent.notBefore)
  const request: MembershipRequest = {
    group: renewal.group,
    peerName,
    friendlyName: renewal.friendlyName,
    publicKey: renewal.publicKey ?? leaf.publicKey,
    roles: renewal.roles ?? leaf.roles,
    notBefore: renewal.notBefore,
    notAfter: renewal.notAfter ?? Math.min(begins + leaf.notAfter - leaf.notBefore, parent.notAfter),
  }
  return issueMembership(crypto, random, issuer, request, state)
}

function requireGroup(issuer: Issuer, group: string): void {
  const expected = groupOf(issuer)
  if (group !== expected) throw new PeerageError('another-group', { expected, given: group })
}

function requireKey(
  crypto: Crypto,
  peerName: PeerName,
  publicKey: Uint8Array,
  onRecord: MemberChain | undefined,
): void {
  if (publicKey.length !== PUBLIC_KEY_LENGTH) {
    const problem = `a key of Ed25519 has ${PUBLIC_KEY_LENGTH} bytes, and it has ${publicKey.length}`
    throw new PeerageError('invalid-public-key', { problem })
  }
  if (!isStrictPublicKey(publicKey)) {
    throw new PeerageError('invalid-public-key', { problem: 'it is not canonical or of small order' })
  }
  const isOther = onRecord !== undefined && !equalBytes(onRecord.leaf.publicKey, publicKey)
  if (isOther || authorityOf(crypto, publicKey) !== authorityPart(peerName)) {
    throw new PeerageError('key-of-another-name', { peer: peerName })
  }
}

/** The roles in the order of a certificate, none twice. */
function requireRoles(names: readonly string[]): readonly Role[] {
  const unknown = names.find((name) => !isRole(name))
  if (unknown !== undefined) throw new PeerageError('unknown-role', { role: unknown, known: ROLES })
  if (names.length === 0) {
    const expected = `at least one of ${ROLES.join(', ')}`
    throw new PeerageError('invalid-argument', { name: 'roles', value: 'an empty list', expected })
  }
  return ROLES.filter((role) => names.includes(role))
}

/** Who may give a role says the rights table (P-016, P-017); the group key may give any. */
function requireRight(issuer: Issuer, roles: readonly Role[]): void {
  const parent = parentOf(issuer)
  if (parent.kind === 'group-root') return
  if (parent.kind === 'link') throw new TypeError('under a link, only its holder makes a GMC')
  const refused = roles.find((role) => !mayGiveRole(parent.roles, role))
  if (refused === undefined) return
  throw new PeerageError('not-authorized', {
    operation: `issuing a certificate with the role ${refused}`,
    problem: `own roles are ${parent.roles.join(', ')}`,
  })
}
