/**
 * How a database of records of an earlier schema is brought up to date: step by step, each all or nothing, and each after a
 * copy of what was there was put beside the file. The copies stay until the database is deleted.
 */
import { renameSync } from 'node:fs'
import { dirname } from 'node:path'
import { bringFileToDisk, bringFolderToDisk, removeIfThere, writePrivateFile } from './private-file.ts'
import { LONGEST_SQLITE_WAIT, openSqlite, type SqliteDatabase } from './sqlite.ts'

/** The statements that bring a database from one schema to the next. Every release knows those of all before it. */
export interface Migration {
  readonly from: number
  readonly statements: string
}

/** All of them, the earliest first. */
export const migrations: readonly Migration[] = [
  {
    // The index of types follows behind (type-index.ts).
    from: 1,
    statements: `
      DROP INDEX records_by_type;
      CREATE TABLE arrivals_by_type (
        of_type TEXT NOT NULL,
        at_arrival INTEGER NOT NULL,
        PRIMARY KEY (of_type, at_arrival)
      ) STRICT, WITHOUT ROWID;
      INSERT INTO arrivals_by_type (of_type, at_arrival) SELECT type, arrival FROM records;
      ALTER TABLE this_database ADD COLUMN types_until INTEGER NOT NULL DEFAULT 0;
      UPDATE this_database SET types_until = coalesce((SELECT max(arrival) FROM records), 0)`,
  },
]

/** What is migrated. */
export interface MigratedDatabase {
  readonly database: SqliteDatabase
  readonly file: string
  readonly schema: number
}

/** Where the copy of a database is kept that has a certain schema. */
export function copyOfSchema(file: string, schema: number): string {
  return file.replace(/\.sqlite$/, `.schema-${schema}.sqlite`)
}

/** Takes the steps that are missing. If one fails, the ones before it hold. */
export function bringUpToDate({ database, file, schema }: MigratedDatabase, steps: readonly Migration[]): void {
  let present = schema
  for (const { from, statements } of steps) {
    if (from !== present) continue
    keepCopy(file, copyOfSchema(file, from))
    try {
      database.exec(`BEGIN IMMEDIATE; ${statements}; PRAGMA user_version = ${from + 1}; COMMIT`)
    } catch (error) {
      if (database.inTransaction) database.exec('ROLLBACK')
      throw error
    }
    present++
  }
}

/** Writes what is committed into another file, in the place of an older copy. */
function keepCopy(file: string, copy: string): void {
  const unfinished = `${copy}.unfinished`
  try {
    removeIfThere(unfinished)
    // SQLite writes into a file that is there if it is empty, and so the copy is private from the start.
    writePrivateFile(unfinished, new Uint8Array())
    const reader = openSqlite(file, { timeout: LONGEST_SQLITE_WAIT })
    try {
      reader.prepare('VACUUM INTO ?').run(unfinished)
    } finally {
      reader.close()
    }
    bringFileToDisk(unfinished)
    renameSync(unfinished, copy)
    bringFolderToDisk(dirname(copy))
  } catch (error) {
    removeIfThere(unfinished)
    throw error
  }
}
