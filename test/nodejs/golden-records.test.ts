import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { SqliteRecordDatabases } from '../../src/nodejs/sqlite-record-databases.ts'
import { SampleRecords } from '../../src/records/acceptance/sample-records.ts'
import { readRecord } from '../../src/records/read-record.ts'
import type { RecordDatabase } from '../../src/records/record-database.ts'
import { verifyRecord } from '../../src/records/verify-record.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import { crypto, random } from '../identity/platform.ts'
import { newPath } from './new-path.ts'

const GOLDEN = fileURLToPath(new URL('../golden', import.meta.url))
const releases = readdirSync(GOLDEN).filter((release) => existsSync(join(GOLDEN, release, 'records.sqlite')))
const { keys } = new SampleRecords(crypto)

test('G-157: a database of the first release is kept', () => {
  expect(releases).toContain('0.1.0')
})

test.each(releases)('G-157: the database of release %s opens with all its records, changes and settings', (release) => {
  const { databases, expected } = copyOf(release)
  const database = databases.open('golden', { survivesPowerLoss: false })
  expect(shown(database)).toEqual(expected)
  for (const { record } of database.list({ limit: 1_000 })) {
    expect(readRecord(crypto, keys, record.bytes)).toEqual(record)
    expect(verifyRecord(crypto, keys, record)).toBeUndefined()
  }
  database.close()
})

test.each(releases)('G-157: in the database of release %s the records of a type are found', (release) => {
  const { databases } = copyOf(release)
  const database = databases.open('golden', { survivesPowerLoss: false })
  const all = database.list({ limit: 1_000 })
  const types = new Set(all.map(({ record }) => record.type))
  expect(types.size).toBeGreaterThan(1)
  for (const type of types) {
    expect(database.list({ type, limit: 1_000 })).toEqual(all.filter(({ record }) => record.type === type))
  }
  database.close()
})

test.each(releases)('G-157: the database of release %s can be changed', (release) => {
  const { databases } = copyOf(release)
  const database = databases.open('golden', { survivesPowerLoss: false })
  const before = database.lastArrival
  for (const { record } of database.list({ limit: 1_000 })) database.remove(record.id, 'expired', record.expires)
  expect(database.lastArrival).toBeGreaterThan(before)
  database.forgetRemovals(Number.MAX_SAFE_INTEGER)
  database.close()
  const opened = databases.open('golden', { survivesPowerLoss: false })
  expect(opened.list({ limit: 1_000 })).toEqual([])
  opened.close()
})

test.each(releases)('G-157: the export of release %s has the records that its database has', (release) => {
  const { databases } = copyOf(release)
  const database = databases.open('golden', { survivesPowerLoss: false })
  const exported = databases.openExport(join(GOLDEN, release, 'records-export.sqlite'))
  const ids = [...exported.records()].map((bytes) => {
    const record = readRecord(crypto, keys, bytes)
    return typeof record === 'string' ? record : record.id
  })
  expect(ids).toEqual([...database.leaves()].map(({ id }) => id))
  expect(exported.setting('second')).toEqual(database.setting('second'))
  expect(exported.setting('first')).toBeUndefined()
  exported.close()
  database.close()
})

function copyOf(release: string): { readonly databases: SqliteRecordDatabases; readonly expected: unknown } {
  const folder = newPath()
  mkdirSync(folder)
  copyFileSync(join(GOLDEN, release, 'records.sqlite'), join(folder, 'golden.sqlite'))
  chmodSync(join(folder, 'golden.sqlite'), 0o600)
  return {
    databases: new SqliteRecordDatabases(folder, { crypto, random }),
    expected: JSON.parse(readFileSync(join(GOLDEN, release, 'records.json'), 'utf8')),
  }
}

/** All that can be read, in the form of records.json. */
function shown(database: RecordDatabase): unknown {
  return {
    databaseId: database.databaseId,
    lastArrival: database.lastArrival,
    firstComplete: database.firstComplete,
    records: database.list({ limit: 1_000 }).map(({ record, arrival, refresh }) => ({
      arrival,
      refresh,
      id: record.id,
      type: record.type,
      version: record.version,
      expires: record.expires,
      attributes: record.attributes,
      payload: toHex(record.payload),
      digest: toHex(record.digest),
    })),
    changes: database.changes(0, undefined, 1_000).map(({ arrival, kind }) => [arrival, kind]),
    settings: ['first', 'second'].map((name) => toHex(database.setting(name) ?? new Uint8Array())),
  }
}
