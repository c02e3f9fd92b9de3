/**
 * Which versions take part: Node.js, Peerage, and what bench/package.json names.
 */
import { readFileSync } from 'node:fs'

export function versions(): Readonly<Record<string, string>> {
  const names = Object.keys(packageFile('package.json').dependencies ?? {})
  return {
    node: process.versions.node,
    peerage: packageFile('../package.json').version ?? 'unknown',
    ...Object.fromEntries(
      names.map((name) => [name, packageFile(`node_modules/${name}/package.json`).version ?? 'unknown']),
    ),
  }
}

function packageFile(path: string): { readonly version?: string; readonly dependencies?: object } {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
}
