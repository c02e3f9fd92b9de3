/**
 * Installs packages into an empty folder as their users do, with npm, and counts what is there afterwards.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Installed {
  readonly bytes: number
  readonly count: number
}

export function install(packages: readonly string[], folder: string): Installed {
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true }))
  // What the benchmarks themselves were installed from lies in npm's cache.
  npm(['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', ...packages], folder)
  const files = readdirSync(join(folder, 'node_modules'), { recursive: true, withFileTypes: true })
  const lock: unknown = JSON.parse(readFileSync(join(folder, 'node_modules', '.package-lock.json'), 'utf8'))
  if (typeof lock !== 'object' || lock === null || !('packages' in lock) || typeof lock.packages !== 'object') {
    throw new TypeError('npm writes down which packages it has installed')
  }
  return {
    bytes: files
      .filter((file) => file.isFile())
      .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0),
    count: Object.keys(lock.packages ?? {}).length,
  }
}

/** @returns the tarball of Peerage, as it would be published */
export function packPeerage(folder: string): string {
  const root = fileURLToPath(new URL('../../..', import.meta.url))
  npm(['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], root)
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'))
  if (tarball === undefined) throw new Error('npm pack gave no file')
  return join(folder, tarball)
}

/** @returns packages with the versions that bench/package.json names */
export function asInBenchmarks(...names: readonly string[]): readonly string[] {
  const file = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  const { dependencies }: { readonly dependencies: Readonly<Record<string, string>> } = JSON.parse(file)
  return names.map((name) => {
    const version = dependencies[name]
    if (version === undefined) throw new Error(`bench/package.json does not name ${name}`)
    return `${name}@${version}`
  })
}

function npm(args: readonly string[], folder: string): void {
  const shell = process.platform === 'win32'
  const { status, signal, error } = spawnSync('npm', args, { cwd: folder, stdio: ['ignore', 'ignore', 2], shell })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`\`npm ${args.join(' ')}\` ended with ${signal ?? status}`)
}
