/** Writes a file of a storage in a new folder, replaces it and removes it, and prints what reaches the disk and when. */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { basename } from 'node:path'

const [directory = ''] = process.argv.slice(2)
const { openFileStorage } = await import('../../../src/nodejs/file-storage.ts')

const opened = new Map<number, string>()
const { fsyncSync, openSync, renameSync, unlinkSync } = fs
fs.openSync = (path, flags, mode) => {
  const descriptor = openSync(path, flags, mode)
  opened.set(descriptor, basename(String(path)))
  return descriptor
}
fs.fsyncSync = (descriptor) => {
  fsyncSync(descriptor)
  say(`sync ${opened.get(descriptor)}`)
}
fs.renameSync = (from, to) => {
  renameSync(from, to)
  say(`rename ${basename(String(from))} to ${basename(String(to))}`)
}
fs.unlinkSync = (path) => {
  unlinkSync(path)
  say(`remove ${basename(String(path))}`)
}
syncBuiltinESMExports()

const storage = openFileStorage(directory)
storage.write('file', new Uint8Array(10))
say('written')
storage.write('file', new Uint8Array(20))
say('replaced')
storage.remove('file')
say('removed')

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
