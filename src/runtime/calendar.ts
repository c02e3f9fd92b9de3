/**
 * Times as text, `2026-11-22T17:05:00.000Z` (RFC 3339, in UTC and with milliseconds): by arithmetic,
 * since the layers below the platform have no `Date`.
 *
 * The calendar counts in years that begin on 1 March, so that a leap day comes last in its year and
 * the lengths of the months before it never change. Four hundred such years have 146,097 days.
 */

const MILLISECONDS_PER_DAY = 86_400_000
const DAYS_PER_400_YEARS = 146_097
/** Days from 0000-03-01 to 1970-01-01. */
const DAYS_BEFORE_1970 = 719_468
/** 9999-12-31T23:59:59.999Z, the last moment with a year of four digits, in milliseconds since 1970. */
export const LATEST_UTC = 253_402_300_799_999

/** The text of a time in milliseconds since 1970, rounded down; the time must be from 0 to {@link LATEST_UTC}. */
export function formatUtc(utc: number): string {
  if (!(utc >= 0 && utc <= LATEST_UTC)) throw new RangeError(`a time is 0 to ${LATEST_UTC} milliseconds, not ${utc}`)
  const { year, month, day } = dateOfDays(Math.floor(utc / MILLISECONDS_PER_DAY))
  const time = Math.floor(utc % MILLISECONDS_PER_DAY)
  const date = `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`
  const hour = digits(Math.floor(time / 3_600_000), 2)
  const minute = digits(Math.floor(time / 60_000) % 60, 2)
  const second = digits(Math.floor(time / 1000) % 60, 2)
  return `${date}T${hour}:${minute}:${second}.${digits(time % 1000, 3)}Z`
}

/** The time of a text, or undefined if {@link formatUtc} gives this text for no time. */
export function parseUtc(text: string): number | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{3})Z$/.exec(text)
  if (match === null) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, millisecond = 0] = match.slice(1).map(Number)
  const time = ((hour * 60 + minute) * 60 + second) * 1000 + millisecond
  const utc = daysOfDate(year, month, day) * MILLISECONDS_PER_DAY + time
  return utc >= 0 && utc <= LATEST_UTC && formatUtc(utc) === text ? utc : undefined
}

function dateOfDays(daysSince1970: number): { year: number; month: number; day: number } {
  const days = daysSince1970 + DAYS_BEFORE_1970
  const era = Math.floor(days / DAYS_PER_400_YEARS)
  const dayOfEra = days - era * DAYS_PER_400_YEARS
  // Take the leap days out before dividing by 365: one in 4 years, none in 100, one in 400.
  const leapDays =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / (DAYS_PER_400_YEARS - 1))
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365)
  const dayOfYear = dayOfEra - daysBeforeYear(yearOfEra)
  // From March on, every five months have 153 days.
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  return {
    year: era * 400 + yearOfEra + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - daysBeforeMonth(monthFromMarch) + 1,
  }
}

function daysOfDate(year: number, month: number, day: number): number {
  const yearFromMarch = month <= 2 ? year - 1 : year
  const monthFromMarch = (month + 9) % 12
  return daysBeforeYear(yearFromMarch) + daysBeforeMonth(monthFromMarch) + day - 1 - DAYS_BEFORE_1970
}

function daysBeforeYear(year: number): number {
  return 365 * year + Math.floor(year / 4) - Math.floor(year / 100) + Math.floor(year / 400)
}

function daysBeforeMonth(monthFromMarch: number): number {
  return Math.floor((153 * monthFromMarch + 2) / 5)
}

function digits(value: number, count: number): string {
  return String(value).padStart(count, '0')
}
