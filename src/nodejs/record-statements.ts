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
  /** database ID, first complete arrival number, last arrival number, until when there is an index of types */
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
         coalesce((SELECT max(arrival) FROM records), 0), coalesce((SELECT max(arrival) FROM removals), 0)),
         types_until
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

  /** A page of live records. Columns: arrival, refresh, id, digest, bytes. @param typesUntil Where the index of types ends */
  list(selection: Selection, typesUntil: number): readonly SqliteRow[] {
    const { type, creator, where, expiringAfter, newestFirst = false, after, limit } = selection
    const conditions = ['deleted = 0']
    const values: SqliteValue[] = []
    const add = (condition: string, ...added: readonly SqliteValue[]): void => {
      conditions.push(condition)
      values.push(...added)
    }
    if (creator !== undefined) add('creator_key = ?', creator)
    if (expiringAfter !== undefined) add('expires > ?', expiringAfter)
    const candidates = where && queryCandidates(where, (statement) => this.#arrivals(statement))
    if (candidates !== undefined) add('arrival IN (SELECT value FROM json_each(?))', JSON.stringify([...candidates]))
    if (where !== undefined) {
      const { sql, values: found } = queryCondition(where)
      add(sql, ...found)
    }
    const page = (
      source: string,
      bounds: readonly SqliteValue[],
      most: number,
      by: 'arrival' | 'at_arrival' = 'arrival',
    ): readonly SqliteRow[] =>
      this.#prepared(
        `SELECT arrival, refresh, id, digest, bytes FROM ${source} AND ${conditions.join(' AND ')}
         ORDER BY ${by} ${newestFirst ? 'DESC' : 'ASC'} LIMIT ?`,
      ).all(...bounds, ...values, most)
    const beyond = newestFirst ? '<' : '>'
    const edge = after ?? (newestFirst ? Number.MAX_SAFE_INTEGER : 0)
    if (type === undefined) return page(`records NOT INDEXED WHERE arrival ${beyond} ?`, [edge], limit)
    if (candidates !== undefined) {
      return page(`records NOT INDEXED WHERE arrival ${beyond} ? AND type = ?`, [edge, type], limit)
    }
    const indexed = (most: number): readonly SqliteRow[] =>
      page(
        `arrivals_by_type CROSS JOIN records ON arrival = at_arrival WHERE of_type = ? AND at_arrival ${beyond} ?`,
        [type, edge],
        most,
        // By the other name SQLite would sort.
        'at_arrival',
      )
    const latest = (most: number): readonly SqliteRow[] =>
      newestFirst
        ? page('records NOT INDEXED WHERE arrival > ? AND arrival < ? AND type = ?', [typesUntil, edge, type], most)
        : page('records NOT INDEXED WHERE arrival > ? AND type = ?', [Math.max(typesUntil, edge), type], most)
    return newestFirst ? oneThenOther(latest, indexed, limit) : oneThenOther(indexed, latest, limit)
  }

  /** Columns: arrival, first arrival, id, digest, bytes. In order of arrival for each type, not for all together. */
  storedAfter(
    after: number,
    types: readonly string[] | undefined,
    limit: number,
    typesUntil: number,
  ): readonly SqliteRow[] {
    const columns = 'SELECT arrival, first_arrival, id, digest, bytes'
    if (types === undefined) {
      return this.#prepared(`${columns} FROM records WHERE arrival > ? ORDER BY arrival LIMIT ?`).all(after, limit)
    }
    const indexed = this.#prepared(
      `${columns} FROM arrivals_by_type CROSS JOIN records ON arrival = at_arrival
       WHERE of_type = ? AND at_arrival > ? ORDER BY at_arrival LIMIT ?`,
    )
    const latest = this.#prepared(
      `${columns} FROM records NOT INDEXED WHERE arrival > ? AND type = ? ORDER BY arrival LIMIT ?`,
    )
    return [...new Set(types)].flatMap((type) =>
      oneThenOther(
        (most) => indexed.all(type, after, most),
        (most) => latest.all(Math.max(after, typesUntil), type, most),
        limit,
      ),
    )
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

/** Rows of one search and, if there are not enough of them, of another one. */
function oneThenOther(
  one: (most: number) => readonly SqliteRow[],
  other: (most: number) => readonly SqliteRow[],
  limit: number,
): readonly SqliteRow[] {
  const rows = one(limit)
  return rows.length < limit ? [...rows, ...other(limit - rows.length)] : rows
}
