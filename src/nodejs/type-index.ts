/**
 * Which records are of which type, in order of arrival: an index that follows behind. SQLite's own would write one more page for each commit,
 * which is a quarter of what the commit of one record costs. So the latest records are in no index: a search goes through them, and they
 * are taken in when they have become many.
 */
import type { SqliteDatabase, SqliteStatement } from './sqlite.ts'

/** Records that a search by type may have to go through one by one. */
export const MOST_NOT_INDEXED = 256

/** The index of one connection. */
export class TypeIndex {
  readonly #takeIn: SqliteStatement
  readonly #setUntil: SqliteStatement
  readonly #remove: SqliteStatement
  #until: number

  /** @param until Up to which arrival number all records are in it */
  constructor(database: SqliteDatabase, until: number) {
    this.#until = until
    this.#takeIn = database.prepare(
      `INSERT INTO arrivals_by_type (of_type, at_arrival)
       SELECT type, arrival FROM records WHERE arrival > ? AND arrival <= ?`,
    )
    this.#setUntil = database.prepare('UPDATE this_database SET types_until = ?')
    this.#remove = database.prepare('DELETE FROM arrivals_by_type WHERE of_type = ? AND at_arrival = ?')
  }

  /** Up to which arrival number all records are in it. */
  get until(): number {
    return this.#until
  }

  /** A transaction was undone. */
  reset(until: number): void {
    this.#until = until
  }

  /** Takes in what is not in it, if that is much. Before a commit. */
  follow(lastArrival: number): void {
    if (lastArrival - this.#until < MOST_NOT_INDEXED) return
    this.#takeIn.run(this.#until, lastArrival)
    this.#setUntil.run(lastArrival)
    this.#until = lastArrival
  }

  /** A record goes. */
  remove(type: string, arrival: number): void {
    if (arrival <= this.#until) this.#remove.run(type, arrival)
  }
}
