// The tests that kill processes at random instants, with hundreds of kills: npm run test:kill
import { defineConfig } from 'vitest/config'

const HOUR = 3_600_000

export default defineConfig({
  test: {
    include: ['test/nodejs/record-database-kill.test.ts'],
    env: { PEERAGE_KILLS: '500' },
    watch: false,
    pool: 'forks',
    testTimeout: HOUR,
    allowOnly: false,
  },
})
