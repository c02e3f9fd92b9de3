/**
 * The database of one graph in memory: for simulations, in which it outlives a crash of its node, and as the twin against
 * which the one on disk is tried.
 *
 * Records, and what is noted of those that were removed, lie in one list in the order of arrival. What is superseded
 * stays in it, marked as gone, until a commit: before that, each change can be undone.
 */
import { equalBytes } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { queryMatcher } from './query-match.ts'
import type { GraphRecord } from './record.ts'
import type {
  RecordDatabase,
  RemovalReason,
  Selection,
  StoredChange,
  StoredLeaf,
  StoredRecord,
} from './record-database.ts'
import type { RecordId } from './record-id.ts'

/** What a disk in memory keeps of a database, whether it is open or not. */
export class MemoryRecordFile {
  readonly databaseId: string
  /** In the order of arrival. */
  entries: Entry[] = []
  readonly records = new Map<RecordId, StoredEntry>()
  readonly removals = new Map<RecordId, RemovedEntry>()
  readonly settings = new Map<string, Uint8Array>()
  lastArrival = 0
  firstComplete = 0
  committedArrival = 0
  /** What settings were at the last commit that have changed since. */
  readonly formerSettings = new Map<string, Uint8Array | undefined>()
  /** Takes back what was changed since the last commit, the last change first. */
  undo: (() => void)[] = []

  constructor(databaseId: string) {
    this.databaseId = databaseId
  }

  /** Takes back what was not committed. */
  rollBack(): void {
    for (const undo of this.undo.toReversed()) undo()
    this.undo = []
    this.formerSettings.clear()
  }

  /** Whether an entry is there in what is committed. */
  isCommitted({ arrival, goneAt }: Entry): boolean {
    return arrival <= this.committedArrival && (goneAt === undefined || goneAt > this.committedArrival)
  }
}

interface StoredEntry {
  readonly kind: 'stored'
  readonly arrival: number
  readonly firstArrival: number
  readonly record: GraphRecord
  refresh: boolean
  /** The arrival number of the change that superseded it. */
  goneAt: number | undefined
}

interface RemovedEntry {
  readonly kind: 'removed'
  readonly arrival: number
  readonly id: RecordId
  readonly type: string
  readonly reason: RemovalReason
  readonly at: number
  goneAt: number | undefined
}

type Entry = StoredEntry | RemovedEntry

/** What a database is opened with. */
export interface MemoryRecordDatabaseParts {
  readonly file: MemoryRecordFile
  readonly wasFound: boolean
  readonly crypto: Crypto
  /** Called at each commit of changes; throws if there is no room for them. */
  readonly requireRoom: () => void
  /** Called once, when it is closed. */
  readonly closed: () => void
}

/** Entries that are gone and put up with, beside as many as there are others. */
const MOST_GONE = 64

/** A database in memory that is open. */
export class MemoryRecordDatabase implements RecordDatabase {
  readonly wasFound: boolean
  readonly databaseId: string
  readonly #file: MemoryRecordFile
  readonly #crypto: Crypto
  readonly #requireRoom: () => void
  readonly #closed: () => void
  #isOpen = true
  #isReading = false
  /** No number is given twice while this is open, not even that of a change that was undone: somebody may have seen it. */
  #highestArrival: number

  constructor(parts: MemoryRecordDatabaseParts) {
    this.#file = parts.file
    this.wasFound = parts.wasFound
    this.databaseId = parts.file.databaseId
    this.#crypto = parts.crypto
    this.#requireRoom = parts.requireRoom
    this.#closed = parts.closed
    this.#highestArrival = parts.file.lastArrival
  }

  get lastArrival(): number {
    return this.#file.lastArrival
  }

  get firstComplete(): number {
    return this.#file.firstComplete
  }

  get(id: RecordId): StoredRecord | undefined {
    const entry = this.#open().records.get(id)
    return entry && storedRecord(entry)
  }

  bytes(id: RecordId): Uint8Array | undefined {
    return this.#open().records.get(id)?.record.bytes
  }

  reading<Result>(read: () => Result): Result {
    this.#open()
    if (this.#isReading) return read()
    this.#isReading = true
    try {
      return read()
    } finally {
      this.#isReading = false
    }
  }

  put(record: GraphRecord, { refresh }: { readonly refresh: boolean }): number {
    const { records } = this.#open()
    const former = records.get(record.id)
    const arrival = this.#nextArrival()
    const firstArrival = former?.firstArrival ?? arrival
    if (former !== undefined) this.#leave(former)
    const entry: StoredEntry = { kind: 'stored', arrival, firstArrival, record, refresh, goneAt: undefined }
    this.#file.entries.push(entry)
    this.#set(records, record.id, entry)
    return arrival
  }

  remove(id: RecordId, reason: RemovalReason, at: number): number {
    const { records, removals } = this.#open()
    const former = records.get(id)
    if (former === undefined) throw new RangeError(`there is no record ${id} to remove`)
    const arrival = this.#nextArrival()
    this.#leave(former)
    this.#set(records, id, undefined)
    // Of each record the last removal only.
    const formerRemoval = removals.get(id)
    if (formerRemoval !== undefined) this.#leave(formerRemoval)
    const entry: RemovedEntry = {
      kind: 'removed',
      arrival,
      id,
      type: former.record.type,
      reason,
      at,
      goneAt: undefined,
    }
    this.#file.entries.push(entry)
    this.#set(removals, id, entry)
    return arrival
  }

  setRefresh(id: RecordId, refresh: boolean): void {
    const entry = this.#open().records.get(id)
    if (entry === undefined) throw new RangeError(`there is no record ${id} to refresh`)
    this.#begin()
    const former = entry.refresh
    entry.refresh = refresh
    this.#file.undo.push(() => {
      entry.refresh = former
    })
  }

  list(selection: Selection): readonly StoredRecord[] {
    const { after, limit, newestFirst } = selection
    const matches = this.#selector(selection)
    const { entries } = this.#open()
    const found: StoredRecord[] = []
    const step = newestFirst === true ? -1 : 1
    let index = newestFirst === true ? entries.length - 1 : 0
    if (after !== undefined) index = newestFirst === true ? this.#indexAfter(after - 1) - 1 : this.#indexAfter(after)
    for (; found.length < limit; index += step) {
      const entry = entries[index]
      if (entry === undefined) break
      if (entry.goneAt === undefined && entry.kind === 'stored' && matches(entry.record))
        found.push(storedRecord(entry))
    }
    return found
  }

  changes(after: number, types: readonly string[] | undefined, limit: number): readonly StoredChange[] {
    const { entries, records } = this.#open()
    const wanted = types && new Set(types)
    const changes: StoredChange[] = []
    for (let index = this.#indexAfter(after); changes.length < limit; index++) {
      const entry = entries[index]
      if (entry === undefined) break
      if (entry.goneAt !== undefined || (wanted !== undefined && !wanted.has(typeOf(entry)))) continue
      // What was removed and has come again is no longer removed.
      if (entry.kind === 'removed' && records.has(entry.id)) continue
      changes.push(storedChange(entry))
    }
    return changes
  }

  forgetRemovals(before: number): void {
    const { removals } = this.#open()
    let last = this.#file.firstComplete
    this.#begin()
    for (const entry of [...removals.values()]) {
      if (entry.at >= before) continue
      last = Math.max(last, entry.arrival)
      this.#leave(entry)
      this.#set(removals, entry.id, undefined)
    }
    this.#file.firstComplete = last
  }

  *leaves(): Iterable<StoredLeaf> {
    for (const entry of this.#stored()) yield storedLeaf(entry)
  }

  *refreshed(): Iterable<StoredRecord> {
    for (const entry of this.#stored()) if (entry.refresh && !entry.record.deleted) yield storedRecord(entry)
  }

  setting(name: string): Uint8Array | undefined {
    return this.#open().settings.get(name)?.slice()
  }

  setSetting(name: string, value: Uint8Array | undefined): void {
    const { settings, formerSettings } = this.#open()
    if (!formerSettings.has(name)) formerSettings.set(name, settings.get(name))
    this.#set(settings, name, value?.slice())
  }

  commit(): void {
    const file = this.#open()
    if (file.undo.length === 0) return
    try {
      this.#requireRoom()
    } catch (error) {
      file.rollBack()
      throw error
    }
    file.undo = []
    file.formerSettings.clear()
    file.committedArrival = file.lastArrival
    this.#tidy()
  }

  close(): void {
    if (!this.#isOpen) return
    try {
      this.commit()
    } finally {
      this.abandon()
    }
  }

  /** Ends its use without a commit, as the end of the process would. */
  abandon(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#file.rollBack()
    this.#closed()
  }

  /** What an export has: what is committed, the records in the order of arrival. */
  committed(settings: readonly string[]): CommittedRecords {
    const file = this.#open()
    const records = file.entries.flatMap((entry) =>
      entry.kind === 'stored' && file.isCommitted(entry) ? [entry.record.bytes] : [],
    )
    const found = new Map<string, Uint8Array>()
    for (const name of settings) {
      const value = file.formerSettings.has(name) ? file.formerSettings.get(name) : file.settings.get(name)
      if (value !== undefined) found.set(name, value)
    }
    return { records, settings: found }
  }

  #open(): MemoryRecordFile {
    if (!this.#isOpen) throw new RangeError('the database is closed')
    return this.#file
  }

  /** Before the first change since a commit, what is to be again if it is undone. */
  #begin(): void {
    if (this.#isReading) throw new RangeError('nothing may be changed while something is read')
    const file = this.#file
    if (file.undo.length > 0) return
    const { lastArrival, firstComplete } = file
    const { length } = file.entries
    file.undo.push(() => {
      file.lastArrival = lastArrival
      file.firstComplete = firstComplete
      file.entries.length = length
    })
  }

  #nextArrival(): number {
    this.#begin()
    this.#file.lastArrival = ++this.#highestArrival
    return this.#highestArrival
  }

  /** An entry is superseded by the change of the last arrival number. */
  #leave(entry: Entry): void {
    entry.goneAt = this.#file.lastArrival
    this.#file.undo.push(() => {
      entry.goneAt = undefined
    })
  }

  #set<Key, Value>(map: Map<Key, Value>, key: Key, value: Value | undefined): void {
    this.#begin()
    const former = map.get(key)
    change(map, key, value)
    this.#file.undo.push(() => change(map, key, former))
  }

  /** The place of the first entry after an arrival number. */
  #indexAfter(arrival: number): number {
    const { entries } = this.#file
    let low = 0
    let high = entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((entries[middle]?.arrival ?? 0) <= arrival) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Records in the order of arrival, though there be changes meanwhile. */
  *#stored(): Iterable<StoredEntry> {
    let after = 0
    for (;;) {
      const entry = this.#open().entries[this.#indexAfter(after)]
      if (entry === undefined) return
      if (entry.kind === 'stored' && entry.goneAt === undefined) yield entry
      after = entry.arrival
    }
  }

  #selector({ type, creator, where, expiringAfter }: Selection): (record: GraphRecord) => boolean {
    const matches = where === undefined ? undefined : queryMatcher(this.#crypto, where)
    return (record) =>
      !record.deleted &&
      (type === undefined || record.type === type) &&
      (creator === undefined || equalBytes(record.creator.publicKey, creator)) &&
      (expiringAfter === undefined || record.expires > expiringAfter) &&
      (matches === undefined || matches(record))
  }

  /** Takes out what is gone, when that is more than half. */
  #tidy(): void {
    const file = this.#file
    const live = file.records.size + file.removals.size
    if (file.entries.length <= 2 * live + MOST_GONE) return
    file.entries = file.entries.filter(({ goneAt }) => goneAt === undefined)
  }
}

/** What an export of a database has. */
export interface CommittedRecords {
  readonly records: readonly Uint8Array[]
  readonly settings: ReadonlyMap<string, Uint8Array>
}

function change<Key, Value>(map: Map<Key, Value>, key: Key, value: Value | undefined): void {
  if (value === undefined) map.delete(key)
  else map.set(key, value)
}

function storedRecord({ record, arrival, refresh }: StoredEntry): StoredRecord {
  return { record, arrival, refresh }
}

function storedLeaf({ record: { id, type, digest, expires } }: StoredEntry): StoredLeaf {
  return { id, type, digest, expires }
}

function storedChange(entry: Entry): StoredChange {
  if (entry.kind === 'stored') {
    const { arrival, record, firstArrival } = entry
    return { arrival, kind: 'stored', record, firstArrival }
  }
  const { arrival, id, type, reason } = entry
  return { arrival, kind: 'removed', id, type, reason }
}

function typeOf(entry: Entry): string {
  return entry.kind === 'stored' ? entry.record.type : entry.type
}
