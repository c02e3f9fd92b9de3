/**
 * Durations as people write them: `'30d'`, `'250ms'`, or a number of milliseconds.
 */
import { PeerageError } from './peerage-error.ts'

/** A number of milliseconds, or a number with its unit. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

const UNITS = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

/**
 * The milliseconds of a duration. It can be negative or a fraction.
 *
 * @throws PeerageError `invalid-argument` if the value is no duration
 */
export function parseDuration(duration: Duration): number {
  if (typeof duration === 'number' && Number.isFinite(duration)) return duration
  const [, digits, unit = ''] = /^(-?[0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)$/.exec(String(duration)) ?? []
  const factor = UNITS.get(unit)
  if (digits === undefined || factor === undefined) {
    throw new PeerageError('invalid-argument', {
      name: 'duration',
      value: typeof duration === 'string' ? JSON.stringify(duration) : String(duration),
      expected: "a number of milliseconds, or text such as '250ms', '30s', '5m', '2h' or '7d'",
    })
  }
  return Number(digits) * factor
}
