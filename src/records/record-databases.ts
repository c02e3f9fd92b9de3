/**
 * The databases of one data directory: the port that finds, makes, opens, exports and deletes them. Each belongs to one
 * graph and one identity, and has a name that says neither (DESIGN section 6; G-008, G-131).
 */
import type { RecordDatabase } from './record-database.ts'

/** Where databases are kept. */
export interface RecordDatabases {
  /** The names of all that are there, sorted. @throws PeerageError `storage-not-accessible` */
  names(): readonly string[]
  /**
   * Makes one and opens it.
   *
   * @throws PeerageError `database-already-present`, `disk-full`, `storage-not-accessible`
   */
  create(name: string, options: DatabaseOptions): RecordDatabase
  /**
   * Opens one. Its schema is brought up to date first, with a copy kept of what was there.
   *
   * @throws PeerageError `database-not-present`, `graph-in-use` (open here, or in another process), `invalid-database`,
   *   `database-newer` (by a later release: it is left as it is), `disk-full`, `storage-not-accessible`
   */
  open(name: string, options: DatabaseOptions): RecordDatabase
  /** Deletes one with all its files. @throws PeerageError `database-not-present`, `graph-in-use`, `storage-not-accessible` */
  delete(name: string): void
  /**
   * Writes one consistent state of an open database into a file of its own, while writing goes on. Settings stay behind,
   * but for those whose names are given.
   *
   * @throws PeerageError `disk-full`, `storage-not-accessible`, `input-not-readable` (the file is there already)
   */
  exportTo(database: RecordDatabase, file: string, settings: readonly string[]): void
  /** Opens an exported file to read it. @throws PeerageError `invalid-database`, `database-newer`, `input-not-readable` */
  openExport(file: string): ExportedDatabase
}

/** How a database is opened. */
export interface DatabaseOptions {
  /** Whether a commit also survives a loss of power. Each then waits for the disk. */
  readonly survivesPowerLoss: boolean
}

/** An exported database. Nothing in it was checked but its form: it is read as if it came from a stranger. */
export interface ExportedDatabase {
  setting(name: string): Uint8Array | undefined
  /** The encodings of all records, in any order. @throws PeerageError `invalid-database` while reading */
  records(): Iterable<Uint8Array>
  close(): void
}

/** Names of databases: as those of files in {@link Storage}. */
export const DATABASE_NAME = /^[a-z0-9][a-z0-9-]{0,79}$/
