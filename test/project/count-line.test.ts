/** The line of counts that ends a test run, and the exit code beside it, for runs that go well and badly. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const VITEST = join(process.cwd(), 'node_modules', 'vitest', 'dist', 'cli.js')
const REPORTER = join(process.cwd(), 'scripts', 'count-line-reporter.ts')

/** Runs the given test files in a folder of their own. */
function runTests(files: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'peerage-count-'))
  try {
    for (const [name, source] of Object.entries(files)) writeFileSync(join(folder, name), source)
    const args = [VITEST, 'run', '--root', folder, '--globals', '--reporter=default', `--reporter=${REPORTER}`]
    const { status, stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
    return { status, lastLine: stdout.trimEnd().split('\n').at(-1) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('a run that passes ends with its counts', () => {
  const source = "test('a', () => {})\ndescribe('b', () => { test('c', () => {}) })\ntest.skipIf(true)('d', () => {})\n"
  expect(runTests({ 'good.test.js': source })).toEqual({ status: 0, lastLine: '2 passed, 0 failed, 1 skipped' })
})

test('failing tests, files that do not load and errors outside of tests are failures, and the run fails', () => {
  const files = {
    'good.test.js': "test('a', () => {})\n",
    'failing.test.js': "test('a', () => { throw new Error('no') })\n",
    'broken.test.js': "throw new Error('not loaded')\n",
    'stray.test.js': "test('a', () => { Promise.reject(new Error('stray')) })\n",
  }
  expect(runTests(files)).toEqual({ status: 1, lastLine: '2 passed, 3 failed, 0 skipped' })
})
