/**
 * A lock between processes that the operating system frees when its holder dies, however it dies.
 *
 * Node.js has no call for such locks, but SQLite, which is here anyway, takes them on every platform:
 * what is locked is an empty database, in a transaction that writes nothing. A lock by the mere
 * existence of a file would outlive a process that was killed, and the number of a process in it
 * says nothing in another container.
 */
import { accessSync, closeSync, constants, openSync, statSync, unlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { PeerageError } from '../runtime/peerage-error.ts'
import { LONGEST_STORAGE_WAIT } from '../runtime/storage.ts'
import { openSqlite, type SqliteDatabase, sqliteCode, sqliteStorageError } from './sqlite.ts'
import { storageError } from './storage-error.ts'
import { systemErrorCode } from './system-error.ts'

/** A lock that is held until it is released, or the process ends. */
export interface HeldLock {
  release(): void
  /** Releases it and removes its file, where the system removes files that are open. */
  releaseAndRemove(): void
}

const LOCK_FILE_MODE = 0o600

/**
 * Runs `body` while no other process is in the body of a lock on this file. The file is made if there
 * is none, in a folder that exists, and stays: to remove it would be to have two locks.
 *
 * @throws PeerageError `storage-busy` after {@link LONGEST_STORAGE_WAIT} milliseconds, `disk-full`,
 *   `storage-not-accessible`
 */
export function whileLocked<Result>(file: string, body: () => Result): Result {
  const database = lock(file, LONGEST_STORAGE_WAIT)
  if (database === undefined) {
    throw new PeerageError('storage-busy', { path: dirname(file), waited: LONGEST_STORAGE_WAIT })
  }
  try {
    return body()
  } finally {
    // The end of the connection is the end of its transaction and its lock.
    database.close()
  }
}

/**
 * Takes the lock of a file for as long as the caller likes, or gives undefined at once if somebody holds it, in this
 * process or another one.
 *
 * @throws PeerageError `disk-full`, `storage-not-accessible`
 */
export function takeLock(file: string): HeldLock | undefined {
  for (;;) {
    prepare(file)
    const before = identityOf(file)
    const database = lock(file, 0)
    if (database === undefined) return undefined
    // Whoever held it before can have removed the file meanwhile: then this is the lock of a file that nobody else will find.
    if (before !== undefined && identityOf(file) === before) return heldLock(database, file)
    database.close()
  }
}

function heldLock(database: SqliteDatabase, file: string): HeldLock {
  return {
    release: () => {
      database.close()
    },
    releaseAndRemove: () => {
      try {
        unlinkSync(file)
      } catch (error) {
        // Windows removes no file that is open. An empty file is left, which the next one to take the lock uses.
        if (process.platform !== 'win32') throw storageError(error, file, 'remove')
      } finally {
        database.close()
      }
    },
  }
}

/** What tells a file from one that has taken its place; undefined if there is none. */
function identityOf(file: string): bigint | undefined {
  return statSync(file, { bigint: true, throwIfNoEntry: false })?.ino
}

/** The connection whose end is that of the lock; undefined if another one has it and keeps it for so long. */
function lock(file: string, timeout: number): SqliteDatabase | undefined {
  prepare(file)
  let database: SqliteDatabase | undefined
  try {
    database = openSqlite(file, { timeout })
    // The journal is kept in memory because nothing is written that it could restore.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE')
    return database
  } catch (error) {
    database?.close()
    if (sqliteCode(error)?.startsWith('SQLITE_BUSY')) return undefined
    throw sqliteStorageError(error, file, 'lock')
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
