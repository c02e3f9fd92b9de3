import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EARLIEST_DATE, formatDate, isDate, LATEST_DATE, parseDate } from '../../src/runtime/date-text.ts'
import { queryVectors } from '../records/query-vectors.ts'

test.each(queryVectors.dates)('G-067: the date "$text" is $date', ({ text, date }) => {
  expect(parseDate(text)).toBe(date ?? undefined)
})

test('G-067: every date has a text, to the millisecond', () => {
  fc.assert(
    fc.property(fc.integer({ min: EARLIEST_DATE, max: LATEST_DATE }), (date) => {
      expect(formatDate(date)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      expect(parseDate(formatDate(date))).toBe(date)
    }),
  )
})

test('G-067: days are those of the calendar, and no others', () => {
  const anyNumber = fc.integer({ min: 0, max: 33 }).map((number) => String(number).padStart(2, '0'))
  const anyYear = fc.integer({ min: 0, max: 9999 }).map((year) => String(year).padStart(4, '0'))
  fc.assert(
    fc.property(anyYear, anyNumber, anyNumber, (year, month, day) => {
      const isLeap = Number(year) % 4 === 0 && (Number(year) % 100 !== 0 || Number(year) % 400 === 0)
      const days = [0, 31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][Number(month)] ?? 0
      const isDay = Number(day) >= 1 && Number(day) <= days
      expect(parseDate(`${year}-${month}-${day}`) !== undefined).toBe(isDay)
    }),
    { numRuns: 2000 },
  )
})

test('what is no date has no text', () => {
  for (const value of [Number.NaN, 0.5, Infinity, EARLIEST_DATE - 1, LATEST_DATE + 1]) {
    expect(isDate(value)).toBe(false)
    expect(() => formatDate(value)).toThrow(RangeError)
  }
})
