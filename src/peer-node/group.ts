/**
 * A group, as applications see it: a graph that only invited peers can enter, with its members and what can be done with them.
 */
import type { Invitation, InvitationContent } from '../group/invitation.ts'
import type { OwnStanding } from '../group/own-membership.ts'
import type { PeerName } from '../identity/peer-name.ts'
import type { Role } from '../identity/role.ts'
import type { RecordId } from '../records/record-id.ts'
import type { Duration } from '../runtime/duration.ts'
import type { TriedAddress } from '../runtime/error-catalog.ts'
import type { ErrorCode } from '../runtime/peerage-error.ts'
import type { Graph, GraphEvents, GraphProperties, Status } from './graph.ts'
import type { Dialing } from './progress.ts'

/** What is said of a group. Whoever holds the group key can change the names and the three flags; the rest never changes. */
export interface GroupProperties extends GraphProperties {
  /** Who made the group. */
  readonly creator: PeerName
  /** The cloud in which its members are found; undefined for every cloud that a member has open. */
  readonly cloud: string | undefined
  /** Whether a member is listed only once it has written something, or made somebody a member. */
  readonly memberDataOptional: boolean
  /** Whether no member says that it is online. */
  readonly presenceDisabled: boolean
}

/** What can be said of a group where it is changed; what is left out stays. */
export interface GroupPropertyChanges {
  /** Up to 254 characters. */
  readonly friendlyName?: string | undefined
  /** Up to 254 characters. */
  readonly comment?: string | undefined
  /** As {@link GroupProperties.memberDataOptional}. */
  readonly memberDataOptional?: boolean | undefined
  /** As {@link GroupProperties.presenceDisabled}. */
  readonly presenceDisabled?: boolean | undefined
  /** As {@link GraphProperties.deferredExpiration}. */
  readonly deferredExpiration?: boolean | undefined
}

/** How this node is in the group. */
export interface GroupStatus extends Status {
  /** How the own membership stands. `not-let-in`: nobody has admitted it yet. */
  readonly membership: OwnStanding
  /**
   * Whether others find this node by the name of the group. `resolve-only`: this node cannot be reached from outside, so it is not
   * registered. `not-registered`: it does not listen yet, or is in no cloud.
   */
  readonly found: 'registered' | 'resolve-only' | 'not-registered'
}

/** A member: whoever holds a certificate in force. */
export interface Member {
  /** The name under which it writes and connects. */
  readonly peerName: PeerName
  /** As it calls itself; empty where no record says it. */
  readonly friendlyName: string
  /** The highest of its roles. */
  readonly role: Role
  /** All that its certificates in force say. */
  readonly roles: readonly Role[]
  /** Who has issued its certificate. */
  readonly issuer: PeerName
  /** From when on its certificate is valid. */
  readonly since: Date
  /** When its certificate ends, unless it is renewed. */
  readonly expires: Date
  /** Whether it is online, by its presence. */
  readonly connected: boolean
  /** Where it listens, if it is online and says so: `host:port`. */
  readonly addresses: readonly string[]
}

/** What is in every request for an invitation. */
interface AnyInvitation {
  /** By default member. */
  readonly role?: Role | undefined
  /** Until when it can be used. By default 7 days. */
  readonly expires?: Duration | Date | undefined
}

/** A link: whoever has the text can join. */
export interface LinkOptions extends AnyInvitation {
  /**
   * How many can join by it, 1 by default. The number is exact only if one `admitter` is named: otherwise each member that
   * admits at the same time counts for itself.
   */
  readonly uses?: number | undefined
  /** The one member who admits by it; it has to be online then. */
  readonly admitter?: PeerName | undefined
}

/** An invitation for one identity, and nobody else. */
export interface IdentityOptions extends AnyInvitation {
  /** Its identity certificate (IDC) in PEM: what `identities.certificate()` gives there. */
  readonly for: string
  /** Until when the membership lasts, unless it is renewed. By default as long as that of who invites. */
  readonly memberUntil?: Duration | Date | undefined
}

/**
 * An invitation for those who know the password, 8 characters or more. Only an administrator can set it: if none is in force, or
 * this is not the one that is, it is set with this role, and the former one admits nobody any more.
 */
export interface PasswordOptions extends AnyInvitation {
  /** 8 characters or more. */
  readonly password: string
}

/** How somebody is invited. */
export type InviteOptions = LinkOptions | IdentityOptions | PasswordOptions

/** What stays when somebody is revoked. */
export interface RevokeOptions {
  /** Of the records that the member has written: all by default, none, or these. */
  readonly keep?: 'all' | 'none' | readonly RecordId[] | undefined
}

/** What an invitation says. All of it is a claim until a join has verified it. */
export interface InvitationInfo {
  /** The peer name of the group. */
  readonly group: PeerName
  /** Of the group; its end can be missing, and it is empty if the group has no name. */
  readonly friendlyName: string
  /** Who has made the invitation. */
  readonly from: PeerName
  /** What whoever joins by it will be. */
  readonly role: Role
  /** Until when it can be used. */
  readonly expires: Date
  /** Whether joining takes a password besides. */
  readonly needsPassword: boolean
  /** For one `identity`, a `link`, or for those who know the `password`. */
  readonly kind: InvitationContent['kind']
  /** The authority of the one identity that can use it, if it is for one. */
  readonly for?: string
  /** Where members are looked for; undefined for every cloud that is open. */
  readonly cloud: string | undefined
  /** Where members may be: `host:port`. */
  readonly addresses: readonly string[]
}

/** What happens in a group, beside what happens in a graph. */
export interface GroupEvents extends GraphEvents {
  /** What is said of the group has changed: so it is now. */
  properties: GroupProperties
  /**
   * `joined`: it is listed for the first time. `updated`: its name, roles, end or presence. `revoked`: it is a member no more, because
   * somebody revoked it.
   */
  member: { readonly peer: PeerName; readonly change: 'joined' | 'updated' | 'connected' | 'disconnected' | 'revoked' }
  /** The own membership stands otherwise than before. */
  membership: { readonly standing: OwnStanding }
  /** The own membership ends then, and nobody has renewed it so far. */
  expiring: { readonly expires: Date }
  /** A certificate came to light of a member that was revoked, and is not covered by that: {@link Group.revoke} can be repeated. */
  'revoked-returned': { readonly peer: PeerName }
  /** A search for members has found nobody. It goes on later by itself. */
  'connection-failed': { readonly code: ErrorCode; readonly message: string; readonly tried: readonly TriedAddress[] }
  /** This node cannot be registered in the clouds of the group: it takes no links until the group is opened again, and goes on dialling. */
  'listening-ended': { readonly code: ErrorCode; readonly message: string }
}

/**
 * A group that is open. All that {@link Graph} has is here too. What this identity has no right to do rejects with
 * `not-authorized`, and with `membership-not-in-force` once its membership has ended.
 */
export interface Group extends Graph<GroupEvents> {
  /** The name of the group, by which members find each other. */
  readonly peerName: PeerName
  /** How this node is in it now. */
  status(): Promise<GroupStatus>
  /**
   * As {@link Graph.connected}. As long as no records of the group are here, it rejects when a search has found nobody.
   *
   * @throws PeerageError `no-members-found`, `no-member-reachable`, `not-let-in`, `cloud-not-found`
   */
  connected(options?: Dialing): Promise<void>
  /** As {@link Graph.synchronized}. @throws PeerageError as {@link Group.connected} */
  synchronized(options?: Dialing): Promise<void>
  /** What is said of it, as far as it is known here. */
  properties(): Promise<GroupProperties>
  /**
   * Changes what is said of the group, on every node.
   *
   * @throws PeerageError `group-key-not-here` (only who holds the group key may), `invalid-graph-property`, `graph-not-ready`
   */
  setProperties(changes: GroupPropertyChanges): Promise<GroupProperties>
  /**
   * Makes an invitation: one line of text. Without options it is a link for one member, good for 7 days. Of a link the text is a
   * secret. With a role that this identity may not give it rejects with `not-authorized`.
   *
   * @throws PeerageError `invalid-certificate` (of `for`), `key-of-another-name`, `invalid-time-period`, `chain-too-long`,
   *   `circular-chain` (it stands above), `invitation-too-long`, `password-too-short`, `password-locked`, `invalid-argument`,
   *   `graph-not-ready`
   */
  invite(options?: InviteOptions): Promise<Invitation>
  /**
   * Makes a link of no more use, for those as well who have not used it yet. Who came by it stays.
   *
   * @throws PeerageError `invalid-invitation` (it is no link of this group), `not-authorized`
   */
  cancelInvitation(invitation: string): Promise<void>
  /** Removes the password: nobody gets in by it any more. @throws PeerageError `not-authorized` (an administrator may) */
  removePassword(): Promise<void>
  /** The members, this identity among them; or those who are online. */
  members(options?: { readonly connected?: boolean | undefined }): Promise<readonly Member[]>
  /** One of them. @throws PeerageError `member-not-found` */
  member(peer: PeerName): Promise<Member>
  /**
   * Gives a member another role. To lower it is to revoke what it holds and to issue anew: its records stay, unless `keep` says otherwise.
   *
   * @throws PeerageError `member-not-found`, `not-authorized`, `unknown-role`, `chain-too-long`, `circular-chain`, and as {@link Group.revoke}
   */
  setRole(peer: PeerName, role: Role, options?: RevokeOptions): Promise<void>
  /**
   * Renews the certificate of a member before it ends; members who may do so do it by themselves, too.
   *
   * @param options When the new one ends, by default as long after now as the one on record lasted; and whether the
   *   member gets it by an invitation instead of from the group
   * @throws PeerageError `member-not-found`, `not-authorized`, `invalid-time-period`, `chain-too-long`, `circular-chain`
   * @returns the invitation, if one was asked for
   */
  renew(
    peer: PeerName,
    options?: { readonly expires?: Duration | Date | undefined; readonly byInvitation?: boolean | undefined },
  ): Promise<Invitation | undefined>
  /**
   * Puts a member out of the group, with every certificate that it holds: its links are closed everywhere as soon as the revocation
   * comes there. To come back it needs a new invitation. What it has admitted stays.
   *
   * @throws PeerageError `member-not-found`, `not-authorized`, `too-much-kept`, `revocation-too-large`
   */
  revoke(peer: PeerName, options?: RevokeOptions): Promise<void>
  /**
   * Leaves the group: closes it, and deletes the membership and the records here. Others list the member until its certificate
   * ends or somebody revokes it, and keep its records.
   *
   * @throws PeerageError `group-key-would-be-lost`, unless `losesGroupKey` says that this is meant
   */
  leave(options?: { readonly losesGroupKey?: boolean | undefined }): Promise<void>
  /**
   * One text that opens the group for this identity in another place: the ID of the graph and the membership, encrypted
   * with the password. The key of the group is not in it, nor that of the identity.
   *
   * @throws PeerageError `empty-password`, `invalid-argument` (the password), `membership-not-in-force` (nobody has let it in yet)
   */
  exportConfiguration(password: string): Promise<string>
  /** Whether this node holds the group key. Only its holder can change the properties and revoke administrators at the top. */
  hasKey(): Promise<boolean>
  /**
   * The group key, encrypted with the password, as PKCS#8 that `openssl` opens.
   *
   * @throws PeerageError `group-key-not-here`, `empty-password`, `invalid-argument` (the password)
   */
  exportKey(password: string): Promise<string>
  /**
   * Takes over the key of this group.
   *
   * @throws PeerageError `invalid-group-export`, `unsupported-version`, `another-group`, `wrong-passphrase`
   */
  importKey(text: string, password: string): Promise<void>
  /** Removes the group key from this node. Export it first: the group lives on without, but for its properties. */
  removeKey(): Promise<void>
}
