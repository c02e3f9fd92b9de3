/** Fills the disk, then makes room page by page until a database can be made, and tells what each attempt left behind. */
import { closeSync, ftruncateSync, openSync, readdirSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { platformCrypto } from '../../../src/nodejs/crypto/crypto.ts'
import { SqliteRecordDatabases } from '../../../src/nodejs/sqlite-record-databases.ts'
import { systemRandom } from '../../../src/nodejs/system-random.ts'
import { PeerageError } from '../../../src/runtime/peerage-error.ts'

const PAGE = 4_096
const [disk = ''] = process.argv.slice(2)
const folder = join(disk, 'graphs')
const databases = new SqliteRecordDatabases(folder, { crypto: platformCrypto(), random: systemRandom })
// So that folder and lock are there.
databases.create('graph', { survivesPowerLoss: false }).close()
databases.delete('graph')
const ballast = openSync(join(disk, 'ballast'), 'w')
let length = fill()
const failures: string[] = []
while (!isMade()) {
  length -= PAGE
  ftruncateSync(ballast, length)
}
closeSync(ballast)
process.stdout.write(JSON.stringify({ attempts: failures.length, codes: [...new Set(failures)] }))

function fill(): number {
  let written = 0
  try {
    for (;;) written += writeSync(ballast, new Uint8Array(PAGE))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return written
    throw error
  }
}

function isMade(): boolean {
  try {
    databases.create('graph', { survivesPowerLoss: false }).close()
    return true
  } catch (error) {
    failures.push(error instanceof PeerageError ? error.code : String(error))
    const left = readdirSync(folder).filter((file) => file !== 'graph.lock')
    if (left.length > 0 || databases.names().length > 0) throw new Error(`left behind: ${left.join()}`)
    return false
  }
}
