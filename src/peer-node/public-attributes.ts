/**
 * Attributes and queries as applications write them, and what they are in a record: a text is a string, a number an
 * integer, a `Date` a date.
 */
import type { RecordAttribute, AttributeValue as RecordValue } from '../records/attribute.ts'
import { type Comparison, MOST_QUERY_LEVELS, type Query as RecordQuery, requireQuery } from '../records/query.ts'
import { parseQuery } from '../records/query-text.ts'
import { PeerageError } from '../runtime/peerage-error.ts'

/** A text, an integer from -(2^53 - 1) to 2^53 - 1, or an instant to the millisecond. */
export type AttributeValue = string | number | Date

/** By what records are searched: names of 1 to 40 letters and digits, each with one value or several. */
export type Attributes = Readonly<Record<string, AttributeValue | readonly AttributeValue[]>>

/** What is searched for. A clause holds if one value of that name and of the same type compares so. */
export type Query =
  | { readonly and: readonly Query[] }
  | { readonly or: readonly Query[] }
  | { readonly name: string; readonly is: Comparison; readonly value: AttributeValue }

/** Attributes for a record. What else they have to be is checked with the record. @throws PeerageError `invalid-attributes` */
export function recordAttributes(attributes: Attributes): readonly RecordAttribute[] {
  return Object.entries(attributes).map(([name, given]) => ({
    name,
    values: (isList(given) ? given : [given]).map((value) => {
      const converted = recordValue(value)
      if (converted !== undefined) return converted
      throw new PeerageError('invalid-attributes', { name, problem: 'a value is no text, number or Date' })
    }),
  }))
}

/** The attributes of a record: a name with one value has it alone, others have a list. */
export function publicAttributes(attributes: readonly RecordAttribute[]): Attributes {
  return Object.fromEntries(
    attributes.map(({ name, values }) => {
      const [first, ...others] = values.map(publicValue)
      return [name, first !== undefined && others.length === 0 ? first : values.map(publicValue)]
    }),
  )
}

/** A query for a database, given as an object or in the text form. @throws PeerageError `invalid-search` */
export function recordQuery(query: Query | string): RecordQuery {
  return typeof query === 'string' ? parseQuery(query) : requireQuery(converted(query, 1))
}

/** Only values are converted; whatever else is wrong with it {@link requireQuery} says. */
function converted(query: unknown, level: number): unknown {
  if (typeof query !== 'object' || query === null || level > MOST_QUERY_LEVELS) return query
  const convertedList = (list: unknown): unknown =>
    Array.isArray(list) ? list.map((part: unknown) => converted(part, level + 1)) : list
  return Object.fromEntries(
    Object.entries(query).map(([key, value]: [string, unknown]) => {
      if (key === 'value') return [key, recordValue(value)]
      return [key, key === 'and' || key === 'or' ? convertedList(value) : value]
    }),
  )
}

function recordValue(value: unknown): RecordValue | undefined {
  if (typeof value === 'string') return { type: 'string', value }
  if (typeof value === 'number') return { type: 'integer', value }
  return value instanceof Date ? { type: 'date', value: value.getTime() } : undefined
}

function publicValue({ type, value }: RecordValue): AttributeValue {
  return type === 'date' ? new Date(value) : value
}

function isList(given: AttributeValue | readonly AttributeValue[]): given is readonly AttributeValue[] {
  return Array.isArray(given)
}
