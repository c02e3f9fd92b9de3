/**
 * The database of one graph in an SQLite file.
 *
 * The arrival number is the primary key of the table of records, so that what is new is written at the end of it; an update
 * takes the old row out and appends a new one. A person can read the file while it is in use.
 *
 * All changes since the last commit are one transaction, which stays in memory until then: so a full disk
 * shows when it is committed, and nowhere else. If anything fails before, the whole transaction is
 * undone at once, and the commit tells of it.
 */
import { readStoredRecord } from '../records/read-record.ts'
import type { GraphRecord } from '../records/record.ts'
import type {
  RecordDatabase,
  RemovalReason,
  Selection,
  StoredChange,
  StoredLeaf,
  StoredRecord,
} from '../records/record-database.ts'
import { parseRecordId, type RecordId } from '../records/record-id.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { AuthorNames } from './author-names.ts'
import { atQuietMoment } from './quiet-moment.ts'
import { RecentChanges } from './recent-changes.ts'
import { RecordStatements } from './record-statements.ts'
import { bytesIn, DamagedRow, numberIn, type SqliteDatabase, type SqliteRow, sqliteError, textIn } from './sqlite.ts'
import { TypeIndex } from './type-index.ts'

/** What a database is opened with. */
export interface SqliteRecordDatabaseParts {
  readonly database: SqliteDatabase
  readonly file: string
  readonly wasFound: boolean
  readonly authorNames: AuthorNames
  /** Called once, when it is closed. */
  readonly closed: () => void
}

/**
 * A commit writes whole pages, and records that come at the same time share few of them until they are many. So a few changes are
 * committed in the first quiet moment, and when there are more, as in a first copy, many are gathered, if that does not take longer
 * than this, in milliseconds.
 */
export const FEW_CHANGES = 32
export const MANY_CHANGES = 1000
export const LONGEST_GATHERING = 100
/** How often it is looked whether enough have gathered, in milliseconds. */
const GATHERING_PAUSE = 10

/** Rows that are read at once where all are gone through, so that changes can be made between. */
const PAGE = 500

/** An opened file. */
export class SqliteRecordDatabase implements RecordDatabase {
  readonly wasFound: boolean
  readonly databaseId: string
  readonly file: string
  readonly #database: SqliteDatabase
  readonly #statements: RecordStatements
  readonly #authorNames: AuthorNames
  readonly #closed: () => void
  #isOpen = true
  #isChanging = false
  #isReading = false
  /** Changes of the transaction that is to be committed next. */
  #changes = 0
  /** What went wrong in the transaction that is to be committed next: it is undone already. */
  #failure: unknown
  #lastArrival: number
  #committedArrival: number
  /** No number is given twice while this is open, not even that of a change that was undone: somebody may have seen it. */
  #highestArrival: number
  #firstComplete: number
  readonly #recent: RecentChanges
  readonly #types: TypeIndex

  constructor(parts: SqliteRecordDatabaseParts) {
    this.wasFound = parts.wasFound
    this.file = parts.file
    this.#database = parts.database
    this.#authorNames = parts.authorNames
    this.#closed = parts.closed
    this.#statements = new RecordStatements(parts.database)
    const [id, firstComplete, lastArrival, typesUntil] = this.#state()
    this.databaseId = id
    this.#firstComplete = firstComplete
    this.#lastArrival = lastArrival
    this.#committedArrival = lastArrival
    this.#highestArrival = lastArrival
    this.#recent = new RecentChanges(lastArrival)
    this.#types = new TypeIndex(parts.database, typesUntil)
  }

  get lastArrival(): number {
    return this.#lastArrival
  }

  get firstComplete(): number {
    return this.#firstComplete
  }

  get(id: RecordId): StoredRecord | undefined {
    return this.#read(() => {
      const row = this.#statements.get.get(id)
      return row === undefined ? undefined : storedRecord(row)
    })
  }

  bytes(id: RecordId): Uint8Array | undefined {
    return this.#read(() => {
      const row = this.#statements.bytes.get(id)
      return row === undefined ? undefined : bytesIn(row, 0)
    })
  }

  reading<Result>(read: () => Result): Result {
    if (this.#isReading) return read()
    const isAlone = !this.#isChanging
    if (isAlone) this.#read(() => this.#statements.beginReading.run())
    this.#isReading = true
    try {
      return read()
    } finally {
      this.#isReading = false
      if (isAlone) this.#read(() => this.#statements.commit.run())
    }
  }

  put(record: GraphRecord, { refresh }: { readonly refresh: boolean }): number {
    return this.#change(() => {
      const arrival = this.#nextArrival()
      let firstArrival = arrival
      // Most records are new: whether there is another version shows when they are inserted.
      if (!this.#insert(record, arrival, arrival, refresh)) {
        const former = this.#statements.findArrivals.get(record.id)
        if (former === undefined) throw new DamagedRow(`the index says that record ${record.id} is there`)
        firstArrival = numberIn(former, 1)
        this.#takeOut(numberIn(former, 0), textIn(former, 2))
        this.#insert(record, arrival, firstArrival, refresh)
      }
      this.#statements.insertAttributes(arrival, record.attributes)
      this.#lastArrival = arrival
      this.#recent.add({ arrival, record, firstArrival })
      return arrival
    })
  }

  remove(id: RecordId, reason: RemovalReason, at: number): number {
    return this.#change(() => {
      const row = this.#statements.findArrivals.get(id)
      if (row === undefined) throw new RangeError(`there is no record ${id} to remove`)
      const arrival = this.#nextArrival()
      const type = textIn(row, 2)
      this.#takeOut(numberIn(row, 0), type)
      this.#statements.insertRemoval.run(arrival, id, type, reason, at)
      this.#lastArrival = arrival
      this.#recent.forget(arrival)
      return arrival
    })
  }

  setRefresh(id: RecordId, refresh: boolean): void {
    this.#change(() => {
      if (this.#statements.findArrivals.get(id) === undefined)
        throw new RangeError(`there is no record ${id} to refresh`)
      this.#statements.setRefresh.run(refresh ? 1 : 0, id)
    })
  }

  list(selection: Selection): readonly StoredRecord[] {
    return this.#read(() => this.#statements.list(selection, this.#types.until).map(storedRecord))
  }

  changes(after: number, types: readonly string[] | undefined, limit: number): readonly StoredChange[] {
    return this.#read(() => {
      const recent = this.#recent.since(after, types, limit)
      if (recent !== undefined) return recent
      const rows = [
        ...this.#statements.storedAfter(after, types, limit, this.#types.until),
        ...this.#statements.removedAfter(after, types, limit),
      ]
      rows.sort((one, other) => numberIn(one, 0) - numberIn(other, 0))
      return rows.slice(0, limit).map(storedChange)
    })
  }

  forgetRemovals(before: number): void {
    this.#change(() => {
      const [last] = this.#statements.lastRemovalBefore.get(before) ?? []
      if (typeof last !== 'number') return
      this.#statements.forgetRemovals.run(before)
      const firstComplete = Math.max(this.#firstComplete, last)
      this.#statements.setFirstComplete.run(firstComplete)
      this.#firstComplete = firstComplete
    })
  }

  *leaves(): Iterable<StoredLeaf> {
    let after = 0
    for (;;) {
      const rows = this.#read(() => this.#statements.leaves.all(after, PAGE))
      for (const row of rows) yield this.#read(() => storedLeaf(row))
      const last = rows.at(-1)
      if (last === undefined || rows.length < PAGE) return
      after = numberIn(last, 4)
    }
  }

  *refreshed(): Iterable<StoredRecord> {
    let after = 0
    for (;;) {
      const records = this.#read(() => this.#statements.refreshed.all(after, PAGE).map(storedRecord))
      yield* records
      const last = records.at(-1)
      if (last === undefined || records.length < PAGE) return
      after = last.arrival
    }
  }

  setting(name: string): Uint8Array | undefined {
    return this.#read(() => {
      const row = this.#statements.setting.get(name)
      return row === undefined ? undefined : bytesIn(row, 0)
    })
  }

  setSetting(name: string, value: Uint8Array | undefined): void {
    this.#change(() => {
      if (value === undefined) this.#statements.deleteSetting.run(name)
      else this.#statements.setSetting.run(name, value)
    })
  }

  commit(): void {
    this.#requireOpen()
    if (this.#failure !== undefined) {
      const failure = this.#failure
      this.#failure = undefined
      throw failure
    }
    if (!this.#isChanging) return
    try {
      this.#types.follow(this.#lastArrival)
      this.#statements.commit.run()
    } catch (error) {
      this.#undo()
      throw sqliteError(error, this.file, 'write')
    }
    this.#isChanging = false
    this.#committedArrival = this.#lastArrival
  }

  atCommitTime(commit: () => void, isAwaited: () => boolean): void {
    const latest = performance.now() + LONGEST_GATHERING
    const look = (): void => {
      const isEnough = this.#changes <= FEW_CHANGES || this.#changes >= MANY_CHANGES
      if (isEnough || isAwaited() || !this.#isOpen || performance.now() >= latest) commit()
      else setTimeout(look, GATHERING_PAUSE)
    }
    atQuietMoment(look)
  }

  close(): void {
    if (!this.#isOpen) return
    try {
      this.commit()
    } finally {
      this.abandon()
    }
  }

  /** Ends its use without a commit. */
  abandon(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    try {
      this.#database.close()
    } finally {
      this.#closed()
    }
  }

  /** Before anything changes: the transaction begins with the first change after a commit. */
  #change<Result>(body: () => Result): Result {
    this.#requireOpen()
    if (this.#isReading) throw new RangeError('nothing may be changed while something is read')
    if (this.#failure !== undefined) throw this.#failure
    try {
      if (!this.#isChanging) {
        this.#statements.begin.run()
        this.#isChanging = true
        this.#changes = 0
      }
      this.#changes++
      return body()
    } catch (error) {
      // Errors of the program are found before anything was changed.
      if (error instanceof RangeError) throw error
      const failure = sqliteError(error, this.file, 'write')
      this.#undo()
      this.#failure = failure
      throw failure
    }
  }

  #read<Result>(body: () => Result): Result {
    this.#requireOpen()
    try {
      return body()
    } catch (error) {
      throw sqliteError(error, this.file, 'read')
    }
  }

  #undo(): void {
    if (this.#database.inTransaction) this.#statements.rollback.run()
    this.#isChanging = false
    this.#lastArrival = this.#committedArrival
    this.#recent.forget(this.#highestArrival)
    const [, firstComplete, , typesUntil] = this.#state()
    this.#firstComplete = firstComplete
    this.#types.reset(typesUntil)
  }

  #nextArrival(): number {
    return ++this.#highestArrival
  }

  /** @returns false if another version is there */
  #insert(record: GraphRecord, arrival: number, firstArrival: number, refresh: boolean): boolean {
    const payload = payloadIn(record)
    const { changes } = this.#statements.insertRecord.run(
      arrival,
      firstArrival,
      record.id,
      record.type,
      record.version,
      this.#authorNames.of(record.creator),
      record.modifier === undefined ? null : this.#authorNames.of(record.modifier),
      record.created,
      record.modified,
      record.expires,
      record.deleted ? 1 : 0,
      refresh ? 1 : 0,
      String(record.encoding),
      payload.start,
      payload.length,
      record.creator.publicKey,
      record.digest,
      record.bytes,
    )
    return changes > 0
  }

  #takeOut(arrival: number, type: string): void {
    this.#statements.deleteRecord.run(arrival)
    this.#types.remove(type, arrival)
    this.#statements.deleteAttributes.run(arrival)
  }

  /** Its ID, the first complete arrival number, the last one, and up to which there is an index of types. */
  #state(): readonly [string, number, number, number] {
    return this.#read(() => {
      const row = this.#statements.state.get()
      if (row === undefined) throw new DamagedRow('this_database is empty')
      return [textIn(row, 0), numberIn(row, 1), numberIn(row, 2), numberIn(row, 3)]
    })
  }

  #requireOpen(): void {
    if (!this.#isOpen) throw new RangeError('the database is closed')
  }
}

/** Columns: arrival, refresh, id, digest, bytes. */
function storedRecord(row: SqliteRow): StoredRecord {
  return { record: recordIn(row, 2), arrival: numberIn(row, 0), refresh: numberIn(row, 1) === 1 }
}

/** Columns: arrival, first arrival, id, digest, bytes; or arrival, type, id, reason. */
function storedChange(row: SqliteRow): StoredChange {
  const arrival = numberIn(row, 0)
  const [, firstArrival, , reason] = row
  if (typeof firstArrival === 'number') return { arrival, kind: 'stored', record: recordIn(row, 2), firstArrival }
  if (reason !== 'expired' && reason !== 'revoked') throw new DamagedRow(`removal ${arrival} has no reason`)
  return { arrival, kind: 'removed', id: idIn(row, 2), type: textIn(row, 1), reason }
}

/** Columns: id, type, digest, expires. */
function storedLeaf(row: SqliteRow): StoredLeaf {
  return { id: idIn(row, 0), type: textIn(row, 1), digest: bytesIn(row, 2), expires: numberIn(row, 3) }
}

/** Columns from `first`: id, digest, bytes. */
function recordIn(row: SqliteRow, first: number): GraphRecord {
  const id = idIn(row, first)
  const record = readStoredRecord(id, bytesIn(row, first + 1), bytesIn(row, first + 2))
  if (typeof record === 'string') throw new DamagedRow(`record ${id} cannot be read: ${record}`)
  return record
}

function idIn(row: SqliteRow, column: number): RecordId {
  try {
    return parseRecordId(textIn(row, column))
  } catch (error) {
    if (PeerageError.is(error, 'invalid-argument')) throw new DamagedRow('a row has no record ID', { cause: error })
    throw error
  }
}

/** Where the payload is in the bytes of a record. */
function payloadIn(record: GraphRecord): { readonly start: number; readonly length: number } {
  const { bytes, payload } = record
  if (payload.buffer === bytes.buffer) return { start: payload.byteOffset - bytes.byteOffset, length: payload.length }
  const read = readStoredRecord(record.id, record.digest, bytes)
  if (typeof read === 'string') throw new RangeError(`record ${record.id} is none: ${read}`)
  return { start: read.payload.byteOffset - bytes.byteOffset, length: payload.length }
}
