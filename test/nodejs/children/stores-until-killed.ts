/**
 * Stores records until it is killed, and says after each commit what is there from now on: a line with the last arrival
 * number and the record that came last. Some records are updated, deleted and removed.
 */
import { writeSync } from 'node:fs'
import { platformCrypto } from '../../../src/nodejs/crypto/crypto.ts'
import { SqliteRecordDatabases } from '../../../src/nodejs/sqlite-record-databases.ts'
import { systemRandom } from '../../../src/nodejs/system-random.ts'
import { SAMPLE_TIME, SampleRecords } from '../../../src/records/acceptance/sample-records.ts'
import type { GraphRecord } from '../../../src/records/record.ts'

const [folder = '', round = ''] = process.argv.slice(2)
const crypto = platformCrypto()
const databases = new SqliteRecordDatabases(folder, { crypto, random: systemRandom })
// A type for each round, so that no round makes a record that another one made.
const type = `round.${round}`
const samples = new SampleRecords(crypto)
const options = { survivesPowerLoss: false }
const database = databases.names().includes('graph')
  ? databases.open('graph', options)
  : databases.create('graph', options)
// Past standard output, which would keep lines back until the next turn of the loop.
const say = (line: string): void => void writeSync(1, `${line}\n`)
say('ready')
let former: GraphRecord | undefined
for (let count = 1; ; count++) {
  const attributes = [{ name: 'count', values: [{ type: 'integer' as const, value: count }] }]
  const record = samples.first({ type, attributes, payload: new Uint8Array((count * 7919) % 3_000) })
  database.put(record, { refresh: count % 2 === 0 })
  if (former !== undefined && count % 3 === 0) database.put(samples.next(former), { refresh: false })
  if (former !== undefined && count % 5 === 0) database.put(samples.tombstone(former), { refresh: false })
  if (former !== undefined && count % 7 === 0) database.remove(former.id, 'expired', SAMPLE_TIME + count)
  if (count % 50 === 0) database.forgetRemovals(SAMPLE_TIME + count - 20)
  former = record
  // Transactions of one record and of many.
  if (count % 13 > 5 && count % 4 !== 0) continue
  database.commit()
  say(`${database.lastArrival} ${record.id}`)
}
