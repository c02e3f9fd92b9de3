/**
 * Which test shows which row: the judgement, and the table that is made of it.
 *
 * Every row has a test or a reason why it has none. A reason stands for one row, or for a whole series
 * whose layer is not built yet (`N-*`); the row's own reason goes first. A reason for a single row that
 * has a test is out of date, and an error.
 */
import type { Row } from './rows.ts'
import type { RowTests } from './titles.ts'

/** A list of rows, as one Markdown file holds it. */
export interface RowList {
  readonly file: string
  readonly rows: readonly Row[]
}

/** The tests of one file. */
export interface TestFile extends RowTests {
  readonly file: string
}

/** docs/conformance/reasons.json. */
export interface Reasons {
  /** Why a row, or a series such as `N-*`, has no test. */
  readonly untested: Readonly<Record<string, string>>
  /** Rows that are wrong in the list, and what holds instead. */
  readonly corrections: Readonly<Record<string, string>>
}

/** The table and what is wrong with it. */
export interface Judgement {
  readonly table: string
  readonly problems: readonly string[]
}

interface Citation {
  readonly file: string
  readonly title: string
}

export function judge(lists: readonly RowList[], testFiles: readonly TestFile[], reasons: Reasons): Judgement {
  const problems: string[] = []
  const rows = new Map<string, Row>()
  for (const { file, rows: listed } of lists) {
    for (const row of listed) {
      if (rows.has(row.id)) problems.push(`${file}: ${row.id} stands in another list too`)
      rows.set(row.id, row)
    }
  }

  const citations = new Map<string, Citation[]>()
  for (const { file, tests, problems: found } of testFiles) {
    problems.push(...found.map((problem) => `${file}: ${problem}`))
    for (const { rows: cited, title } of tests) {
      for (const id of cited) {
        const row = rows.get(id)
        if (row === undefined) problems.push(`${file}: there is no row ${id} ('${title}')`)
        else if (row.withdrawn) problems.push(`${file}: row ${id} is withdrawn ('${title}')`)
        citations.set(id, [...(citations.get(id) ?? []), { file, title }])
      }
    }
  }

  problems.push(...problemsOfReasons(rows, citations, reasons))
  for (const row of rows.values()) {
    if (!row.withdrawn && !citations.has(row.id) && reasonFor(row.id, reasons) === undefined) {
      problems.push(`${row.id} has neither a test nor a reason: ${firstWords(row.requirement)}`)
    }
  }
  return { table: writeTable(lists, citations, reasons), problems }
}

function problemsOfReasons(
  rows: ReadonlyMap<string, Row>,
  citations: ReadonlyMap<string, readonly Citation[]>,
  reasons: Reasons,
): string[] {
  const problems: string[] = []
  for (const [key, reason] of Object.entries(reasons.untested)) {
    const known = key.endsWith('*') ? [...rows.keys()].some((id) => id.startsWith(key.slice(0, -1))) : rows.has(key)
    if (!known) problems.push(`reasons.json: there is no row ${key}`)
    if (rows.get(key)?.withdrawn) problems.push(`reasons.json: ${key} is withdrawn and needs no reason`)
    if (citations.has(key)) problems.push(`reasons.json: ${key} has a test, so this is out of date: ${reason}`)
  }
  for (const key of Object.keys(reasons.corrections)) {
    if (!rows.has(key)) problems.push(`reasons.json: there is no row ${key} to correct`)
  }
  for (const [key, reason] of [...Object.entries(reasons.untested), ...Object.entries(reasons.corrections)]) {
    if (reason.trim() === '') problems.push(`reasons.json: the reason for ${key} is empty`)
  }
  return problems
}

function reasonFor(id: string, { untested }: Reasons): string | undefined {
  return untested[id] ?? untested[id.replace(/\d+$/, '*')]
}

function writeTable(
  lists: readonly RowList[],
  citations: ReadonlyMap<string, readonly Citation[]>,
  reasons: Reasons,
): string {
  const lines = [
    '# Which test shows which row',
    '',
    'Made by `npm run conformance:write` from the lists beside this file, from the titles of all tests and from',
    '[reasons.json](reasons.json). `npm test` fails if it is out of date, or if a row has neither a test nor a reason.',
    '',
    '| list | rows | with a test | without | withdrawn |',
    '| --- | --- | --- | --- | --- |',
  ]
  for (const { file, rows } of lists) {
    const withdrawn = rows.filter((row) => row.withdrawn).length
    const tested = rows.filter(({ id }) => citations.has(id)).length
    const without = rows.length - withdrawn - tested
    lines.push(`| [${file}](${file}) | ${rows.length} | ${tested} | ${without} | ${withdrawn} |`)
  }
  const corrections = Object.entries(reasons.corrections)
  if (corrections.length > 0) {
    lines.push('', '## Rows that hold differently', '', '| row | what holds instead |', '| --- | --- |')
    lines.push(...corrections.map(([id, text]) => `| ${id} | ${cell(text)} |`))
  }
  for (const { file, rows } of lists) {
    lines.push('', `## ${file}`, '', '| row | requirement | shown by |', '| --- | --- | --- |')
    for (const row of rows) {
      lines.push(
        `| ${row.id} | ${cell(firstWords(row.requirement))} | ${shownBy(row, citations.get(row.id) ?? [], reasons)} |`,
      )
    }
  }
  return `${lines.join('\n')}\n`
}

function shownBy(row: Row, tests: readonly Citation[], reasons: Reasons): string {
  if (row.withdrawn) return 'withdrawn'
  if (tests.length === 0) return `no test: ${cell(reasonFor(row.id, reasons) ?? 'no reason')}`
  const byFile = new Map<string, string[]>()
  for (const { file, title } of tests) byFile.set(file, [...(byFile.get(file) ?? []), cell(title)])
  return [...byFile].map(([file, titles]) => `\`${file}\`: ${titles.join('; ')}`).join('<br>')
}

const FIRST_WORDS = 80

/** The requirement as far as it fits into {@link FIRST_WORDS} characters, without Markdown that could be cut in two. */
function firstWords(requirement: string): string {
  const plain = requirement.replace(/\\\|/g, '|').replace(/[`*]/g, '')
  if (plain.length <= FIRST_WORDS) return plain
  const cut = plain.slice(0, FIRST_WORDS + 1)
  return `${cut.slice(0, Math.max(cut.lastIndexOf(' '), 1)).replace(/[\s,;:.(]+$/, '')} ...`
}

/** Text that cannot break the table. */
function cell(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\|<>_*`[\]]/g, '\\$&')
}
