/** scripts/install.mjs in a folder of its own, with a program in the place of npm that writes down how it was called. */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

const LOCKED = {
  '': { name: 'peerage' },
  'node_modules/needed': { version: '1.0.0', integrity: 'sha512-a' },
  'node_modules/elsewhere': { version: '1.0.0', integrity: 'sha512-b', optional: true },
}
const INSTALLED = { 'node_modules/needed': LOCKED['node_modules/needed'] }

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'peerage-install-'))
  mkdirSync(join(folder, 'scripts'))
  cpSync('scripts/install.mjs', join(folder, 'scripts/install.mjs'))
  writeJson('package-lock.json', { packages: LOCKED })
  npmDoes('')
})

afterEach(() => rmSync(folder, { recursive: true }))

function writeJson(file: string, value: unknown): void {
  writeFileSync(join(folder, file), JSON.stringify(value))
}

/** What the program in the place of npm does after it has written its arguments down. */
function npmDoes(program: string): void {
  writeFileSync(
    join(folder, 'npm-cli.js'),
    `require('fs').writeFileSync('called', process.argv.slice(2).join(' '))\n${program}`,
  )
}

function haveInstalled(packages: object): void {
  mkdirSync(join(folder, 'node_modules', 'node', 'bin'), { recursive: true })
  symlinkSync(process.execPath, join(folder, 'node_modules', 'node', 'bin', 'node'))
  writeJson('node_modules/.package-lock.json', { packages })
}

function install(...args: readonly string[]) {
  const called = join(folder, ...args, 'called')
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/install.mjs', ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, npm_execpath: join(folder, 'npm-cli.js') },
  })
  return { status, stdout, stderr, npm: existsSync(called) ? readFileSync(called, 'utf8') : undefined }
}

test('what is installed already is left alone, without a word', () => {
  haveInstalled(INSTALLED)
  expect(install()).toEqual({ status: 0, stdout: '', stderr: '', npm: undefined })
})

test('nothing is installed yet: npm ci, and what runs from then on is said', () => {
  npmDoes(`
    const fs = require('fs')
    fs.mkdirSync('node_modules/node/bin', { recursive: true })
    fs.symlinkSync(process.execPath, 'node_modules/node/bin/node')
  `)
  const { status, stdout, npm } = install()
  expect(npm).toMatch(/^ci /)
  expect(stdout).toContain('(nothing is installed yet)')
  expect(stdout).toContain(`everything runs on Node.js ${process.versions.node}.`)
  expect(status).toBe(0)
})

test('npm ci runs if a package is missing, is of another version or content, or is too much', () => {
  haveInstalled({})
  expect(install().stdout).toContain('(node_modules/needed is missing)')
  for (const [other, said] of [
    [{ version: '0.9.0', integrity: 'sha512-a' }, 'node_modules/needed is 0.9.0 instead of 1.0.0'],
    [{ version: '1.0.0', integrity: 'sha512-c' }, 'node_modules/needed has another content'],
  ] as const) {
    writeJson('node_modules/.package-lock.json', { packages: { 'node_modules/needed': other } })
    expect(install()).toMatchObject({ stdout: expect.stringContaining(said), npm: expect.stringMatching(/^ci /) })
  }
  writeJson('node_modules/.package-lock.json', {
    packages: { ...INSTALLED, 'node_modules/more': { version: '1.0.0' } },
  })
  expect(install().stdout).toContain('(node_modules/more is not in package-lock.json)')
})

test('a package in a folder of its own is installed there, on the same Node.js', () => {
  haveInstalled({})
  mkdirSync(join(folder, 'inner'))
  writeJson('inner/package-lock.json', { packages: LOCKED })
  expect(install('inner')).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('Installing what inner/package-lock.json names (nothing is installed yet).'),
    npm: expect.stringMatching(/^ci /),
  })
  mkdirSync(join(folder, 'inner', 'node_modules'))
  writeJson('inner/node_modules/.package-lock.json', { packages: INSTALLED })
  rmSync(join(folder, 'inner', 'called'))
  expect(install('inner')).toEqual({ status: 0, stdout: '', stderr: '', npm: undefined })
})

test('a failing npm ci fails, and says what is needed', () => {
  npmDoes('process.exit(7)')
  expect(install()).toMatchObject({ status: 1, stderr: expect.stringContaining('It needs the npm registry') })
})

test('an installation without the Node.js that the repository brings along fails', () => {
  expect(install()).toMatchObject({ status: 1, stderr: expect.stringContaining('its install script did not run') })
})

test('a missing or damaged package-lock.json is said, and nothing is installed', () => {
  for (const damaged of ['', '{']) {
    writeFileSync(join(folder, 'package-lock.json'), damaged)
    expect(install()).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('missing or damaged'),
      npm: undefined,
    })
  }
})
