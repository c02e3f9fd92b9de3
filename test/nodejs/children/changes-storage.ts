/**
 * Tries the operations of a storage on a folder that may be full, read-only or forbidden, and prints
 * what became of each as a line of JSON. With a user ID, it gives up its rights as root before.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openFileStorage } from '../../../src/nodejs/file-storage.ts'
import { PeerageError } from '../../../src/runtime/peerage-error.ts'

const [directory = '', user = ''] = process.argv.slice(2)
const LIMIT = 10_000_000
// A lock elsewhere, so that the database is loaded while this process may still read its files.
openFileStorage(`${directory}-elsewhere`).exclusively(() => undefined)
if (user !== '') process.setuid?.(Number(user))

const storage = openFileStorage(directory)
const operations: Readonly<Record<string, () => unknown>> = {
  list: () => storage.list(),
  read: () => storage.read('file', LIMIT)?.length,
  exclusively: () => storage.exclusively(() => 'entered'),
  'write small': () => storage.write('small', new Uint8Array(100)),
  'write large': () => storage.write('file', new Uint8Array(1_000_000)),
  'left behind': () => existsSync(join(directory, '.unfinished')),
  'replace small': () => storage.write('file', new Uint8Array(200)),
  remove: () => storage.remove('file'),
  'list again': () => storage.list(),
}
for (const [name, operation] of Object.entries(operations)) {
  process.stdout.write(`${JSON.stringify([name, outcome(operation)])}\n`)
}

function outcome(operation: () => unknown): unknown {
  try {
    return operation() ?? null
  } catch (error) {
    if (error instanceof PeerageError) return error.code
    throw error
  }
}
