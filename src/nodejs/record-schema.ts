/**
 * The schema of a database of records. docs/records-database.md says what the tables mean to a person who reads them, and
 * record-migration.ts brings an older schema up to date.
 *
 * Of the two numbers in the header of an SQLite file, `application_id` says what it is, and `user_version` which
 * schema it has.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { fromUtf8 } from '../runtime/bytes.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { SqliteDatabase } from './sqlite.ts'

/** What kinds of files there are: a database in use ("Peer"), and an exported one ("PeeX"). */
export const ApplicationId = { database: 0x50656572, export: 0x50656558 } as const

/** The schema that this release writes. */
export const DATABASE_SCHEMA = 2
/** The schema of exported files, which is simpler and changes less often. */
export const EXPORT_SCHEMA = 1

/** The tables of schema {@link DATABASE_SCHEMA}. */
export const DATABASE_TABLES = `
CREATE TABLE this_database (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  database_id TEXT NOT NULL,
  first_complete INTEGER NOT NULL,
  types_until INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE records (
  arrival INTEGER PRIMARY KEY,
  first_arrival INTEGER NOT NULL,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  version INTEGER NOT NULL,
  creator TEXT NOT NULL,
  modifier TEXT,
  created INTEGER NOT NULL,
  modified INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  deleted INTEGER NOT NULL,
  refresh INTEGER NOT NULL,
  encoding TEXT NOT NULL,
  payload_start INTEGER NOT NULL,
  payload_length INTEGER NOT NULL,
  creator_key BLOB NOT NULL,
  digest BLOB NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX records_by_id ON records (id);
CREATE INDEX records_to_refresh ON records (arrival) WHERE refresh = 1;

CREATE TABLE arrivals_by_type (
  of_type TEXT NOT NULL,
  at_arrival INTEGER NOT NULL,
  PRIMARY KEY (of_type, at_arrival)
) STRICT, WITHOUT ROWID;

CREATE TABLE attributes (
  arrival INTEGER NOT NULL,
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  value ANY NOT NULL,
  PRIMARY KEY (arrival, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX attributes_by_value ON attributes (name, type, value);

CREATE TABLE removals (
  arrival INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  reason TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX removals_by_id ON removals (id);
CREATE INDEX removals_by_time ON removals (at);

CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE VIEW readable_records AS
SELECT arrival, id, type, version, creator, coalesce(modifier, creator) AS modifier,
  strftime('%Y-%m-%d %H:%M:%f', created / 1000.0, 'unixepoch') AS created,
  strftime('%Y-%m-%d %H:%M:%f', modified / 1000.0, 'unixepoch') AS modified,
  strftime('%Y-%m-%d %H:%M:%f', expires / 1000.0, 'unixepoch') AS expires,
  iif(deleted, 'yes', 'no') AS deleted,
  iif(refresh, 'yes', 'no') AS refresh,
  encoding,
  iif(encoding IN ('text', 'json'), CAST(substr(bytes, payload_start + 1, payload_length) AS TEXT),
    hex(substr(bytes, payload_start + 1, payload_length))) AS payload,
  lower(hex(digest)) AS digest
FROM records;
`

/** The tables of an exported file. Only `bytes` counts when it is read; the rest is for people. */
export const EXPORT_TABLES = `
CREATE TABLE records (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  creator TEXT NOT NULL,
  deleted INTEGER NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
`

/** What the header of a file says. */
export interface SchemaHeader {
  readonly applicationId: number
  readonly schema: number
}

/** A header that was read from a file, and whether the file ends where a page does: SQLite puts up with a part of one. */
export interface FileHeader extends SchemaHeader {
  readonly isWhole: boolean
}

/** Writes tables and header into an empty database. */
export function writeSchema(database: SqliteDatabase, header: SchemaHeader, tables: string): void {
  const { applicationId, schema } = header
  database.exec(`BEGIN; PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schema}; ${tables} COMMIT`)
}

/** What the header of an open database says. */
export function schemaOf(database: SqliteDatabase): SchemaHeader {
  return {
    applicationId: Number(database.pragma('application_id', { simple: true })),
    schema: Number(database.pragma('user_version', { simple: true })),
  }
}

/**
 * What the header of a file says, which is only looked at: SQLite itself would take a log over that lies beside it. Nobody may
 * have the file open in this process, since to close a file is to give up all locks on it.
 *
 * @throws PeerageError `invalid-database`, and the system's errors
 */
export function readSchemaHeader(file: string): FileHeader {
  const header = new Uint8Array(HEADER_LENGTH)
  const descriptor = openSync(file, 'r')
  let size: number
  try {
    size = fstatSync(descriptor).size
    const length = readSync(descriptor, header, 0, HEADER_LENGTH, 0)
    if (length < HEADER_LENGTH || fromUtf8(header.subarray(0, MAGIC.length)) !== MAGIC) {
      throw new PeerageError('invalid-database', { file, problem: 'it is no SQLite file' })
    }
  } finally {
    closeSync(descriptor)
  }
  const view = new DataView(header.buffer)
  // The largest size of a page does not fit, and is written as 1.
  const pageSize = view.getUint16(PAGE_SIZE_OFFSET) === 1 ? LARGEST_PAGE : view.getUint16(PAGE_SIZE_OFFSET)
  return {
    applicationId: view.getUint32(APPLICATION_ID_OFFSET),
    schema: view.getUint32(USER_VERSION_OFFSET),
    isWhole: size % pageSize === 0,
  }
}

/** The header of an SQLite file (SQLite's "Database File Format", section 1.3). */
const MAGIC = 'SQLite format 3\0'
const PAGE_SIZE_OFFSET = 16
const LARGEST_PAGE = 65_536
const USER_VERSION_OFFSET = 60
const APPLICATION_ID_OFFSET = 68
const HEADER_LENGTH = 100

/**
 * Fails unless a file is of the given kind, and of a schema that is known.
 *
 * @throws PeerageError `invalid-database`, `database-newer`
 */
export function requireSchema(found: SchemaHeader, file: string, known: SchemaHeader): void {
  if (found.applicationId !== known.applicationId) {
    throw new PeerageError('invalid-database', { file, problem: 'something else wrote it' })
  }
  const { schema } = found
  if (schema < 1) throw new PeerageError('invalid-database', { file, problem: 'it has no schema' })
  if (schema > known.schema) throw new PeerageError('database-newer', { file, schema, known: known.schema })
}
