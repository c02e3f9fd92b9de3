/**
 * Checks that every row of the conformance lists has a test or a reason why it has none, and that
 * docs/conformance/table.md says so. `--write` brings the table up to date.
 */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { readRows } from './conformance/rows.ts'
import { judge, type Reasons, type TestFile } from './conformance/table.ts'
import { readCheckNames, readTestTitles } from './conformance/titles.ts'
import { settleDocument } from './generated-document.ts'

const FOLDER = 'docs/conformance'
const LISTS = ['identity-and-group.md', 'pnrp.md', 'graph.md']
const SUITES = ['src/runtime/acceptance', 'src/records/acceptance']

const lists = LISTS.map((file) => ({ file, rows: readRows(read(`${FOLDER}/${file}`)) }))
const tests = globSync('test/**/*.test.ts').map(slashes).sort()
const suites = globSync(SUITES.map((folder) => `${folder}/*.ts`))
  .map(slashes)
  .sort()
const files: TestFile[] = [
  ...tests.map((file) => ({ file, ...readTestTitles(file, read(file)) })),
  ...suites.map((file) => ({ file, ...readCheckNames(file, read(file)) })),
]
const { table, problems } = judge(lists, files, readReasons())
const failures = [...problems, ...suitesThatNobodyRuns()]
for (const failure of failures) console.error(failure)
const settled = settleDocument(`${FOLDER}/table.md`, table, 'npm run conformance:write')
if (failures.length > 0 || !settled) process.exit(1)

/** A suite shows nothing unless a test runs it. */
function suitesThatNobodyRuns(): string[] {
  const imported = new Set<string>()
  for (const file of tests) {
    for (const [, path] of read(file).matchAll(/from '(\.[^']+)'/g)) {
      if (path !== undefined) imported.add(posix.join(dirname(file), path))
    }
  }
  return files
    .filter(({ file, tests: citing }) => suites.includes(file) && citing.length > 0 && !imported.has(file))
    .map(({ file }) => `${file} cites rows, and no test imports it`)
}

function readReasons(): Reasons {
  const reasons: unknown = JSON.parse(read(join(FOLDER, 'reasons.json')))
  if (!isReasons(reasons)) throw new Error('reasons.json holds texts by row under "untested" and under "corrections"')
  return reasons
}

function isReasons(value: unknown): value is Reasons {
  if (typeof value !== 'object' || value === null || !('untested' in value) || !('corrections' in value)) return false
  return [value.untested, value.corrections].every(
    (texts) =>
      typeof texts === 'object' && texts !== null && Object.values(texts).every((text) => typeof text === 'string'),
  )
}

function read(file: string): string {
  return readFileSync(file, 'utf8')
}

function slashes(path: string): string {
  return path.replaceAll('\\', '/')
}
