/** The conditions that the rows on groups name as the original does. */
import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readRows } from '../../scripts/conformance/rows.ts'
import { errorReference } from '../../scripts/reference/errors.ts'
import { errorCatalog } from '../../src/runtime/error-catalog.ts'

const rows = readRows(readFileSync('docs/conformance/identity-and-group.md', 'utf8'))
const required = rows.filter(({ id, withdrawn }) => id.startsWith('P-') && !withdrawn).map((row) => row.requirement)
const names = new Set(required.flatMap((text) => text.match(/\bPEER_[ES]_[A-Z_]*[A-Z]\b/g) ?? []))
const documented = errorReference().split('\n')
const tests = globSync('test/**/*.test.ts').map((file) => readFileSync(file, 'utf8'))

const codesOf = (name: string): readonly string[] =>
  Object.entries(errorCatalog).flatMap(([code, { original }]) => ([original].flat().includes(name) ? [code] : []))

test('there are such names', () => {
  expect(names.size).toBeGreaterThan(15)
})

test.each([...names].sort())(
  'P-111: %s has a code, a message with values, advice, a line in the documentation, and a test that expects it',
  (name) => {
    const codes = codesOf(name)
    expect(codes).not.toEqual([])
    for (const code of codes) {
      const [line = '', ...others] = documented.filter((one) => one.startsWith(`| \`${code}\` |`))
      expect(others).toEqual([])
      const [, , message, advice, original] = line.split(/(?<!\\)\|/).map((cell) => cell.trim())
      expect(message, code).toContain('\\<')
      expect(advice, code).not.toBe('')
      expect(original, code).toContain(`\`${name}\``)
      const expecting = new RegExp(`(?:\\bexpect\\w*|\\bto(?:Throw|Be)|\\brefusal\\w*|\\bcode)\\W{1,3}'${code}'`)
      expect(
        tests.some((source) => expecting.test(source)),
        `no test expects ${code}`,
      ).toBe(true)
    }
  },
)
