/**
 * Making invitations at a node: what an application says becomes a request to the {@link GroupNode}, with addresses at which members
 * can be reached (P-132). Argon2id runs here, where a password is given (P-135).
 */
import type { GraphNode } from '../graph/graph-node.ts'
import { digestBytes } from '../group/digests.ts'
import type { GroupDone, GroupNode, InvitationRequest } from '../group/group-node.ts'
import { type Invitation, MOST_HINTS } from '../group/invitation.ts'
import { unusable } from '../group/invitation-problem.ts'
import { cloudPortsOf } from '../group/invitation-seeds.ts'
import { readInvitation } from '../group/invitation-text.ts'
import { completeChain } from '../group/invitation-use.ts'
import { refused } from '../identity/certificate/certificate-refusal.ts'
import type { Chain } from '../identity/certificate/chain-encoding.ts'
import { verifyIdentityCertificate } from '../identity/certificate/identity-certificate.ts'
import type { PeerName } from '../identity/peer-name.ts'
import { readPemBlock } from '../identity/pem.ts'
import { isRole, ROLES, type Role } from '../identity/role.ts'
import { type GraphId, graphKeys } from '../records/graph-id.ts'
import { type Duration, parseDuration } from '../runtime/duration.ts'
import { type Endpoint, sameEndpoint } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { InviteOptions } from './group.ts'
import { type DerivingPorts, isVerifierOf, passwordVerifier } from './password-deriving.ts'

/** What inviting stands on. */
export interface InvitingParts extends DerivingPorts {
  readonly graphId: GraphId
  readonly node: GroupNode
  /** In milliseconds since 1970. */
  readonly now: number
  /** Where members were said to be when this node joined. */
  readonly formerHints: readonly Endpoint[]
  readonly engine: GraphNode
  /** The port at which this node is in the clouds of the group; undefined if it is in none. */
  readonly cloudPort: number | undefined
  /** Throws if the group was closed meanwhile. */
  requireOpen(): void
}

/** How many members use a link if nothing else is said. */
const USES_BY_DEFAULT = 1
/** Of the addresses in an invitation, so many are this node's own if there are others. */
const MOST_OWN_HINTS = 2
const CERTIFICATE_LABEL = 'CERTIFICATE'

/** Makes an invitation. @throws PeerageError as `Group.invite` */
export async function inviteTo(parts: InvitingParts, options: InviteOptions): Promise<Invitation> {
  const { node, now } = parts
  const request = { ...hintsIn(parts), expires: momentOf(options.expires, now), role: checkedRole(options.role) }
  requireOneKind(options)
  if ('for' in options) {
    const identity = identityIn(parts, options.for)
    const validUntil = momentOf(options.memberUntil, now)
    return written<Invitation>((done) => node.inviteIdentity({ ...request, ...identity, validUntil }, done))
  }
  if ('password' in options) {
    await setPassword(parts, options.password, request.role)
    parts.requireOpen()
    return node.inviteByPassword(request)
  }
  const { uses = USES_BY_DEFAULT, admitter } = options
  return node.inviteByLink({ ...request, uses, admitter })
}

/** The chain of the link that a text is, for whom it is to be cancelled. @throws PeerageError `invalid-invitation` */
export function linkIn({ crypto, engine }: InvitingParts, group: PeerName, text: string): Chain {
  const invitation = readInvitation(crypto, text)
  if (invitation.group !== group) throw unusable('chain-of-another-group', `it is for the group ${invitation.group}`)
  if (invitation.kind !== 'link') throw unusable('no-invitation', 'only a link can be cancelled')
  const { chain } = invitation
  const known = 'named' in chain ? engine.parts.provider.proof(digestBytes(chain.named)) : undefined
  const whole = completeChain(crypto, invitation, known)
  if (whole === undefined) throw unusable('another-chain', 'the chain that it names is not known here')
  return whole
}

/** A moment in milliseconds since 1970. @throws PeerageError `invalid-argument` */
export function momentOf(when: Duration | Date | undefined, now: number): number | undefined {
  if (when === undefined) return undefined
  return when instanceof Date ? when.getTime() : now + parseDuration(when)
}

/** @throws PeerageError `unknown-role` */
export function checkedRole(role: string | undefined): Role | undefined {
  if (role === undefined || isRole(role)) return role
  throw new PeerageError('unknown-role', { role, known: ROLES })
}

/** A promise of what an operation of the engine comes to. */
export function written<Result>(begin: (done: GroupDone<Result>) => void): Promise<Result> {
  return new Promise((resolve, reject) => {
    begin((outcome) => {
      if (outcome instanceof PeerageError) reject(outcome)
      else resolve(outcome)
    })
  })
}

/** The addresses in an invitation, and at which port this node is in the cloud (P-132). */
export function hintsIn(parts: InvitingParts): Pick<InvitationRequest, 'hints' | 'cloudPorts'> {
  const hints = hintsOf(parts).slice(0, MOST_HINTS)
  const { own } = parts.engine.parts
  return { hints, cloudPorts: cloudPortsOf(hints.map((hint) => (own.has(hint) ? parts.cloudPort : undefined))) }
}

/** This node first, then other members who are online, one address each, then whatever else is known. */
export function hintsOf({ engine, node, formerHints }: InvitingParts): readonly Endpoint[] {
  const own = engine.parts.own.addresses
  const ownKey = engine.parts.identity.keyPair.publicKey
  const others = node.members().filter(({ publicKey }) => publicKey.some((byte, index) => byte !== ownKey[index]))
  const hints: Endpoint[] = []
  const candidates = [
    ...own.slice(0, MOST_OWN_HINTS),
    ...others.flatMap(({ addresses }) => addresses.slice(0, 1)),
    ...own.slice(MOST_OWN_HINTS),
    ...others.flatMap(({ addresses }) => addresses.slice(1)),
    ...formerHints,
  ]
  for (const candidate of candidates) {
    if (!hints.some((hint) => sameEndpoint(hint, candidate))) hints.push(candidate)
  }
  return hints
}

function requireOneKind(options: InviteOptions): void {
  const kinds = ['for', 'password', 'uses', 'admitter'].filter((name) => Object.hasOwn(options, name))
  const isMixed = kinds.length > 1 && (kinds.includes('for') || kinds.includes('password'))
  if (!isMixed) return
  throw new PeerageError('invalid-argument', {
    name: 'the invitation',
    value: `made with ${kinds.join(' and ')}`,
    expected: 'for one identity, or by password, or a link with uses and admitter',
  })
}

function identityIn(
  { crypto, now }: InvitingParts,
  pem: string,
): { readonly peerName: PeerName; readonly publicKey: Uint8Array; readonly friendlyName: string | undefined } {
  let bytes: Uint8Array | undefined
  try {
    const block = readPemBlock(pem)
    if (block?.label === CERTIFICATE_LABEL) bytes = block.bytes
  } catch (error) {
    if (!PeerageError.is(error, 'malformed')) throw error
    throw refused('encoding', error.message)
  }
  if (bytes === undefined) throw refused('encoding', 'it is no certificate in PEM')
  const { peerName, publicKey, subject } = verifyIdentityCertificate(crypto, bytes, now)
  return { peerName, publicKey, friendlyName: subject === peerName ? undefined : subject }
}

/** Sees to it that this password is in force. */
async function setPassword(parts: InvitingParts, password: string, role: Role | undefined): Promise<void> {
  const { graphId, node } = parts
  const keys = graphKeys(parts.crypto, graphId)
  const inForce = node.password()
  const { current, locked } = node.knownVerifiers()
  const isRoleRight = role === undefined || role === inForce?.role
  if (inForce?.state === 'in-force' && isRoleRight && current !== undefined) {
    if (await isVerifierOf(parts, keys, password, current)) return
  }
  // What may have become known is not set again (P-119).
  for (const verifier of locked) {
    if (!(await isVerifierOf(parts, keys, password, verifier))) continue
    throw new PeerageError('password-locked', { group: node.root()?.peerName ?? '' })
  }
  const verifier = await passwordVerifier(parts, keys, password)
  parts.requireOpen()
  await written<void>((done) => node.setPassword(verifier, role ?? 'member', done))
}
