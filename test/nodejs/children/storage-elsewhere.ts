/** Opens a storage by a relative path, goes to another folder, and uses it. */
import { openFileStorage } from '../../../src/nodejs/file-storage.ts'

const [directory = ''] = process.argv.slice(2)
process.chdir(directory)
const storage = openFileStorage('data')
process.chdir('/')
storage.write('file', new Uint8Array(1))
process.stdout.write(`${storage.list().join()}\n`)
