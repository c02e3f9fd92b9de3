/** Stores records, and says after each commit which one it was; `durable`: each commit is to survive a loss of power. */
import { writeSync } from 'node:fs'
import { platformCrypto } from '../../../src/nodejs/crypto/crypto.ts'
import { SqliteRecordDatabases } from '../../../src/nodejs/sqlite-record-databases.ts'
import { systemRandom } from '../../../src/nodejs/system-random.ts'
import { SampleRecords } from '../../../src/records/acceptance/sample-records.ts'

const [folder = '', count = '', durability = ''] = process.argv.slice(2)
const crypto = platformCrypto()
const databases = new SqliteRecordDatabases(folder, { crypto, random: systemRandom })
const database = databases.create('graph', { survivesPowerLoss: durability === 'durable' })
const samples = new SampleRecords(crypto)
for (let index = 0; index < Number(count); index++) {
  const record = samples.first({ payload: new Uint8Array((index * 977) % 5_000).fill(index) })
  database.put(record, { refresh: false })
  database.commit()
  writeSync(1, `committed ${record.id}\n`)
}
database.close()
writeSync(1, 'closed\n')
