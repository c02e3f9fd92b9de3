import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SqliteRecordDatabases } from '../../src/nodejs/sqlite-record-databases.ts'
import { SampleRecords } from '../../src/records/acceptance/sample-records.ts'
import { LONGEST_RECORD_ENCODING } from '../../src/records/record-format.ts'
import { expectCode } from '../../src/runtime/acceptance/acceptance.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { crypto, random } from '../identity/platform.ts'
import { newPath } from './new-path.ts'

const OPTIONS = { survivesPowerLoss: false }

/** An export of some records, and the databases that read it. */
function newExport(): { readonly file: string; readonly databases: SqliteRecordDatabases } {
  const databases = new SqliteRecordDatabases(newPath(), { crypto, random })
  const samples = new SampleRecords(crypto)
  const database = databases.create('graph', OPTIONS)
  for (let index = 0; index < 50; index++) {
    database.put(samples.first({ payload: new Uint8Array(index * 30) }), { refresh: false })
  }
  database.setSetting('setting', Uint8Array.of(1))
  database.commit()
  const file = newPath()
  databases.exportTo(database, file, ['setting'])
  database.close()
  return { file, databases }
}

/** Opens an export and reads all of it. */
function readAll(databases: SqliteRecordDatabases, file: string): number {
  const opened = databases.openExport(file)
  try {
    opened.setting('setting')
    return [...opened.records()].length
  } finally {
    opened.close()
  }
}

test('sqlite3 reads an export, and nothing is beside it', () => {
  const { file } = newExport()
  const ask = (statement: string): string => execFileSync('sqlite3', [file, statement], { encoding: 'utf8' }).trim()
  expect(ask('PRAGMA integrity_check; PRAGMA journal_mode; SELECT count(*) FROM records')).toBe('ok\ndelete\n50')
  expect(readdirSync(dirname(file))).toEqual(['data'])
})

test('to read an export changes nothing, and an export needs no right to write', () => {
  const { file, databases } = newExport()
  const before = readFileSync(file)
  expect(readAll(databases, file)).toBe(50)
  expect(readFileSync(file)).toEqual(before)
  expect(readdirSync(dirname(file))).toEqual(['data'])
})

describe('what is no export of ours is refused', () => {
  test.each([
    ['DROP TABLE settings'],
    ['ALTER TABLE records ADD COLUMN more TEXT'],
    ['CREATE TABLE more (thing)'],
    ['CREATE TRIGGER more AFTER INSERT ON records BEGIN DELETE FROM records; END'],
    [
      `ALTER TABLE records RENAME TO former; CREATE VIEW records AS
       WITH RECURSIVE endless(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM endless)
       SELECT number, '' AS id, '' AS type, '' AS creator, 0 AS deleted, zeroblob(9) AS bytes FROM endless`,
    ],
    ['PRAGMA application_id = 1'],
    ['PRAGMA user_version = 0'],
    [`UPDATE records SET bytes = zeroblob(${LONGEST_RECORD_ENCODING + 1}) WHERE number = 7`],
    ['UPDATE records SET number = 9007199254740993 WHERE number = 7'],
    ['UPDATE settings SET value = zeroblob(70000)'],
  ])('%s', (statement) => {
    const { file, databases } = newExport()
    execFileSync('sqlite3', [file, statement])
    const error = expectCode('invalid-database', () => readAll(databases, file), statement)
    expect(error.details.file).toBe(file)
  })

  test('a later schema', () => {
    const { file, databases } = newExport()
    execFileSync('sqlite3', [file, 'PRAGMA user_version = 2'])
    expectCode('database-newer', () => databases.openExport(file), 'opening')
  })

  test('a database in use, and an export in the place of a database', () => {
    const { file, databases } = newExport()
    const folder = newPath()
    mkdirSync(folder)
    copyFileSync(file, join(folder, 'graph.sqlite'))
    const others = new SqliteRecordDatabases(folder, { crypto, random })
    expectCode('invalid-database', () => others.open('graph', OPTIONS), 'an export')
    others.create('other', OPTIONS).close()
    expectCode('invalid-database', () => databases.openExport(join(folder, 'other.sqlite')), 'a database')
  })

  test('a folder, a text and nothing', () => {
    const { file, databases } = newExport()
    expectCode('input-not-readable', () => databases.openExport(dirname(file)), 'a folder')
    for (const content of ['', 'a text that is longer than a header '.repeat(9)]) {
      writeFileSync(file, content)
      expectCode('invalid-database', () => databases.openExport(file), content)
    }
  })

  test('what was cut off', () => {
    const { file, databases } = newExport()
    for (let length = statSync(file).size - 1; length > 0; length -= 1_777) {
      truncateSync(file, length)
      expectCode('invalid-database', () => readAll(databases, file), `${length} bytes`)
    }
  })

  test('what was changed somewhere, unless it reads as something', () => {
    const { file, databases } = newExport()
    const sound = readFileSync(file)
    let refused = 0
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: sound.length - 1 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 40 }),
        (changes) => {
          const changed = Uint8Array.from(sound)
          for (const [place, value] of changes) changed[place] = value
          writeFileSync(file, changed)
          try {
            readAll(databases, file)
          } catch (error) {
            expect(error).toBeInstanceOf(PeerageError)
            expect(['invalid-database', 'database-newer']).toContain(error instanceof PeerageError && error.code)
            refused++
          }
        },
      ),
      { numRuns: 150 },
    )
    expect(refused).toBeGreaterThan(20)
  })
})

test('an export that fails leaves nothing', () => {
  const databases = new SqliteRecordDatabases(newPath(), { crypto, random })
  const database = databases.create('graph', OPTIONS)
  const file = join(newPath(), 'no-folder', 'export')
  expectCode('storage-not-accessible', () => databases.exportTo(database, file, []), 'a folder that is not there')
  const folder = newPath()
  mkdirSync(join(folder, 'export.unfinished'), { recursive: true })
  expectCode('storage-not-accessible', () => databases.exportTo(database, join(folder, 'export'), []), 'no room for it')
  expect(readdirSync(folder)).toEqual(['export.unfinished'])
})
