/** Values of options as people write them. What is none is misuse of the command line. */
import { InvalidArgumentError } from 'commander'
import { isRole, ROLES, type Role } from '../identity/role.ts'
import { parseDate } from '../runtime/date-text.ts'
import type { Duration } from '../runtime/duration.ts'

/** A time from now, or a moment: `7d`, `2030-01-31T12:00Z`. */
export function readExpires(text: string): Duration | Date {
  if (isDuration(text)) return text
  const moment = parseDate(text)
  if (moment !== undefined) return new Date(moment)
  throw new InvalidArgumentError('It is a time from now, such as 30s, 5m, 2h or 7d, or a moment: 2030-01-31T12:00Z.')
}

/** A whole number from 1 up. */
export function readCount(text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1 up.')
  return Number(text)
}

export function readRole(text: string): Role {
  if (isRole(text)) return text
  throw new InvalidArgumentError(`It is ${ROLES.join(' or ')}.`)
}

function isDuration(text: string): text is Exclude<Duration, number> {
  return /^[0-9]{1,9}(?:\.[0-9]{1,3})?(?:ms|s|m|h|d)$/.test(text)
}
