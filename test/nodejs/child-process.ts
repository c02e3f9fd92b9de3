/** Runs the scripts of `children/` in processes of their own, also in a namespace of their own on Linux. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface ChildResult {
  readonly stdout: string
  readonly stderr: string
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** Halves the time that a child takes to start: hundreds of them are started to be killed. */
const ENVIRONMENT = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'peerage-test-compile-cache') }

/** Starts a script with its output piped. */
export function startChild(script: string, ...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [pathOf(script), ...args], { stdio: 'pipe', env: ENVIRONMENT })
}

/** Runs a script to its end. */
export function runChild(script: string, ...args: readonly string[]): Promise<ChildResult> {
  return collect(startChild(script, ...args))
}

/**
 * Runs shell commands and then a script, with mounts or a network that nobody else sees. Linux only.
 * `unshare` is asked for a user namespace too unless this is root already; a machine that allows
 * neither cannot prove what is tested, so the failure is shown and nothing is passed over.
 */
export function runInNamespace(
  namespace: '--mount' | '--net',
  setUp: string,
  script: string,
  ...args: readonly string[]
): Promise<ChildResult> {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  // What `unshare` runs gets the command line as its arguments: the node, the script, and the rest.
  const commands = `set -e\n${setUp}\nexec "$@"`
  const command = ['sh', '-c', commands, 'sh', process.execPath, pathOf(script), ...args]
  return collect(spawn('unshare', [...user, namespace, '--', ...command], { stdio: 'pipe', env: ENVIRONMENT }))
}

/** Waits until the child has written this line. */
export async function lineOf(child: ChildProcess, line: string): Promise<void> {
  let seen = ''
  for await (const chunk of child.stdout ?? []) {
    seen += String(chunk)
    if (seen.split('\n').includes(line)) return
  }
  throw new Error(`the child ended without the line ${line}: ${seen}`)
}

async function collect(child: ChildProcess): Promise<ChildResult> {
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk) => {
    stdout += String(chunk)
  })
  child.stderr?.on('data', (chunk) => {
    stderr += String(chunk)
  })
  await once(child, 'close')
  return { stdout, stderr, code: child.exitCode, signal: child.signalCode }
}

function pathOf(script: string): string {
  return fileURLToPath(new URL(`children/${script}`, import.meta.url))
}
