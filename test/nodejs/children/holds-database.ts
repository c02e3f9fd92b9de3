/** Opens a database and keeps it open until it is killed. */
import { platformCrypto } from '../../../src/nodejs/crypto/crypto.ts'
import { SqliteRecordDatabases } from '../../../src/nodejs/sqlite-record-databases.ts'
import { systemRandom } from '../../../src/nodejs/system-random.ts'

const [folder = ''] = process.argv.slice(2)
const databases = new SqliteRecordDatabases(folder, { crypto: platformCrypto(), random: systemRandom })
const database = databases.open('graph', { survivesPowerLoss: false })
process.stdout.write('open\n')
setInterval(() => database.commit(), 1_000)
