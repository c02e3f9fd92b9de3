/**
 * Builds dist/ from nothing, so that no file of a former build is ever packed: the declarations by the compiler, one for each
 * module, and the code in few files. Loading 600 modules takes a program three times as long, and 20 MB more of memory.
 */
import { chmodSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { root, run } from './run.ts'

const COMMAND = 'dist/cli/peerage.js'
/** What is loaded by its path: the entrances, the command, and the worker. */
const ENTRIES = ['index', 'client', 'simulation', 'cli/peerage', 'nodejs/signature-worker']
/** As deep as the modules in src/ from which they come, which find files by their own place. */
const CHUNKS = 'chunks/[name].js'

rmSync('dist', { recursive: true, force: true })
run('tsc', ['-p', 'tsconfig.build.json'])
const bundle = await rolldown({
  input: Object.fromEntries(ENTRIES.map((entry) => [entry, join(root, 'src', `${entry}.ts`)])),
  platform: 'node',
  external: /^[^./]/,
  onLog: (level, log) => {
    if (level === 'warn') throw new Error(`the bundler warns: ${log.message}`)
  },
})
const { output } = await bundle.write({
  ...{ dir: 'dist', format: 'esm', entryFileNames: '[name].js', chunkFileNames: CHUNKS, comments: false },
})
await bundle.close()
for (const { fileName } of output) {
  const isDeep = fileName.includes('/')
  if (!isDeep && readFileSync(join('dist', fileName), 'utf8').includes('import.meta')) {
    throw new Error(`dist/${fileName} looks for files beside a module, and that module was not where it stands`)
  }
}
if (!existsSync(COMMAND)) throw new Error(`the build gave no ${COMMAND}`)
chmodSync(COMMAND, 0o755)
