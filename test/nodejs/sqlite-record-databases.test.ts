import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bringUpToDate } from '../../src/nodejs/record-migration.ts'
import { DATABASE_SCHEMA } from '../../src/nodejs/record-schema.ts'
import { openSqlite } from '../../src/nodejs/sqlite.ts'
import { SqliteRecordDatabases } from '../../src/nodejs/sqlite-record-databases.ts'
import { SampleRecords } from '../../src/records/acceptance/sample-records.ts'
import type { RecordDatabase } from '../../src/records/record-database.ts'
import { expectCode } from '../../src/runtime/acceptance/acceptance.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { crypto, random } from '../identity/platform.ts'
import { lineOf, runInNamespace, startChild } from './child-process.ts'
import { newPath } from './new-path.ts'

const OPTIONS = { survivesPowerLoss: false }
const ONCE = { refresh: false }
const NAME = 'graph'

/** A folder with a database of some records, which is closed. */
function newFolder(count = 100): {
  readonly folder: string
  readonly file: string
  readonly databases: SqliteRecordDatabases
} {
  const folder = newPath()
  const databases = new SqliteRecordDatabases(folder, { crypto, random })
  const samples = new SampleRecords(crypto)
  const database = databases.create(NAME, OPTIONS)
  for (let index = 0; index < count; index++) {
    const values = [{ type: 'integer' as const, value: index }]
    const record = samples.first({ payload: new Uint8Array(index * 7), attributes: [{ name: 'index', values }] })
    database.put(record, { refresh: index % 2 === 0 })
    if (index % 10 === 0) database.remove(record.id, 'expired', index)
  }
  database.setSetting('setting', Uint8Array.of(1))
  database.close()
  return { folder, file: join(folder, `${NAME}.sqlite`), databases }
}

/** Everything in a database. */
function readAll(database: RecordDatabase): number {
  const where = { name: 'index', is: '>=' as const, value: { type: 'integer' as const, value: 0 } }
  const found = [
    database.list({ limit: 1_000 }),
    database.list({ where, limit: 1_000 }),
    database.changes(0, undefined, 1_000),
    [...database.leaves()],
    [...database.refreshed()],
    [database.setting('setting')],
  ]
  return found.flat().length
}

describe('files', () => {
  test('are for their owner alone, in a folder for its owner alone, and those of a database go with it', () => {
    const { folder, databases } = newFolder()
    const database = databases.open(NAME, OPTIONS)
    database.setSetting('setting', Uint8Array.of(2))
    database.commit()
    const exported = newPath()
    databases.exportTo(database, exported, ['setting'])
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    expect(readdirSync(folder).sort()).toEqual(['graph.lock', 'graph.sqlite', 'graph.sqlite-shm', 'graph.sqlite-wal'])
    for (const file of readdirSync(folder)) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600)
    expect(statSync(exported).mode & 0o777).toBe(0o600)
    expect(readdirSync(dirname(exported))).toEqual(['data'])
    database.close()
    expect(readdirSync(folder).sort()).toEqual(['graph.lock', 'graph.sqlite'])
    databases.delete(NAME)
    expect(readdirSync(folder)).toEqual([])
  })

  test('that others could read are file-not-private', () => {
    const { file, databases } = newFolder()
    chmodSync(file, 0o640)
    expectCode('file-not-private', () => databases.open(NAME, OPTIONS), 'an exposed file')
    chmodSync(file, 0o600)
    databases.open(NAME, OPTIONS).close()
  })

  test("of a database that was not finished, or of one that is gone, are in nobody's way", () => {
    const { folder, databases } = newFolder()
    writeFileSync(join(folder, '.other.unfinished'), 'half of a database')
    writeFileSync(join(folder, 'other.sqlite-wal'), readFileSync(join(folder, 'graph.sqlite')))
    expect(databases.names()).toEqual([NAME])
    const database = databases.create('other', OPTIONS)
    expect(readAll(database)).toBe(1)
    database.close()
    expect(databases.names()).toEqual([NAME, 'other'])
  })

  test('G-156: sqlite3 reads them, also while they are in use', () => {
    const { file, databases } = newFolder(3)
    const database = databases.open(NAME, OPTIONS)
    const samples = new SampleRecords(crypto)
    const { creator } = samples.first()
    const record = samples.first({ type: 'read.me', author: 2, payload: Uint8Array.of(1, 2) })
    database.put(record, ONCE)
    database.commit()
    const ask = (statement: string): string =>
      execFileSync('sqlite3', ['-readonly', file, statement], { encoding: 'utf8' }).trim()
    expect(ask('PRAGMA integrity_check')).toBe('ok')
    expect(ask("SELECT id, payload, deleted FROM readable_records WHERE type = 'read.me'")).toBe(`${record.id}|0102|no`)
    expect(ask("SELECT created FROM readable_records WHERE type = 'read.me'")).toBe('2026-09-21 14:13:20.000')
    expect(ask('SELECT name, type, value, typeof(value) FROM attributes ORDER BY arrival')).toBe(
      'index|integer|1|integer\nindex|integer|2|integer',
    )
    expect(ask('SELECT reason FROM removals')).toBe('expired')
    expect(ask(`SELECT count(*) FROM records WHERE creator LIKE '%.${creator.classifier}'`)).toBe('2')
    database.close()
    expect(ask("SELECT type FROM readable_records WHERE type = 'read.me'")).toBe('read.me')
  })
})

describe('only one', () => {
  test('process has a database open: to others it is graph-in-use, until that one dies', async () => {
    const { folder, databases } = newFolder()
    const holder = startChild('holds-database.ts', folder)
    await lineOf(holder, 'open')
    expectCode('graph-in-use', () => databases.open(NAME, OPTIONS), 'opening')
    expectCode('graph-in-use', () => databases.create(NAME, OPTIONS), 'making')
    expectCode('graph-in-use', () => databases.delete(NAME), 'deleting')
    const ended = new Promise((resolve) => holder.once('exit', resolve))
    holder.kill('SIGKILL')
    await ended
    databases.open(NAME, OPTIONS).close()
  })

  test('object has it open, also of several in this process', () => {
    const { folder, databases } = newFolder()
    const others = new SqliteRecordDatabases(folder, { crypto, random })
    const database = databases.open(NAME, OPTIONS)
    expectCode('graph-in-use', () => others.open(NAME, OPTIONS), 'opening')
    // The attempt has not cost the first one its lock.
    expectCode('graph-in-use', () => others.open(NAME, OPTIONS), 'opening again')
    database.close()
    others.open(NAME, OPTIONS).close()
  })
})

describe('a file that is no sound database', () => {
  test.each([
    ['nothing', new Uint8Array()],
    [
      'a text',
      new TextEncoder().encode('This is a letter to a friend, and longer than the header of a database. '.repeat(9)),
    ],
  ])('%s is invalid-database, and stays as it is', (_what, content) => {
    const { file, databases } = newFolder(0)
    writeFileSync(file, content)
    expectCode('invalid-database', () => databases.open(NAME, OPTIONS), 'opening')
    expect(new Uint8Array(readFileSync(file))).toEqual(content)
  })

  test('a database of somebody else is invalid-database, and stays as it is', () => {
    const { folder, file, databases } = newFolder(0)
    databases.delete(NAME)
    mkdirSync(folder, { recursive: true })
    execFileSync('sqlite3', [file, 'CREATE TABLE letters (text); PRAGMA user_version = 1'])
    chmodSync(file, 0o600)
    const before = readFileSync(file)
    expectCode('invalid-database', () => databases.open(NAME, OPTIONS), 'opening')
    expect(readFileSync(file)).toEqual(before)
  })

  test('G-157: one of a later schema is database-newer, which names both schemas, and stays as it is', () => {
    const { file, databases } = newFolder()
    execFileSync('sqlite3', [file, 'PRAGMA user_version = 7; PRAGMA wal_checkpoint(TRUNCATE)'])
    const before = readFileSync(file)
    const error = expectCode('database-newer', () => databases.open(NAME, OPTIONS), 'opening')
    expect(error.details).toEqual({ file, schema: 7, known: DATABASE_SCHEMA })
    expect(readFileSync(file)).toEqual(before)
  })

  test('one that lacks a table is invalid-database', () => {
    for (const statement of [
      'DROP TABLE settings',
      'ALTER TABLE records DROP COLUMN refresh',
      'DELETE FROM this_database',
    ]) {
      const { file, databases } = newFolder()
      execFileSync('sqlite3', [file, `DROP VIEW readable_records; DROP INDEX records_to_refresh; ${statement}`])
      expectCode('invalid-database', () => databases.open(NAME, OPTIONS), statement)
    }
  })

  test('one that was cut off is invalid-database, wherever that was', () => {
    const { file, databases } = newFolder()
    const { size } = statSync(file)
    for (let length = size - 1; length > 0; length -= 2_111) {
      truncateSync(file, length)
      expectCode('invalid-database', () => databases.open(NAME, OPTIONS), `${length} bytes of ${size}`)
    }
  })

  test('one in which bytes were changed is invalid-database when it is opened or read, or reads as something', () => {
    const { file, databases } = newFolder(40)
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
            const database = databases.open(NAME, OPTIONS)
            try {
              readAll(database)
            } finally {
              database.close()
            }
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

if (process.platform === 'linux') {
  test('G-156: a full disk is disk-full at the commit, of which nothing is then stored, and later commits hold', async () => {
    const path = newPath()
    const setUp = `mkdir -p ${path} && mount -t tmpfs -o size=1m tmpfs ${path} && dd if=/dev/zero of=${path}/ballast bs=1k count=256 2>/dev/null`
    const result = await runInNamespace('--mount', setUp, 'fills-disk.ts', join(path, 'graphs'), join(path, 'ballast'))
    expect(result.stderr).toBe('')
    expect(JSON.parse(result.stdout)).toEqual({
      code: 'disk-full',
      some: true,
      showsOldState: true,
      goesOn: true,
      isKept: true,
    })
  })

  test('one that finds no room while it is made is disk-full, and leaves nothing', async () => {
    const path = newPath()
    const setUp = `mkdir -p ${path} && mount -t tmpfs -o size=1500k,mode=700 tmpfs ${path}`
    const result = await runInNamespace('--mount', setUp, 'makes-on-full-disk.ts', path)
    expect(result.stderr).toBe('')
    expect(JSON.parse(result.stdout)).toEqual({ attempts: expect.any(Number), codes: ['disk-full'] })
  })
}

test('a change that fails undoes all since the last commit, and the commit tells of it', () => {
  const { file, databases } = newFolder(0)
  const samples = new SampleRecords(crypto)
  const database = databases.open(NAME, OPTIONS)
  const kept = samples.first()
  database.put(kept, ONCE)
  database.commit()
  // Somebody writes into the file by hand, and does not finish.
  const visitor = openSqlite(file, { timeout: 0 })
  visitor.exec('BEGIN IMMEDIATE')
  expectCode('storage-busy', () => database.put(samples.first(), ONCE), 'the change')
  expectCode('storage-busy', () => database.setSetting('setting', Uint8Array.of(9)), 'the next change')
  visitor.close()
  expectCode('storage-busy', () => database.commit(), 'the commit')
  expect(database.list({ limit: 10 }).map(({ record }) => record.id)).toEqual([kept.id])
  expect(database.setting('setting')).toEqual(Uint8Array.of(1))
  database.put(samples.first(), ONCE)
  database.commit()
  database.close()
  expect(databases.open(NAME, OPTIONS).list({ limit: 10 }).length).toBe(2)
})

describe('an older schema', () => {
  test('G-157: is brought up to date step by step, with a copy kept of each', () => {
    const { file, databases } = newFolder()
    const database = openSqlite(file, { timeout: 0 })
    bringUpToDate({ database, file, schema: 2 }, [
      { from: 1, statements: 'DROP TABLE records' },
      { from: 2, statements: 'ALTER TABLE records ADD COLUMN color TEXT' },
      { from: 3, statements: "UPDATE records SET color = 'red'; CREATE TABLE colors (color TEXT)" },
    ])
    database.close()
    const ask = (path: string, statement: string): string =>
      execFileSync('sqlite3', [path, statement], { encoding: 'utf8' }).trim()
    expect(ask(file, 'PRAGMA user_version; SELECT DISTINCT color FROM records; SELECT count(*) FROM colors')).toBe(
      '4\nred\n0',
    )
    const copies = [2, 3].map((schema) => file.replace('.sqlite', `.schema-${schema}.sqlite`))
    for (const [index, copy] of copies.entries()) {
      expect(statSync(copy).mode & 0o777).toBe(0o600)
      expect(ask(copy, 'PRAGMA integrity_check; PRAGMA user_version; SELECT count(*) FROM records')).toBe(
        `ok\n${index + 2}\n90`,
      )
    }
    expect(databases.names()).toEqual([NAME])
    expectCode('database-newer', () => databases.open(NAME, OPTIONS), 'the release before')
  })

  test('G-157: stays as it is if a step fails', () => {
    const { file, databases } = newFolder()
    const database = openSqlite(file, { timeout: 0 })
    const steps = [{ from: 2, statements: 'DROP TABLE attributes; DROP TABLE nothing' }]
    expect(() => bringUpToDate({ database, file, schema: 2 }, steps)).toThrow('nothing')
    database.close()
    const opened = databases.open(NAME, OPTIONS)
    expect(readAll(opened)).toBeGreaterThan(300)
    opened.close()
    expect(existsSync(file.replace('.sqlite', '.schema-2.sqlite'))).toBe(true)
  })
})
