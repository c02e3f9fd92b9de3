/** Lock files are what a clean clone is installed from, on every platform and from any registry. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

interface LockedPackage {
  readonly version?: string
  readonly integrity?: string
  readonly resolved?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>
}

describe.each(['package-lock.json', 'bench/package-lock.json'])('%s', (file) => {
  const lock: Lock = JSON.parse(readFileSync(file, 'utf8'))
  const packages = Object.entries(lock.packages).filter(([path]) => path !== '')

  test('every package has a version and a digest, and none the address of a registry', () => {
    expect(packages.filter(([, { version, integrity }]) => version === undefined || integrity === undefined)).toEqual(
      [],
    )
    expect(packages.filter(([, { resolved }]) => resolved !== undefined)).toEqual([])
  })

  test('whatever a package depends on is locked too, also what another platform needs', () => {
    const missing = packages.flatMap(([path, { dependencies, optionalDependencies }]) =>
      Object.keys({ ...dependencies, ...optionalDependencies })
        .filter((name) => !isLockedFor(lock, path, name))
        .map((name) => `${path} needs ${name}`),
    )
    expect(missing).toEqual([])
  })
})

/** Whether Node.js would find the package from there: in its own node_modules, or in one above. */
function isLockedFor(lock: Lock, path: string, name: string): boolean {
  for (let folder = path; ; folder = folder.slice(0, Math.max(folder.lastIndexOf('/node_modules/'), 0))) {
    if (lock.packages[folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`] !== undefined)
      return true
    if (folder === '') return false
  }
}
