/**
 * The rows of the conformance lists (docs/conformance/*.md): one line of a table for each requirement,
 * `| I-01 | what must hold | ... |`. A row that was given up stays, and its text begins with "withdrawn".
 */

/** One requirement. */
export interface Row {
  readonly id: string
  /** The first column after the ID, as Markdown. */
  readonly requirement: string
  readonly withdrawn: boolean
}

/** A row ID anywhere: a series and a number. */
export const ROW_ID = /[A-Z]-\d{2,3}/

const ROW = new RegExp(`^\\| (${ROW_ID.source}) \\|`)
const ALMOST_ROW = new RegExp(`^\\|[\\s*_\`]*${ROW_ID.source}`)

/** All rows of one list in the order of the file. Throws if a line looks like a row and is none, or an ID comes twice. */
export function readRows(markdown: string): Row[] {
  const rows: Row[] = []
  const seen = new Set<string>()
  for (const [index, line] of markdown.split('\n').entries()) {
    const id = ROW.exec(line)?.[1]
    if (id === undefined) {
      if (ALMOST_ROW.test(line)) throw new Error(`line ${index + 1} begins like a row and is none: ${line}`)
      continue
    }
    if (seen.has(id)) throw new Error(`line ${index + 1} gives ${id} a second time`)
    seen.add(id)
    const requirement = cells(line)[1] ?? ''
    if (requirement === '') throw new Error(`line ${index + 1} gives ${id} no requirement`)
    rows.push({ id, requirement, withdrawn: /^\W*withdrawn\b/i.test(requirement) })
  }
  return rows
}

/** The cells of a line of a table. A bar that belongs to a cell is written `\|`. */
function cells(line: string): string[] {
  return line
    .replace(/^\|/, '')
    .replace(/\|\s*$/, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim())
}
