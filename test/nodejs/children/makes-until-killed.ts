/** Makes databases with a record each and deletes some of them, until it is killed. */
import { platformCrypto } from '../../../src/nodejs/crypto/crypto.ts'
import { SqliteRecordDatabases } from '../../../src/nodejs/sqlite-record-databases.ts'
import { systemRandom } from '../../../src/nodejs/system-random.ts'
import { SampleRecords } from '../../../src/records/acceptance/sample-records.ts'

const [folder = ''] = process.argv.slice(2)
const crypto = platformCrypto()
const databases = new SqliteRecordDatabases(folder, { crypto, random: systemRandom })
const record = new SampleRecords(crypto).first()
process.stdout.write('ready\n')
for (let count = 1; ; count++) {
  const name = `graph-${count}`
  const database = databases.create(name, { survivesPowerLoss: false })
  database.put(record, { refresh: false })
  database.close()
  if (count === 1) process.stdout.write('made\n')
  if (count % 2 === 0) databases.delete(name)
}
