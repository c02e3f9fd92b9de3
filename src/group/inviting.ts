/**
 * Making invitations of the three kinds at one node (P-036, P-130, P-132). Where members can be reached, and the password, are
 * given by whoever asks for one.
 */
import { authorityPart, type PeerName, requireSecured } from '../identity/peer-name.ts'
import { mayGiveRole, type Role } from '../identity/role.ts'
import { formatUtc, LATEST_UTC } from '../runtime/calendar.ts'
import type { Endpoint } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { GroupIssuing, IssueRequest, MemberRenewal } from './group-issuing.ts'
import type { GroupDone } from './group-node-options.ts'
import type { GroupParts } from './group-parts.ts'
import { passwordState } from './group-password.ts'
import { issuingState } from './group-records.ts'
import { type Invitation, type InvitationContent, MOST_HINTS } from './invitation.ts'
import { makeInvitation, readInvitation } from './invitation-text.ts'
import { makeLink } from './link-key.ts'
import type { MemberChain } from './member-chain.ts'

/** What all invitations are made with. */
export interface InvitationRequest {
  /** Until when it can be used, in milliseconds since 1970; by default for {@link DEFAULT_INVITATION_LIFE}, or as long as it can be. */
  readonly expires?: number | undefined
  /** Where members can be reached: the first {@link MOST_HINTS} are taken, so the most promising first. */
  readonly hints: readonly Endpoint[]
  /** Of each hint, the UDP port at which it is in the group's cloud; 0 for the usual one. */
  readonly cloudPorts?: readonly number[] | undefined
}

/** An invitation for one identity. */
export interface IdentityInvitationRequest extends InvitationRequest, IssueRequest {}

/** An invitation by link. */
export interface LinkInvitationRequest extends InvitationRequest {
  /** By default member. */
  readonly role?: Role | undefined
  /** How many it lets in; undefined for any number. */
  readonly uses?: number | undefined
  /** The one member who lets in by it; undefined for every member. */
  readonly admitter?: PeerName | undefined
}

/** Seven days, in milliseconds. */
export const DEFAULT_INVITATION_LIFE: number = 7 * 86_400_000

/** Invites at one node. */
export class Inviting {
  readonly #parts: GroupParts
  readonly #issuing: GroupIssuing

  constructor(parts: GroupParts, issuing: GroupIssuing) {
    this.#parts = parts
    this.#issuing = issuing
  }

  /** For one identity: its membership record is published, so that every member can serve the chain (P-130). */
  forIdentity(request: IdentityInvitationRequest, done: GroupDone<Invitation>): void {
    this.#requireProperties()
    const chain = this.#issuing.issued(request)
    const invitation = this.#ofChain(chain, request)
    this.#issuing.publish(chain, request.peerName, request.friendlyName, (outcome) => {
      done(outcome instanceof PeerageError ? outcome : invitation)
    })
  }

  /** For a member whose GMC is issued anew. It is published only if the text has no room for its chain. */
  forRenewed(renewal: MemberRenewal, request: InvitationRequest, done: GroupDone<Invitation>): void {
    this.#requireProperties()
    const chain = this.#issuing.renewed(renewal)
    const invitation = this.#ofChain(chain, request)
    const content = readInvitation(this.#parts.crypto, invitation)
    if (content.kind === 'identity' && 'whole' in content.chain) {
      this.#parts.deadlines.set(0, () => done(invitation))
      return
    }
    const { peerName, friendlyName } = this.#issuing.namesOf(chain.key, chain)
    this.#issuing.publish(chain, peerName, friendlyName, (outcome) => {
      done(outcome instanceof PeerageError ? outcome : invitation)
    })
  }

  /** By link. Nothing is published: the link shows itself when it is used. */
  byLink(request: LinkInvitationRequest): Invitation {
    const { role = 'member', uses, admitter, expires } = request
    this.#requireProperties()
    const { crypto, random, now } = this.#parts
    const records = this.#parts.requireRecords()
    const operation = `making a link for the role ${role}`
    const [own] = this.#parts.requireOwn(operation, ({ roles }) => mayGiveRole(roles, role))
    const admitsUntil = expires ?? Math.min(now + DEFAULT_INVITATION_LIFE, own.notAfter)
    const terms = { role, uses, admitter: admitter && authorityPart(requireSecured(admitter)), admitsUntil }
    const { seed, chain } = makeLink(crypto, random, this.#parts.issuer(own), terms, issuingState(records, now))
    return this.#text({ ...this.#common(role, admitsUntil, request), kind: 'link', seed, chain: { whole: chain } })
  }

  /** For those who know the password. */
  byPassword(request: InvitationRequest): Invitation {
    const { expires } = request
    this.#requireProperties()
    const { group, now } = this.#parts
    const { password: standing, state } = this.#parts.requireRecords()
    const { password } = standing
    if (password === undefined) throw new PeerageError('no-password', { group })
    if (passwordState(password, (certificate) => state.isRevoked(certificate)) === 'locked') {
      throw new PeerageError('password-locked', { group })
    }
    const until = requireFuture(expires ?? now + DEFAULT_INVITATION_LIFE, now)
    return this.#text({ ...this.#common(password.role, until, request), kind: 'password' })
  }

  #ofChain(chain: MemberChain, request: InvitationRequest): Invitation {
    const { expires } = request
    const { now } = this.#parts
    const until = requireFuture(expires ?? Math.min(now + DEFAULT_INVITATION_LIFE, chain.notAfter), now)
    const role = chain.roles[0] ?? 'member'
    const invited = authorityPart(chain.leaf.peerName)
    return this.#text({
      ...this.#common(role, until, request),
      kind: 'identity',
      invited,
      chain: { whole: chain.chain },
    })
  }

  #common(role: Role, expires: number, { hints, cloudPorts }: InvitationRequest) {
    const { group, graphId, identity } = this.#parts
    const { friendlyName, cloud } = this.#requireProperties()
    return {
      ...{ group, graphId, friendlyName, cloud: cloud === '' ? undefined : cloud, inviter: identity.name },
      ...{ role, expires, hints: hints.slice(0, MOST_HINTS) },
      ...(cloudPorts === undefined ? {} : { cloudPorts: cloudPorts.slice(0, MOST_HINTS) }),
    }
  }

  #text(content: InvitationContent): Invitation {
    return makeInvitation(this.#parts.crypto, content)
  }

  /** The name and the cloud of the group have to be known. @throws PeerageError `graph-not-ready` */
  #requireProperties() {
    const { properties } = this.#parts.requireRecords()
    if (properties === undefined) throw new PeerageError('graph-not-ready', { graph: this.#parts.group })
    return properties
  }
}

function requireFuture(expires: number, now: number): number {
  if (Number.isInteger(expires) && expires > now && expires <= LATEST_UTC) return expires
  const until = expires >= 0 && expires <= LATEST_UTC ? formatUtc(Math.trunc(expires)) : `${expires} ms`
  throw new PeerageError('invalid-time-period', {
    from: formatUtc(now),
    until,
    problem: 'it would end before it begins',
  })
}
