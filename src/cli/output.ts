/**
 * What the command prints: for people text, for programs (`--json`) one JSON document a line on
 * standard output and every error as `{"error":{"code","message"}}` on standard error.
 */
import { PeerageError } from '../runtime/peerage-error.ts'

/** Takes the results and errors of one command. */
export interface Output {
  /** One result: the document with `--json`, else the text. */
  result(document: object, text: string): void
  /** Many results: a document a line with `--json`, else a table of these columns and below it a summary. */
  table<Row extends object>(rows: readonly Row[], columns: readonly Column<Row>[], summary: string): void
  /** Where a long work is, for people only. */
  step(text: string): void
  /** What is wrong without being in the way of the result. */
  warning(problem: Problem): void
  /** What went wrong, and what to do next. */
  error(error: unknown): void
  /** How the command line was misused; for programs only, since people are told by commander. */
  misuse(message: string): void
}

/** What is wrong, with its code, and what to do about it. */
export interface Problem {
  readonly code: string
  readonly message: string
  readonly advice: string
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
  /** No steps and no summaries: only what was asked for, and what went wrong. */
  readonly quiet: boolean
  readonly stdout: Sink
  readonly stderr: Sink
}): Output {
  const { json, quiet, stdout, stderr } = options
  return {
    result(document, text) {
      stdout.write(`${json ? JSON.stringify(document) : text}\n`)
    },
    table(rows, columns, summary) {
      if (json) for (const row of rows) stdout.write(`${JSON.stringify(row)}\n`)
      else stdout.write(rows.length === 0 ? '' : formatTable(rows, columns))
      if (!json && !quiet) stdout.write(`${summary}\n`)
    },
    step(text) {
      if (!json && !quiet) stderr.write(`${printable(text)}\n`)
    },
    warning({ code, message, advice }) {
      const text = json ? JSON.stringify({ warning: { code, message, advice } }) : proseOf('warning: ', message, advice)
      stderr.write(`${text}\n`)
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
  if (PeerageError.isAny(error)) return { code: error.code, message: error.message, advice: error.advice }
  return { code: 'unexpected', message: error instanceof Error ? error.message : String(error) }
}

function describeForPeople(error: unknown): string {
  if (PeerageError.isAny(error)) return proseOf('', error.message, error.advice)
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return `peerage: this should not happen; please report it.\n${text}`
}

function proseOf(kind: string, message: string, advice: string): string {
  return `peerage: ${kind}${printable(message)}.\n  ${advice}`
}
