/**
 * What a query means (SDK record-search-query-format; G-068 to G-070): the plain scan. Every index must agree.
 *
 * A clause holds if one value of its name and type satisfies it, so a record without such a value satisfies none, `!=`
 * included.
 */
import type { Crypto } from '../runtime/crypto.ts'
import type { AttributeValue } from './attribute.ts'
import { compareByCodePoint } from './code-point-order.ts'
import { headerValue, isHeaderName } from './header-names.ts'
import { patternMatcher } from './like-pattern.ts'
import type { Clause, Comparison, Query } from './query.ts'
import type { GraphRecord } from './record.ts'

/** Whether a record satisfies a query. */
export type RecordMatcher = (record: GraphRecord) => boolean

/** The matcher of a query that {@link requireQuery} has checked. */
export function queryMatcher(crypto: Crypto, query: Query): RecordMatcher {
  if ('and' in query) {
    const matchers = query.and.map((child) => queryMatcher(crypto, child))
    return (record) => matchers.every((matches) => matches(record))
  }
  if ('or' in query) {
    const matchers = query.or.map((child) => queryMatcher(crypto, child))
    return (record) => matchers.some((matches) => matches(record))
  }
  return clauseMatcher(crypto, query)
}

function clauseMatcher(crypto: Crypto, { name, is, value }: Clause): RecordMatcher {
  const satisfies = valueMatcher(is, value)
  if (isHeaderName(name)) return (record) => satisfies(headerValue(crypto, record, name))
  return ({ attributes }) => {
    const found = attributes.find((attribute) => attribute.name === name)
    return found?.values.some((candidate) => candidate.type === value.type && satisfies(candidate.value)) ?? false
  }
}

/** Judges values that are of the type of `value`. */
function valueMatcher(is: Comparison, { value }: AttributeValue): (candidate: string | number) => boolean {
  if (is === 'like') {
    const matches = patternMatcher(String(value))
    if (matches === undefined) throw new TypeError('the query was not checked')
    return (candidate) => matches(String(candidate))
  }
  return (candidate) => holds(is, compareValues(candidate, value))
}

function compareValues(one: string | number, other: string | number): number {
  if (typeof one === 'number' && typeof other === 'number') return one - other
  return compareByCodePoint(String(one), String(other))
}

function holds(is: Exclude<Comparison, 'like'>, order: number): boolean {
  switch (is) {
    case '=':
      return order === 0
    case '!=':
      return order !== 0
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
  }
}
