/**
 * Which rows a file of tests shows. The title of a test begins with them, `I-07: ...` or
 * `I-13, I-14: ...`; in an acceptance suite the name of a check does.
 *
 * The file is parsed, not searched, so that a test that was commented out shows nothing.
 */
import { type ESTree, parseSync, Visitor } from 'vite'
import { ROW_ID } from './rows.ts'

/** A test that shows rows. */
export interface RowTest {
  readonly rows: readonly string[]
  /** The title without its rows. */
  readonly title: string
}

/** What a file of tests says about rows. */
export interface RowTests {
  readonly tests: readonly RowTest[]
  /** Titles that seem to cite rows and would not be counted. */
  readonly problems: readonly string[]
}

const CITING = new RegExp(`^(${ROW_ID.source}(?:, ${ROW_ID.source})*): (\\S[\\s\\S]*)$`)
const ALMOST_CITING = /^\s*[A-Z]-\d/
const TEST_FUNCTIONS = new Set(['test', 'it'])

/** The tests of a test file: calls of `test` or `it`, also through `.each`, `.for` and the like. */
export function readTestTitles(file: string, source: string): RowTests {
  const found = new Collection()
  new Visitor({
    CallExpression({ callee, arguments: [title] }) {
      const name = calledName(callee)
      if (name === undefined || title === undefined) return
      if (TEST_FUNCTIONS.has(name)) found.take(text(title))
      else if (name === 'describe') found.refuse(text(title), 'rows belong to the title of a test, not of a describe')
    },
  }).visit(parse(file, source))
  return found
}

/** The checks of an acceptance suite: properties called `name`. */
export function readCheckNames(file: string, source: string): RowTests {
  const found = new Collection()
  new Visitor({
    Property({ key, value }) {
      if (key.type === 'Identifier' && key.name === 'name') found.take(text(value))
    },
  }).visit(parse(file, source))
  return found
}

class Collection implements RowTests {
  readonly tests: RowTest[] = []
  readonly problems: string[] = []

  take(title: string | undefined): void {
    if (title === undefined) return
    const [, rows, rest] = CITING.exec(title) ?? []
    if (rows === undefined || rest === undefined) {
      this.refuse(title, "rows are cited one by one before a colon, as in 'I-13, I-14: ...'")
    } else this.tests.push({ rows: rows.split(', '), title: rest })
  }

  refuse(title: string | undefined, why: string): void {
    if (title !== undefined && ALMOST_CITING.test(title)) this.problems.push(`'${title}': ${why}`)
  }
}

function parse(file: string, source: string): ESTree.Program {
  const { program, errors } = parseSync(file, source)
  if (errors[0] !== undefined) throw new Error(`${file}: ${errors[0].message}`)
  return program
}

/** `test` for `test(...)`, `test.each(...)(...)`, `test.concurrent(...)`. */
function calledName(callee: ESTree.Expression): string | undefined {
  if (callee.type === 'Identifier') return callee.name
  if (callee.type === 'MemberExpression') return calledName(callee.object)
  if (callee.type === 'CallExpression') return calledName(callee.callee)
  if (callee.type === 'TaggedTemplateExpression') return calledName(callee.tag)
  return undefined
}

/** The text that an expression is known to begin with, with `…` for what only a run can tell. */
function text(node: ESTree.Node): string | undefined {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined
  if (node.type === 'TemplateLiteral') return node.quasis.map(({ value }) => value.cooked ?? value.raw).join('…')
  if (node.type === 'BinaryExpression' && node.operator === '+') {
    const left = text(node.left)
    return left === undefined ? undefined : left + (text(node.right) ?? '…')
  }
  return undefined
}
