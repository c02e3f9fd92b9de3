/**
 * What a reconciliation needs of a node's records, and what it tells its owner.
 */
import type { RecordId } from '../records/record-id.ts'
import type { HashedLeaf, MerkleTrie } from './merkle-trie.ts'

/** The records of one node that are compared with others. They may change at any time. */
export interface ReconciledRecords {
  readonly trie: MerkleTrie
  /** The last whole minute of peer time, in milliseconds since 1970. */
  minute(): number
  /** Takes out of the trie what has expired by a minute, which may be a little ahead (G-161). */
  advanceTrie(minute: number): void
  /** The encoding of the version that is here, or undefined. */
  bytesOf(type: string, id: RecordId): Uint8Array | undefined
  /** Reads many of them, which costs less than one by one. Nothing changes meanwhile. @returns what was read */
  reading<Result>(read: () => Result): Result
  /** Versions that wait here for their time: they are not asked for again (G-181). */
  waiting(): readonly HashedLeaf[]
  /** Whether a record has been here for so long that others should have it, too (G-163). */
  isLongHeld(id: RecordId): boolean
  /**
   * Judges a record and stores it, or drops it, in the order in which they come.
   *
   * @param bytes Its encoding: a view of a message, so whoever keeps it beyond this call copies it.
   * @param done To be called once, maybe before this returns. `record` may be missing where the bytes are none.
   */
  arrived(bytes: Uint8Array, done: (outcome: ReconciledOutcome, record?: { readonly id: RecordId }) => void): void
}

/** It was stored; exactly this version was here; a greater one was here; it waits for its time; its proof is not here; it is not valid. */
export type ReconciledOutcome = 'new' | 'present' | 'old' | 'waiting' | 'unproven' | 'dropped'

/** How a reconciliation ended. */
export type ReconciliationEnd =
  | { readonly kind: 'equal' }
  | {
      readonly kind: 'reconciled'
      /** Records that were new here. */
      readonly received: number
      readonly sent: number
      /** Whether a record differed that one side had had for long: the two were cut off from each other (G-163). */
      readonly wasCutOff: boolean
    }
  | { readonly kind: 'failed'; readonly reason: ReconciliationFailure }

/**
 * The other end has no place for it, or holds this node back; one of the two minutes is too far ahead; nothing came for
 * long; the other end gave up; it broke the protocol; the link closed; this end ended it.
 */
export type ReconciliationFailure = 'busy' | 'minute' | 'stalled' | 'given-up' | 'protocol' | 'link' | 'ended'
