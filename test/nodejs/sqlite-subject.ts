/** Databases of records in SQLite files, as acceptance suites and other tests use them. */

import { SqliteRecordDatabase } from '../../src/nodejs/sqlite-record-database.ts'
import { SqliteRecordDatabases } from '../../src/nodejs/sqlite-record-databases.ts'
import type { RecordDatabasesSubject } from '../../src/records/acceptance/record-database.ts'
import type { RecordDatabase } from '../../src/records/record-database.ts'
import type { DatabaseOptions } from '../../src/records/record-databases.ts'
import { crypto, random } from '../identity/platform.ts'
import { newPath } from './new-path.ts'

export function newSqliteSubject(folder: string = newPath()): RecordDatabasesSubject {
  const databases = new CrashingDatabases(folder)
  return {
    crypto,
    databases,
    crash: () => {
      databases.crash()
      return databases
    },
    newFile: newPath,
  }
}

/** Ends the use of all databases without a commit, when it is told to. */
class CrashingDatabases extends SqliteRecordDatabases {
  readonly #opened: SqliteRecordDatabase[] = []

  constructor(folder: string) {
    super(folder, { crypto, random })
  }

  override create(name: string, options: DatabaseOptions): RecordDatabase {
    return this.#noted(super.create(name, options))
  }

  override open(name: string, options: DatabaseOptions): RecordDatabase {
    return this.#noted(super.open(name, options))
  }

  crash(): void {
    for (const database of this.#opened.splice(0)) database.abandon()
  }

  #noted(database: RecordDatabase): RecordDatabase {
    if (database instanceof SqliteRecordDatabase) this.#opened.push(database)
    return database
  }
}
