/**
 * SQLite on Node.js: the package `better-sqlite3`, loaded when it is first needed, and its errors in the terms of Peerage.
 *
 * The package binds every number as a floating-point one; columns of type INTEGER turn it into an integer again, exactly, and
 * where a column has no type the statement has to. It hands out bytes as `Buffer`, which is turned into a plain array here.
 */
import { createRequire } from 'node:module'
import { PeerageError } from '../runtime/peerage-error.ts'

/** What SQLite stores. */
export type SqliteValue = string | number | Uint8Array | null
/** The columns of a row, in their order. */
export type SqliteRow = readonly SqliteValue[]

/** A prepared statement that gives rows as arrays: see {@link prepareRows}. */
export interface SqliteStatement {
  /** @returns how many rows it has changed */
  run(...values: readonly SqliteValue[]): { readonly changes: number }
  get(...values: readonly SqliteValue[]): SqliteRow | undefined
  all(...values: readonly SqliteValue[]): readonly SqliteRow[]
}

/** What is used of a connection of `better-sqlite3`. */
export interface SqliteDatabase {
  readonly inTransaction: boolean
  prepare(statement: string): SqliteStatement & { raw(): SqliteStatement }
  exec(statements: string): unknown
  pragma(pragma: string, options: { readonly simple: true }): unknown
  function(
    name: string,
    options: { readonly deterministic: true; readonly directOnly: true },
    body: (pattern: string, text: string) => number,
  ): unknown
  close(): unknown
}

/** How a file is opened. It has to be there. */
export interface SqliteOptions {
  readonly readonly?: boolean
  /** For how long to wait while another connection writes, in milliseconds. */
  readonly timeout: number
}

type DatabaseConstructor = new (
  file: string,
  options: SqliteOptions & { readonly fileMustExist: true },
) => SqliteDatabase

let databaseConstructor: DatabaseConstructor | undefined

/** Opens a file that is there. */
export function openSqlite(file: string, options: SqliteOptions): SqliteDatabase {
  databaseConstructor ??= loadDatabase()
  return new databaseConstructor(file, { ...options, fileMustExist: true })
}

function loadDatabase(): DatabaseConstructor {
  return createRequire(import.meta.url)('better-sqlite3')
}

/** A statement that gives rows. */
export function prepareRows(database: SqliteDatabase, statement: string): SqliteStatement {
  return database.prepare(statement).raw()
}

/** A value that has to be there, since the schema says so: where it is not, the file is damaged. */
export function numberIn(row: SqliteRow, column: number): number {
  const value = row[column]
  if (typeof value !== 'number') throw new DamagedRow(`column ${column} holds no number`)
  return value
}

/** As {@link numberIn}. */
export function textIn(row: SqliteRow, column: number): string {
  const value = row[column]
  if (typeof value !== 'string') throw new DamagedRow(`column ${column} holds no text`)
  return value
}

/** As {@link numberIn}: a plain array of its own. */
export function bytesIn(row: SqliteRow, column: number): Uint8Array {
  const value = row[column]
  if (!(value instanceof Uint8Array)) throw new DamagedRow(`column ${column} holds no bytes`)
  return new Uint8Array(value.buffer, value.byteOffset, value.length)
}

/** A row does not hold what the schema says. */
export class DamagedRow extends Error {
  override readonly name = 'DamagedRow'
}

/** Codes that say that the file itself is wrong. */
const DAMAGED = /^SQLITE_(CORRUPT|NOTADB|FORMAT|EMPTY|SCHEMA)/
/** The file that readers of a log share could not grow: it is sparse, and takes its room only then. */
const NO_ROOM = /^SQLITE_(FULL|IOERR_SHMSIZE)/
/** Errors of the program. */
const PROGRAMMING = /^SQLITE_(MISUSE|RANGE|MISMATCH|CONSTRAINT|TOOBIG)/

/** An error of SQLite about a file of the user in the terms of Peerage; any other error as it is. */
export function sqliteError(error: unknown, path: string, operation: string): unknown {
  if (error instanceof DamagedRow || (error instanceof Error && DAMAGED.test(sqliteCode(error) ?? ''))) {
    return new PeerageError('invalid-database', { file: path, problem: reasonOf(error) }, { cause: error })
  }
  return sqliteStorageError(error, path, operation)
}

/** As {@link sqliteError}, of a file that holds no data. */
export function sqliteStorageError(error: unknown, path: string, operation: string): unknown {
  const code = sqliteCode(error)
  if (code === undefined || !(error instanceof Error) || PROGRAMMING.test(code)) return error
  if (NO_ROOM.test(code)) return new PeerageError('disk-full', { path }, { cause: error })
  if (code.startsWith('SQLITE_BUSY')) {
    return new PeerageError('storage-busy', { path, waited: LONGEST_SQLITE_WAIT }, { cause: error })
  }
  return new PeerageError('storage-not-accessible', { path, operation, reason: reasonOf(error) }, { cause: error })
}

function reasonOf(error: Error): string {
  const code = sqliteCode(error)
  return code === undefined ? error.message : `${error.message} (${code})`
}

/** For how long a write waits for somebody who looks into the file and keeps it locked, in milliseconds. */
export const LONGEST_SQLITE_WAIT = 5_000

/** The code of an error of SQLite, such as `SQLITE_FULL`; undefined if it is another error. */
export function sqliteCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  return error.code.startsWith('SQLITE_') ? error.code : undefined
}
