/** Commands that go on running, read line by line. */
import { ENTRANCE } from './command-process.ts'
import { type LiveCommand, startProgram } from './live-command.ts'

/** A command that goes on running until a test ends it, or ends. */
export class RunningCommand {
  readonly #command: LiveCommand
  #lines = 0

  /** @param prefix What runs it, such as a command that enters another host */
  constructor(words: readonly string[], prefix: readonly string[] = []) {
    const [program = process.execPath, ...rest] = [...prefix, process.execPath, ENTRANCE, ...words]
    this.#command = startProgram(program, rest)
  }

  /** The next line of its output. */
  async line(): Promise<string> {
    const [next] = await this.#command.lines(this.#lines, 1)
    this.#lines++
    return next ?? ''
  }

  /** Ends it as Ctrl-C does, and gives its exit code. */
  async interrupt(): Promise<number | null> {
    const outcome = await this.#command.end('SIGINT')
    return typeof outcome === 'number' ? outcome : null
  }

  /** What it has written on standard error. */
  get errors(): string {
    return this.#command.stderr
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
