/**
 * A node of one group: what GraphNode is to a graph. It brings the security provider with which the graph is opened, and does all in
 * the life of a group that needs no I/O: memberships, invitations, the password, renewal, roles, revocation, the list of members.
 *
 * It is a synchronous state machine. Operations that write call `done` once, later; what they throw, they throw before
 * anything is stored.
 */
import type { GraphStatus, RecordChange } from '../graph/graph-events.ts'
import type { GraphNode } from '../graph/graph-node.ts'
import type { SecurityProviderFactory } from '../graph/security-provider.ts'
import type { GroupRootCertificate } from '../identity/certificate/certificate.ts'
import type { Chain } from '../identity/certificate/chain-encoding.ts'
import type { PeerName } from '../identity/peer-name.ts'
import type { Role } from '../identity/role.ts'
import type { SigningKeyPair } from '../runtime/crypto.ts'
import type { Endpoint } from '../runtime/endpoint.ts'
import type { GroupDone, GroupNodeOptions, GroupNodePorts } from './group-node-options.ts'
import type { PasswordState } from './group-password.ts'
import type { GroupProperties } from './group-properties.ts'
import { GroupSecurity } from './group-security.ts'
import type { Invitation } from './invitation.ts'
import type { Keeping } from './kept-by-revoking.ts'
import type { MemberChain } from './member-chain.ts'
import type { GroupMemberInfo } from './member-list.ts'
import type { Renewal } from './membership-issuing.ts'
import type { OwnStanding } from './own-membership.ts'
import type { PasswordVerifier } from './password-verifier.ts'

export type { GroupDone, GroupNodeEvents, GroupNodeOptions, GroupNodePorts } from './group-node-options.ts'

/** What the holder of the group key may change (P-035); what is undefined stays. */
export type GroupPropertyChanges = {
  readonly [Name in 'friendlyName' | 'comment' | 'memberDataOptional' | 'presenceDisabled' | 'deferredExpiration']?:
    | GroupProperties[Name]
    | undefined
}

/** What all invitations are made with. */
export interface InvitationRequest {
  /** By default seven days from now; in milliseconds since 1970. */
  readonly expires?: number | undefined
  /** Where members can be reached: the first four are taken, so the most promising first. */
  readonly hints: readonly Endpoint[]
  /** Of each hint, the port at which it is in the cloud, where that is known (cloudPortsOf of invitation-seeds.ts). */
  readonly cloudPorts?: readonly number[] | undefined
}

/** An invitation for one identity: what is in its IDC. */
export interface IdentityInvitationRequest extends InvitationRequest {
  readonly peerName: PeerName
  readonly friendlyName: string | undefined
  readonly publicKey: Uint8Array
  /** By default member. */
  readonly role?: Role | undefined
}

/** An invitation by link. */
export interface LinkInvitationRequest extends InvitationRequest {
  /** By default member. */
  readonly role?: Role | undefined
  /** undefined for any number. */
  readonly uses: number | undefined
  /** The one member who lets in by it; undefined for every member. */
  readonly admitter?: PeerName | undefined
}

/** The password that counts. */
export interface GroupPasswordInfo {
  readonly role: Role
  readonly state: PasswordState
}

/** The verifiers that this node can open: of the password in force, and of all those that are locked (P-119). */
export interface KnownVerifiers {
  readonly current: PasswordVerifier | undefined
  readonly locked: readonly PasswordVerifier[]
}

/** Who revokes: an own certificate, or the group key where it is at hand. */
export type RevokingAs = 'member' | 'group'

/** One node of one group. */
export class GroupNode {
  /** The graph is opened with it. */
  readonly provider: SecurityProviderFactory
  #security: GroupSecurity | undefined
  #graph: GraphNode | undefined

  constructor(options: GroupNodeOptions, _ports: GroupNodePorts) {
    this.provider = (context) => {
      this.#security = new GroupSecurity(context, {
        ...{ group: options.group, root: options.root, entry: options.entry },
        owner: { letIn: () => undefined, joined: () => undefined, rootLearned: () => undefined },
      })
      return this.#security
    }
  }

  /** The graph is open: to be called once, before it goes online. A new group gets its properties and its first membership record. */
  attach(graph: GraphNode): void {
    if (this.#graph !== undefined) throw new TypeError('a group has one graph')
    this.#graph = graph
  }

  // What the graph has told its owner, who passes it on

  statusChanged(_status: GraphStatus): void {}
  recordChanged(_change: RecordChange): void {}
  nodeChanged(_peer: PeerName, _change: 'connected' | 'updated' | 'disconnected'): void {}
  /** The first reconciliation of all types has ended. */
  synchronized(): void {}

  /** The node listens, and is registered where it can be: the own membership record is due, unless flag M puts it off (P-056). */
  listens(): void {}

  // What can be read

  /** The members, this node's identity among them: whoever holds a chain in force. */
  members(): readonly GroupMemberInfo[] {
    return notThereYet()
  }

  /** A member by the authority of its name. @throws PeerageError `member-not-found` */
  member(_peer: PeerName): GroupMemberInfo {
    return notThereYet()
  }

  /** How the own membership stands. */
  standing(): OwnStanding {
    return notThereYet()
  }

  /** The own chain that is shown to others, if there is one: what PNRP delegates by. */
  chain(): MemberChain | undefined {
    return notThereYet()
  }

  /** The GRC, once it is known. */
  root(): GroupRootCertificate | undefined {
    return notThereYet()
  }

  /** What the group says of itself, once that is known here. */
  properties(): GroupProperties | undefined {
    return notThereYet()
  }

  /** The password that counts; undefined if there is none. */
  password(): GroupPasswordInfo | undefined {
    return notThereYet()
  }

  /** What this node can open of the passwords, to compare a new one with (isVerifierOf of password-verifier.ts). */
  knownVerifiers(): KnownVerifiers {
    return notThereYet()
  }

  /** Whether the group key is at hand. */
  get hasGroupKey(): boolean {
    return notThereYet()
  }

  /** How often each thing happened, of admissions and judgements. */
  counters(): Readonly<Record<string, number>> {
    return this.#security?.counters() ?? {}
  }

  // What can be done

  /** The group key came, by an import, or is taken away. @throws PeerageError `another-group` */
  setGroupKey(_groupKey: SigningKeyPair | undefined): void {
    notThereYet()
  }

  /** @throws PeerageError `not-authorized` without the group key; `invalid-graph-property`; `graph-not-ready` */
  setProperties(_changes: GroupPropertyChanges, _done: GroupDone<GroupProperties>): void {
    notThereYet()
  }

  /**
   * Issues for one identity, publishes the membership record, and makes an invitation that carries the chain (P-130).
   *
   * @throws PeerageError what {@link GroupNode.issue} throws, `invitation-too-long`
   */
  inviteIdentity(_request: IdentityInvitationRequest, _done: GroupDone<Invitation>): void {
    notThereYet()
  }

  /**
   * Makes a link.
   *
   * @throws PeerageError `not-authorized`, `membership-not-in-force`, `invalid-time-period`, `invalid-argument`, `chain-too-long`,
   *   `invitation-too-long`, `graph-not-ready`
   */
  inviteByLink(_request: LinkInvitationRequest): Invitation {
    return notThereYet()
  }

  /** Says where to knock for those who know the password, which has to be in force. @throws PeerageError `no-password`, `password-locked`, `invitation-too-long` */
  inviteByPassword(_request: InvitationRequest): Invitation {
    return notThereYet()
  }

  /**
   * Sets the password, or replaces it. That it is not one that is locked is for whoever derived the verifier to see to
   * ({@link GroupNode.knownVerifiers}).
   *
   * @throws PeerageError `not-authorized`, `membership-not-in-force`, `password-locked` if it is the locked one at the same cost
   */
  setPassword(_verifier: PasswordVerifier, _role: Role, _done: GroupDone<void>): void {
    notThereYet()
  }

  /** @throws PeerageError `not-authorized`, `membership-not-in-force` */
  removePassword(_done: GroupDone<void>): void {
    notThereYet()
  }

  /**
   * Issues a GMC, and publishes its membership record.
   *
   * @throws PeerageError `not-authorized`, `membership-not-in-force`, `invalid-peer-name`, `unsecured-peer-name`, `invalid-friendly-name`,
   *   `invalid-public-key`, `key-of-another-name`, `invalid-time-period`, `chain-too-long`, `circular-chain`
   */
  issue(
    _request: Pick<IdentityInvitationRequest, 'peerName' | 'friendlyName' | 'publicKey' | 'role' | 'expires'>,
    _done: GroupDone<MemberChain>,
  ): void {
    notThereYet()
  }

  /**
   * Renews the GMC of a member (P-093): what is omitted is taken from the one on record.
   *
   * @throws PeerageError `member-not-found`, and what {@link GroupNode.issue} throws
   */
  renew(_renewal: Omit<Renewal, 'group'>, _done: GroupDone<MemberChain>): void {
    notThereYet()
  }

  /** As {@link GroupNode.renew}, and makes an invitation of it instead of leaving the rest to the group. */
  renewByInvitation(_renewal: Omit<Renewal, 'group'>, _request: InvitationRequest, _done: GroupDone<Invitation>): void {
    notThereYet()
  }

  /**
   * Gives a member another role (P-026). Lowering it revokes what it holds, keeping what was done under it unless asked otherwise.
   *
   * @throws PeerageError `member-not-found`, `not-authorized`, and what {@link GroupNode.issue} and {@link GroupNode.revoke} throw
   */
  setRole(_peer: PeerName, _role: Role, _keeping: Keeping | undefined, _done: GroupDone<void>): void {
    notThereYet()
  }

  /**
   * Revokes every certificate in force of a member (P-131).
   *
   * @throws PeerageError `member-not-found`, `not-authorized`, `membership-not-in-force`, `too-much-kept`, `revocation-too-large`
   */
  revoke(_peer: PeerName, _keeping: Keeping, _as: RevokingAs, _done: GroupDone<void>): void {
    notThereYet()
  }

  /**
   * Cancels a link (P-050): admitted members stay, with all that they did, if `keeping` says so.
   *
   * @param link Ends with the link certificate: that of an invitation, or the part of a member's chain
   * @throws PeerageError as {@link GroupNode.revoke}
   */
  cancelLink(_link: Chain, _keeping: Keeping, _as: RevokingAs, _done: GroupDone<void>): void {
    notThereYet()
  }

  /** Ends: no event comes any more. The graph is for its owner to close. */
  close(): void {
    this.#graph = undefined
  }
}

function notThereYet(): never {
  throw new TypeError('this is being written')
}
