/**
 * A lock between processes that the operating system frees when its holder dies, however it dies.
 *
 * Node.js has no call for such locks, but SQLite, which is here anyway, takes them on every platform:
 * what is locked is an empty database, in a transaction that writes nothing. A lock by the mere
 * existence of a file would outlive a process that was killed, and the number of a process in it
 * says nothing in another container.
 */
import { accessSync, closeSync, constants, openSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { PeerageError } from '../runtime/peerage-error.ts'
import { LONGEST_STORAGE_WAIT } from '../runtime/storage.ts'
import { storageError } from './storage-error.ts'
import { systemErrorCode } from './system-error.ts'

/** What is used of `better-sqlite3`. */
interface Database {
  exec(statements: string): unknown
  close(): unknown
}
type DatabaseConstructor = new (
  file: string,
  options: { readonly fileMustExist: boolean; readonly timeout: number },
) => Database

const LOCK_FILE_MODE = 0o600

let databaseConstructor: DatabaseConstructor | undefined

/**
 * Runs `body` while no other process is in the body of a lock on this file. The file is made if there
 * is none, in a folder that exists, and stays: to remove it would be to have two locks.
 *
 * @throws PeerageError `storage-busy` after {@link LONGEST_STORAGE_WAIT} milliseconds, `disk-full`,
 *   `storage-not-accessible`
 */
export function whileLocked<Result>(file: string, body: () => Result): Result {
  const database = lock(file)
  try {
    return body()
  } finally {
    // The end of the connection is the end of its transaction and its lock.
    database.close()
  }
}

function lock(file: string): Database {
  prepare(file)
  let database: Database | undefined
  try {
    // Loaded only now: whoever just reads does not need it.
    databaseConstructor ??= loadDatabase()
    database = new databaseConstructor(file, { fileMustExist: true, timeout: LONGEST_STORAGE_WAIT })
    // The journal is kept in memory because nothing is written that it could restore.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE')
    return database
  } catch (error) {
    database?.close()
    throw lockError(error, file)
  }
}

/** Makes sure that there is a file that can be written: on one that cannot SQLite would take a shared lock only. */
function prepare(file: string): void {
  try {
    // Nobody can hold a lock on a file that did not exist. On another one this must not be done, since on
    // POSIX to close any descriptor of a file gives up the locks that the process holds on it.
    closeSync(openSync(file, 'wx', LOCK_FILE_MODE))
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw storageError(error, file, 'create')
  }
  try {
    accessSync(file, constants.R_OK | constants.W_OK)
  } catch (error) {
    throw storageError(error, file, 'lock')
  }
}

function loadDatabase(): DatabaseConstructor {
  return createRequire(import.meta.url)('better-sqlite3')
}

function lockError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return error
  if (!error.code.startsWith('SQLITE_')) return error
  if (error.code.startsWith('SQLITE_BUSY')) {
    return new PeerageError('storage-busy', { path: dirname(path), waited: LONGEST_STORAGE_WAIT }, { cause: error })
  }
  if (error.code === 'SQLITE_FULL') return new PeerageError('disk-full', { path }, { cause: error })
  const reason = `${error.message} (${error.code})`
  return new PeerageError('storage-not-accessible', { path, operation: 'lock', reason }, { cause: error })
}
