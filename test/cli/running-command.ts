/** Commands that go on running until a test ends them, or ends. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach } from 'vitest'
import { ENTRANCE } from './command-process.ts'

const COMPILE_CACHE = join(tmpdir(), 'peerage-test-compile-cache')
const running: ChildProcess[] = []

afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'close')
  }
})

/** A command that goes on running. */
export class RunningCommand {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  #errors = ''

  /** @param prefix What runs it, such as a command that enters another host */
  constructor(words: readonly string[], prefix: readonly string[] = []) {
    const [program = process.execPath, ...rest] = [...prefix, process.execPath, ENTRANCE, ...words]
    this.#child = spawn(program, rest, {
      stdio: 'pipe',
      env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE },
    })
    running.push(this.#child)
    const { stdout, stderr } = this.#child
    if (stdout === null || stderr === null) throw new Error('the output is piped')
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]()
    stderr.on('data', (chunk) => {
      this.#errors += String(chunk)
    })
  }

  /** The next line of its output. */
  async line(): Promise<string> {
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error(`the command has ended: ${this.#errors}`)
    return value
  }

  /** Ends it as Ctrl-C does, and gives its exit code. */
  async interrupt(): Promise<number | null> {
    this.#child.kill('SIGINT')
    await once(this.#child, 'close')
    return this.#child.exitCode
  }

  /** What it has written on standard error. */
  get errors(): string {
    return this.#errors
  }
}

/** What `peerage up` says once it serves. */
export interface Ready {
  readonly peerName: string
  readonly processId: number
  readonly pnrpPort?: number
}

/** Runs the node of a data directory, which stays out of the clouds of the links unless options say otherwise. */
export async function runNode(
  dataDir: string,
  name: string,
  options: readonly string[] = ['--no-lan'],
  prefix: readonly string[] = [],
): Promise<{ readonly command: RunningCommand; readonly ready: Ready }> {
  const command = new RunningCommand(['up', '--name', name, '--data-dir', dataDir, '--json', ...options], prefix)
  const ready: Ready = JSON.parse(await command.line())
  return { command, ready }
}
