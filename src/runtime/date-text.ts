/**
 * Dates as people write them: the profile of ISO 8601 that the W3C recommends (MS-PPGRH 2.2.3.5; G-067). A year, a
 * month or a day stands for its first instant in UTC. What is finer than a millisecond is cut off.
 *
 * ```
 * 2003   2003-02   2003-02-28   2003-02-28T17:05Z   2003-02-28T17:05:30+01:00   2003-02-28T17:05:30.125Z
 * ```
 */
import { LATEST_UTC } from './calendar.ts'

/** 0000-01-01T00:00:00.000Z, the first moment with a year of four digits, in milliseconds since 1970. */
export const EARLIEST_DATE = -62_167_219_200_000
/** 9999-12-31T23:59:59.999Z, the last one. */
export const LATEST_DATE: number = LATEST_UTC

/** Whether a number is a moment with a year of four digits, to the millisecond. */
export function isDate(value: number): boolean {
  return Number.isInteger(value) && value >= EARLIEST_DATE && value <= LATEST_DATE
}

/** The whole text of a date: `2003-02-28T17:05:30.125Z`. */
export function formatDate(date: number): string {
  if (!isDate(date)) throw new RangeError(`not milliseconds of a year from 0 to 9999: ${date}`)
  return new Date(date).toISOString()
}

const FORM = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:Z|([+-])(\d\d):(\d\d)))?)?)?$/

/** The moment that a text stands for, in milliseconds since 1970; undefined for another form, or if there is none. */
export function parseDate(text: string): number | undefined {
  const match = FORM.exec(text)
  if (match === null) return undefined
  const [, year, month = '01', day = '01', hour = '00', minute = '00', second = '00', fraction = '', sign] = match
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}Z`
  const date = Date.parse(local)
  // A platform may take February 30 for March 2, and 24:00 for the next day.
  if (Number.isNaN(date) || formatDate(date) !== local) return undefined
  const offset = sign === undefined ? 0 : minutesOf(match[9], match[10])
  if (offset === undefined) return undefined
  const moment = date - (sign === '-' ? -offset : offset) * MINUTE
  return isDate(moment) ? moment : undefined
}

const MINUTE = 60_000

function minutesOf(hours: string | undefined, minutes: string | undefined): number | undefined {
  const [hour, minute] = [Number(hours), Number(minutes)]
  return hour <= 23 && minute <= 59 ? hour * 60 + minute : undefined
}
