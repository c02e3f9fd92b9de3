import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const MINUTE = 60_000

const source = (name: string) => fileURLToPath(new URL(`src/${name}.ts`, import.meta.url))

export default defineConfig({
  // What examples import is what the sources are, not the last build.
  resolve: {
    alias: [
      { find: /^peerage$/, replacement: source('index') },
      { find: /^peerage\/(client|simulation)$/, replacement: source('$1') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    // They need the rights of root, and have a command of their own: npm run test:network.
    exclude: ['test/network/**'],
    watch: false,
    // A process for each file: a crash in a native module then costs one file, and no file sees another's timers.
    pool: 'forks',
    // On two cores vitest would run one at a time, and leave a core idle.
    maxWorkers: '100%',
    // Long enough for a slow machine under load, short enough to end what hangs. No test measures time with it.
    testTimeout: MINUTE,
    hookTimeout: MINUTE,
    allowOnly: false,
    reporters: ['default', './scripts/count-line-reporter.ts'],
  },
})
