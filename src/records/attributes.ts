/**
 * What attributes may be, the same for who writes a record and for who receives one (MS-PPGRH 2.2.3.5; G-064 to G-066).
 */
import { EARLIEST_DATE, isDate, LATEST_DATE } from '../runtime/date-text.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { AttributeValue, RecordAttribute } from './attribute.ts'
import { isHeaderName } from './header-names.ts'

/** In characters, which are digits and letters of ASCII. */
export const LONGEST_ATTRIBUTE_NAME = 40
/** Of one record, under all names together. */
export const MOST_ATTRIBUTE_VALUES = 256

/** Whether a text has the form of an attribute name: 1 to {@link LONGEST_ATTRIBUTE_NAME} of 0-9, a-z and A-Z. */
export function isAttributeName(name: string): boolean {
  return name.length <= LONGEST_ATTRIBUTE_NAME && /^[0-9a-zA-Z]+$/.test(name)
}

/** Why a value is none, in words; undefined if it is one. */
export function attributeValueProblem({ type, value }: AttributeValue): string | undefined {
  switch (type) {
    case 'string':
      if (!value.isWellFormed()) return 'its text has an unpaired surrogate'
      return value.includes('\0') ? 'its text contains U+0000' : undefined
    case 'integer':
      return Number.isSafeInteger(value) ? undefined : `${value} is not an integer from -(2^53 - 1) to 2^53 - 1`
    case 'date':
      return isDate(value) ? undefined : `${value} is not a date from ${EARLIEST_DATE} to ${LATEST_DATE} milliseconds`
  }
}

/**
 * The attributes in the one order that records have: ascending by name, the values as they were given.
 *
 * @throws PeerageError `invalid-attributes`, `too-many-attributes`
 */
export function requireAttributes(attributes: readonly RecordAttribute[]): readonly RecordAttribute[] {
  let count = 0
  for (const attribute of attributes) count += attribute.values.length
  if (count > MOST_ATTRIBUTE_VALUES)
    throw new PeerageError('too-many-attributes', { count, limit: MOST_ATTRIBUTE_VALUES })
  const sorted = attributes.toSorted((one, other) => (one.name < other.name ? -1 : Number(one.name > other.name)))
  for (const [index, { name, values }] of sorted.entries()) {
    const isDoubled = index > 0 && sorted[index - 1]?.name === name
    const problem = isDoubled ? 'it is there twice' : attributeProblem(name, values)
    if (problem !== undefined) throw new PeerageError('invalid-attributes', { name, problem })
  }
  return sorted
}

function attributeProblem(name: string, values: readonly AttributeValue[]): string | undefined {
  if (!isAttributeName(name)) return `a name has 1 to ${LONGEST_ATTRIBUTE_NAME} characters from 0-9, a-z and A-Z`
  if (isHeaderName(name)) return 'this name stands for a part of every record'
  if (values.length === 0) return 'it has no value'
  for (const value of values) {
    const problem = attributeValueProblem(value)
    if (problem !== undefined) return problem
  }
  return undefined
}
