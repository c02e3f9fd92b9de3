/**
 * The groups of a node, as applications see them: made, joined, opened, listed, deleted, and carried to another place.
 */
import type { PeerName } from '../identity/peer-name.ts'
import type { Duration } from '../runtime/duration.ts'
import type { OpenGraphOptions } from './graphs.ts'
import type { Group, GroupPropertyChanges } from './group.ts'
import type { Dialing } from './progress.ts'

/** How a group is made. */
export interface CreateGroupOptions extends GroupPropertyChanges, OpenGraphOptions {
  /** Its creator. By default the default identity. */
  readonly identity?: PeerName | undefined
  /** What follows the dot in the peer name of the group; up to 149 characters, none by default. */
  readonly classifier?: string | undefined
  /** The cloud in which its members are found. By default every cloud that a member has open. A private one has to be open. */
  readonly cloud?: string | undefined
  /** How long a presence record lives: 5 minutes or more, and by default. */
  readonly presenceLifetime?: Duration | undefined
  /** How long after its creation a record may expire at most. By default ten years. */
  readonly longestRecordLife?: Duration | undefined
}

/** How a group is joined. */
export interface JoinGroupOptions extends Omit<OpenGraphOptions, 'offline'>, Dialing {
  /** Who joins. By default the identity that the invitation is for, if it is here, or the default identity. */
  readonly identity?: PeerName | undefined
  /** Of the group, if the invitation needs one. */
  readonly password?: string | undefined
}

/** Whose membership is meant. */
export interface WhoseGroup {
  /** Needed only if several identities of this data directory are in the group, and it is not the default one. */
  readonly identity?: PeerName | undefined
}

/** A group in the data directory. */
export interface GroupInfo {
  /** The name of the group. */
  readonly peerName: PeerName
  /** As it called itself last; empty if it does not. */
  readonly friendlyName: string
  /** Who of this data directory is in it. */
  readonly identity: PeerName
  /** Whether this node has it open, for whatever program. */
  readonly isOpen: boolean
}

/**
 * The groups of a node. What concerns the disk rejects with `disk-full` and `storage-not-accessible`, and what concerns an identity
 * as `identities` does.
 */
export interface Groups {
  /**
   * Makes a group: its key, which stays on this node, its certificate, and the first membership, that of an administrator. Without
   * network it is made all the same, and found by others later. What fails leaves nothing behind.
   *
   * @throws PeerageError `invalid-friendly-name`, `invalid-classifier`, `classifier-too-long`, `invalid-graph-property`,
   *   `cloud-not-found` (a private cloud that is not open), `invalid-cloud`, `unable-to-listen` (the port that was asked for)
   */
  create(options?: CreateGroupOptions): Promise<Group>
  /**
   * Joins a group with an invitation of any kind. It resolves when this identity is a member and all records are here. An invitation
   * for one identity that holds its whole chain needs nobody: if no member can be reached, it resolves too, and the group
   * goes on looking for members. An abort, as any failure, leaves nothing behind.
   * An invitation can also take the place of a membership that has ended or was revoked: the records come from members again then.
   *
   * @throws PeerageError `invalid-invitation` (with the problem), `unsupported-version`, `already-a-member`, `empty-password` (it needs
   *   one), `password-too-short`, `no-members-found`, `no-member-reachable` and `not-let-in` (all with what was tried, and the reason),
   *   `cloud-not-found` (a private cloud that is not open), `circular-chain`, `chain-too-long`, `unable-to-listen`
   */
  join(invitation: string, options?: JoinGroupOptions): Promise<Group>
  /**
   * Opens a group that is in the data directory. It looks for members by itself, and what is here can be read and written meanwhile.
   *
   * @throws PeerageError `group-not-found`, `duplicate-group` (it is open here), `graph-in-use` (by another program),
   *   `group-file-damaged`, `group-file-newer`, `invalid-database`, `database-newer`, `cloud-not-found`, `unable-to-listen`
   */
  open(group: PeerName, options?: WhoseGroup & OpenGraphOptions): Promise<Group>
  /** The groups in the data directory, or those of one identity. */
  list(options?: WhoseGroup): Promise<readonly GroupInfo[]>
  /**
   * Deletes what is kept of a group here: membership, records, and the group key if it is here. Others are not told: see {@link Group.leave}.
   *
   * @throws PeerageError `group-not-found`, `group-in-use`
   */
  delete(group: PeerName, options?: WhoseGroup): Promise<void>
  /**
   * Takes over what {@link Group.exportConfiguration} gave. The identity has to be here; the group can be opened then.
   *
   * @throws PeerageError `invalid-group-export`, `unsupported-version`, `wrong-passphrase`, `identity-not-found`, `already-a-member`
   */
  importConfiguration(text: string, password: string): Promise<GroupInfo>
  /**
   * Adds what {@link Graph.exportDatabase} wrote to the database of the group, which must not be open, and opens it offline. Each record
   * is checked as if a stranger had sent it: one that was altered is left out, and the rest comes in.
   *
   * @throws PeerageError `group-not-found`, `group-in-use`, `invalid-database` (not of this group, or damaged), `database-newer`,
   *   `input-not-readable`
   */
  importDatabase(group: PeerName, file: string, options?: WhoseGroup & Dialing): Promise<Group>
}
