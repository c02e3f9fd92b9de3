/** Checks that docs/errors.md, docs/limits.md and docs/control-api.md say what the sources say. `--write` brings them up to date. */
import { globSync, readFileSync } from 'node:fs'
import { settleDocument } from './generated-document.ts'
import { controlReference } from './reference/control.ts'
import { errorReference } from './reference/errors.ts'
import { limitReference, readLimits } from './reference/limits.ts'

const COMMAND = 'npm run reference:write'

const sources = globSync('src/**/*.ts', { exclude: ['src/runtime/acceptance/**'] })
  .map((file) => file.replaceAll('\\', '/'))
  .sort()
const limits = new Map(sources.map((file) => [file, readLimits(file, readFileSync(file, 'utf8'))]))

const settled = [
  settleDocument('docs/errors.md', errorReference(), COMMAND),
  settleDocument('docs/limits.md', limitReference(limits), COMMAND),
  settleDocument('docs/control-api.md', controlReference(), COMMAND),
]
if (settled.includes(false)) process.exit(1)
