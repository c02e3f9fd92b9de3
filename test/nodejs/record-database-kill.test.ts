import { expect, test } from 'vitest'
import { SqliteRecordDatabases } from '../../src/nodejs/sqlite-record-databases.ts'
import type { RecordDatabase } from '../../src/records/record-database.ts'
import { parseRecordId, type RecordId } from '../../src/records/record-id.ts'
import { equalBytes } from '../../src/runtime/bytes.ts'
import { crypto, random } from '../identity/platform.ts'
import { lineOf, startChild } from './child-process.ts'
import { newPath } from './new-path.ts'

/** How often a process is killed; npm run test:kill sets hundreds. */
const KILLS = Number(process.env['PEERAGE_KILLS'] ?? 30)
/** In milliseconds. Of the long lives, some end while the log is taken over into the file. */
const [SHORT_LIFE, LONG_LIFE] = [60, 800]
/** Rounds after which there is a new database, so that to look through it all does not take longer and longer. */
const ROUNDS_OF_ONE = 20
const OPTIONS = { survivesPowerLoss: false }

test(
  'G-150, G-156: a process that is killed at any instant loses nothing that it committed, and arrival numbers go on',
  async () => {
    const path = newPath()
    const databases = new SqliteRecordDatabases(path, { crypto, random })
    let last = 0
    let commits = 0
    let databaseId: string | undefined
    for (let round = 0; round < KILLS; round++) {
      if (round % ROUNDS_OF_ONE === 0 && databaseId !== undefined) {
        databases.delete('graph')
        databaseId = undefined
        last = 0
      }
      const committed = await killed(path, round)
      commits += committed.length
      if (!databases.names().includes('graph')) {
        // It died before the first one was whole.
        expect(committed).toEqual([])
        continue
      }
      const database = databases.open('graph', OPTIONS)
      databaseId ??= database.databaseId
      expect(database.databaseId).toBe(databaseId)
      expectOneState(database)
      const acknowledged = committed.at(-1)
      expect(database.lastArrival).toBeGreaterThanOrEqual(Math.max(last, acknowledged?.arrival ?? 0))
      // The record of each commit is there, or is noted as removed since.
      const noted = new Map(database.changes(0, undefined, 1_000_000).map((change) => [idOf(change), change.arrival]))
      for (const { arrival, id } of committed) {
        const present = noted.get(id)
        if (present === undefined) expect(arrival).toBeLessThan(database.firstComplete)
      }
      last = database.lastArrival
      database.close()
    }
    // Killed too early each time, it would have shown nothing.
    expect(commits).toBeGreaterThan(0)
  },
  60_000 + KILLS * 2_000,
)

test('G-156: a process that is killed while it makes and deletes databases leaves sound ones only', async () => {
  const path = newPath()
  const databases = new SqliteRecordDatabases(path, { crypto, random })
  let found = 0
  for (let round = 0; round < Math.ceil(KILLS / 3); round++) {
    const child = startChild('makes-until-killed.ts', path)
    // Before the first one is there, or after.
    await lineOf(child, round % 2 === 0 ? 'ready' : 'made')
    const ended = new Promise((resolve) => child.once('exit', resolve))
    setTimeout(() => child.kill('SIGKILL'), Math.random() * SHORT_LIFE)
    await ended
    for (const name of databases.names()) {
      const database = databases.open(name, OPTIONS)
      expect(database.list({ limit: 10 }).length).toBeLessThanOrEqual(1)
      database.close()
      databases.delete(name)
      found++
    }
    databases.create('graph-1', OPTIONS).close()
    databases.delete('graph-1')
  }
  expect(found).toBeGreaterThan(0)
})

interface Committed {
  readonly arrival: number
  readonly id: RecordId
}

function idOf(change: ReturnType<RecordDatabase['changes']>[number]): RecordId {
  return change.kind === 'stored' ? change.record.id : change.id
}

/** Whatever is read belongs to the same state: each record with its own bytes, marks and attributes. */
function expectOneState(database: RecordDatabase): void {
  const live = database.list({ limit: 1_000_000 })
  const leaves = new Map([...database.leaves()].map((leaf) => [leaf.id, leaf]))
  for (const { record } of live) {
    expect(equalBytes(crypto.sha256(record.bytes), record.digest)).toBe(true)
    expect(leaves.has(record.id)).toBe(true)
  }
  const counted = database.list({
    where: { name: 'count', is: '>', value: { type: 'integer', value: 0 } },
    limit: 1_000_000,
  })
  const withCount = live.filter(({ record }) => record.attributes.length > 0)
  expect(counted.map(({ arrival }) => arrival)).toEqual(withCount.map(({ arrival }) => arrival))
}

/** What a child had committed when it was killed. */
async function killed(path: string, round: number): Promise<readonly Committed[]> {
  const child = startChild('stores-until-killed.ts', path, String(round))
  let said = ''
  let complaint = ''
  const life = Math.random() * (round % 6 === 5 ? LONG_LIFE : SHORT_LIFE)
  const ended = new Promise((resolve) => child.once('close', resolve))
  child.stdout?.on('data', (chunk) => {
    if (said === '') setTimeout(() => child.kill('SIGKILL'), life)
    said += String(chunk)
  })
  child.stderr?.on('data', (chunk) => {
    complaint += String(chunk)
  })
  await ended
  expect(complaint).toBe('')
  // The last line may be cut off, and the first one says that it is ready.
  const lines = said.split('\n').slice(1, -1)
  return lines.map((line) => {
    const [arrival, id = ''] = line.split(' ')
    return { arrival: Number(arrival), id: parseRecordId(id) }
  })
}
