/** Replaces and removes files of the storage until it is killed. Each file begins with its length, so that a part of one shows. */
import { openFileStorage } from '../../../src/nodejs/file-storage.ts'

const [directory = ''] = process.argv.slice(2)
const storage = openFileStorage(directory)
process.stdout.write('ready\n')
for (let round = 1; ; round++) {
  const content = new Uint8Array(2 + ((round * 7919) % 20_000)).fill(round)
  new DataView(content.buffer).setUint16(0, content.length)
  if (round % 3 === 0) storage.exclusively(() => storage.write('in-section', content))
  else storage.write('alone', content)
  if (round % 5 === 0) storage.remove('alone')
}
