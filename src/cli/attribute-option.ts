/**
 * Attributes as command lines give them: `name=value`, where a value that is written as an integer or as a date is one, and
 * `name:text=value` for a text whatever it looks like. A name that is given several times has several values.
 */
import { InvalidArgumentError } from 'commander'
import type { Attributes, AttributeValue } from '../peer-node/public-attributes.ts'
import { parseDate } from '../runtime/date-text.ts'

/** For `--attr`: what was given before, with one more value. */
export function collectAttribute(text: string, former: Attributes = {}): Attributes {
  const [, name, kind, value] = /^([^=:]+)(:text)?=(.*)$/s.exec(text) ?? []
  if (name === undefined || value === undefined) {
    throw new InvalidArgumentError('An attribute is name=value, or name:text=value.')
  }
  const present = Object.hasOwn(former, name) ? (former[name] ?? []) : []
  const values = [present, kind === undefined ? typed(value) : value].flat()
  const [only, ...others] = values
  return { ...former, [name]: only !== undefined && others.length === 0 ? only : values }
}

function typed(text: string): AttributeValue {
  const number = /^(?:0|-?[1-9][0-9]*)$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(number)) return number
  // A year alone is a number.
  const date = text.includes('-') ? parseDate(text) : undefined
  return date === undefined ? text : new Date(date)
}
