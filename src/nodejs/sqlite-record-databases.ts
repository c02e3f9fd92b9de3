/**
 * The databases of records in a folder, each in an SQLite file of its own that only its owner can read.
 *
 * ```
 * NAME.sqlite            the database; SQLite keeps NAME.sqlite-wal and NAME.sqlite-shm beside it while it is open
 * NAME.lock              who holds its lock has the database open
 * NAME.schema-1.sqlite   what it was before it was brought up from schema 1
 * .NAME.unfinished       one that is being made
 * ```
 *
 * What is committed is in the hands of the operating system, so that no end of the process loses it. To survive a loss of
 * power too, each commit waits for the disk (`synchronous = FULL`). Without that the log is brought to the disk before it
 * is taken over into the file (`NORMAL`): a loss of power can take the last commits, but never leaves a damaged file.
 */
import { existsSync, readdirSync, renameSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { RecordDatabase } from '../records/record-database.ts'
import {
  DATABASE_NAME,
  type DatabaseOptions,
  type ExportedDatabase,
  type RecordDatabases,
} from '../records/record-databases.ts'
import { toHex } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { type Random, randomBytes } from '../runtime/random.ts'
import { AuthorNames } from './author-names.ts'
import { type HeldLock, takeLock } from './exclusive-lock.ts'
import {
  bringFolderToDisk,
  makePrivateFolder,
  removeIfThere,
  requirePrivateFile,
  writePrivateFile,
} from './private-file.ts'
import { openRecordExport, writeRecordExport } from './record-export.ts'
import { bringUpToDate, copyOfSchema, migrations } from './record-migration.ts'
import {
  ApplicationId,
  DATABASE_SCHEMA,
  DATABASE_TABLES,
  readSchemaHeader,
  requireSchema,
  schemaOf,
  writeSchema,
} from './record-schema.ts'
import { LONGEST_SQLITE_WAIT, openSqlite, type SqliteDatabase, sqliteCode, sqliteError } from './sqlite.ts'
import { SqliteRecordDatabase } from './sqlite-record-database.ts'
import { storageError } from './storage-error.ts'
import { reasonOf, systemErrorCode } from './system-error.ts'

const ENDING = '.sqlite'
/** What SQLite keeps beside a file. */
const COMPANIONS = ['-wal', '-shm', '-journal']
const DATABASE_ID_LENGTH = 16
/** Pages in the log before they are taken over into the file. The more there are, the fewer of them are written again and again. */
const LONGEST_LOG = 4_000
/** SQLite's own choice, in bytes. */
const PAGE_SIZE = 4_096

const SCHEMA = { applicationId: ApplicationId.database, schema: DATABASE_SCHEMA }

/** What databases need beside a folder. */
export interface SqliteRecordDatabasesPorts {
  readonly crypto: Crypto
  readonly random: Random
}

/** The databases in a folder, which is made when the first one is. */
export class SqliteRecordDatabases implements RecordDatabases {
  readonly #folder: string
  readonly #random: Random
  readonly #authorNames: AuthorNames

  constructor(folder: string, ports: SqliteRecordDatabasesPorts) {
    this.#folder = resolve(folder)
    this.#random = ports.random
    this.#authorNames = new AuthorNames(ports.crypto)
  }

  names(): readonly string[] {
    try {
      return readdirSync(this.#folder)
        .filter((file) => file.endsWith(ENDING))
        .map((file) => file.slice(0, -ENDING.length))
        .filter((name) => DATABASE_NAME.test(name))
        .sort()
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return []
      throw storageError(error, this.#folder, 'list')
    }
  }

  create(name: string, options: DatabaseOptions): RecordDatabase {
    const file = this.#locate(name)
    this.#makeFolder()
    const lock = this.#lock(name)
    return releasedOnFailure(lock, () => {
      if (existsSync(file)) throw new PeerageError('database-already-present', { graph: name })
      this.#make(name, file)
      try {
        return this.#opened(file, options, { lock, wasFound: false })
      } catch (error) {
        // One that cannot be used, on a full disk for instance, is to leave nothing behind.
        for (const companion of COMPANIONS) removeIfThere(file + companion)
        removeIfThere(file)
        throw error
      }
    })
  }

  open(name: string, options: DatabaseOptions): RecordDatabase {
    const file = this.#requireThere(name)
    const lock = this.#lock(name)
    return releasedOnFailure(lock, () => {
      this.#requireThere(name)
      requireKnown(file)
      return this.#opened(file, options, { lock, wasFound: true })
    })
  }

  delete(name: string): void {
    const file = this.#requireThere(name)
    const lock = this.#lock(name)
    try {
      // First what belongs to the file: a log that is left alone would be taken for that of the next file of this name.
      for (const companion of COMPANIONS) removeIfThere(file + companion)
      removeIfThere(file)
      for (let schema = 1; schema < DATABASE_SCHEMA; schema++) removeIfThere(copyOfSchema(file, schema))
      bringFolderToDisk(this.#folder)
    } catch (error) {
      lock.release()
      throw storageError(error, file, 'remove')
    }
    lock.releaseAndRemove()
  }

  exportTo(database: RecordDatabase, file: string, settings: readonly string[]): void {
    if (!(database instanceof SqliteRecordDatabase)) throw new TypeError('this is no database in a file')
    writeRecordExport(database.file, resolve(file), settings)
  }

  openExport(file: string): ExportedDatabase {
    return openRecordExport(resolve(file))
  }

  #locate(name: string): string {
    if (!DATABASE_NAME.test(name)) throw new RangeError(`${JSON.stringify(name)} is not the name of a database`)
    return join(this.#folder, name + ENDING)
  }

  #requireThere(name: string): string {
    const file = this.#locate(name)
    if (!existsSync(file)) throw new PeerageError('database-not-present', { graph: name })
    return file
  }

  #makeFolder(): void {
    try {
      makePrivateFolder(this.#folder)
    } catch (error) {
      throw storageError(error, this.#folder, 'create')
    }
  }

  #lock(name: string): HeldLock {
    const lock = takeLock(join(this.#folder, `${name}.lock`))
    if (lock === undefined) throw new PeerageError('graph-in-use', { graph: name })
    return lock
  }

  /** Makes the file whole under another name, so that one that is there can be opened. */
  #make(name: string, file: string): void {
    const unfinished = join(this.#folder, `.${name}.unfinished`)
    const id = toHex(randomBytes(this.#random, DATABASE_ID_LENGTH))
    try {
      for (const companion of COMPANIONS) removeIfThere(file + companion)
      removeIfThere(unfinished)
      writePrivateFile(unfinished, new Uint8Array())
      withConnection(unfinished, (database) => {
        database.exec('PRAGMA journal_mode = MEMORY; PRAGMA synchronous = FULL')
        writeSchema(database, SCHEMA, `${DATABASE_TABLES}; INSERT INTO this_database VALUES (1, '${id}', 0, 0);`)
      })
      renameSync(unfinished, file)
      bringFolderToDisk(this.#folder)
    } catch (error) {
      removeIfThere(unfinished)
      throw sqliteError(storageError(error, file, 'create'), file, 'create')
    }
  }

  #opened(
    file: string,
    options: DatabaseOptions,
    { lock, wasFound }: { readonly lock: HeldLock; readonly wasFound: boolean },
  ): SqliteRecordDatabase {
    let database: SqliteDatabase | undefined
    try {
      database = openSqlite(file, { timeout: LONGEST_SQLITE_WAIT })
      const header = schemaOf(database)
      // Once more, since a later release may have left its schema in the log.
      requireSchema(header, file, SCHEMA)
      tune(database, options)
      if (wasFound) requireSound(database, file)
      bringUpToDate({ database, file, schema: header.schema }, migrations)
      const parts = { database, file, wasFound, authorNames: this.#authorNames, closed: () => lock.release() }
      return new SqliteRecordDatabase(parts)
    } catch (error) {
      database?.close()
      throw openError(error, file)
    }
  }
}

function requireKnown(file: string): void {
  try {
    requirePrivateFile(file)
    const header = readSchemaHeader(file)
    requireSchema(header, file, SCHEMA)
    // With a log beside it, what is missing is there.
    if (header.isWhole || existsSync(`${file}-wal`)) return
    throw new PeerageError('invalid-database', { file, problem: 'the end of it is missing' })
  } catch (error) {
    throw storageError(error, file, 'open')
  }
}

function tune(database: SqliteDatabase, { survivesPowerLoss }: DatabaseOptions): void {
  database.exec(`
    PRAGMA trusted_schema = OFF;
    PRAGMA cell_size_check = ON;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = ${survivesPowerLoss ? 'FULL' : 'NORMAL'};
    PRAGMA fullfsync = ${survivesPowerLoss ? 'ON' : 'OFF'};
    PRAGMA wal_autocheckpoint = ${LONGEST_LOG};
    PRAGMA journal_size_limit = ${LONGEST_LOG * PAGE_SIZE};
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_spill = OFF`)
}

/** Goes through the whole file, which takes a microsecond or two a record: what is damaged shows now, and not in the middle of work. */
function requireSound(database: SqliteDatabase, file: string): void {
  const found = database.pragma('quick_check(1)', { simple: true })
  if (found !== 'ok') throw new PeerageError('invalid-database', { file, problem: String(found) })
}

/** Tables or columns that are missing are no error of a statement here. */
function openError(error: unknown, file: string): unknown {
  if (sqliteCode(error) === 'SQLITE_ERROR') {
    return new PeerageError('invalid-database', { file, problem: reasonOf(error) }, { cause: error })
  }
  return sqliteError(storageError(error, file, 'open'), file, 'open')
}

function releasedOnFailure<Result>(lock: HeldLock, body: () => Result): Result {
  try {
    return body()
  } catch (error) {
    lock.release()
    throw error
  }
}

function withConnection(file: string, body: (database: SqliteDatabase) => unknown): void {
  const database = openSqlite(file, { timeout: LONGEST_SQLITE_WAIT })
  try {
    body(database)
  } finally {
    database.close()
  }
}
