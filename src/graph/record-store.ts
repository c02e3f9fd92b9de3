/**
 * The records of one node: those that last in the database and the trie, ephemeral ones in memory. Whatever gets in
 * has been judged (record-arrival.ts) or was written here (publishing.ts); of two versions the greater stays (G-062).
 *
 * Changes share a commit: the first one orders it for the end of the turn, or for when the database likes it best. What waits
 * for the disk, an application's acknowledgement and the report of a change, comes after it. If it fails, nothing of the
 * batch is there any more: what others sent is fetched again by a later comparison. Ephemeral records do not depend on it.
 *
 * What has expired is not read any more, whether it is removed yet or not (G-056, G-058).
 */

import type { GraphRecord } from '../records/record.ts'
import type { RecordDatabase, RemovalReason, Selection, StoredRecord } from '../records/record-database.ts'
import type { RecordId } from '../records/record-id.ts'
import { compareRecords } from '../records/record-order.ts'
import { isEphemeral } from '../records/record-type.ts'
import { compareBytes } from '../runtime/bytes.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { EphemeralRecords } from './ephemeral-records.ts'
import type { RecordChange } from './graph-events.ts'
import type { GraphParts } from './graph-parts.ts'
import type { ExpiredLeaf, MerkleTrie } from './merkle-trie.ts'

/** What became of a version that was offered. `full`: it is ephemeral, and of all the first to make room (G-173). */
export type Applied = 'new' | 'present' | 'old' | 'full'

/** How long a record is here before a node that lacks it counts as cut off, in milliseconds (G-163). */
export const LONG_HELD = 30_000
/** Expired records that one step removes. */
const PURGED_AT_ONCE = 500
/** Records that are read at once to be told to the provider. */
const TOLD_AT_ONCE = 250

/** What the store needs of the rest of the node. */
export interface RecordStoreOwner {
  /** A change is stored, and committed where it lasts; never called from inside a call. */
  changed(change: RecordChange): void
  /** What expires at this peer time or before is not read any more; undefined: everything is (G-058). */
  hiddenUntil(): number | undefined
}

/** The records of one node in one graph. */
export class RecordStore {
  readonly database: RecordDatabase
  readonly ephemeral: EphemeralRecords
  readonly trie: MerkleTrie
  readonly #parts: GraphParts
  readonly #owner: RecordStoreOwner
  /** What the provider lives on: it is told of records of these types. */
  readonly #toldTypes: ReadonlySet<string>
  /** The records that came lately, the oldest first. */
  readonly #recent = new Map<RecordId, { readonly stored: number; readonly digest: Uint8Array }>()
  /** Records that the trie does not count any more, but that were not removed yet. */
  readonly #overdue = new Map<RecordId, ExpiredLeaf>()
  #changes: { readonly change: RecordChange; readonly isLasting: boolean }[] = []
  #acknowledgements: ((error: PeerageError | undefined) => void)[] = []
  #isCommitDue = false
  #holds = 0
  #losses = 0

  constructor(
    parts: GraphParts,
    stores: { readonly database: RecordDatabase; readonly ephemeral: EphemeralRecords; readonly trie: MerkleTrie },
    owner: RecordStoreOwner,
  ) {
    this.#parts = parts
    this.database = stores.database
    this.ephemeral = stores.ephemeral
    this.trie = stores.trie
    this.#owner = owner
    this.#toldTypes = new Set(parts.provider.firstTypes)
    this.#fillTrie()
    this.#tellAll()
  }

  /** The version that is here: live, deleted or expired and not removed yet. */
  get(type: string, id: RecordId): GraphRecord | undefined {
    if (isEphemeral(type)) return this.ephemeral.get(id)
    if (this.trie.digestOf(type, id) === undefined && !this.#overdue.has(id)) return undefined
    return this.database.get(id)?.record
  }

  /** The encoding of the version that {@link RecordStore.get} would give. */
  bytesOf(type: string, id: RecordId): Uint8Array | undefined {
    if (isEphemeral(type)) return this.ephemeral.get(id)?.bytes
    if (this.trie.digestOf(type, id) === undefined && !this.#overdue.has(id)) return undefined
    return this.database.bytes(id)
  }

  /** The version with this ID, whatever its type. */
  find(id: RecordId): GraphRecord | undefined {
    return this.ephemeral.get(id) ?? this.database.get(id)?.record
  }

  /** The live version with this ID, as an application reads it. */
  live(id: RecordId): StoredRecord | undefined {
    const ephemeral = this.ephemeral.get(id)
    const stored = ephemeral === undefined ? this.database.get(id) : { record: ephemeral, arrival: 0, refresh: false }
    return stored === undefined || stored.record.deleted || this.isHidden(stored.record) ? undefined : stored
  }

  /** A page of live records of lasting types, as an application reads them. */
  list(selection: Selection): readonly StoredRecord[] {
    return this.database.list({ ...selection, expiringAfter: this.hiddenUntil })
  }

  /** What expires at this peer time or before is not read any more; undefined: everything is (G-058). */
  get hiddenUntil(): number | undefined {
    return this.#owner.hiddenUntil()
  }

  /** Whether a record has expired for those who read. */
  isHidden({ expires }: Pick<GraphRecord, 'expires'>): boolean {
    const hidden = this.hiddenUntil
    return hidden !== undefined && expires <= hidden
  }

  /** How many times changes were lost because they could not be stored. */
  get losses(): number {
    return this.#losses
  }

  /** Whether exactly this version is here, or it loses against the one that is here; undefined: neither. */
  standing(record: GraphRecord): 'present' | 'old' | undefined {
    const { type, id, digest } = record
    const isLasting = !isEphemeral(type)
    const counted = isLasting ? this.trie.digestOf(type, id) : undefined
    if (isSame(counted, digest)) return 'present'
    if (isLasting && counted === undefined && !this.#overdue.has(id)) return undefined
    const present = isLasting ? this.database.get(id)?.record : this.ephemeral.get(id)
    if (present === undefined) return undefined
    if (isSame(present.digest, digest)) return 'present'
    return this.#compare(record, present) < 0 ? 'old' : undefined
  }

  /** Stores a version that is valid, unless one is here that wins. @param refresh Whether to refresh it from now on; undefined: as before */
  apply(record: GraphRecord, refresh?: boolean): Applied {
    const present = this.get(record.type, record.id)
    if (present !== undefined) {
      const order = this.#compare(record, present)
      if (order <= 0) return order === 0 ? 'present' : 'old'
    }
    if (isEphemeral(record.type)) return this.#applyEphemeral(record, present)
    const former = present === undefined ? undefined : this.database.get(record.id)
    this.database.put(record, { refresh: refresh ?? former?.refresh ?? false })
    this.#overdue.delete(record.id)
    // The trie's minute may be ahead of peer time: what has expired by it is here, but not counted.
    if (!this.trie.put(record)) this.#overdue.set(record.id, record)
    this.#rememberArrival(record)
    if (this.#toldTypes.has(record.type)) this.#parts.provider.stored?.(record)
    this.#changed(changeBetween(present, record), true)
    return 'new'
  }

  #applyEphemeral(record: GraphRecord, present: GraphRecord | undefined): Applied {
    const gone = this.ephemeral.put(record)
    for (const one of gone) {
      const seen = one === record ? present : one
      if (seen !== undefined) this.#changed(removal(seen, 'expired'), false)
    }
    if (gone.includes(record)) return 'full'
    this.#changed(changeBetween(present, record), false)
    return 'new'
  }

  /** Takes a record out that is not valid any more, or whose time is over. */
  remove(record: Pick<GraphRecord, 'type' | 'id'>, reason: RemovalReason): void {
    const { type, id } = record
    const present = this.get(type, id)
    if (present === undefined) return
    const change = removal(present, reason)
    if (isEphemeral(type)) {
      this.ephemeral.remove(id)
      this.#changed(change, false)
      return
    }
    this.database.remove(id, reason, this.#parts.peerTime.now())
    this.#overdue.delete(id)
    this.trie.remove(type, id)
    this.#recent.delete(id)
    if (this.#toldTypes.has(type)) this.#parts.provider.removed?.(present)
    this.#changed(change, true)
  }

  /** Whether a record has been here for so long that others should have it, too. */
  isLongHeld(id: RecordId): boolean {
    const recent = this.#recent.get(id)
    return recent === undefined || recent.stored + LONG_HELD < this.#parts.clock.monotonic()
  }

  /** Whether a version that is known by name only came lately, or is ephemeral and here: what can be told without the database. */
  isNearby(id: RecordId, digest: Uint8Array): boolean {
    return isSame(this.#recent.get(id)?.digest, digest) || isSame(this.ephemeral.get(id)?.digest, digest)
  }

  /** Whether a version that is known by name only is here. */
  isHere(id: RecordId, digest: Uint8Array): boolean {
    const recent = this.#recent.get(id)
    return isSame(recent?.digest, digest) || isSame(this.find(id)?.digest, digest)
  }

  /** The trie leaves out what has expired by a minute of peer time (G-161). */
  advanceTrie(minute: number): void {
    for (const leaf of this.trie.advance(minute)) this.#overdue.set(leaf.id, leaf)
  }

  /** Removes what has expired by a minute to which the trie was advanced, some at a time. @returns whether there is more */
  purge(minute: number): boolean {
    let removed = 0
    for (const leaf of this.#overdue.values()) {
      // The trie may be ahead.
      if (leaf.expires > minute) continue
      if (removed++ === PURGED_AT_ONCE) return true
      this.remove(leaf, 'expired')
    }
    return false
  }

  /** Removes ephemeral records that have expired by a minute. */
  purgeEphemeral(minute: number): void {
    for (const record of this.ephemeral.expired(minute)) this.remove(record, 'expired')
  }

  /** Calls back when what was changed so far is on disk, or could not be stored. */
  afterCommit(done: (error: PeerageError | undefined) => void): void {
    this.#acknowledgements.push(done)
    this.#orderCommit()
  }

  /** Lets nothing be committed until what it returns is called: all that comes meanwhile is stored together, or none of it. */
  holdCommits(): () => void {
    this.#holds++
    return () => {
      this.#holds--
      this.#orderCommit()
    }
  }

  /** Brings all changes to disk now, unless commits are held. */
  commit(): void {
    this.#isCommitDue = false
    if (this.#holds > 0) return
    const changes = this.#changes
    const acknowledgements = this.#acknowledgements
    this.#changes = []
    this.#acknowledgements = []
    const error = this.#tryCommit()
    for (const { change, isLasting } of changes) {
      if (error === undefined || !isLasting) this.#owner.changed(change)
    }
    for (const done of acknowledgements) done(error)
  }

  #tryCommit(): PeerageError | undefined {
    try {
      this.database.commit()
      return undefined
    } catch (error) {
      if (!(error instanceof PeerageError)) throw error
      this.#parts.log.error('records could not be stored', { code: error.code, message: error.message })
      this.#parts.counters.dropped('record-lost-by-disk')
      this.#losses++
      this.#recent.clear()
      this.trie.clear()
      this.#overdue.clear()
      this.#fillTrie()
      // What it was told of and is lost comes again; what it was told to be gone is here.
      this.#tellAll()
      return error
    }
  }

  #fillTrie(): void {
    for (const leaf of this.database.leaves()) if (!this.trie.put(leaf)) this.#overdue.set(leaf.id, leaf)
  }

  #tellAll(): void {
    for (const type of this.#toldTypes) {
      let after = 0
      for (;;) {
        const changes = this.database.changes(after, [type], TOLD_AT_ONCE)
        for (const change of changes) if (change.kind === 'stored') this.#parts.provider.stored?.(change.record)
        const last = changes.at(-1)
        if (last === undefined) break
        after = last.arrival
      }
    }
  }

  #changed(change: RecordChange | undefined, isLasting: boolean): void {
    if (change !== undefined) this.#changes.push({ change, isLasting })
    this.#orderCommit()
  }

  #orderCommit(): void {
    if (this.#isCommitDue) return
    this.#isCommitDue = true
    const commit = (): void => {
      if (this.#isCommitDue) this.commit()
    }
    if (this.database.atCommitTime === undefined) this.#parts.deadlines.set(0, commit)
    else this.database.atCommitTime(commit, () => this.#acknowledgements.length > 0)
  }

  #rememberArrival({ id, digest }: GraphRecord): void {
    const now = this.#parts.clock.monotonic()
    this.#recent.delete(id)
    this.#recent.set(id, { stored: now, digest })
    for (const [oldest, { stored }] of this.#recent) {
      if (stored + LONG_HELD >= now) break
      this.#recent.delete(oldest)
    }
  }

  #compare(one: GraphRecord, other: GraphRecord): number {
    return compareRecords(one, other, (author, version) => this.#parts.provider.isAdministrator(author, version))
  }
}

/** What a reader sees of a record that goes; undefined: nothing, as of a tombstone. */
function removal({ deleted, id, type }: GraphRecord, reason: RemovalReason): RecordChange | undefined {
  return deleted ? undefined : { kind: 'removed', id, type, reason }
}

/** What a reader of live records sees; undefined: nothing, as for a tombstone of what it never saw. */
function changeBetween(former: GraphRecord | undefined, record: GraphRecord): RecordChange | undefined {
  const wasLive = former !== undefined && !former.deleted
  if (!record.deleted) return { kind: wasLive ? 'updated' : 'added', record }
  return wasLive ? { kind: 'removed', id: record.id, type: record.type, reason: 'deleted' } : undefined
}

function isSame(one: Uint8Array | undefined, other: Uint8Array): boolean {
  return one !== undefined && compareBytes(one, other) === 0
}
