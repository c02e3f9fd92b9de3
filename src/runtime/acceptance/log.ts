/**
 * The acceptance suite of the log port: whatever is logged, and whatever becomes of it, the code that
 * logs goes on undisturbed.
 */
import type { Log, LogDetails } from '../log.ts'
import { type AcceptanceCheck, expectSame } from './acceptance.ts'

const MESSAGES = [
  'a link was closed',
  '',
  '100 % of %s and %d %o %j',
  'a\u0000b\n\u001b[31m',
  '\ud800',
  'x'.repeat(70_000),
]

const DETAILS: readonly (LogDetails | undefined)[] = [
  undefined,
  {},
  { peer: '0.chat', attempts: 3, secured: true },
  { value: Number.NaN, infinite: Number.NEGATIVE_INFINITY, text: '\ud800', ['__proto__']: 'key' },
]

export const logAcceptance: readonly AcceptanceCheck<Log>[] = [
  {
    name: 'no message and no details make a log throw or give anything back, at any level, however often',
    run(log) {
      for (const level of ['debug', 'info', 'warn', 'error'] as const) {
        for (const message of MESSAGES) {
          expectSame<unknown>(log[level](message), undefined, `what ${level} gives without details`)
          for (const details of DETAILS)
            expectSame<unknown>(log[level](message, details), undefined, `what ${level} gives`)
        }
      }
    },
  },
  {
    name: 'a log does not change the details',
    run(log) {
      const details = Object.freeze({ attempts: 3 })
      log.error('a link was closed', details)
      expectSame(JSON.stringify(details), '{"attempts":3}', 'the details')
    },
  },
]
