/** Places for files of a test, which are removed after it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'

const folders: string[] = []

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A path in a new folder, where there is nothing yet. */
export function newPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'peerage-test-'))
  folders.push(folder)
  return join(folder, 'data')
}
