/**
 * Reads what changes in the database of a graph, page by page, from a cursor on (G-150, G-151, G-188). Between two reads nothing
 * is kept but the place: of several versions that come meanwhile the reader gets the last.
 *
 * A cursor is `<database>.<number of the last change>`, so that one of another database is known as such.
 */
import type { GraphRecord } from '../records/record.ts'
import type { RecordDatabase } from '../records/record-database.ts'
import type { RecordId } from '../records/record-id.ts'
import { isReserved } from '../records/record-type.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Cursor } from './records.ts'
import type { Wakeups } from './waiting.ts'

/** A change, before the payload is read. */
export type WatchedChange = { readonly cursor: Cursor; readonly live: boolean } & (
  | { readonly kind: 'added' | 'updated'; readonly record: GraphRecord }
  | { readonly kind: 'removed'; readonly id: RecordId; readonly reason: 'deleted' | 'expired' | 'revoked' }
)

/** Changes that are read at once. */
const PAGE_LENGTH = 100

/** What a watch needs of the graph. */
export interface WatchedGraph {
  /** Woken after each change that is on disk, and when the graph is closed. */
  readonly changes: Wakeups
  readonly ended: AbortSignal
  isClosed(): boolean
  /** The number of the last change that is on disk: what comes after it may still be taken back. */
  lastCommitted(): number
}

/**
 * The changes of one type, or of all types of applications, from a place on, until it ends.
 *
 * @throws PeerageError `cursor-too-old`
 */
export async function* watchStored(
  database: RecordDatabase,
  type: string | undefined,
  from: 'stored' | 'now' | Cursor,
  { changes, ended, isClosed, lastCommitted }: WatchedGraph,
): AsyncGenerator<WatchedChange, void, undefined> {
  const start = lastCommitted()
  const isWhole = from === 'stored'
  let after = from === 'stored' ? 0 : from === 'now' ? start : placeOf(database, from)
  /** Up to here the reader has seen everything: what first came later is new to it. */
  let seen = after
  for (;;) {
    if (isClosed()) return
    // What is forgotten of a slow reader's removals it cannot learn any more.
    if (after < database.firstComplete && !(isWhole && after < start)) {
      throw new PeerageError('cursor-too-old', { cursor: cursorAt(database, after) })
    }
    const last = lastCommitted()
    const page = database.changes(after, type === undefined ? undefined : [type], PAGE_LENGTH)
    for (const change of page) {
      const { arrival } = change
      if (arrival > last) break
      const live = arrival > start
      const place = { cursor: cursorAt(database, arrival), live }
      after = arrival
      if (type === undefined && isReserved(change.kind === 'stored' ? change.record.type : change.type)) continue
      if (change.kind === 'stored' && !change.record.deleted) {
        yield { ...place, kind: change.firstArrival > seen ? 'added' : 'updated', record: change.record }
      } else if (live || !isWhole) {
        if (change.kind === 'removed') yield { ...place, kind: 'removed', id: change.id, reason: change.reason }
        // A tombstone that came first is of a record that never was here.
        else if (change.firstArrival !== arrival) {
          yield { ...place, kind: 'removed', id: change.record.id, reason: 'deleted' }
        }
      }
      if (isClosed()) return
    }
    if (page.length === PAGE_LENGTH && after < last) continue
    after = Math.max(after, last)
    seen = after
    if (lastCommitted() === last) await changes.wait(ended)
    ended.throwIfAborted()
  }
}

function cursorAt({ databaseId }: RecordDatabase, arrival: number): Cursor {
  return `${databaseId}.${arrival}` as Cursor
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
