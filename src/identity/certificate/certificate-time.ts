/**
 * Times in certificates: whole seconds in UTC, as UTCTime up to the year 2049 and as GeneralizedTime
 * from 2050 on (RFC 5280 section 4.1.2.5).
 */
import { formatUtc, parseUtc } from '../../runtime/calendar.ts'
import type { DerReader } from '../der-reader.ts'
import { GENERALIZED_TIME, UTC_TIME } from '../der-tags.ts'
import { derElement } from '../der-writer.ts'

/** 2050-01-01T00:00:00Z */
const FIRST_GENERALIZED_TIME = 2_524_608_000_000
const UTC_TIME_LENGTH = 13
const GENERALIZED_TIME_LENGTH = 15

/** The element of a time in milliseconds since 1970, which must be a whole second. */
export function derTime(utc: number): Uint8Array {
  const content = generalizedTime(utc)
  if (utc >= FIRST_GENERALIZED_TIME) return derElement(GENERALIZED_TIME, content)
  return derElement(UTC_TIME, content.subarray(GENERALIZED_TIME_LENGTH - UTC_TIME_LENGTH))
}

/** Reads what {@link derTime} writes. @throws PeerageError `malformed` */
export function readTime(reader: DerReader, what: string): number {
  const isUtcTime = reader.isNext(UTC_TIME)
  const content = reader.content(isUtcTime ? UTC_TIME : GENERALIZED_TIME, what)
  const utc = isUtcTime ? parseUtcTime(content) : parseGeneralizedTime(content)
  if (utc === undefined || isUtcTime !== utc < FIRST_GENERALIZED_TIME) throw reader.malformed(`${what} is not a time`)
  return utc
}

/** The content of a GeneralizedTime, `YYYYMMDDHHMMSSZ`. */
export function generalizedTime(utc: number): Uint8Array {
  if (utc % 1000 !== 0) throw new RangeError(`a time in a certificate is a whole second, not ${utc} milliseconds`)
  const digits = formatUtc(utc).replace(/\.\d+|\D/g, '')
  return Uint8Array.from(`${digits}Z`, (character) => character.charCodeAt(0))
}

/** The time of {@link generalizedTime}, or undefined. */
export function parseGeneralizedTime(content: Uint8Array): number | undefined {
  if (content.length !== GENERALIZED_TIME_LENGTH) return undefined
  return parseDigits(String.fromCharCode(...content))
}

function parseUtcTime(content: Uint8Array): number | undefined {
  if (content.length !== UTC_TIME_LENGTH) return undefined
  const text = String.fromCharCode(...content)
  // Two digits of the year stand for 1950 to 2049.
  return parseDigits(text < '5' ? `20${text}` : `19${text}`)
}

/** @param text 15 characters, which are `YYYYMMDDHHMMSSZ` if they are a time. */
function parseDigits(text: string): number | undefined {
  if (text[14] !== 'Z') return undefined
  const date = `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}`
  return parseUtc(`${date}T${text.slice(8, 10)}:${text.slice(10, 12)}:${text.slice(12, 14)}.000Z`)
}
