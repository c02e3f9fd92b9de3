import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openFileStorage } from '../../src/nodejs/file-storage.ts'
import { type AcceptanceCheck, expectCode } from '../../src/runtime/acceptance/acceptance.ts'
import {
  type PrivateStorageSubject,
  privateStorageAcceptance,
  storageAcceptance,
} from '../../src/runtime/acceptance/storage.ts'
import { type ChildResult, runChild, runInNamespace } from './child-process.ts'
import { newPath } from './new-path.ts'

const LIMIT = 100_000

function modeOf(path: string): number {
  return statSync(path).mode & 0o777
}

const suite: readonly AcceptanceCheck<PrivateStorageSubject>[] = [...storageAcceptance, ...privateStorageAcceptance]
for (const { name, run } of suite) {
  test(`acceptance: ${name}`, () => {
    const path = newPath()
    return run({
      storage: openFileStorage(path),
      again: () => openFileStorage(path),
      expose: (file) => chmodSync(join(path, file), 0o644),
    })
  })
}

describe('the folder', () => {
  test('is made by the first change, with the folders above it, for its owner alone', () => {
    const path = join(newPath(), 'deep', 'down')
    const storage = openFileStorage(path)
    expect(storage.list()).toEqual([])
    expect(storage.read('file', LIMIT)).toBeUndefined()
    expect(storage.remove('file')).toBe(false)
    expect(existsSync(path)).toBe(false)
    storage.write('file', new Uint8Array(10))
    for (const made of [path, join(path, '..'), join(path, '..', '..')]) expect(modeOf(made)).toBe(0o700)
  })

  test('has nothing in it that others can read, whatever the process lets its files be', () => {
    const path = newPath()
    const before = process.umask(0)
    try {
      openFileStorage(path).write('file', new Uint8Array(10))
    } finally {
      process.umask(before)
    }
    expect(modeOf(path)).toBe(0o700)
    for (const name of readdirSync(path)) expect([name, modeOf(join(path, name))]).toEqual([name, 0o600])
  })

  test('can be a relative path, which stays where it was when the process goes elsewhere', async () => {
    const path = newPath()
    mkdirSync(path)
    const { stdout } = await runChild('storage-elsewhere.ts', path)
    expect(stdout).toBe('file\n')
    expect(readdirSync(path)).toContain('data')
  })

  test('lists what is no file of ours by its name, and leaves out what cannot be one', () => {
    const path = newPath()
    const storage = openFileStorage(path)
    storage.write('file', new Uint8Array(1))
    writeFileSync(join(path, 'README.TXT'), 'from somebody')
    writeFileSync(join(path, '.hidden'), 'from somebody')
    mkdirSync(join(path, 'folder'))
    symlinkSync('file', join(path, 'link'))
    expect(storage.list()).toEqual(['file', 'link'])
  })

  test('that is a file gives storage-not-accessible for every operation', () => {
    const path = newPath()
    writeFileSync(path, '')
    const storage = openFileStorage(path)
    for (const operation of [
      () => storage.list(),
      () => storage.read('file', LIMIT),
      () => storage.write('file', new Uint8Array(1)),
      () => storage.remove('file'),
      () => storage.exclusively(() => undefined),
    ]) {
      expectCode('storage-not-accessible', operation, 'an operation on a folder that is a file')
    }
  })
})

test('what is written is on the disk before it gets its name, and the name before the call returns', async () => {
  const path = join(newPath(), 'deep')
  const { stdout, stderr } = await runChild('traces-disk.ts', path)
  expect(stderr).toBe('')
  const write = ['sync .unfinished', 'rename .unfinished to file', 'sync deep']
  expect(stdout.trim().split('\n')).toEqual([
    // The new folders are names too, in the folders above them.
    ...[`sync ${basename(dirname(dirname(path)))}`, 'sync data', ...write, 'written'],
    ...[...write, 'replaced'],
    ...['remove file', 'sync deep', 'removed'],
  ])
})

describe('reading', () => {
  test('refuses every right of others, and names the mode', () => {
    const path = newPath()
    const storage = openFileStorage(path)
    storage.write('file', new Uint8Array(1))
    for (const mode of [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o777]) {
      chmodSync(join(path, 'file'), mode)
      const error = expectCode('file-not-private', () => storage.read('file', LIMIT), 'a file with rights of others')
      expect(error.details.mode).toBe(`0${mode.toString(8)}`)
    }
    for (const mode of [0o600, 0o400, 0o700]) {
      chmodSync(join(path, 'file'), mode)
      expect(storage.read('file', LIMIT)).toEqual(new Uint8Array(1))
    }
  })

  test('follows no symbolic link, to wherever it leads', () => {
    const path = newPath()
    const storage = openFileStorage(path)
    storage.write('file', new Uint8Array(1))
    writeFileSync(`${path}-outside`, 'secret of another', { mode: 0o600 })
    symlinkSync(`${path}-outside`, join(path, 'outside'))
    symlinkSync('file', join(path, 'inside'))
    symlinkSync('nothing', join(path, 'dangling'))
    for (const name of ['outside', 'inside', 'dangling']) {
      const error = expectCode('storage-not-accessible', () => storage.read(name, LIMIT), 'a link')
      expect(error.details.path).toBe(join(path, name))
    }
  })

  test('refuses a folder and does not wait at a named pipe', () => {
    const path = newPath()
    const storage = openFileStorage(path)
    storage.write('file', new Uint8Array(1))
    mkdirSync(join(path, 'folder'))
    execFileSync('mkfifo', ['-m', '600', join(path, 'pipe')])
    for (const name of ['folder', 'pipe']) {
      expectCode('storage-not-accessible', () => storage.read(name, LIMIT), name)
    }
  })

  test('replacing or removing a link leaves alone what it leads to', () => {
    const path = newPath()
    const storage = openFileStorage(path)
    storage.write('file', new Uint8Array(1))
    writeFileSync(`${path}-outside`, 'secret of another', { mode: 0o600 })
    for (const change of [() => storage.write('link', new Uint8Array(2)), () => storage.remove('link')]) {
      rmSync(join(path, 'link'), { force: true })
      symlinkSync(`${path}-outside`, join(path, 'link'))
      change()
      expect(readFileSync(`${path}-outside`, 'utf8')).toBe('secret of another')
    }
  })
})

if (process.platform === 'linux') {
  describe('on a file system of its own', () => {
    test('I-09: a full disk is disk-full, keeps the former file, and leaves nothing behind', async () => {
      const path = newPath()
      mkdirSync(path)
      // 256 KB: the small files fit, a megabyte does not.
      const result = await runInNamespace(
        '--mount',
        `${tmpfs(path, 'size=256k')}\n${put(path)}`,
        'changes-storage.ts',
        path,
      )
      expect(outcomesOf(result)).toEqual({
        list: ['file'],
        read: 7,
        exclusively: 'entered',
        'write small': null,
        'write large': 'disk-full',
        'left behind': false,
        'replace small': null,
        remove: true,
        'list again': ['small'],
      })
    })

    test('I-09: a disk that can hold no further file is disk-full, and can be read', async () => {
      const path = newPath()
      mkdirSync(path)
      // Two inodes: the root of the file system, and the file that is there.
      const result = await runInNamespace(
        '--mount',
        `${tmpfs(path, 'nr_inodes=2')}\n${put(path)}`,
        'changes-storage.ts',
        path,
      )
      expect(outcomesOf(result)).toEqual({
        list: ['file'],
        read: 7,
        exclusively: 'disk-full',
        'write small': 'disk-full',
        'write large': 'disk-full',
        'left behind': false,
        'replace small': 'disk-full',
        remove: 'disk-full',
        'list again': ['file'],
      })
    })

    test('I-09: a read-only file system can be read, and every change is storage-not-accessible', async () => {
      const path = newPath()
      mkdirSync(path)
      const setUp = `${tmpfs(path, 'size=256k')}\n${put(path)}\nmount -o remount,ro "${path}"`
      expect(outcomesOf(await runInNamespace('--mount', setUp, 'changes-storage.ts', path))).toEqual(readOnly)
    })
  })
}

test('I-09: a folder that may only be read can be read, and every change is storage-not-accessible', async () => {
  for (const hasLock of [false, true]) {
    const path = newPath()
    const storage = openFileStorage(path)
    storage.write('file', new Uint8Array(7))
    if (!hasLock) rmSync(join(path, '.lock'))
    expect(outcomesOf(await runUnprivileged(path, 0o500))).toEqual({
      ...readOnly,
      exclusively: hasLock ? 'entered' : 'storage-not-accessible',
    })
    chmodSync(path, 0o700)
  }
})

test('I-09: a folder that may not be entered is storage-not-accessible, and not an empty one', async () => {
  const path = newPath()
  openFileStorage(path).write('file', new Uint8Array(7))
  const { 'left behind': _leftBehind, ...outcomes } = outcomesOf(await runUnprivileged(path, 0o000))
  expect(new Set(Object.values(outcomes))).toEqual(new Set(['storage-not-accessible']))
  chmodSync(path, 0o700)
})

const readOnly = {
  list: ['file'],
  read: 7,
  exclusively: 'storage-not-accessible',
  'write small': 'storage-not-accessible',
  'write large': 'storage-not-accessible',
  'left behind': false,
  'replace small': 'storage-not-accessible',
  remove: 'storage-not-accessible',
  'list again': ['file'],
}

/** Commands that mount a small file system in memory, which ends with its namespace. */
function tmpfs(path: string, size: string): string {
  return `mount -t tmpfs -o ${size},mode=700 tmpfs "${path}"`
}

/** Commands that put a private file of seven bytes there. */
function put(path: string): string {
  return `umask 077; printf 1234567 > "${path}/file"`
}

const NOBODY = 65_534

/** Rights do not bind root, so that a child of root becomes somebody else, who owns the folder. */
function runUnprivileged(path: string, mode: number): Promise<ChildResult> {
  const isRoot = process.getuid?.() === 0
  if (isRoot) {
    chmodSync(join(path, '..'), 0o755)
    for (const name of readdirSync(path)) chownSync(join(path, name), NOBODY, NOBODY)
    chownSync(path, NOBODY, NOBODY)
  }
  chmodSync(path, mode)
  return runChild('changes-storage.ts', path, ...(isRoot ? [String(NOBODY)] : []))
}

function outcomesOf({ stdout, stderr, code }: ChildResult): Record<string, unknown> {
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
  return Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  )
}
