/** Random queries for property tests: with names and values that random records also have. */
import fc from 'fast-check'
import type { AttributeValue } from '../../src/records/attribute.ts'
import { headerNames, isHeaderName } from '../../src/records/header-names.ts'
import { patternMatcher } from '../../src/records/like-pattern.ts'
import { comparisons, MOST_QUERY_LEVELS, type Query } from '../../src/records/query.ts'
import { anyAttributeName, anyText, anyValue } from './any-record.ts'

const anyName = fc.oneof({ weight: 5, arbitrary: anyAttributeName }, fc.constantFrom(...Object.keys(headerNames)))

function fitsName(name: string, { type }: AttributeValue): boolean {
  return !isHeaderName(name) || headerNames[name] === type
}

const anyComparison: fc.Arbitrary<Query> = fc
  .record({
    name: anyName,
    is: fc.constantFrom(...comparisons.filter((is) => is !== 'like')),
    value: anyValue,
  })
  .filter(({ name, value }) => fitsName(name, value))

const anyLike: fc.Arbitrary<Query> = fc
  .record({
    name: anyName,
    is: fc.constant('like' as const),
    value: fc.record({ type: fc.constant('string' as const), value: anyText }),
  })
  .filter(({ name, value }) => patternMatcher(value.value) !== undefined && fitsName(name, value))

/** A query within all limits. */
export const anyQuery: fc.Arbitrary<Query> = fc.letrec<{ query: Query }>((tie) => {
  const children = fc.array(tie('query'), { minLength: 1, maxLength: 3 })
  return {
    query: fc.oneof(
      { maxDepth: Math.min(4, MOST_QUERY_LEVELS - 1), depthSize: 'small' },
      fc.oneof(anyComparison, anyLike),
      fc.record({ and: children }),
      fc.record({ or: children }),
    ),
  }
}).query
