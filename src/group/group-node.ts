/**
 * A node of one group: what GraphNode is to a graph. It brings the security provider with which the graph is opened, and does all in
 * the life of a group that needs no I/O: memberships, invitations, the password, renewal, roles, revocation, the list of members.
 *
 * It is a synchronous state machine. Operations that write call `done` once, later; what they throw, they throw before
 * anything is stored.
 */
import type { GraphStatus } from '../graph/graph-events.ts'
import type { GraphNode } from '../graph/graph-node.ts'
import type { SecurityProviderFactory } from '../graph/security-provider.ts'
import type { GroupRootCertificate } from '../identity/certificate/certificate.ts'
import type { Chain } from '../identity/certificate/chain-encoding.ts'
import { authorityPart, type PeerName } from '../identity/peer-name.ts'
import type { Role } from '../identity/role.ts'
import { equalBytes } from '../runtime/bytes.ts'
import type { SigningKeyPair } from '../runtime/crypto.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { GroupIssuing, type IssueRequest, type MemberRenewal } from './group-issuing.ts'
import type { GroupDone, GroupNodeEvents, GroupNodeOptions, GroupNodePorts } from './group-node-options.ts'
import { GroupParts } from './group-parts.ts'
import { type GroupProperties, requireGroupProperties } from './group-properties.ts'
import { GroupSecurity } from './group-security.ts'
import { GroupWriting } from './group-writing.ts'
import type { Invitation } from './invitation.ts'
import {
  type IdentityInvitationRequest,
  type InvitationRequest,
  Inviting,
  type LinkInvitationRequest,
} from './inviting.ts'
import type { Keeping } from './kept-by-revoking.ts'
import { Looking } from './looking.ts'
import type { MemberChain } from './member-chain.ts'
import { type GroupMemberInfo, MemberList } from './member-list.ts'
import { OwnMembership, type OwnStanding } from './own-membership.ts'
import { type GroupPasswordInfo, type KnownVerifiers, PasswordKeeping } from './password-setting.ts'
import type { PasswordVerifier } from './password-verifier.ts'
import { Renewing } from './renewing.ts'
import { ReturnedKeys } from './returned-keys.ts'
import { Revoking, type RevokingAs } from './revoking.ts'
import { RoleChanging } from './role-changing.ts'

export type { IssueRequest, MemberRenewal } from './group-issuing.ts'
export type {
  GroupDone,
  GroupKeeping,
  GroupNodeEvents,
  GroupNodeOptions,
  GroupNodePorts,
  MemberChange,
} from './group-node-options.ts'
export type { IdentityInvitationRequest, InvitationRequest, LinkInvitationRequest } from './inviting.ts'
export type { GroupPasswordInfo, KnownVerifiers } from './password-setting.ts'
export type { RevokingAs } from './revoking.ts'

/** What the holder of the group key may change (P-035); what is undefined stays. */
export type GroupPropertyChanges = {
  readonly [Name in 'friendlyName' | 'comment' | 'memberDataOptional' | 'presenceDisabled' | 'deferredExpiration']?:
    | GroupProperties[Name]
    | undefined
}

/** One node of one group. */
export class GroupNode {
  /** The graph is opened with it. */
  readonly provider: SecurityProviderFactory
  readonly #options: GroupNodeOptions
  readonly #events: GroupNodeEvents
  readonly #parts: GroupParts
  readonly #writing: GroupWriting
  readonly #own: OwnMembership
  readonly #members: MemberList
  readonly #issuing: GroupIssuing
  readonly #inviting: Inviting
  readonly #passwords: PasswordKeeping
  readonly #revoking: Revoking
  readonly #roles: RoleChanging
  readonly #renewing: Renewing
  readonly #returned: ReturnedKeys
  readonly #looking: Looking
  #isClosed = false

  constructor(options: GroupNodeOptions, ports: GroupNodePorts) {
    const { keeping, events } = ports
    const parts = new GroupParts(options, ports)
    this.#options = options
    this.#events = events
    this.#parts = parts
    const writing = new GroupWriting(parts)
    this.#writing = writing
    const kept = options.entry.kind === 'chain' ? options.entry.chain : undefined
    this.#own = new OwnMembership(parts, writing, kept, {
      standingChanged: (standing) => events.standingChanged(standing),
      expiring: (expires) => events.expiring(expires),
      joined: (chain) => keeping.joined(chain),
    })
    this.#members = new MemberList(parts, (peer, change) => events.memberChanged(peer, change))
    this.#issuing = new GroupIssuing(parts, writing)
    this.#inviting = new Inviting(parts, this.#issuing)
    this.#passwords = new PasswordKeeping(parts, writing)
    this.#revoking = new Revoking(parts, writing)
    this.#roles = new RoleChanging(parts, writing, this.#issuing, this.#revoking)
    this.#renewing = new Renewing(parts, this.#issuing)
    this.#returned = new ReturnedKeys(parts, (peer) => events.keyCameBack(peer))
    this.#looking = new Looking(parts, (keys) => this.#look(keys))
    this.provider = (context) => {
      const security = new GroupSecurity(context, {
        ...{ group: options.group, root: options.root, entry: options.entry },
        owner: {
          precedes: (draft) => this.#own.precedes(draft),
          changed: (keys) => this.#looking.soon(keys),
          letIn: (chain, peer) => this.#later(() => this.#letIn(chain, peer)),
          joined: (chain) => this.#looking.soon([chain.key]),
          rootLearned: (root) => this.#later(() => keeping.rootLearned(root)),
        },
      })
      parts.opened(security)
      return security
    }
  }

  /**
   * The graph is open: to be called once, before it goes online. A new group gets its properties and its first membership record.
   *
   * @param done When these are on disk; also where there was nothing to write
   */
  attach(graph: GraphNode, done: GroupDone<void> = () => undefined): void {
    this.#parts.attached(graph)
    this.#members.begin()
    this.#own.begin()
    this.#returned.look('any')
    this.#looking.soon('any')
    const { creates } = this.#options
    if (creates === undefined) graph.store.afterCommit(done)
    else if (this.properties() !== undefined) this.#own.publish(done)
    else {
      this.#writing.addProperties(requireGroupProperties(creates), (error) => {
        if (error === undefined) this.#own.publish(done)
        else done(error)
      })
    }
  }

  // What the graph has told its owner, who passes it on

  statusChanged(_status: GraphStatus): void {
    this.#looking.soon('any')
  }

  nodeChanged(peer: PeerName, change: 'connected' | 'updated' | 'disconnected'): void {
    if (this.#isClosed || authorityPart(peer) === authorityPart(this.#parts.identity.name)) return
    this.#events.memberChanged(peer, change)
  }

  /** The first reconciliation of all types has ended. */
  synchronized(): void {
    this.#returned.synchronized()
    this.#looking.soon('any')
  }

  /** The node listens, and is registered where it can be: the own membership record is due, unless flag M puts it off (P-056). */
  listens(): void {
    this.#own.listens()
  }

  // What can be read

  /** The members, this node's identity among them: whoever holds a chain in force. */
  members(): readonly GroupMemberInfo[] {
    return this.#members.all()
  }

  /** A member by the authority of its name. @throws PeerageError `member-not-found` */
  member(peer: PeerName): GroupMemberInfo {
    return this.#members.get(peer)
  }

  /** How the own membership stands. */
  standing(): OwnStanding {
    return this.#own.standing()
  }

  /** The own chain that is shown to others, if there is one: what PNRP delegates by. */
  chain(): MemberChain | undefined {
    return this.#own.chain()
  }

  /** The GRC, once it is known. */
  root(): GroupRootCertificate | undefined {
    return this.#parts.records?.root.chain[0]
  }

  /** What the group says of itself, once that is known here. */
  properties(): GroupProperties | undefined {
    return this.#parts.records?.properties
  }

  /** The password that counts; undefined if there is none. */
  password(): GroupPasswordInfo | undefined {
    return this.#passwords.info
  }

  /** What this node can open of the passwords, to compare a new one with (isVerifierOf of peer-node/password-deriving.ts). */
  knownVerifiers(): KnownVerifiers {
    return this.#passwords.known()
  }

  /** Whether the group key is at hand. */
  get hasGroupKey(): boolean {
    return this.#parts.groupKey !== undefined
  }

  /** How often each thing happened, of admissions and judgements. */
  counters(): Readonly<Record<string, number>> {
    return this.#parts.security.counters()
  }

  // What can be done

  /** The group key came, by an import, or is taken away. @throws PeerageError `another-group`, `graph-not-ready` */
  setGroupKey(groupKey: SigningKeyPair | undefined): void {
    if (groupKey !== undefined) {
      const [root] = this.#parts.requireRecords().root.chain
      if (!equalBytes(root.publicKey, groupKey.publicKey)) {
        throw new PeerageError('another-group', { expected: this.#parts.group, given: 'another group' })
      }
    }
    this.#parts.groupKey = groupKey
  }

  /** @throws PeerageError `not-authorized` without the group key; `invalid-graph-property`; `graph-not-ready` */
  setProperties(changes: GroupPropertyChanges, done: GroupDone<GroupProperties>): void {
    const { properties, propertiesRecord } = this.#parts.requireRecords()
    if (properties === undefined || propertiesRecord === undefined) {
      throw new PeerageError('graph-not-ready', { graph: this.#parts.group })
    }
    const changed = requireGroupProperties({
      ...properties,
      friendlyName: changes.friendlyName ?? properties.friendlyName,
      comment: changes.comment ?? properties.comment,
      memberDataOptional: changes.memberDataOptional ?? properties.memberDataOptional,
      presenceDisabled: changes.presenceDisabled ?? properties.presenceDisabled,
      deferredExpiration: changes.deferredExpiration ?? properties.deferredExpiration,
    })
    this.#writing.changeProperties(propertiesRecord, changed, (error) => done(error ?? changed))
  }

  /**
   * Issues for one identity, publishes the membership record, and makes an invitation that carries the chain (P-130).
   *
   * @throws PeerageError what {@link GroupNode.issue} throws, `invitation-too-long`, `graph-not-ready`
   */
  inviteIdentity(request: IdentityInvitationRequest, done: GroupDone<Invitation>): void {
    this.#inviting.forIdentity(request, done)
  }

  /**
   * Makes a link. How many it lets in is exact where one admitter is named; otherwise several members who admit at the same time
   * can each let in so many (P-127).
   *
   * @throws PeerageError `not-authorized`, `membership-not-in-force`, `invalid-time-period`, `invalid-argument`, `chain-too-long`,
   *   `invitation-too-long`, `graph-not-ready`
   */
  inviteByLink(request: LinkInvitationRequest): Invitation {
    return this.#inviting.byLink(request)
  }

  /**
   * Says where to knock for those who know the password, which has to be in force.
   *
   * @throws PeerageError `no-password`, `password-locked`, `invalid-time-period`, `invitation-too-long`, `graph-not-ready`
   */
  inviteByPassword(request: InvitationRequest): Invitation {
    return this.#inviting.byPassword(request)
  }

  /**
   * Sets the password, or replaces it. That it is not one that is locked is for whoever derived the verifier to see to as well
   * ({@link GroupNode.knownVerifiers}): here only verifiers of the same cost can be compared.
   *
   * @throws PeerageError `not-authorized`, `membership-not-in-force`, `password-locked`, `graph-not-ready`
   */
  setPassword(verifier: PasswordVerifier, role: Role, done: GroupDone<void>): void {
    this.#passwords.set(verifier, role, done)
  }

  /** Removes the password: it admits nobody any more. @throws PeerageError `not-authorized`, `membership-not-in-force`, `graph-not-ready` */
  removePassword(done: GroupDone<void>): void {
    this.#passwords.remove(done)
  }

  /**
   * Issues a GMC, and publishes its membership record.
   *
   * @throws PeerageError `not-authorized`, `membership-not-in-force`, `invalid-peer-name`, `unsecured-peer-name`, `invalid-friendly-name`,
   *   `invalid-public-key`, `key-of-another-name`, `invalid-time-period`, `chain-too-long`, `circular-chain`, `graph-not-ready`
   */
  issue(request: IssueRequest, done: GroupDone<MemberChain>): void {
    const chain = this.#issuing.issued(request)
    this.#issuing.publish(chain, request.peerName, request.friendlyName, done)
  }

  /**
   * Renews the GMC of a member (P-093): what is omitted is taken from the one on record.
   *
   * @throws PeerageError `member-not-found`, and what {@link GroupNode.issue} throws
   */
  renew(renewal: MemberRenewal, done: GroupDone<MemberChain>): void {
    const chain = this.#issuing.renewed(renewal)
    const { peerName, friendlyName } = this.#issuing.namesOf(chain.key, chain)
    this.#issuing.publish(chain, peerName, renewal.friendlyName ?? friendlyName, done)
  }

  /** As {@link GroupNode.renew}, and makes an invitation of it instead of leaving the rest to the group. */
  renewByInvitation(renewal: MemberRenewal, request: InvitationRequest, done: GroupDone<Invitation>): void {
    this.#inviting.forRenewed(renewal, request, done)
  }

  /**
   * Gives a member another role (P-026). Lowering it revokes what it holds, keeping what was done under it unless asked otherwise.
   *
   * @throws PeerageError `member-not-found`, and what {@link GroupNode.issue} and {@link GroupNode.revoke} throw
   */
  setRole(peer: PeerName, role: Role, keeping: Keeping | undefined, done: GroupDone<void>): void {
    this.#roles.setRole(peer, role, keeping, done)
  }

  /**
   * Revokes every certificate of a member that has not ended (P-131).
   *
   * @param as undefined: this identity if it has the right to it, else the group key if it is at hand
   * @throws PeerageError `member-not-found`, `not-authorized`, `membership-not-in-force`, `too-much-kept`, `revocation-too-large`,
   *   `graph-not-ready`
   */
  revoke(peer: PeerName, keeping: Keeping, as: RevokingAs | undefined, done: GroupDone<void>): void {
    this.#revoking.revoke(peer, keeping, as, done)
  }

  /**
   * Cancels a link (P-050): admitted members stay, with all that they did, if `keeping` says so.
   *
   * @param link Ends with the link certificate: that of an invitation, or the part of a member's chain
   * @throws PeerageError as {@link GroupNode.revoke}
   */
  cancelLink(link: Chain, keeping: Keeping, as: RevokingAs | undefined, done: GroupDone<void>): void {
    this.#revoking.write(this.#revoking.plan([link], keeping, as), done)
  }

  /** Lets no timer run until {@link GroupNode.resume}. */
  suspend(): void {
    this.#looking.stop()
    this.#renewing.clear()
  }

  resume(): void {
    this.#looking.resume()
  }

  /** Ends: no event comes any more, and nothing may be called. The graph is for its owner to close. */
  close(): void {
    this.#looking.stop()
    this.#isClosed = true
    this.#parts.deadlines.clear()
  }

  // What happens by itself

  /** Not inside the judgement that has brought it about. */
  #later(act: () => void): void {
    if (!this.#isClosed) this.#parts.deadlines.set(0, act)
  }

  #look(keys: ReadonlySet<string> | 'any'): number {
    this.#own.look()
    this.#members.look(keys)
    this.#returned.look(keys)
    this.#passwords.look()
    this.#renewing.look(keys)
    return Math.min(this.#members.nextChange, this.#renewing.nextDue)
  }

  /** This node has let somebody in: others know it by the membership record that it writes (P-129). */
  #letIn(chain: MemberChain, peer: PeerName): void {
    const { records, log } = this.#parts
    if (records === undefined || records.state.membershipsOf(chain.digest).length > 0) return
    try {
      this.#issuing.publish(chain, peer, undefined, (outcome) => {
        if (outcome instanceof PeerageError) log.warn('an admission could not be stored', { problem: outcome.message })
      })
    } catch (error) {
      if (!(error instanceof PeerageError)) throw error
      log.warn('somebody who was let in could not be made known', { problem: error.message })
    }
  }
}
