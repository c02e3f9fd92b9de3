/**
 * Replaces a file of the storage, and kills itself before the given call to the file system. A write
 * of bytes is torn: half of them are written first. Ends well if there are fewer calls.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const [directory = '', step = '', operation = ''] = process.argv.slice(2)
let calls = 0

function dieIfNow(): void {
  if (++calls === Number(step)) process.kill(process.pid, 'SIGKILL')
}

function dyingAt<Args extends unknown[], Result>(call: (...args: Args) => Result): (...args: Args) => Result {
  return (...args) => {
    dieIfNow()
    return call(...args)
  }
}

const { openFileStorage } = await import('../../../src/nodejs/file-storage.ts')
const storage = openFileStorage(directory)
// Loads the database before the file system is tampered with.
storage.exclusively(() => undefined)

const { writeFileSync } = fs
fs.accessSync = dyingAt(fs.accessSync)
fs.closeSync = dyingAt(fs.closeSync)
fs.fsyncSync = dyingAt(fs.fsyncSync)
fs.openSync = dyingAt(fs.openSync)
fs.renameSync = dyingAt(fs.renameSync)
fs.unlinkSync = dyingAt(fs.unlinkSync)
fs.writeFileSync = (file, data, options) => {
  if (calls + 1 === Number(step) && data instanceof Uint8Array) writeFileSync(file, data.subarray(0, data.length / 2))
  dieIfNow()
  writeFileSync(file, data, options)
}
syncBuiltinESMExports()

if (operation === 'write') storage.write('file', new Uint8Array(2000).fill(2))
else storage.remove('file')
