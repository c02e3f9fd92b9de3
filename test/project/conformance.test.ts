/** What the conformance table is made of, and each fault that it must not hide. */
import { expect, test } from 'vitest'
import { readRows } from '../../scripts/conformance/rows.ts'
import { judge, type Reasons } from '../../scripts/conformance/table.ts'
import { readCheckNames, readTestTitles } from '../../scripts/conformance/titles.ts'

const LIST = `# A list
| ID | Requirement | Shown by |
| --- | --- | --- |
| I-01 | Holds \`a\\|b\`, and more. | unit |
| I-02 | **withdrawn**: nobody needs it. | - |

| ID | Right | Administrator | Shown by |
| --- | --- | --- | --- |
| P-011 | May invite. | yes | unit |
`
const NO_REASONS: Reasons = { untested: {}, corrections: {} }

function judgeTests(source: string, reasons: Reasons = NO_REASONS, list = LIST) {
  const file = 'test/some.test.ts'
  return judge([{ file: 'list.md', rows: readRows(list) }], [{ file, ...readTestTitles(file, source) }], reasons)
}

const BOTH = "test('I-01, P-011: both hold', () => {})"

test('rows are read from tables of any width, and withdrawn ones are known', () => {
  expect(readRows(LIST)).toEqual([
    { id: 'I-01', requirement: 'Holds `a\\|b`, and more.', withdrawn: false },
    { id: 'I-02', requirement: '**withdrawn**: nobody needs it.', withdrawn: true },
    { id: 'P-011', requirement: 'May invite.', withdrawn: false },
  ])
})

test('a row that comes twice, has no text or is written in another form is refused', () => {
  expect(() => readRows(`${LIST}| I-01 | Again. |\n`)).toThrow('line 10 gives I-01 a second time')
  expect(() => readRows('| I-01 |  | unit |\n')).toThrow('line 1 gives I-01 no requirement')
  expect(() => readRows('| **I-01** | Bold. |\n')).toThrow('begins like a row and is none')
})

test('titles are read from every form of a test, and only from tests', () => {
  const source = `
    test('I-01: one', () => {})
    it.each([1, 2])('I-01, P-011: two with %s', () => {})
    test.concurrent('I-01: three', async () => {})
    for (const name of ['a', 'b']) test(\`I-01: four with \${name}\`, () => {})
    test('I-01: ' + 'five', () => {})
    test('no row', () => {})
    test(variable, () => {})
    // test('P-011: commented out', () => {})
    const text = "test('P-011: in a string', () => {})"
    other('P-011: not a test')
  `
  expect(readTestTitles('some.test.ts', source)).toEqual({
    tests: [
      { rows: ['I-01'], title: 'one' },
      { rows: ['I-01', 'P-011'], title: 'two with %s' },
      { rows: ['I-01'], title: 'three' },
      { rows: ['I-01'], title: 'four with …' },
      { rows: ['I-01'], title: 'five' },
    ],
    problems: [],
  })
})

test('a citation that would not be counted is a problem', () => {
  for (const title of [
    'I-01 to I-05: a range',
    'I-01-I-05: a range',
    'I-01 no colon',
    'I-01,I-02: no space',
    'I-1: short',
    'I-01:',
  ]) {
    const { tests, problems } = readTestTitles('some.test.ts', `test('${title}', () => {})`)
    expect(tests).toEqual([])
    expect(problems.join()).toContain(`'${title}': rows are cited one by one`)
  }
  expect(readTestTitles('some.test.ts', "describe('I-01: group', () => {})").problems.join()).toContain(
    'not of a describe',
  )
})

test('a file that does not parse is refused', () => {
  expect(() => readTestTitles('some.test.ts', "test('I-01: broken', () => {")).toThrow('some.test.ts: ')
})

test('the names of acceptance checks count like titles', () => {
  const source = `export const suite: readonly Check[] = [
    { name: 'I-01: holds', run() {} },
    { name: 'no row', async run() {} },
    { title: 'P-011: not a name' },
  ]`
  expect(readCheckNames('suite.ts', source).tests).toEqual([{ rows: ['I-01'], title: 'holds' }])
})

test('every row has a test or a reason', () => {
  expect(judgeTests(BOTH).problems).toEqual([])
  expect(judgeTests("test('I-01: holds', () => {})").problems).toEqual([
    'P-011 has neither a test nor a reason: May invite.',
  ])
  expect(
    judgeTests("test('I-01: holds', () => {})", { untested: { 'P-*': 'later' }, corrections: {} }).problems,
  ).toEqual([])
  expect(
    judgeTests("test('I-01: holds', () => {})", { untested: { 'P-011': 'later' }, corrections: {} }).problems,
  ).toEqual([])
})

test('a reason for a row that has a test is out of date; for its series it is fine', () => {
  expect(judgeTests(BOTH, { untested: { 'P-011': 'later' }, corrections: {} }).problems).toEqual([
    'reasons.json: P-011 has a test, so this is out of date: later',
  ])
  expect(judgeTests(BOTH, { untested: { 'P-*': 'later' }, corrections: {} }).problems).toEqual([])
})

test('reasons and corrections name rows that exist, and say something', () => {
  const reasons = { untested: { 'P-099': 'a', 'X-*': 'b', 'I-02': 'c', 'I-*': ' ' }, corrections: { 'I-98': 'd' } }
  expect(judgeTests(BOTH, reasons).problems).toEqual([
    'reasons.json: there is no row P-099',
    'reasons.json: there is no row X-*',
    'reasons.json: I-02 is withdrawn and needs no reason',
    'reasons.json: there is no row I-98 to correct',
    'reasons.json: the reason for I-* is empty',
  ])
})

test('a test of a row that is unknown or withdrawn is a problem', () => {
  expect(judgeTests(`${BOTH}\ntest('I-77, I-02: other', () => {})`).problems).toEqual([
    "test/some.test.ts: there is no row I-77 ('other')",
    "test/some.test.ts: row I-02 is withdrawn ('other')",
  ])
})

test('a row that stands in two lists is a problem', () => {
  const rows = readRows(LIST)
  const problems = judge(
    [
      { file: 'a.md', rows },
      { file: 'b.md', rows },
    ],
    [],
    { untested: { 'I-*': 'x', 'P-*': 'x' }, corrections: {} },
  ).problems
  expect(problems).toContain('b.md: I-01 stands in another list too')
})

test('the table names tests by file, reasons, withdrawn rows and corrections', () => {
  const source = "test('I-01: one | two', () => {})\ntest('I-01: three', () => {})"
  const { table } = judgeTests(source, { untested: { 'P-*': 'later' }, corrections: { 'I-01': 'Holds b.' } })
  expect(table).toContain('| [list.md](list.md) | 3 | 1 | 1 | 1 |')
  expect(table).toContain('| I-01 | Holds a\\|b, and more. | `test/some.test.ts`: one \\| two; three |')
  expect(table).toContain('| I-02 | withdrawn: nobody needs it. | withdrawn |')
  expect(table).toContain('| P-011 | May invite. | no test: later |')
  expect(table).toContain('| I-01 | Holds b. |')
})

test('long requirements are cut between words', () => {
  const list = `| I-01 | ${'word '.repeat(40).trim()}. |\n`
  const { table } = judgeTests("test('I-01: holds', () => {})", NO_REASONS, list)
  expect(table).toContain(`| I-01 | ${'word '.repeat(16)}... |`)
})
