/**
 * A watch of records in the database of a graph: reads what changes, page by page, from a cursor on (G-150, G-151, G-188).
 * Between two reads nothing is kept but the place: of several versions that come meanwhile the reader gets the last.
 *
 * A cursor is `<database>.<number of the last change>`, so that one of another database is known as such.
 */
import type { GraphRecord } from '../records/record.ts'
import type { RecordDatabase, StoredChange } from '../records/record-database.ts'
import type { RecordId } from '../records/record-id.ts'
import { isReserved } from '../records/record-type.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Cursor } from './records.ts'

/** A change, before the payload is read. */
export type WatchedChange = { readonly cursor: Cursor; readonly live: boolean } & (
  | { readonly kind: 'added' | 'updated'; readonly record: GraphRecord }
  | { readonly kind: 'removed'; readonly id: RecordId; readonly reason: 'deleted' | 'expired' | 'revoked' }
)

/** Changes that are read at once. */
const PAGE_LENGTH = 100

/** What one reader has seen of the stored records of one type, or of all types of applications. */
export class StoredWatch {
  readonly #database: RecordDatabase
  readonly #type: string | undefined
  readonly #lastCommitted: () => number
  /** Whether the reader wants all that is there, and nothing of what was removed before. */
  readonly #isWhole: boolean
  /** What was on disk when it began. */
  readonly #start: number
  /** Up to here it has been read. */
  #after: number
  /** Up to here the reader has seen everything: what first came later is new to it. */
  #seen: number
  /** What was on disk when the page was read. */
  #last: number | undefined
  #page: readonly StoredChange[] = []
  #next = 0

  /**
   * @param lastCommitted The number of the last change that is on disk: what comes after it may still be taken back
   * @throws PeerageError `cursor-too-old`
   */
  constructor(
    database: RecordDatabase,
    type: string | undefined,
    from: 'stored' | 'now' | Cursor,
    lastCommitted: () => number,
  ) {
    this.#database = database
    this.#type = type
    this.#lastCommitted = lastCommitted
    this.#isWhole = from === 'stored'
    this.#start = lastCommitted()
    this.#after = from === 'stored' ? 0 : from === 'now' ? this.#start : placeOf(database, from)
    this.#seen = this.#after
  }

  /** The next change for the reader; undefined if there is none now. @throws PeerageError `cursor-too-old` */
  next(): WatchedChange | undefined {
    do {
      for (let change = this.#page[this.#next]; change !== undefined; change = this.#page[this.#next]) {
        if (change.arrival > (this.#last ?? 0)) break
        this.#next++
        this.#after = change.arrival
        const told = this.#told(change)
        if (told !== undefined) return told
      }
    } while (this.#turn())
    return undefined
  }

  /** Reads the next page. @returns false if nothing has changed since the last one */
  #turn(): boolean {
    // More of the same may follow only where the whole page was on disk.
    const mayFollow = this.#next === PAGE_LENGTH
    if (this.#last !== undefined && !(mayFollow && this.#after < this.#last)) {
      this.#after = Math.max(this.#after, this.#last)
      this.#seen = this.#after
      if (this.#lastCommitted() === this.#last) return false
    }
    // What is forgotten of a slow reader's removals it cannot learn any more.
    if (this.#after < this.#database.firstComplete && !(this.#isWhole && this.#after < this.#start)) {
      throw new PeerageError('cursor-too-old', { cursor: this.#cursor() })
    }
    this.#last = this.#lastCommitted()
    this.#page = this.#database.changes(this.#after, this.#type === undefined ? undefined : [this.#type], PAGE_LENGTH)
    this.#next = 0
    return true
  }

  #told(change: StoredChange): WatchedChange | undefined {
    const { arrival } = change
    if (this.#type === undefined && isReserved(change.kind === 'stored' ? change.record.type : change.type)) return
    const live = arrival > this.#start
    const place = { cursor: this.#cursor(), live }
    if (change.kind === 'stored' && !change.record.deleted) {
      return { ...place, kind: change.firstArrival > this.#seen ? 'added' : 'updated', record: change.record }
    }
    if (this.#isWhole && !live) return
    if (change.kind === 'removed') return { ...place, kind: 'removed', id: change.id, reason: change.reason }
    // A tombstone that came first is of a record that never was here.
    if (change.firstArrival === arrival) return
    return { ...place, kind: 'removed', id: change.record.id, reason: 'deleted' }
  }

  #cursor(): Cursor {
    return `${this.#database.databaseId}.${this.#after}` as Cursor
  }
}

function placeOf(database: RecordDatabase, cursor: Cursor): number {
  const [, databaseId, digits] = /^([0-9a-f]+)\.([0-9]{1,15})$/.exec(String(cursor)) ?? []
  const place = Number(digits)
  const isOfThis = databaseId === database.databaseId && place <= database.lastArrival
  if (!isOfThis || place < database.firstComplete) {
    throw new PeerageError('cursor-too-old', { cursor: String(cursor).slice(0, 100) })
  }
  return place
}
