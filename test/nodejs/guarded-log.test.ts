import { afterEach, expect, test, vi } from 'vitest'
import { guardedLog, type Logger } from '../../src/nodejs/guarded-log.ts'
import { logAcceptance } from '../../src/runtime/acceptance/log.ts'
import { type Log, silentLog } from '../../src/runtime/log.ts'

function throwing(thrown: unknown): Logger {
  const entry = (): never => {
    throw thrown
  }
  return { debug: entry, info: entry, warn: entry, error: entry }
}

function collecting(calls: unknown[][]): Logger {
  const entry = (level: string) => {
    return (...values: unknown[]): void => {
      calls.push([level, ...values])
    }
  }
  return { debug: entry('debug'), info: entry('info'), warn: entry('warn'), error: entry('error') }
}

const rejecting = async (): Promise<never> => {
  throw new Error('the log server is away')
}

const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
afterEach(() => {
  warnings.mockClear()
})

const subjects: Readonly<Record<string, () => Log>> = {
  'the silent log': () => silentLog,
  'a logger': () => guardedLog(collecting([])),
  'a logger that throws': () => guardedLog(throwing(new Error('no space left'))),
  'a logger that throws what has no text': () => guardedLog(throwing(Object.create(null))),
  'a logger that rejects': () => guardedLog({ debug: rejecting, info: rejecting, warn: rejecting, error: rejecting }),
}

for (const [subject, log] of Object.entries(subjects)) {
  for (const { name, run } of logAcceptance) test(`acceptance, ${subject}: ${name}`, () => run(log()))
}

test('each level of the log is the method of that name, with the details as they are', () => {
  const calls: unknown[][] = []
  const log = guardedLog(collecting(calls))
  const details = { attempts: 3 }
  log.debug('one')
  log.info('two', details)
  log.warn('three')
  log.error('four', details)
  expect(calls).toEqual([
    ['debug', 'one'],
    ['info', 'two', details],
    ['warn', 'three'],
    ['error', 'four', details],
  ])
})

test('a logger is called as a method, so that a class can be a logger', () => {
  class Counter {
    count = 0
    debug(): void {
      this.count++
    }
    info(): void {}
    warn(): void {}
    error(): void {}
  }
  const counter = new Counter()
  guardedLog(counter).debug('one')
  expect(counter.count).toBe(1)
})

test('a logger that throws is switched off for all levels, with one warning of the process', () => {
  let calls = 0
  const logger = throwing(new Error('no space left'))
  const log = guardedLog({
    ...logger,
    info: () => {
      calls++
      throw new Error('no space left')
    },
    warn: () => {
      calls++
    },
  })
  log.info('one')
  log.info('two')
  log.warn('three')
  expect(calls).toBe(1)
  expect(warnings).toHaveBeenCalledTimes(1)
  expect(String(warnings.mock.calls[0]?.[0])).toContain('no space left')
})

test('a logger whose promise rejects is switched off too, and nothing stays unhandled', async () => {
  let calls = 0
  const log = guardedLog({
    ...throwing(new Error('not this')),
    info: () => {
      calls++
      return rejecting()
    },
  })
  log.info('one')
  await new Promise((resolve) => setImmediate(resolve))
  log.info('two')
  expect(calls).toBe(1)
  expect(warnings).toHaveBeenCalledTimes(1)
})
