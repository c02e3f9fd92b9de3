/** A `peerage` command that goes on while a test talks to it. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import { ENTRANCE } from './command-process.ts'

const COMPILE_CACHE = join(tmpdir(), 'peerage-test-compile-cache')

const running = new Set<LiveCommand>()
afterEach(async () => {
  for (const command of running) await command.end('SIGKILL')
})

/** Starts one. What still runs at the end of the test is killed. */
export function start(words: readonly string[]): LiveCommand {
  return startProgram(process.execPath, [ENTRANCE, ...words])
}

/** Starts another program, for the same use. */
export function startProgram(program: string, words: readonly string[]): LiveCommand {
  return new LiveCommand(spawn(program, words, { env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE } }))
}

export class LiveCommand {
  /** All that it has printed so far. */
  stdout = ''
  stderr = ''
  /** Resolves with its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>
  readonly #child: ChildProcessWithoutNullStreams
  #changed = (): void => undefined

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child
    running.add(this)
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
      this.#changed()
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
      this.#changed()
    })
    // It may end while it is written to.
    child.stdin.on('error', () => undefined)
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        running.delete(this)
        resolve(code ?? signal ?? 'unknown')
        this.#changed()
      })
    })
  }

  write(text: string): void {
    this.#child.stdin.write(text)
  }

  /** Ends its input. */
  endInput(): void {
    this.#child.stdin.end()
  }

  end(signal: NodeJS.Signals): Promise<number | string> {
    this.#child.kill(signal)
    return this.ended
  }

  /** Waits until a condition holds that is looked at whenever it prints something. Fails if it ends before. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (!running.has(this)) throw new Error(`it has ended\n${this.stdout}\n${this.stderr}`)
      await new Promise<void>((resolve) => {
        this.#changed = resolve
      })
    }
  }

  /** So many whole lines of its output from one on, once they are there. */
  async lines(first: number, count: number): Promise<string[]> {
    await this.until(() => this.#wholeLines().length >= first + count)
    return this.#wholeLines().slice(first, first + count)
  }

  /** The JSON documents that it has printed, whole lines only. */
  documents(): Readonly<Record<string, unknown>>[] {
    return this.#wholeLines().map((line): Record<string, unknown> => JSON.parse(line))
  }

  /** The first document of those to come, or already printed, for which a condition holds. */
  async document(
    condition: (document: Readonly<Record<string, unknown>>) => boolean,
  ): Promise<Readonly<Record<string, unknown>>> {
    let found: Readonly<Record<string, unknown>> | undefined
    await this.until(() => {
      found = this.documents().find(condition)
      return found !== undefined
    })
    if (found === undefined) throw new Error('until came back too early')
    return found
  }

  #wholeLines(): string[] {
    return this.stdout.split('\n').slice(0, -1)
  }
}
