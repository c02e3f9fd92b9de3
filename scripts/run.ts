/**
 * Runs the programs that the scripts are made of. npm puts node_modules/.bin on the path, so that a
 * development dependency is called by its name.
 */
import { type SpawnSyncOptions, spawnSync } from 'node:child_process'

/** Where the repository is: npm runs every script there. */
export const root = process.cwd()

/** On Windows the programs of node_modules/.bin are command files, which only a shell can start. */
const SHELL = process.platform === 'win32' ? { shell: true } : {}

/** Runs a program and shows what it says. Gives its exit code, or the signal that ended it. */
export function show(
  program: string,
  args: readonly string[],
  options: SpawnSyncOptions = {},
): number | NodeJS.Signals {
  const { status, signal, error } = spawnSync(program, args, { ...options, ...SHELL, stdio: 'inherit' })
  if (error !== undefined) throw error
  return signal ?? status ?? 1
}

/** Runs a program and shows what it says. Ends this script if it fails, with the same exit code. */
export function run(program: string, args: readonly string[], options: SpawnSyncOptions = {}): void {
  const outcome = show(program, args, options)
  if (outcome === 0) return
  console.error(`\`${[program, ...args].join(' ')}\` ended with ${outcome}.`)
  process.exit(typeof outcome === 'number' ? outcome : 1)
}

/** Runs a program and gives what it prints. Throws with all of its output if it fails. */
export function output(program: string, args: readonly string[], options: SpawnSyncOptions = {}): string {
  const { status, signal, error, stdout, stderr } = spawnSync(program, args, { ...options, ...SHELL, encoding: 'utf8' })
  if (error !== undefined) throw error
  if (status === 0) return stdout
  const outcome = `\`${[program, ...args].join(' ')}\` ended with ${signal ?? status}.`
  throw new Error([outcome, stdout.trim(), stderr.trim()].filter((part) => part !== '').join('\n'))
}
