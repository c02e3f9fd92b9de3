import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { SqliteRecordDatabases } from '../../src/nodejs/sqlite-record-databases.ts'
import { crypto, random } from '../identity/platform.ts'
import { newPath } from './new-path.ts'
import { saidIn, TRACE_OPTIONS, TracedDisk } from './traced-disk.ts'

const COMMITS = 20

if (process.platform === 'linux') {
  test('G-156: with the durability option, nothing that was committed is lost with all that was not forced to disk', () => {
    const { states, lost } = losses('durable')
    expect(states).toBeGreaterThan(2 * COMMITS)
    expect(lost).toBe(0)
  })

  test('without it, commits can be lost, but what is left is a sound database', () => {
    const { states, lost } = losses('fast')
    expect(states).toBeGreaterThan(COMMITS)
    expect(lost).toBeGreaterThan(0)
  })
}

/** Lets the power fail at each moment of a run in which something changes on the disk or is acknowledged. */
function losses(durability: 'durable' | 'fast'): { readonly states: number; readonly lost: number } {
  const folder = newPath()
  const trace = join(dirname(folder), 'trace')
  const script = fileURLToPath(new URL('children/stores-durably.ts', import.meta.url))
  const child = [process.execPath, script, folder, String(COMMITS), durability]
  execFileSync('strace', [...TRACE_OPTIONS, '-o', trace, '--', ...child], { stdio: 'pipe' })
  const disk = new TracedDisk(folder)
  const committed = new Set<string>()
  let states = 0
  let lost = 0
  for (const line of readFileSync(trace, 'latin1').split('\n')) {
    const said = saidIn(line)
    const isForced = disk.take(line)
    const [, id] = /^committed (\w+)/.exec(said) ?? []
    if (id !== undefined) committed.add(id)
    if (!isForced && said === '') continue
    states++
    const left = recordsLeft(disk)
    for (const one of committed) if (!left.has(one)) lost++
  }
  expect(committed.size).toBe(COMMITS)
  return { states, lost }
}

/** The records of the database that is there after a loss of power. */
function recordsLeft(disk: TracedDisk): ReadonlySet<string> {
  const folder = newPath()
  disk.lose(folder)
  const databases = new SqliteRecordDatabases(folder, { crypto, random })
  if (!databases.names().includes('graph')) return new Set()
  const database = databases.open('graph', { survivesPowerLoss: false })
  const left = new Set(database.list({ limit: 1_000 }).map(({ record }) => String(record.id)))
  database.close()
  return left
}
