/**
 * The log port on an application's logger. A logger is code of the application, and what goes wrong in
 * it must not look like a failure of the protocol that happened to log something. So the first time
 * that it throws, or returns a promise that rejects, it is not called again, and one warning of the
 * process says why.
 */
import type { Log, LogDetails } from '../runtime/log.ts'

/** What an application can hand over to see what happens: `console`, or anything with the same four methods. */
export type Logger = Pick<Console, 'debug' | 'info' | 'warn' | 'error'>

/** A log that hands everything to the logger until the logger fails. It never throws. */
export function guardedLog(logger: Logger): Log {
  let failed = false
  const fail = (error: unknown): void => {
    if (failed) return
    failed = true
    process.emitWarning(`the logger failed and is not called any more: ${describe(error)}`, {
      type: 'PeerageWarning',
      code: 'PEERAGE_LOGGER_FAILED',
    })
  }
  const entry = (level: keyof Logger) => {
    return (message: string, details?: LogDetails): void => {
      if (failed) return
      try {
        const result: unknown = details === undefined ? logger[level](message) : logger[level](message, details)
        // Nothing in the type of a logger stops its methods from being asynchronous.
        if (result instanceof Promise) result.catch(fail)
      } catch (error) {
        fail(error)
      }
    }
  }
  return { debug: entry('debug'), info: entry('info'), warn: entry('warn'), error: entry('error') }
}

function describe(error: unknown): string {
  try {
    return String(error)
  } catch {
    // Anything can be thrown, also what has no text.
    return 'it threw something that has no text'
  }
}
