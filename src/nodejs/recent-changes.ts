/**
 * The last records that were stored in a database, kept in memory: whoever watches what comes in is asked for it a moment later, and
 * need not read and parse again what was just written. Everything that is older, or has been removed, is read from the file.
 */
import type { GraphRecord } from '../records/record.ts'
import type { StoredChange } from '../records/record-database.ts'
import type { RecordId } from '../records/record-id.ts'

/** So many changes. */
export const MOST_RECENT_CHANGES = 256
/** And so many bytes of records. */
export const MOST_RECENT_BYTES = 512 * 1024

interface Stored {
  readonly arrival: number
  readonly record: GraphRecord
  readonly firstArrival: number
}

/** All changes after a number, as long as nothing but records was stored. */
export class RecentChanges {
  /** In the order of arrival. */
  readonly #stored = new Map<RecordId, Stored>()
  #after: number
  #bytes = 0

  /** @param after The number of the last change that it does not know */
  constructor(after: number) {
    this.#after = after
  }

  /** A record, or a later version of one, was stored. */
  add(stored: Stored): void {
    const { id } = stored.record
    this.#drop(id)
    this.#stored.set(id, stored)
    this.#bytes += stored.record.bytes.length
    for (const [oldest, { arrival }] of this.#stored) {
      if (this.#stored.size <= MOST_RECENT_CHANGES && this.#bytes <= MOST_RECENT_BYTES) return
      this.#drop(oldest)
      this.#after = arrival
    }
  }

  /** Something else has changed: only what comes after this number is known from now on. */
  forget(after: number): void {
    this.#stored.clear()
    this.#bytes = 0
    this.#after = after
  }

  /** The first changes after a number, or undefined if not all of them are known here. @param types All, if undefined */
  since(after: number, types: readonly string[] | undefined, limit: number): readonly StoredChange[] | undefined {
    if (after < this.#after) return undefined
    const changes: StoredChange[] = []
    for (const { arrival, record, firstArrival } of this.#stored.values()) {
      if (changes.length === limit) break
      if (arrival <= after || types?.includes(record.type) === false) continue
      changes.push({ arrival, kind: 'stored', record, firstArrival })
    }
    return changes
  }

  #drop(id: RecordId): void {
    this.#bytes -= this.#stored.get(id)?.record.bytes.length ?? 0
    this.#stored.delete(id)
  }
}
