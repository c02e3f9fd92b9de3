import { test } from 'vitest'
import { type RecordDatabasesSubject, recordDatabaseAcceptance } from '../../src/records/acceptance/record-database.ts'
import { recordDatabasesAcceptance } from '../../src/records/acceptance/record-databases.ts'
import { MemoryRecordDatabases } from '../../src/records/memory-record-databases.ts'
import { crypto, random } from '../identity/platform.ts'

for (const { name, run } of [...recordDatabaseAcceptance, ...recordDatabasesAcceptance]) {
  test(`acceptance: ${name}`, () => run(newSubject()))
}

function newSubject(): RecordDatabasesSubject {
  const databases = new MemoryRecordDatabases({ crypto, random })
  let files = 0
  return {
    crypto,
    databases,
    crash: () => {
      databases.crash()
      return databases
    },
    newFile: () => `export-${++files}`,
  }
}
