/**
 * Exported databases of records: SQLite files of a simpler schema, with the records as they were signed and the settings
 * that were asked for. An export is a copy of what is committed, made by a connection of its own.
 *
 * A file that is opened comes from a stranger. It has to have exactly the tables of an export, and no view or trigger that
 * could do something else, and it is only read.
 */
import { renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ExportedDatabase } from '../records/record-databases.ts'
import { LONGEST_RECORD_ENCODING } from '../records/record-format.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { bringFileToDisk, bringFolderToDisk, removeIfThere, writePrivateFile } from './private-file.ts'
import {
  ApplicationId,
  EXPORT_SCHEMA,
  EXPORT_TABLES,
  readSchemaHeader,
  requireSchema,
  schemaOf,
  writeSchema,
} from './record-schema.ts'
import {
  bytesIn,
  DamagedRow,
  LONGEST_SQLITE_WAIT,
  numberIn,
  openSqlite,
  prepareRows,
  type SqliteDatabase,
  sqliteCode,
  sqliteError,
} from './sqlite.ts'
import { storageError } from './storage-error.ts'
import { reasonOf, systemErrorCode } from './system-error.ts'

/** Of a setting in an export, in bytes. */
const LONGEST_EXPORTED_SETTING = 65_536

const SCHEMA = { applicationId: ApplicationId.export, schema: EXPORT_SCHEMA }
/** Records that are read at once. */
const PAGE = 100

/**
 * Writes what is committed in a database into a new file, which only its owner can read.
 *
 * @throws PeerageError `input-not-readable` (it is there already), `disk-full`, `storage-not-accessible`
 */
export function writeRecordExport(source: string, file: string, settings: readonly string[]): void {
  const unfinished = `${file}.unfinished`
  reserve(file)
  let isBegun = false
  try {
    removeIfThere(unfinished)
    writePrivateFile(unfinished, new Uint8Array())
    isBegun = true
    copyInto(unfinished, source, settings)
    bringFileToDisk(unfinished)
    renameSync(unfinished, file)
    bringFolderToDisk(dirname(file))
  } catch (error) {
    if (isBegun) removeIfThere(unfinished)
    removeIfThere(file)
    throw sqliteError(storageError(error, file, 'write'), file, 'write')
  }
}

/** Opens an export to read it. @throws PeerageError `invalid-database`, `database-newer`, `input-not-readable` */
export function openRecordExport(file: string): ExportedDatabase {
  let database: SqliteDatabase | undefined
  try {
    if (!statSync(file).isFile()) throw new PeerageError('input-not-readable', { file, reason: 'it is no file' })
    const header = readSchemaHeader(file)
    requireSchema(header, file, SCHEMA)
    if (!header.isWhole) throw new DamagedRow('the end of it is missing')
    database = openSqlite(file, { readonly: true, timeout: LONGEST_SQLITE_WAIT })
    database.exec('PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON')
    requireSchema(schemaOf(database), file, SCHEMA)
    requireExportTables(database)
    const found = database.pragma('quick_check(1)', { simple: true })
    if (found !== 'ok') throw new DamagedRow(String(found))
    return new RecordExport(database, file)
  } catch (error) {
    database?.close()
    throw readError(error, file)
  }
}

class RecordExport implements ExportedDatabase {
  readonly #database: SqliteDatabase
  readonly #file: string
  #isOpen = true

  constructor(database: SqliteDatabase, file: string) {
    this.#database = database
    this.#file = file
  }

  setting(name: string): Uint8Array | undefined {
    return this.#read(() => {
      const statement = 'SELECT length(value), iif(length(value) <= ?, value, NULL) FROM settings WHERE name = ?'
      const row = prepareRows(this.#database, statement).get(LONGEST_EXPORTED_SETTING, name)
      if (row === undefined) return undefined
      if (row[1] === null) throw new DamagedRow(`a setting has ${numberIn(row, 0)} bytes`)
      return bytesIn(row, 1)
    })
  }

  *records(): Iterable<Uint8Array> {
    const statement = this.#read(() =>
      prepareRows(
        this.#database,
        `SELECT number, length(bytes), iif(length(bytes) <= ?, bytes, NULL) FROM records
         WHERE number > ? ORDER BY number LIMIT ?`,
      ),
    )
    let after = 0
    for (;;) {
      const rows = this.#read(() => statement.all(LONGEST_RECORD_ENCODING, after, PAGE))
      for (const row of rows) {
        yield this.#read(() => {
          const number = numberIn(row, 0)
          // A number that is larger than any that was written would not be exact here, and come again for ever.
          if (!Number.isSafeInteger(number)) throw new DamagedRow('a record has too large a number')
          if (row[2] === null) throw new DamagedRow(`record ${number} has ${numberIn(row, 1)} bytes`)
          after = number
          return bytesIn(row, 2)
        })
      }
      if (rows.length < PAGE) return
    }
  }

  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#database.close()
  }

  #read<Result>(body: () => Result): Result {
    if (!this.#isOpen) throw new RangeError('the export is closed')
    try {
      return body()
    } catch (error) {
      throw readError(error, this.#file)
    }
  }
}

/** Makes an empty file of this name, unless there is one. */
function reserve(file: string): void {
  try {
    writePrivateFile(file, new Uint8Array())
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw storageError(error, file, 'create')
    throw new PeerageError('input-not-readable', { file, reason: 'there is a file of this name already' })
  }
}

/** All in one transaction, so that it is one state of the source, whoever writes into it meanwhile. */
function copyInto(file: string, source: string, settings: readonly string[]): void {
  const database = openSqlite(file, { timeout: LONGEST_SQLITE_WAIT })
  try {
    // If it fails, the file is removed.
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF')
    writeSchema(database, SCHEMA, EXPORT_TABLES)
    database.prepare('ATTACH ? AS source').run(source)
    database.exec(`BEGIN;
      INSERT INTO main.records (id, type, creator, deleted, bytes)
      SELECT id, type, creator, deleted, bytes FROM source.records ORDER BY arrival`)
    const copy = database.prepare('INSERT INTO main.settings SELECT name, value FROM source.settings WHERE name = ?')
    for (const name of settings) copy.run(name)
    database.exec('COMMIT')
  } finally {
    database.close()
  }
}

/** Fails unless the file has the tables of an export and nothing else. */
function requireExportTables(database: SqliteDatabase): void {
  const found = prepareRows(database, 'SELECT sql FROM sqlite_schema ORDER BY rowid').all()
  const expected = EXPORT_TABLES.split(';').flatMap((statement) => statement.trim() || [])
  if (found.length === expected.length && found.every(([sql], index) => sql === expected[index])) return
  throw new DamagedRow('it has other tables than an export')
}

function readError(error: unknown, file: string): unknown {
  if (systemErrorCode(error) !== undefined) {
    return new PeerageError('input-not-readable', { file, reason: reasonOf(error) }, { cause: error })
  }
  // The statements are right, so what is asked for is not as it has to be.
  if (sqliteCode(error) === 'SQLITE_ERROR') {
    return new PeerageError('invalid-database', { file, problem: reasonOf(error) }, { cause: error })
  }
  return sqliteError(error, file, 'read')
}
