/**
 * Databases of records in memory, and a disk for them that outlives a crash of its node: what was committed is kept, what was
 * not is lost. Simulations use them, and the acceptance suites.
 */
import { toHex } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { type Random, randomBytes } from '../runtime/random.ts'
import { type CommittedRecords, MemoryRecordDatabase, MemoryRecordFile } from './memory-record-database.ts'
import type { RecordDatabase } from './record-database.ts'
import { DATABASE_NAME, type DatabaseOptions, type ExportedDatabase, type RecordDatabases } from './record-databases.ts'

const DATABASE_ID_LENGTH = 16

/** Exported files that lie in memory, by their names. */
export type MemoryExports = Map<string, CommittedRecords>

/** Databases that lie in memory. */
export class MemoryRecordDatabases implements RecordDatabases {
  /** Whether the disk is full: then no commit of changes succeeds, and no database can be made. */
  isFull = false
  readonly #crypto: Crypto
  readonly #random: Random
  readonly #files = new Map<string, MemoryRecordFile>()
  readonly #open = new Map<string, MemoryRecordDatabase>()
  readonly #exports: MemoryExports

  /** @param exports Exported files by their names: those that share them can import what others have exported */
  constructor(ports: { readonly crypto: Crypto; readonly random: Random }, exports: MemoryExports = new Map()) {
    this.#crypto = ports.crypto
    this.#random = ports.random
    this.#exports = exports
  }

  names(): readonly string[] {
    return [...this.#files.keys()].sort()
  }

  create(name: string, _options: DatabaseOptions): RecordDatabase {
    if (!DATABASE_NAME.test(name)) throw new RangeError(`${JSON.stringify(name)} is not the name of a database`)
    if (this.#open.has(name)) throw new PeerageError('graph-in-use', { graph: name })
    if (this.#files.has(name)) throw new PeerageError('database-already-present', { graph: name })
    this.#requireRoom(name)
    const file = new MemoryRecordFile(toHex(randomBytes(this.#random, DATABASE_ID_LENGTH)))
    this.#files.set(name, file)
    return this.#opened(name, file, false)
  }

  open(name: string, _options: DatabaseOptions): RecordDatabase {
    return this.#opened(name, this.#closedFile(name), true)
  }

  delete(name: string): void {
    this.#closedFile(name)
    this.#files.delete(name)
  }

  exportTo(database: RecordDatabase, file: string, settings: readonly string[]): void {
    if (!(database instanceof MemoryRecordDatabase)) throw new TypeError('this is no database in memory')
    if (this.#exports.has(file)) {
      throw new PeerageError('input-not-readable', { file, reason: 'there is a file of this name already' })
    }
    this.#requireRoom(file)
    this.#exports.set(file, database.committed(settings))
  }

  openExport(file: string): ExportedDatabase {
    const content = this.#exports.get(file)
    if (content === undefined) throw new PeerageError('input-not-readable', { file, reason: 'there is no such file' })
    return {
      setting: (name) => content.settings.get(name)?.slice(),
      records: () => content.records,
      close: () => undefined,
    }
  }

  /** The node dies: what it did not commit is lost, and its databases can be opened by the next one. */
  crash(): void {
    for (const database of [...this.#open.values()]) database.abandon()
  }

  /** The file of a database that nobody has open. */
  #closedFile(name: string): MemoryRecordFile {
    if (!DATABASE_NAME.test(name)) throw new RangeError(`${JSON.stringify(name)} is not the name of a database`)
    const file = this.#files.get(name)
    if (file === undefined) throw new PeerageError('database-not-present', { graph: name })
    if (this.#open.has(name)) throw new PeerageError('graph-in-use', { graph: name })
    return file
  }

  #opened(name: string, file: MemoryRecordFile, wasFound: boolean): RecordDatabase {
    const database = new MemoryRecordDatabase({
      file,
      wasFound,
      crypto: this.#crypto,
      requireRoom: () => this.#requireRoom(name),
      closed: () => this.#open.delete(name),
    })
    this.#open.set(name, database)
    return database
  }

  #requireRoom(path: string): void {
    if (this.isFull) throw new PeerageError('disk-full', { path })
  }
}
