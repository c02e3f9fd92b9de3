import { defineConfig } from 'vitest/config'

const MINUTE = 60_000

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // They need the rights of root, and have a command of their own: npm run test:network.
    exclude: ['test/network/**'],
    watch: false,
    // A process for each file: a crash in a native module then costs one file, and no file sees another's timers.
    pool: 'forks',
    // Long enough for a slow machine under load, short enough to end what hangs. No test measures time with it.
    testTimeout: MINUTE,
    hookTimeout: MINUTE,
    allowOnly: false,
    reporters: ['default', './scripts/count-line-reporter.ts'],
  },
})
