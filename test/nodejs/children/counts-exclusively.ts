/** Adds 1 to the number in a file of the storage as often as it is told, each time in an exclusive section. */
import { openFileStorage } from '../../../src/nodejs/file-storage.ts'

const [directory = '', times = ''] = process.argv.slice(2)
const storage = openFileStorage(directory)
for (let round = 0; round < Number(times); round++) {
  storage.exclusively(() => {
    const count = Number(new TextDecoder().decode(storage.read('count', 20)))
    storage.write('count', new TextEncoder().encode(String(count + 1)))
  })
}
