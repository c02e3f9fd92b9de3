/** Builds dist/ from nothing, so that no file of a former build is ever packed. */
import { chmodSync, existsSync, rmSync } from 'node:fs'
import { run } from './run.ts'

const COMMAND = 'dist/cli/peerage.js'

rmSync('dist', { recursive: true, force: true })
run('tsc', ['-p', 'tsconfig.build.json'])
if (!existsSync(COMMAND)) throw new Error(`the build gave no ${COMMAND}`)
chmodSync(COMMAND, 0o755)
