import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openFileStorage } from '../../src/nodejs/file-storage.ts'
import type { Storage } from '../../src/runtime/storage.ts'
import { lineOf, runChild, startChild } from './child-process.ts'
import { newPath } from './new-path.ts'

const LIMIT = 100_000

describe('a process that is killed', () => {
  test('I-07: before any call to the file system, or in the middle of its write, leaves the old or the new file', async () => {
    const outcomes = await Promise.all([diesAtEachStep('write'), diesAtEachStep('remove')])
    const [written, removed] = outcomes
    // Each run must have met states before and after the change, or it has tested nothing.
    expect(new Set(written)).toEqual(new Set(['old', 'new']))
    expect(new Set(removed)).toEqual(new Set(['old', 'absent']))
    expect(written?.length).toBeGreaterThan(10)
  })

  test('I-07: at random moments leaves whole files only, and no lock', async () => {
    await Promise.all(Array.from({ length: 4 }, () => killAtRandom(25)))
  })

  test('I-07: inside an exclusive section frees it for the next process at once', async () => {
    const path = newPath()
    const child = startChild('stays-in-section.ts', path)
    await lineOf(child, 'inside')
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
    expect(openFileStorage(path).exclusively(() => 'entered')).toBe('entered')
  })

  test('leaves an unfinished file at most until somebody enters an exclusive section', () => {
    const path = newPath()
    const storage = openFileStorage(path)
    storage.write('file', new Uint8Array(1))
    writeFileSync(join(path, '.unfinished'), 'half of a key', { mode: 0o600 })
    expect(storage.list()).toEqual(['file'])
    storage.exclusively(() => undefined)
    expect(readdirSync(path).sort()).toEqual(['.lock', 'file'])
  })
})

test('I-07: processes that change one file in exclusive sections lose none of their changes', async () => {
  const path = newPath()
  openFileStorage(path).write('count', new TextEncoder().encode('0'))
  const results = await Promise.all([1, 2, 3].map(() => runChild('counts-exclusively.ts', path, '60')))
  expect(results.map(({ stderr, code }) => `${stderr}${code}`)).toEqual(['0', '0', '0'])
  expect(readFileSync(join(path, 'count'), 'utf8')).toBe('180')
})

/** Kills a child before its first call to the file system, before its second, and so on until it gets through. */
async function diesAtEachStep(operation: 'write' | 'remove'): Promise<string[]> {
  const states: string[] = []
  for (let step = 1; ; step++) {
    const path = newPath()
    const storage = openFileStorage(path)
    storage.write('file', new Uint8Array(1000).fill(1))
    const { code, signal, stderr } = await runChild('dies-while-writing.ts', path, String(step), operation)
    expect(stderr).toBe('')
    states.push(stateOf(storage))
    expect(storage.exclusively(() => readdirSync(path).includes('.unfinished'))).toBe(false)
    if (signal === null) {
      expect(code).toBe(0)
      return states
    }
  }
}

function stateOf(storage: Storage): string {
  const bytes = storage.read('file', LIMIT)
  expect(storage.list()).toEqual(bytes === undefined ? [] : ['file'])
  if (bytes === undefined) return 'absent'
  if (bytes.length === 1000 && bytes.every((byte) => byte === 1)) return 'old'
  if (bytes.length === 2000 && bytes.every((byte) => byte === 2)) return 'new'
  return `torn: ${bytes.length} bytes`
}

async function killAtRandom(cycles: number): Promise<void> {
  const path = newPath()
  const storage = openFileStorage(path)
  for (let cycle = 0; cycle < cycles; cycle++) {
    const child = startChild('writes-until-killed.ts', path)
    await lineOf(child, 'ready')
    const ended = new Promise((resolve) => child.once('exit', resolve))
    setTimeout(() => child.kill('SIGKILL'), Math.random() * 8)
    await ended
    for (const name of storage.list()) {
      const bytes = storage.read(name, LIMIT) ?? new Uint8Array(2)
      expect(new DataView(bytes.buffer).getUint16(0)).toBe(bytes.length)
      expect(new Set(bytes.subarray(2)).size).toBeLessThanOrEqual(1)
    }
    expect(storage.exclusively(() => readdirSync(path).includes('.unfinished'))).toBe(false)
  }
}
