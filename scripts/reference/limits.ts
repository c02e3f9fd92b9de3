/**
 * docs/limits.md, from the constants of the sources. A bound is a number at the top of a module with a
 * name in capitals that says so: `LONGEST_PEER_NAME`, `MOST_IDENTITIES`, `STREAM_WRITE_LIMIT`. Its
 * documentation comment says what it bounds and in which unit; constants on the lines right below share
 * a comment. A bound without one is an error.
 */
import { type ESTree, type ParseResult, parseSync } from 'vite'

/** A bound. */
export interface Limit {
  readonly name: string
  /** As the source writes it. */
  readonly value: string
  /** The first paragraph of its comment. */
  readonly meaning: string
}

type Comment = ParseResult['comments'][number]

const BOUND =
  /^(?:LONGEST|SHORTEST|LARGEST|SMALLEST|MOST|FEWEST|LEAST|HIGHEST|LOWEST|LATEST|EARLIEST|OLDEST)_[A-Z0-9_]+$|^[A-Z0-9_]+_(?:LIMIT|TIMEOUT|INTERVAL|HORIZON)$/

/** The bounds of one module. Throws if one has no comment. */
export function readLimits(file: string, source: string): Limit[] {
  const { program, comments } = parseSync(file, source)
  const meanings = meaningsOf(source, comments)
  const limits: Limit[] = []
  let shared: { readonly meaning: string; readonly end: number } | undefined
  for (const statement of program.body) {
    const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement
    if (declaration?.type !== 'VariableDeclaration') continue
    // The comment of the statement itself, or the one that a statement on the line before has.
    const above =
      shared !== undefined && /^[^\n]*\n$/.test(source.slice(shared.end, statement.start)) ? shared.meaning : undefined
    const meaning = meanings.get(statement.start) ?? above
    shared = meaning === undefined ? undefined : { meaning, end: statement.end }
    for (const { id, init } of declaration.declarations) {
      if (id.type !== 'Identifier' || !BOUND.test(id.name) || init === null || !isNumber(init)) continue
      if (meaning === undefined) throw new Error(`${file}: ${id.name} is a bound, and no comment says of what`)
      limits.push({ name: id.name, value: source.slice(init.start, init.end), meaning })
    }
  }
  return limits
}

/** The document: the limits of each module, by file. */
export function limitReference(modules: ReadonlyMap<string, readonly Limit[]>): string {
  const lines = [
    '# Limits',
    '',
    'Made by `npm run reference:write` from the named constants of the sources: sizes, counts and times. They are part of',
    'what Peerage promises: every input from outside, every queue and every table has a bound.',
  ]
  for (const [file, limits] of modules) {
    if (limits.length === 0) continue
    lines.push('', `## ${file}`, '', '| name | value | what it bounds |', '| --- | --- | --- |')
    for (const { name, value, meaning } of limits) lines.push(`| \`${name}\` | \`${value}\` | ${cell(meaning)} |`)
  }
  return `${lines.join('\n')}\n`
}

/** The first paragraph of each comment, by where the code below it begins. Lines of `//` are one comment. */
function meaningsOf(source: string, comments: readonly Comment[]): Map<number, string> {
  const meanings = new Map<number, string>()
  let lines: string[] = []
  for (const [index, { type, value, start, end }] of comments.entries()) {
    // What stands behind code on the same line belongs to that code.
    if (!/(?:^|\n)[ \t]*$/.test(source.slice(0, start))) continue
    if (type === 'Block') lines = value.split('\n').map((line) => line.replace(/^\s*\*+ ?/, '').trim())
    else lines.push(value.trim())
    const begin = end + (/^\s*/.exec(source.slice(end))?.[0].length ?? 0)
    if (type === 'Line' && comments[index + 1]?.start === begin) continue
    meanings.set(begin, firstParagraph(lines.join('\n').trim()))
    lines = []
  }
  return meanings
}

function firstParagraph(text: string): string {
  return (text.split(/\n\n|\n@/)[0] ?? '').replace(/\{@link ([^}]+)\}/g, '$1').replace(/\s+/g, ' ')
}

/** Whether the expression is a number, or arithmetic on numbers and other constants. */
function isNumber(node: ESTree.Node): boolean {
  switch (node.type) {
    case 'Literal':
      return typeof node.value === 'number'
    case 'UnaryExpression':
      return isNumber(node.argument)
    case 'BinaryExpression':
      return [node.left, node.right].every((side) => side.type === 'Identifier' || isNumber(side))
    case 'ParenthesizedExpression':
      return isNumber(node.expression)
    default:
      return false
  }
}

function cell(text: string): string {
  return text.replace(/[\\|<>_*[\]]/g, '\\$&')
}
