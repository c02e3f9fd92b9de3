import { test } from 'vitest'
import { recordDatabaseAcceptance } from '../../src/records/acceptance/record-database.ts'
import { recordDatabasesAcceptance } from '../../src/records/acceptance/record-databases.ts'
import { newSqliteSubject } from './sqlite-subject.ts'

for (const { name, run } of [...recordDatabaseAcceptance, ...recordDatabasesAcceptance]) {
  test(`acceptance: ${name}`, () => run(newSqliteSubject()))
}
