/** Stores records on a small disk until it is full, and tells what it sees then. */
import { platformCrypto } from '../../../src/nodejs/crypto/crypto.ts'
import { SqliteRecordDatabases } from '../../../src/nodejs/sqlite-record-databases.ts'
import { systemRandom } from '../../../src/nodejs/system-random.ts'
import { SampleRecords } from '../../../src/records/acceptance/sample-records.ts'
import { PeerageError } from '../../../src/runtime/peerage-error.ts'

const [folder = '', ballast = ''] = process.argv.slice(2)
const crypto = platformCrypto()
const databases = new SqliteRecordDatabases(folder, { crypto, random: systemRandom })
const samples = new SampleRecords(crypto)
const { rmSync } = await import('node:fs')
let database = databases.create('graph', { survivesPowerLoss: false })
const payload = new Uint8Array(20_000).fill(1)
const stored: string[] = []
let failed: { readonly code: string; readonly highest: number } | undefined
while (failed === undefined) {
  const pair = [samples.first({ payload }), samples.first({ payload })]
  let highest = 0
  for (const record of pair) highest = database.put(record, { refresh: false })
  try {
    database.commit()
    stored.push(...pair.map(({ id }) => id))
  } catch (error) {
    failed = { code: error instanceof PeerageError ? error.code : String(error), highest }
  }
}
const ids = (): string[] => database.list({ limit: 10_000 }).map(({ record }) => record.id)
const showsOldState = JSON.stringify(ids()) === JSON.stringify(stored) && database.lastArrival === stored.length
rmSync(ballast)
const next = samples.first()
const arrival = database.put(next, { refresh: false })
database.commit()
database.close()
database = databases.open('graph', { survivesPowerLoss: false })
const isKept = JSON.stringify(ids()) === JSON.stringify([...stored, next.id])
process.stdout.write(
  JSON.stringify({
    code: failed.code,
    some: stored.length > 0,
    showsOldState,
    goesOn: arrival > failed.highest,
    isKept,
  }),
)
