/** Runs a program of `examples/` as users do: as a process of its own, with its arguments, line by line. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach } from 'vitest'
import { newPath } from '../nodejs/new-path.ts'

const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url))
const FROM_SOURCES = new URL('./from-sources.ts', import.meta.url).href
const COMPILE_CACHE = join(tmpdir(), 'peerage-test-compile-cache')

/** How long one line may be waited for, in milliseconds. */
const LONGEST_WAIT = 20_000

/** With what the line begins that holds an invitation. */
export const INVITATION = /^peerage:/

const started: ExampleProcess[] = []
afterEach(() => {
  for (const example of started.splice(0)) example.kill()
})

/** Starts a program, which ends with the test. */
export function run(name: string, ...words: readonly string[]): ExampleProcess {
  const example = new ExampleProcess(name, ...words)
  started.push(example)
  return example
}

/** A folder in which each name has its own. */
export function folder(): (name: string) => string {
  const parent = newPath()
  mkdirSync(parent)
  return (name) => join(parent, name)
}

/** A program that runs. */
class ExampleProcess {
  readonly #child: ChildProcess
  readonly #lines: string[] = []
  readonly #waiting = new Set<() => void>()
  #errors = ''

  constructor(name: string, ...words: readonly string[]) {
    this.#child = spawn(process.execPath, ['--import', FROM_SOURCES, join(EXAMPLES, name), ...words], {
      stdio: 'pipe',
      env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE },
    })
    const { stdout, stderr } = this.#child
    if (stdout === null || stderr === null) throw new Error('its output is not piped')
    stderr.on('data', (chunk) => {
      this.#errors += String(chunk)
    })
    createInterface({ input: stdout }).on('line', (line) => {
      this.#lines.push(line)
      this.#wake()
    })
    this.#child.once('close', () => this.#wake())
  }

  /** What it has printed so far. */
  get lines(): readonly string[] {
    return this.#lines
  }

  /** Waits for a line that matches. @returns it */
  async line(pattern: RegExp): Promise<string> {
    const timeout = AbortSignal.timeout(LONGEST_WAIT)
    timeout.addEventListener('abort', () => this.#wake())
    for (;;) {
      const found = this.#lines.find((line) => pattern.test(line))
      if (found !== undefined) return found
      if (this.#hasEnded() || timeout.aborted) {
        throw new Error(`no line matches ${pattern}: ${this.#lines.join('\n')}\n${this.#errors}`)
      }
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  /** Types a line. */
  type(line: string): void {
    this.#child.stdin?.write(`${line}\n`)
  }

  /** Ends its input, as Ctrl-D does. */
  endInput(): void {
    this.#child.stdin?.end()
  }

  /** Presses Ctrl-C. */
  interrupt(): void {
    this.#child.kill('SIGINT')
  }

  /** Waits for its end. @returns the exit code */
  async ended(): Promise<number | null> {
    if (!this.#hasEnded()) await once(this.#child, 'close')
    if (this.#errors !== '') throw new Error(this.#errors)
    return this.#child.exitCode
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }
}
