/**
 * Times as text: `2026-11-22T17:05:00.000Z` (RFC 3339, in UTC and with milliseconds).
 */

/** 9999-12-31T23:59:59.999Z, the last moment with a year of four digits, in milliseconds since 1970. */
export const LATEST_UTC = 253_402_300_799_999

const FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** The text of a time in milliseconds since 1970, rounded down; the time must be from 0 to {@link LATEST_UTC}. */
export function formatUtc(utc: number): string {
  if (!(utc >= 0 && utc <= LATEST_UTC)) throw new RangeError(`a time is 0 to ${LATEST_UTC} milliseconds, not ${utc}`)
  return new Date(utc).toISOString()
}

/** The time of a text, or undefined if {@link formatUtc} gives this text for no time. */
export function parseUtc(text: string): number | undefined {
  if (!FORM.test(text)) return undefined
  const utc = Date.parse(text)
  // What is in no calendar has no time, or that of another day: February 30, and 24:00.
  return utc >= 0 && new Date(utc).getUTCDate() === Number(text.slice(8, 10)) ? utc : undefined
}
