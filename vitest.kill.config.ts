import config from './vitest.config.ts'

const HOUR = 3_600_000

/** Processes that are killed at random instants, hundreds of times instead of some dozens. */
export default {
  test: {
    ...config.test,
    include: [
      'test/nodejs/record-database-kill.test.ts',
      'test/nodejs/graph-kill.test.ts',
      'test/nodejs/group-kill.test.ts',
    ],
    env: { PEERAGE_KILLS: process.env['PEERAGE_KILLS'] ?? '500' },
    testTimeout: HOUR,
  },
}
