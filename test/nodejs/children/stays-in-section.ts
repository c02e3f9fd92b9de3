/** Enters the exclusive section of the storage, says so, and stays until it is killed. */
import { openFileStorage } from '../../../src/nodejs/file-storage.ts'

const [directory = ''] = process.argv.slice(2)
openFileStorage(directory).exclusively(() => {
  process.stdout.write('inside\n')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
})
