/**
 * Prints what the database of records costs: `npm run measure:database [folder]`, by default in the system's folder for
 * temporary files, which should lie on the disk that is meant.
 *
 * Each figure is the best of some rounds, in microseconds a record: of CPU time, which other programs on the machine disturb
 * least, and of time on the clock, which has the waits for the disk in it. A line of signature checks stands beside them.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { platformCrypto } from '../src/nodejs/crypto/crypto.ts'
import { SqliteRecordDatabases } from '../src/nodejs/sqlite-record-databases.ts'
import { systemRandom } from '../src/nodejs/system-random.ts'
import { SampleRecords } from '../src/records/acceptance/sample-records.ts'
import { readRecord } from '../src/records/read-record.ts'
import type { GraphRecord } from '../src/records/record.ts'
import type { RecordDatabase } from '../src/records/record-database.ts'
import { verifyRecord } from '../src/records/verify-record.ts'
import { toHex } from '../src/runtime/bytes.ts'
import { randomBytes } from '../src/runtime/random.ts'

const ROUNDS = 5
const RECORDS = 20_000
const SINGLE_RECORDS = 5_000
const PAYLOAD_LENGTH = 300
const AUTHORS = 20
const BATCHES = [20, 100, 500, 1_000]
const NAME = 'measured'
const ONCE = { refresh: false }

const crypto = platformCrypto()
const samples = new SampleRecords(crypto)
const parent = process.argv[2] ?? tmpdir()

/** Microseconds a record. */
interface Cost {
  readonly cpu: number
  readonly clock: number
}

const records = Array.from({ length: RECORDS }, (_, index) => newRecord(index))
const first = records.slice(0, SINGLE_RECORDS)

print(
  'check the signature',
  best(() => timed(first, () => first.forEach((record) => void verifyRecord(crypto, samples.keys, record)))),
)
print(
  'read, with ID and digest',
  best(() => timed(first, () => first.forEach(({ bytes }) => void readRecord(crypto, samples.keys, bytes)))),
)
for (const batch of BATCHES) {
  print(
    `store, ${batch} a commit`,
    best(() => withDatabase(false, (database) => timed(records, () => store(database, records, batch)))),
  )
}
print(
  'store, 1 a commit',
  best(() => withDatabase(false, (database) => timed(first, () => store(database, first, 1)))),
)
const few = first.slice(0, 300)
print(
  'store, 1 a commit that survives a loss of power',
  best(() => withDatabase(true, (database) => timed(few, () => store(database, few, 1)))),
)
const full = withDatabase(false, (database) => {
  store(database, records, 1_000)
  return {
    leaves: best(() => timed(records, () => void [...database.leaves()])),
    get: best(() => timed(first, () => first.forEach(({ id }) => void database.get(id)))),
    list: best(() => timed(records, () => void database.list({ limit: RECORDS }))),
    search: best(() =>
      timed(first, () =>
        first.forEach(({ attributes: [title] }) => {
          const [value] = title?.values ?? []
          if (title !== undefined && value !== undefined)
            database.list({ where: { name: title.name, is: '=', value }, limit: 10 })
        }),
      ),
    ),
    update: best(() => timed(first, () => store(database, first, 100))),
  }
})
print('go through the leaves', full.leaves)
print('get by ID', full.get)
print('list', full.list)
print('search for one value', full.search)
print('update, 100 a commit', full.update)
print('open, with its check', opening())

function newRecord(index: number): GraphRecord {
  const title = toHex(randomBytes(systemRandom, 6))
  const attributes = [
    { name: 'title', values: [{ type: 'string' as const, value: title }] },
    { name: 'year', values: [{ type: 'integer' as const, value: 1900 + (index % 120) }] },
  ]
  return samples.first({ author: index % AUTHORS, payload: randomBytes(systemRandom, PAYLOAD_LENGTH), attributes })
}

function store(database: RecordDatabase, stored: readonly GraphRecord[], batch: number): void {
  for (const [index, record] of stored.entries()) {
    database.put(record, ONCE)
    if ((index + 1) % batch === 0) database.commit()
  }
  database.commit()
}

/** A database of all records, opened again: nothing of it is in SQLite's memory. */
function opening(): Cost {
  return inFolder((databases) => {
    const database = databases.create(NAME, { survivesPowerLoss: false })
    store(database, records, 1_000)
    database.close()
    return best(() => timed(records, () => databases.open(NAME, { survivesPowerLoss: false }).close()))
  })
}

function withDatabase<Result>(survivesPowerLoss: boolean, body: (database: RecordDatabase) => Result): Result {
  return inFolder((databases) => {
    const database = databases.create(NAME, { survivesPowerLoss })
    try {
      return body(database)
    } finally {
      database.close()
    }
  })
}

function inFolder<Result>(body: (databases: SqliteRecordDatabases) => Result): Result {
  const folder = mkdtempSync(join(parent, 'peerage-measure-'))
  try {
    return body(new SqliteRecordDatabases(folder, { crypto, random: systemRandom }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function timed(subjects: readonly unknown[], body: () => void): Cost {
  const cpu = process.cpuUsage()
  const started = performance.now()
  body()
  const clock = performance.now() - started
  const { user, system } = process.cpuUsage(cpu)
  return { cpu: (user + system) / subjects.length, clock: (clock * 1000) / subjects.length }
}

function best(measure: () => Cost): Cost {
  const costs = Array.from({ length: ROUNDS }, measure)
  return {
    cpu: Math.min(...costs.map(({ cpu }) => cpu)),
    clock: Math.min(...costs.map(({ clock }) => clock)),
  }
}

function print(what: string, { cpu, clock }: Cost): void {
  console.log(`${what.padEnd(50)} ${cpu.toFixed(1).padStart(8)} µs of CPU ${clock.toFixed(1).padStart(8)} µs`)
}
