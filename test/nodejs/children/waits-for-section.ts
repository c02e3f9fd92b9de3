/** Tries to enter the exclusive section of the storage, or to write, and prints the details of the error that comes of it. */
import { openFileStorage } from '../../../src/nodejs/file-storage.ts'
import { PeerageError } from '../../../src/runtime/peerage-error.ts'

const [directory = '', operation = ''] = process.argv.slice(2)
const storage = openFileStorage(directory)
try {
  if (operation === 'write') storage.write('file', new Uint8Array(1))
  else storage.exclusively(() => undefined)
} catch (error) {
  if (!PeerageError.is(error, 'storage-busy')) throw error
  process.stdout.write(JSON.stringify(error.details))
}
