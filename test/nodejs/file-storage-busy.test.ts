// A file of its own, because it takes as long as a storage waits.
import { expect, test } from 'vitest'
import { LONGEST_STORAGE_WAIT } from '../../src/runtime/storage.ts'
import { lineOf, runChild, startChild } from './child-process.ts'
import { newPath } from './new-path.ts'

test('a folder that another process keeps busy is storage-busy in the end, for a section as for a write', async () => {
  const path = newPath()
  const holder = startChild('stays-in-section.ts', path)
  await lineOf(holder, 'inside')
  const waiting = await Promise.all([
    runChild('waits-for-section.ts', path),
    runChild('waits-for-section.ts', path, 'write'),
  ])
  holder.kill('SIGKILL')
  for (const { stdout, stderr } of waiting) {
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual({ path: path, waited: LONGEST_STORAGE_WAIT })
  }
})
