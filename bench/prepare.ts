/**
 * Before the first run: the right Node.js, the packages of the contestants, the library as it is built for users, and types
 * that fit all of them.
 */
import { spawnSync } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { join } from 'node:path'

/** npm runs every script in the root of the repository. */
const root = process.cwd()

export function prepare(): void {
  if (!isOwnNode()) {
    throw new Error(
      `The benchmarks run on the repository's own Node.js and this is ${process.execPath}. Write: npm run bench`,
    )
  }
  run(process.execPath, ['scripts/install.mjs', 'bench'])
  run('npm', ['run', '--silent', 'build'])
  run('npm', ['run', '--silent', 'bench:types'])
}

function isOwnNode(): boolean {
  return realpathSync(process.execPath).startsWith(realpathSync(join(root, 'node_modules', 'node')))
}

/** What the program says goes to standard error: standard output belongs to the document. */
function run(program: string, args: readonly string[]): void {
  const shell = process.platform === 'win32' && program === 'npm'
  const { status, signal, error } = spawnSync(program, args, { cwd: root, stdio: ['ignore', 2, 2], shell })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`\`${[program, ...args].join(' ')}\` ended with ${signal ?? status}: see above.`)
}
