/**
 * Where a chat is shown and typed. At a terminal what comes is put above the line that somebody is typing; in a pipe lines
 * go in and out as they come.
 */
import { createInterface, type Interface } from 'node:readline'

const PROMPT = '> '
/** The width of a terminal that does not say it, or says 0. */
const USUAL_COLUMNS = 80

/** Input and output of a chat. */
export interface ChatScreen {
  /** The lines that are typed, until there are no more: by the end of the input, Ctrl-C, or {@link ChatScreen.close}. */
  readonly lines: AsyncIterable<string>
  /** Shows a line. */
  show(line: string): void
  /** Leaves the terminal as it was. Twice does nothing. */
  close(): void
}

/** What of a terminal is needed, as `process.stdin` and `process.stdout` are one. */
export interface ChatTerminal {
  readonly input: NodeJS.ReadableStream
  readonly output: NodeJS.WritableStream & { readonly columns?: number }
}

/** The lines of an input that nobody types, as ChatScreen.lines. */
export function linesOf(input: NodeJS.ReadableStream): { readonly lines: AsyncIterable<string>; close(): void } {
  const typed = createInterface({ input })
  return { lines: typed[Symbol.asyncIterator](), close: () => typed.close() }
}

/** A chat at a terminal. */
export class TerminalScreen implements ChatScreen {
  readonly lines: AsyncIterable<string>
  readonly #output: ChatTerminal['output']
  readonly #typed: Interface
  #isClosed = false

  constructor({ input, output }: ChatTerminal) {
    this.#output = output
    this.#typed = createInterface({ input, output, prompt: PROMPT, terminal: true })
    this.#typed.on('close', () => {
      this.#isClosed = true
    })
    this.#typed.on('SIGINT', () => this.close())
    // What was typed comes back as a message, with who wrote it and when.
    this.#typed.on('line', (line: string) => this.#erase(this.#rowsOf(line)))
    this.lines = this.#lines(this.#typed[Symbol.asyncIterator]())
    this.#typed.prompt()
  }

  show(line: string): void {
    if (this.#isClosed) return
    this.#erase(this.#typed.getCursorPos().rows)
    this.#output.write(`${line}\n`)
    this.#typed.prompt(true)
  }

  close(): void {
    if (this.#isClosed) return
    this.#erase(this.#typed.getCursorPos().rows)
    this.#typed.close()
  }

  async *#lines(typed: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
    for await (const line of typed) {
      yield line
      if (!this.#isClosed) this.#typed.prompt(true)
    }
  }

  /** Goes up so many rows, and clears the screen from there. */
  #erase(rows: number): void {
    this.#output.write(`\r${rows > 0 ? `\u001b[${rows}A` : ''}\u001b[J`)
  }

  /** How many rows a line took that was typed: the cursor is in the first one after it. */
  #rowsOf(line: string): number {
    return Math.floor((PROMPT.length + line.length) / (this.#output.columns || USUAL_COLUMNS)) + 1
  }
}
