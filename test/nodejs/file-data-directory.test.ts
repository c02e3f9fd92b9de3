/** When something in a data directory was changed last. */
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fileDataDirectory } from '../../src/nodejs/file-data-directory.ts'
import { newPath } from '../nodejs/new-path.ts'

const at = (minute: number): Date => new Date(Date.UTC(2026, 0, 1, 12, minute))

test('it is the time of the file that was changed last, in any of the folders; folders and links do not count', () => {
  const path = newPath()
  const data = fileDataDirectory(path)
  expect(data.path).toBe(path)
  expect(data.lastChange()).toBeUndefined()
  mkdirSync(join(path, 'identities'), { recursive: true })
  expect(data.lastChange()).toBeUndefined()
  const files = ['one', 'identities/two', 'identities/three'].map((name) => join(path, name))
  for (const [minute, file] of files.entries()) {
    writeFileSync(file, '')
    utimesSync(file, at(minute), at(minute))
  }
  symlinkSync(process.execPath, join(path, 'link'))
  utimesSync(join(path, 'identities'), at(30), at(30))
  expect(data.lastChange()).toBe(at(2).getTime())
})
