/**
 * What the command prints: for people text, for programs (`--json`) one JSON document a line on
 * standard output and every error as `{"error":{"code","message"}}` on standard error.
 */
import { PeerageError } from '../runtime/peerage-error.ts'

/** A result that can be written as JSON. */
export type JsonDocument = Readonly<Record<string, unknown>>

/** Takes the results and errors of one command. */
export interface Output {
  /** One result: the document with `--json`, else the text. */
  result(document: JsonDocument, text: string): void
  /** Many results: a document a line with `--json`, else a table of the columns named. */
  table<Row extends JsonDocument>(rows: readonly Row[], columns: readonly Column<Row>[], ifNone: string): void
  /** What went wrong, and what to do next. */
  error(error: unknown): void
  /** How the command line was misused; for programs only, since people are told by commander. */
  misuse(message: string): void
}

/** A column of a table: its heading, and what stands in it. */
export interface Column<Row> {
  readonly heading: string
  cell(row: Row): string
}

/** Where output goes: a stream, or a list of a test. */
export interface Sink {
  write(text: string): unknown
}

/** The output of a command. */
export function createOutput(options: {
  readonly json: boolean
  readonly stdout: Sink
  readonly stderr: Sink
}): Output {
  const { json, stdout, stderr } = options
  return {
    result(document, text) {
      stdout.write(`${json ? JSON.stringify(document) : text}\n`)
    },
    table(rows, columns, ifNone) {
      if (json) for (const row of rows) stdout.write(`${JSON.stringify(row)}\n`)
      else stdout.write(rows.length === 0 ? `${ifNone}\n` : formatTable(rows, columns))
    },
    error(error) {
      stderr.write(`${json ? JSON.stringify({ error: describeForPrograms(error) }) : describeForPeople(error)}\n`)
    },
    misuse(message) {
      stderr.write(`${JSON.stringify({ error: { code: 'misuse', message } })}\n`)
    },
  }
}

function formatTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const lines = [
    columns.map(({ heading }) => heading),
    ...rows.map((row) => columns.map(({ cell }) => printable(cell(row)))),
  ]
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)))
  return lines
    .map(
      (line) =>
        `${line
          .map((text, index) => text.padEnd(widths[index] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

/** Names come from others: nothing in them may steer the terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0
    return `\\u{${code.toString(16)}}`
  })
}

function describeForPrograms(error: unknown): { code: string; message: string; advice?: string } {
  if (error instanceof PeerageError) return { code: error.code, message: error.message, advice: error.advice }
  return { code: 'unexpected', message: error instanceof Error ? error.message : String(error) }
}

function describeForPeople(error: unknown): string {
  if (error instanceof PeerageError) return `peerage: ${printable(error.message)}.\n  ${error.advice}`
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return `peerage: this should not happen; please report it.\n${text}`
}
