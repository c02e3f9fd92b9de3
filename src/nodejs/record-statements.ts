/**
 * The statements with which a database of records is read and written. Those that depend on what is searched for are put
 * together from parts, and the latest are kept, since to prepare one takes longer than to execute it.
 */
import type { RecordAttribute } from '../records/attribute.ts'
import type { Selection } from '../records/record-database.ts'
import { queryCandidates, queryCondition, registerPatterns, type SqlPart } from './query-sql.ts'
import {
  numberIn,
  prepareRows,
  type SqliteDatabase,
  type SqliteRow,
  type SqliteStatement,
  type SqliteValue,
} from './sqlite.ts'

/** Statements that are kept prepared beside those that are always there. */
const MOST_KEPT_STATEMENTS = 64
/** Values of attributes that one statement inserts: there is one for each sequence of texts and numbers up to that. */
const MOST_VALUES_AT_ONCE = 4
const ATTRIBUTE_COLUMNS = 5

/** The statements of one connection. */
export class RecordStatements {
  readonly begin: SqliteStatement
  readonly beginReading: SqliteStatement
  readonly commit: SqliteStatement
  readonly rollback: SqliteStatement
  /** database ID, first complete arrival number, last arrival number */
  readonly state: SqliteStatement
  readonly setFirstComplete: SqliteStatement
  /** arrival, refresh, id, digest, bytes */
  readonly get: SqliteStatement
  /** bytes */
  readonly bytes: SqliteStatement
  /** arrival, first arrival, type */
  readonly findArrivals: SqliteStatement
  readonly insertRecord: SqliteStatement
  readonly deleteRecord: SqliteStatement
  readonly deleteAttributes: SqliteStatement
  readonly insertRemoval: SqliteStatement
  readonly lastRemovalBefore: SqliteStatement
  readonly forgetRemovals: SqliteStatement
  readonly setRefresh: SqliteStatement
  /** id, type, digest, expires, arrival */
  readonly leaves: SqliteStatement
  /** arrival, refresh, id, digest, bytes */
  readonly refreshed: SqliteStatement
  readonly setting: SqliteStatement
  readonly setSetting: SqliteStatement
  readonly deleteSetting: SqliteStatement
  readonly #database: SqliteDatabase
  readonly #kept = new Map<string, SqliteStatement>()
  readonly #attributeInsertions: (SqliteStatement | undefined)[] = []

  constructor(database: SqliteDatabase) {
    this.#database = database
    registerPatterns(database)
    const rows = (statement: string): SqliteStatement => prepareRows(database, statement)
    const change = (statement: string): SqliteStatement => database.prepare(statement)
    this.begin = change('BEGIN IMMEDIATE')
    this.beginReading = change('BEGIN DEFERRED')
    this.commit = change('COMMIT')
    this.rollback = change('ROLLBACK')
    // What was forgotten counts, too: it may have been the last change of all.
    this.state = rows(
      `SELECT database_id, first_complete, max(first_complete,
         coalesce((SELECT max(arrival) FROM records), 0), coalesce((SELECT max(arrival) FROM removals), 0))
       FROM this_database`,
    )
    this.setFirstComplete = change('UPDATE this_database SET first_complete = ?')
    this.get = rows('SELECT arrival, refresh, id, digest, bytes FROM records WHERE id = ?')
    this.bytes = rows('SELECT bytes FROM records WHERE id = ?')
    this.findArrivals = rows('SELECT arrival, first_arrival, type FROM records WHERE id = ?')
    this.insertRecord = change(
      `INSERT INTO records (arrival, first_arrival, id, type, version, creator, modifier, created, modified, expires,
         deleted, refresh, encoding, payload_start, payload_length, creator_key, digest, bytes)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
    )
    this.deleteRecord = change('DELETE FROM records WHERE arrival = ?')
    this.deleteAttributes = change('DELETE FROM attributes WHERE arrival = ?')
    // Of each record the last removal only.
    this.insertRemoval = change(
      'INSERT OR REPLACE INTO removals (arrival, id, type, reason, at) VALUES (?, ?, ?, ?, ?)',
    )
    this.lastRemovalBefore = rows('SELECT max(arrival) FROM removals WHERE at < ?')
    this.forgetRemovals = change('DELETE FROM removals WHERE at < ?')
    this.setRefresh = change('UPDATE records SET refresh = ? WHERE id = ?')
    this.leaves = rows(
      'SELECT id, type, digest, expires, arrival FROM records WHERE arrival > ? ORDER BY arrival LIMIT ?',
    )
    this.refreshed = rows(
      `SELECT arrival, refresh, id, digest, bytes FROM records
       WHERE refresh = 1 AND deleted = 0 AND arrival > ? ORDER BY arrival LIMIT ?`,
    )
    this.setting = rows('SELECT value FROM settings WHERE name = ?')
    this.setSetting = change('INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)')
    this.deleteSetting = change('DELETE FROM settings WHERE name = ?')
  }

  insertAttributes(arrival: number, attributes: readonly RecordAttribute[]): void {
    let values: SqliteValue[] = []
    // A bit for each value, 1 if it is a number, below a leading 1.
    let shape = 1
    let position = 0
    for (const { name, values: given } of attributes) {
      for (const { type, value } of given) {
        shape = shape * 2 + (type === 'string' ? 0 : 1)
        values.push(arrival, position++, name, type, value)
        if (values.length < MOST_VALUES_AT_ONCE * ATTRIBUTE_COLUMNS) continue
        this.#attributeInsertion(shape).run(...values)
        values = []
        shape = 1
      }
    }
    if (values.length > 0) this.#attributeInsertion(shape).run(...values)
  }

  /** A page of live records. Columns: arrival, refresh, id, digest, bytes. */
  list(selection: Selection): readonly SqliteRow[] {
    const { type, creator, where, expiringAfter, newestFirst, after, limit } = selection
    const conditions = ['deleted = 0']
    const values: SqliteValue[] = []
    const add = (condition: string, ...added: readonly SqliteValue[]): void => {
      conditions.push(condition)
      values.push(...added)
    }
    if (type !== undefined) add('type = ?', type)
    if (creator !== undefined) add('creator_key = ?', creator)
    if (expiringAfter !== undefined) add('expires > ?', expiringAfter)
    if (after !== undefined) add(newestFirst === true ? 'arrival < ?' : 'arrival > ?', after)
    let index = type === undefined ? 'NOT INDEXED' : 'INDEXED BY records_by_type'
    if (where !== undefined) {
      const candidates = queryCandidates(where, (statement) => this.#arrivals(statement))
      if (candidates !== undefined) {
        index = 'NOT INDEXED'
        add('arrival IN (SELECT value FROM json_each(?))', JSON.stringify([...candidates]))
      }
      const condition = queryCondition(where)
      add(condition.sql, ...condition.values)
    }
    return this.#prepared(
      `SELECT arrival, refresh, id, digest, bytes FROM records ${index} WHERE ${conditions.join(' AND ')}
       ORDER BY arrival ${newestFirst === true ? 'DESC' : 'ASC'} LIMIT ?`,
    ).all(...values, limit)
  }

  /** Columns: arrival, first arrival, id, digest, bytes. In order of arrival for each type, not for all together. */
  storedAfter(after: number, types: readonly string[] | undefined, limit: number): readonly SqliteRow[] {
    const columns = 'SELECT arrival, first_arrival, id, digest, bytes FROM records'
    if (types === undefined) {
      return this.#prepared(`${columns} WHERE arrival > ? ORDER BY arrival LIMIT ?`).all(after, limit)
    }
    const ofType = this.#prepared(
      `${columns} INDEXED BY records_by_type WHERE type = ? AND arrival > ? ORDER BY arrival LIMIT ?`,
    )
    return [...new Set(types)].flatMap((type) => ofType.all(type, after, limit))
  }

  /** Columns: arrival, type, id, reason. Without those that were stored again. */
  removedAfter(after: number, types: readonly string[] | undefined, limit: number): readonly SqliteRow[] {
    const statement = `SELECT arrival, type, id, reason FROM removals
      WHERE arrival > ? AND NOT EXISTS (SELECT 1 FROM records WHERE records.id = removals.id)`
    const order = 'ORDER BY arrival LIMIT ?'
    if (types === undefined) return this.#prepared(`${statement} ${order}`).all(after, limit)
    return this.#prepared(`${statement} AND type IN (SELECT value FROM json_each(?)) ${order}`).all(
      after,
      JSON.stringify(types),
      limit,
    )
  }

  /** The statement that inserts values of such a shape at once: one statement costs less than several. */
  #attributeInsertion(shape: number): SqliteStatement {
    let statement = this.#attributeInsertions[shape]
    if (statement === undefined) {
      // A number comes as a floating-point one, and this column would keep it so.
      const rows = Array.from(shape.toString(2).slice(1), (bit) =>
        bit === '1' ? '(?, ?, ?, ?, CAST(? AS INTEGER))' : '(?, ?, ?, ?, ?)',
      )
      const columns = 'arrival, position, name, type, value'
      statement = this.#database.prepare(`INSERT INTO attributes (${columns}) VALUES ${rows.join(', ')}`)
      this.#attributeInsertions[shape] = statement
    }
    return statement
  }

  #arrivals({ sql, values }: SqlPart): readonly number[] {
    return this.#prepared(sql)
      .all(...values)
      .map((row) => numberIn(row, 0))
  }

  /** A statement that gives rows and is prepared already, or is now. */
  #prepared(sql: string): SqliteStatement {
    const statement = this.#kept.get(sql) ?? prepareRows(this.#database, sql)
    const [oldest] = this.#kept.keys()
    // The one that was used last stands last.
    this.#kept.delete(sql)
    this.#kept.set(sql, statement)
    if (this.#kept.size > MOST_KEPT_STATEMENTS && oldest !== undefined) this.#kept.delete(oldest)
    return statement
  }
}
