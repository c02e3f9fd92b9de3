import { expect, test } from 'vitest'
import { type RecordDatabasesSubject, recordDatabaseAcceptance } from '../../src/records/acceptance/record-database.ts'
import { recordDatabasesAcceptance } from '../../src/records/acceptance/record-databases.ts'
import { SampleRecords } from '../../src/records/acceptance/sample-records.ts'
import { MemoryRecordDatabases } from '../../src/records/memory-record-databases.ts'
import { expectCode } from '../../src/runtime/acceptance/acceptance.ts'
import { crypto, random } from '../identity/platform.ts'

for (const { name, run } of [...recordDatabaseAcceptance, ...recordDatabasesAcceptance]) {
  test(`acceptance: ${name}`, () => run(newSubject()))
}

test('G-156: a full disk is disk-full at the commit, of which nothing is then stored, and later commits hold', () => {
  const databases = new MemoryRecordDatabases({ crypto, random })
  const samples = new SampleRecords(crypto)
  const database = databases.create('graph', { survivesPowerLoss: false })
  const [kept, changed, lost] = [samples.first(), samples.first(), samples.first()]
  for (const record of [kept, changed]) database.put(record, { refresh: false })
  database.commit()
  const { lastArrival } = database
  databases.isFull = true
  database.put(samples.next(changed), { refresh: true })
  const highest = database.put(lost, { refresh: false })
  database.remove(kept.id, 'expired', 0)
  expectCode('disk-full', () => database.commit(), 'the commit')
  expect(database.lastArrival).toBe(lastArrival)
  expect(database.list({ limit: 10 }).map(({ record }) => record)).toEqual([kept, changed])
  expectCode('disk-full', () => databases.create('other', { survivesPowerLoss: false }), 'another database')
  databases.isFull = false
  expect(database.put(lost, { refresh: false })).toBeGreaterThan(highest)
  database.commit()
  databases.crash()
  const opened = databases.open('graph', { survivesPowerLoss: false })
  expect(opened.list({ limit: 10 }).map(({ record }) => record)).toEqual([kept, changed, lost])
})

test('changes that supersede each other by the thousand leave no room behind', () => {
  const databases = new MemoryRecordDatabases({ crypto, random })
  const samples = new SampleRecords(crypto)
  const database = databases.create('graph', { survivesPowerLoss: false })
  const record = samples.first()
  for (let count = 0; count < 5_000; count++) {
    database.put(record, { refresh: false })
    database.commit()
  }
  expect(database.changes(0, undefined, 10).map(({ arrival }) => arrival)).toEqual([5_000])
  expect(database.list({ limit: 10 }).length).toBe(1)
})

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
