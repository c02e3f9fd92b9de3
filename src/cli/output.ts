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
  /** The same as they come: with `--json` each is printed at once. */
  listing<Item>(items: AsyncIterable<Item>, listing: Listing<Item>): Promise<void>
  /** Where a long work is, for people only. */
  step(text: string): void
  /** How far a long work is, for people at a terminal: a line that the next one takes the place of. */
  passing(text: string): void
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

/** How things are listed. */
export interface Listing<Item> {
  /** For programs. */
  document(item: Item): object
  readonly columns: readonly Column<Item>[]
  /** The words for one of them, and for any other number. */
  readonly nouns: readonly [one: string, others: string]
}

/** Where output goes: a stream, or a list of a test. */
export interface Sink {
  write(text: string): unknown
  /** Whether it is a terminal, and how wide. */
  readonly isTTY?: boolean
  readonly columns?: number
}

/** The width of a terminal that does not say it. */
const USUAL_COLUMNS = 80

/** The output of a command. */
export function createOutput(options: {
  readonly json: boolean
  /** No steps and no summaries: only what was asked for, and what went wrong. */
  readonly quiet: boolean
  readonly stdout: Sink
  readonly stderr: Sink
}): Output {
  const { json, quiet } = options
  const line = new PassingLine(options.stderr)
  // Whatever is printed stands where the passing line was.
  const after = (sink: Sink): Sink => ({
    write: (text) => {
      line.clear()
      return sink.write(text)
    },
  })
  const [stdout, stderr] = [after(options.stdout), after(options.stderr)]
  return {
    result(document, text) {
      stdout.write(`${json ? JSON.stringify(document) : text}\n`)
    },
    table(rows, columns, summary) {
      if (json) for (const row of rows) stdout.write(`${JSON.stringify(row)}\n`)
      else stdout.write(rows.length === 0 ? '' : formatTable(rows, columns))
      if (!json && !quiet) stdout.write(`${summary}\n`)
    },
    async listing(items, { document, columns, nouns: [one, others] }) {
      const rows: string[][] = []
      for await (const item of items) {
        if (json) stdout.write(`${JSON.stringify(document(item))}\n`)
        else rows.push(columns.map(({ cell }) => cell(item)))
      }
      if (json) return
      const shown = columns.map(({ heading }, index) => ({ heading, cell: (row: string[]) => row[index] ?? '' }))
      this.table(rows, shown, `${rows.length} ${rows.length === 1 ? one : others}`)
    },
    step(text) {
      if (!json && !quiet) stderr.write(`${printable(text)}\n`)
    },
    passing(text) {
      if (!json && !quiet) line.show(printable(text))
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

/** The line that is overwritten. It uses nothing that a plain terminal does not know. */
class PassingLine {
  readonly #sink: Sink
  #width = 0

  constructor(sink: Sink) {
    this.#sink = sink
  }

  show(text: string): void {
    if (this.#sink.isTTY !== true) return
    const shown = text.slice(0, (this.#sink.columns ?? USUAL_COLUMNS) - 1)
    this.#sink.write(`\r${shown.padEnd(this.#width)}`)
    this.#width = shown.length
  }

  clear(): void {
    if (this.#width === 0) return
    this.#sink.write(`\r${' '.repeat(this.#width)}\r`)
    this.#width = 0
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
