import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatUtc, LATEST_UTC, parseUtc } from '../../src/runtime/calendar.ts'

test('every time has the text that the platform gives it, and reads back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: LATEST_UTC }), (utc) => {
      const text = formatUtc(utc)
      expect(text).toBe(new Date(utc).toISOString())
      expect(parseUtc(text)).toBe(utc)
    }),
    { numRuns: 2000 },
  )
})

test('the ends of the range and the days around leap days are right', () => {
  const days = ['1970-01-01', '1972-02-29', '1999-12-31', '2000-02-29', '2000-03-01', '2100-02-28', '2100-03-01']
  for (const day of days) expect(formatUtc(Date.parse(day))).toBe(`${day}T00:00:00.000Z`)
  expect(formatUtc(LATEST_UTC)).toBe('9999-12-31T23:59:59.999Z')
  expect(formatUtc(1234.9)).toBe('1970-01-01T00:00:01.234Z')
})

test('a time out of range is a programming error', () => {
  for (const utc of [-1, LATEST_UTC + 1, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => formatUtc(utc)).toThrow(RangeError)
  }
})

test('a text of another form, or of no moment, is not read', () => {
  const texts = ['', '2026-11-22', '2026-11-22T17:05:00Z', '2026-11-22t17:05:00.000Z', '2026-11-22T17:05:00.000Z ']
  const moments = ['2026-02-29T00:00:00.000Z', '2026-13-01T00:00:00.000Z', '2026-00-10T00:00:00.000Z']
  const times = ['2026-01-01T24:00:00.000Z', '2026-01-01T00:60:00.000Z', '2026-01-01T00:00:60.000Z']
  const old = ['1969-12-31T23:59:59.999Z', '0000-01-01T00:00:00.000Z']
  for (const text of [...texts, ...moments, ...times, ...old]) expect(parseUtc(text), text).toBeUndefined()
})
