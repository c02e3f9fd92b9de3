/** Runs the `peerage` command as people and scripts do: as a process of its own. */
import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The entrance of the command, as a source. */
export const ENTRANCE = fileURLToPath(new URL('../../src/cli/peerage.ts', import.meta.url))
/** Halves the time that a process takes to start. */
const COMPILE_CACHE = join(tmpdir(), 'peerage-test-compile-cache')

export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs one command line, from source. Input, if any, goes to its standard input. */
export function peerage(
  words: readonly string[],
  options: { readonly environment?: Readonly<Record<string, string>>; readonly input?: string } = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      process.execPath,
      [ENTRANCE, ...words],
      { env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE, ...options.environment } },
      (error, stdout, stderr) => {
        if (error !== null && typeof error.code !== 'number') reject(error)
        else resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr })
      },
    )
    child.stdin?.end(options.input ?? '')
  })
}

/** The JSON documents of an output, a line each. */
export function documents(output: string): unknown[] {
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line))
}
