import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { takeLock, whileLocked } from '../../src/nodejs/exclusive-lock.ts'
import { newPath } from './new-path.ts'

function newLockFile(): string {
  const folder = newPath()
  mkdirSync(folder)
  return join(folder, 'lock')
}

test('a lock that is held is refused at once, and given when it is released', () => {
  const file = newLockFile()
  const lock = takeLock(file)
  expect(takeLock(file)).toBeUndefined()
  expect(takeLock(file)).toBeUndefined()
  lock?.release()
  const next = takeLock(file)
  expect(next).toBeDefined()
  next?.release()
  expect(whileLocked(file, () => takeLock(file))).toBeUndefined()
})

test('a lock whose file goes with it can be taken again', () => {
  const file = newLockFile()
  for (let round = 0; round < 3; round++) {
    const lock = takeLock(file)
    expect(takeLock(file)).toBeUndefined()
    lock?.releaseAndRemove()
    expect(existsSync(file)).toBe(false)
  }
})
