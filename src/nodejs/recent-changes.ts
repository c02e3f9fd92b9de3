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
  /** In the order of arrival, with versions that a later one has replaced. */
  #stored: Stored[] = []
  /** The last version of each record. */
  readonly #latest = new Map<RecordId, Stored>()
  #after: number
  #bytes = 0

  /** @param after The number of the last change that it does not know */
  constructor(after: number) {
    this.#after = after
  }

  /** A record, or a later version of one, was stored. */
  add(stored: Stored): void {
    this.#stored.push(stored)
    this.#latest.set(stored.record.id, stored)
    this.#bytes += stored.record.bytes.length
    if (this.#stored.length > MOST_RECENT_CHANGES || this.#bytes > MOST_RECENT_BYTES) this.#dropOlderHalf()
  }

  /** Something else has changed: only what comes after this number is known from now on. */
  forget(after: number): void {
    this.#stored = []
    this.#latest.clear()
    this.#bytes = 0
    this.#after = after
  }

  /** The first changes after a number, or undefined if not all of them are known here. @param types All, if undefined */
  since(after: number, types: readonly string[] | undefined, limit: number): readonly StoredChange[] | undefined {
    if (after < this.#after) return undefined
    const changes: StoredChange[] = []
    // Who asks has seen nearly all of it.
    for (const stored of this.#stored.slice(this.#stored.findLastIndex(({ arrival }) => arrival <= after) + 1)) {
      if (changes.length === limit) break
      const { arrival, record, firstArrival } = stored
      if (this.#latest.get(record.id) !== stored || types?.includes(record.type) === false) continue
      changes.push({ arrival, kind: 'stored', record, firstArrival })
    }
    return changes
  }

  #dropOlderHalf(): void {
    for (const stored of this.#stored.splice(0, Math.ceil(this.#stored.length / 2))) {
      const { arrival, record } = stored
      if (this.#latest.get(record.id) === stored) this.#latest.delete(record.id)
      this.#bytes -= record.bytes.length
      this.#after = arrival
    }
  }
}
