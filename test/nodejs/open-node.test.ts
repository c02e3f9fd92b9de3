import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openNode } from '../../src/nodejs/open-node.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { type ChildResult, runChild, runInNamespace } from './child-process.ts'
import { newPath } from './new-path.ts'

const isPosix = process.platform !== 'win32'

describe('the files of identities', () => {
  test('I-06: each is named by its authority, and only its owner can reach it', async () => {
    const dataDir = newPath()
    const { identities } = await openNode({ dataDir, friendlyName: 'Ann' })
    await identities.create({ friendlyName: 'Bob', passphrase: 'correct horse' })
    const names = (await identities.list()).map(({ authority }) => `${authority}.pem`)
    const folder = join(dataDir, 'identities')
    expect(readdirSync(folder).sort()).toEqual(['.lock', 'default', ...names].sort())
    if (!isPosix) return
    for (const name of names) expect(modeOf(join(folder, name))).toBe(0o600)
    expect(modeOf(folder)).toBe(0o700)
  })

  test('an empty path is refused, and is not the folder where the program runs', async () => {
    await expectRejection('invalid-argument', openNode({ dataDir: '', friendlyName: 'Ann' }), 'an empty path')
  })

  test('a node that only reads makes nothing, not even the data directory', async () => {
    const dataDir = newPath()
    const { identities } = await openNode({ dataDir })
    expect(await identities.list()).toEqual([])
    expect(() => statSync(dataDir)).toThrow('ENOENT')
  })

  if (isPosix) {
    test('I-08: one that other users can read is told, logged and left alone, and the others stay usable', async () => {
      const dataDir = newPath()
      const logged: unknown[] = []
      const log = (...entry: unknown[]): void => void logged.push(entry)
      const { identities } = await openNode({ dataDir, log: { debug: log, info: log, warn: log, error: log } })
      const ann = await identities.create({ friendlyName: 'Ann' })
      const bob = await identities.create({ friendlyName: 'Bob' })
      const file = join(dataDir, 'identities', `${ann.authority}.pem`)
      chmodSync(file, 0o640)
      const error = await expectRejection('file-not-private', identities.get(ann.peerName), 'an exposed file')
      expect(error.details).toEqual({ file, mode: '0640' })
      expect(await identities.list()).toEqual([bob])
      expect(await identities.certificate(bob.peerName)).toContain('CERTIFICATE')
      expect(JSON.stringify(logged)).toContain(file)
      expect(modeOf(file)).toBe(0o640)
      chmodSync(file, 0o600)
      expect(await identities.list()).toEqual([ann, bob])
    })
  }

  test('I-09: a data directory that is a file is not accessible, and nothing is made', async () => {
    const dataDir = newPath()
    writeFileSync(dataDir, 'a file')
    const node = await openNode({ dataDir })
    const attempts = [node.identities.list(), node.identities.create({ friendlyName: 'Ann' })]
    for (const attempt of attempts) await expectRejection('storage-not-accessible', attempt, 'a file')
    await expectRejection('storage-not-accessible', openNode({ dataDir, friendlyName: 'Ann' }), 'a file')
    expect(readFileSync(dataDir, 'utf8')).toBe('a file')
  })
})

if (process.platform === 'linux') {
  describe('on a file system of its own', () => {
    test('I-09: on a full disk identities are read and deleted, and nothing new is made', async () => {
      const { dataDir, setUp } = await smallDisk()
      const fill = `dd if=/dev/zero of="${dataDir}/filler" bs=4096 2>/dev/null || true`
      const result = await runInNamespace('--mount', `${setUp}\n${fill}`, 'tries-identities.ts', dataDir)
      expect(outcomesOf(result)).toEqual({ ...readOnly('disk-full'), delete: 'deleted' })
    })

    test('I-09: on a full disk no first identity is made', async () => {
      const dataDir = newPath()
      mkdirSync(dataDir)
      const setUp = `mount -t tmpfs -o size=64k,mode=700 tmpfs "${dataDir}"\nmkdir -m 700 "${dataDir}/identities"`
      const fill = `dd if=/dev/zero of="${dataDir}/filler" bs=4096 2>/dev/null || true`
      const result = await runInNamespace('--mount', `${setUp}\n${fill}`, 'tries-identities.ts', dataDir)
      expect(outcomesOf(result)).toMatchObject({ list: 0, create: 'disk-full', open: 'disk-full', 'list again': '' })
      expect(outcomesOf(result)['files with keys']).toBe(0)
    })

    test('I-09: on a read-only file system identities are read, and nothing is changed', async () => {
      const { dataDir, setUp } = await smallDisk()
      const readOnlyMount = `${setUp}\nmount -o remount,ro "${dataDir}"`
      const result = await runInNamespace('--mount', readOnlyMount, 'tries-identities.ts', dataDir)
      expect(outcomesOf(result)).toEqual(readOnly('storage-not-accessible'))
    })
  })
}

if (isPosix) {
  test('I-09: in a folder that may only be read identities are read, and nothing is changed', async () => {
    const dataDir = await dataDirOfAnn()
    expect(outcomesOf(await runUnprivileged(dataDir, 0o500))).toEqual(readOnly('storage-not-accessible'))
    chmodSync(join(dataDir, 'identities'), 0o700)
  })

  test('I-09: a folder that may not be entered is not accessible, and never an empty one', async () => {
    const dataDir = await dataDirOfAnn()
    const outcomes = outcomesOf(await runUnprivileged(dataDir, 0o000))
    const { 'files with keys': _files, ...others } = outcomes
    for (const outcome of Object.values(others)) expect(outcome).toBe('storage-not-accessible')
    chmodSync(join(dataDir, 'identities'), 0o700)
    expect(await (await openNode({ dataDir })).identities.list()).toHaveLength(1)
  })
}

/** What can be done with the identity Ann where nothing can be written. */
function readOnly(code: string): Record<string, unknown> {
  return {
    list: 1,
    default: 'Ann',
    certificate: true,
    create: code,
    rename: code,
    setDefault: code,
    open: expect.arrayContaining([expect.objectContaining({ friendlyName: 'Ann' })]),
    'list again': 'Ann',
    'files with keys': 1,
    delete: code,
  }
}

async function dataDirOfAnn(): Promise<string> {
  const dataDir = newPath()
  await openNode({ dataDir, friendlyName: 'Ann' })
  return dataDir
}

/** Commands that mount a small file system in memory with the identity Ann, which ends with its namespace. */
async function smallDisk(): Promise<{ dataDir: string; setUp: string }> {
  const source = await dataDirOfAnn()
  const dataDir = newPath()
  mkdirSync(dataDir)
  const mount = `mount -t tmpfs -o size=64k,mode=700 tmpfs "${dataDir}"`
  return { dataDir, setUp: `${mount}\ncp -a "${source}/." "${dataDir}"` }
}

const NOBODY = 65_534

/** Rights do not bind root, so that a child of root becomes somebody else, who owns the folder. */
function runUnprivileged(dataDir: string, mode: number): Promise<ChildResult> {
  const folder = join(dataDir, 'identities')
  const isRoot = process.getuid?.() === 0
  if (isRoot) {
    const owned = [dataDir, folder, ...readdirSync(folder).map((name) => join(folder, name))]
    for (const path of owned) chownSync(path, NOBODY, NOBODY)
    chmodSync(join(dataDir, '..'), 0o755)
  }
  chmodSync(folder, mode)
  return runChild('tries-identities.ts', dataDir, ...(isRoot ? [String(NOBODY)] : []))
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

function modeOf(path: string): number {
  return statSync(path).mode & 0o777
}
