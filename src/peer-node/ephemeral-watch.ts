/**
 * A watch of ephemeral records. There is no database to read later, so what a reader has not taken yet waits here: of each
 * record one change, the last. That is bounded as the records themselves are.
 */
import type { RecordChange } from '../graph/graph-events.ts'
import type { GraphRecord } from '../records/record.ts'
import type { RecordId } from '../records/record-id.ts'
import type { Cursor } from './records.ts'
import type { WatchedChange } from './stored-watch.ts'

/** What one reader has and has not seen of the ephemeral records of one type. */
export class EphemeralWatch {
  readonly #type: string
  readonly #databaseId: string
  /** The records that the reader has, in the version that it has last seen. */
  readonly #given = new Set<RecordId>()
  readonly #waiting = new Map<RecordId, Waiting>()
  #count = 0

  /** @param isFromNow Whether the reader does not want those that are present */
  constructor(type: string, databaseId: string, present: readonly GraphRecord[], isFromNow: boolean) {
    this.#type = type
    this.#databaseId = databaseId
    for (const record of present) {
      if (isFromNow) this.#given.add(record.id)
      else this.#waiting.set(record.id, { record, live: false })
    }
  }

  changed(change: RecordChange): void {
    if (change.kind !== 'removed') {
      const { record } = change
      if (record.type === this.#type) this.#put(record.id, { record, live: true })
    } else if (change.type === this.#type) {
      // Of a record that came and went unseen there is nothing to tell.
      if (this.#given.has(change.id)) this.#put(change.id, { removed: change.reason })
      else this.#waiting.delete(change.id)
    }
  }

  /** The next change for the reader; undefined if there is none now. */
  next(): WatchedChange | undefined {
    for (const [id, waiting] of this.#waiting) {
      this.#waiting.delete(id)
      const cursor = `${this.#databaseId}~${++this.#count}` as Cursor
      if ('removed' in waiting) {
        this.#given.delete(id)
        return { cursor, live: true, kind: 'removed', id, reason: waiting.removed }
      }
      const { record, live } = waiting
      const kind = this.#given.has(id) ? 'updated' : 'added'
      this.#given.add(id)
      return { cursor, live, kind, record }
    }
    return undefined
  }

  #put(id: RecordId, waiting: Waiting): void {
    this.#waiting.delete(id)
    this.#waiting.set(id, waiting)
  }
}

type Waiting =
  | { readonly record: GraphRecord; readonly live: boolean }
  | { readonly removed: 'deleted' | 'expired' | 'revoked' }
