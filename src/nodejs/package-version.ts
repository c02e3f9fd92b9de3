/** The version of this package, as its package.json has it. */
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

export function packageVersion(): string {
  const manifest: unknown = require('../../package.json')
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version)
  throw new Error('package.json has no version')
}
