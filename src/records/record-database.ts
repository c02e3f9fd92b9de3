/**
 * The database of one graph: the port behind which SQLite, or memory in simulations, keeps the records that last. It
 * judges nothing: which version wins, what is valid and when something expires is decided above.
 *
 * It is synchronous. Changes are seen at once by whoever reads here, and are on disk when {@link RecordDatabase.commit}
 * returns, all that were made since the one before or none of them. So many writes can share a commit.
 *
 * Each change gets the next **arrival number**, a local order that survives restarts and never runs backwards.
 * A **cursor** is a place in that order of this one database (G-150).
 */

import type { Query } from './query.ts'
import type { GraphRecord } from './record.ts'
import type { RecordId } from './record-id.ts'

/** The records of one graph, and what else is to survive a restart. */
export interface RecordDatabase {
  /** Whether it was there when it was opened, and not made then (G-009). */
  readonly wasFound: boolean
  /** Random, made with the database: cursors of another one do not fit. */
  readonly databaseId: string

  get(id: RecordId): StoredRecord | undefined
  /** The encoding of a record alone, which costs less than all that is known of it. */
  bytes(id: RecordId): Uint8Array | undefined
  /** Reads many things, which costs less than one by one. Nothing may be changed meanwhile. @returns what was read */
  reading<Result>(read: () => Result): Result
  /** Stores a version in the place of the one that is there, if any. @returns its arrival number */
  put(record: GraphRecord, options: { readonly refresh: boolean }): number
  /** Takes a record out and notes why. Of one that is not there that is a programming error. @param at Peer time. */
  remove(id: RecordId, reason: RemovalReason, at: number): number
  /** Marks a record that is there to be refreshed, or no more. That is no change. */
  setRefresh(id: RecordId, refresh: boolean): void

  /** A page of live records, as far as `selection.limit`. */
  list(selection: Selection): readonly StoredRecord[]
  /** A page of what changed after an arrival number: of each record the last change only, in the order of arrival. */
  changes(after: number, types: readonly string[] | undefined, limit: number): readonly StoredChange[]
  /** The arrival number of the last change; 0 in an empty database. */
  readonly lastArrival: number
  /** Changes after this number are complete; removals up to it may have been forgotten. */
  readonly firstComplete: number
  /** Forgets removals that were noted before this peer time. */
  forgetRemovals(before: number): void

  /** Every record, tombstones included, in the order of arrival: what a trie is built from. */
  leaves(): Iterable<StoredLeaf>
  /** Live records that are marked to be refreshed. */
  refreshed(): Iterable<StoredRecord>

  /** A small value that is kept beside the records, or undefined. */
  setting(name: string): Uint8Array | undefined
  setSetting(name: string, value: Uint8Array | undefined): void

  /**
   * Brings to disk what was changed since the last commit.
   *
   * @throws PeerageError `disk-full`, `storage-not-accessible`: then nothing of it is stored, and reading shows that
   */
  commit(): void
  /**
   * Calls back once when a commit is best made: soon, but shared by many changes where many come. Without it, a commit is made
   * whenever it is wanted.
   *
   * @param isAwaited Whether somebody waits for the commit.
   */
  atCommitTime?(commit: () => void, isAwaited: () => boolean): void
  /** Commits, and ends its use. Twice does nothing. */
  close(): void
}

/** A record and what the database knows of it. */
export interface StoredRecord {
  readonly record: GraphRecord
  readonly arrival: number
  /** Whether it is to be refreshed by this node (G-059). */
  readonly refresh: boolean
}

/** What a trie needs of a record. */
export interface StoredLeaf {
  readonly id: RecordId
  readonly type: string
  readonly digest: Uint8Array
  readonly expires: number
}

/** Why a record is not there any more: its time was over, or its author lost the right. What is deleted leaves a tombstone. */
export type RemovalReason = 'expired' | 'revoked'

/** A change, as a reader of changes sees it. */
export type StoredChange =
  | {
      readonly arrival: number
      readonly kind: 'stored'
      readonly record: GraphRecord
      /** The number with which a version of this record first came: to who reads from a later one, this is an update. */
      readonly firstArrival: number
    }
  | {
      readonly arrival: number
      readonly kind: 'removed'
      readonly id: RecordId
      readonly type: string
      readonly reason: RemovalReason
    }

/** Which records are wanted. Tombstones never are. */
export interface Selection {
  /** undefined: all types. */
  readonly type?: string | undefined
  /** The public key of the creator. */
  readonly creator?: Uint8Array | undefined
  readonly where?: Query | undefined
  /** Records that expire at this peer time or before are left out; undefined: none are. */
  readonly expiringAfter?: number | undefined
  /** By arrival: oldest first unless this is set. */
  readonly newestFirst?: boolean | undefined
  /** Go on after this arrival number, in the chosen order. */
  readonly after?: number | undefined
  readonly limit: number
}
