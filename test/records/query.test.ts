import { describe, expect, test } from 'vitest'
import type { AttributeValue } from '../../src/records/attribute.ts'
import {
  LONGEST_QUERY_STRING,
  MOST_QUERY_LEVELS,
  MOST_QUERY_PARTS,
  type Query,
  requireQuery,
} from '../../src/records/query.ts'
import { formatQuery, parseQuery } from '../../src/records/query-text.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'

const one: AttributeValue = { type: 'integer', value: 1 }
const clause: Query = { name: 'a', is: '=', value: one }

/** The given number of groups around a clause. */
function nested(groups: number): Query {
  let query: Query = clause
  for (let depth = 0; depth < groups; depth++) query = depth % 2 === 0 ? { and: [query] } : { or: [query] }
  return query
}

const text = (value: string): AttributeValue => ({ type: 'string', value })

test.each([
  clause,
  { and: [clause] },
  { or: [clause, { and: [clause, { or: [clause] }] }] },
  { name: 'and', is: 'like', value: text('\\*?*\\\\') },
  { name: 'peercreatorid', is: '!=', value: text('\\x') },
  { name: 'peercreationtime', is: '<', value: { type: 'date', value: 0 } },
])('G-068, G-071: %j is a query', (query) => {
  expect(requireQuery(query)).toEqual(query)
})

describe('what is no query', () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['nothing', undefined],
    ['null', null],
    ['an empty object', {}],
    ['a text', 'a = 1'],
    ['a list', [clause]],
    ['an empty group', { and: [] }],
    ['an empty group in another', { or: [clause, { and: [] }] }],
    ['a group that is no list', { or: clause }],
    ['two roots', { and: [clause], or: [clause] }],
    ['a group with a part of a clause', { and: [clause], name: 'a' }],
    ['a clause with children', { ...clause, and: [clause] }],
    ['a clause with more than that', { ...clause, more: 1 }],
    ['a clause without a name', { is: '=', value: one }],
    ['a clause without a comparison', { name: 'a', value: one }],
    ['a clause without a value', { name: 'a', is: '=' }],
    ['a name that is none', { ...clause, name: 'a-b' }],
    ['a name that is no text', { ...clause, name: 1 }],
    ['a comparison that is none', { ...clause, is: '==' }],
    ['a comparison from the prototype', { ...clause, is: 'toString' }],
    ['a value without a type', { ...clause, value: { value: 1 } }],
    ['a bare value', { ...clause, value: 1 }],
    ['a value of another type', { ...clause, value: { type: 'string', value: 1 } }],
    ['a value of an unknown type', { ...clause, value: { type: 'boolean', value: true } }],
    ['a fraction', { ...clause, value: { type: 'integer', value: 0.5 } }],
    ['a date that is none', { ...clause, value: { type: 'date', value: Number.NaN } }],
    ['a text with an unpaired surrogate', { ...clause, value: text('\ud800') }],
    ['a text that is too long', { ...clause, value: text('a'.repeat(LONGEST_QUERY_STRING + 1)) }],
    ['a pattern that is no text', { ...clause, is: 'like' }],
    ['a backslash before another character', { ...clause, is: 'like', value: text('\\a') }],
    ['a backslash at the end', { ...clause, is: 'like', value: text('a\\') }],
    ['a creation time that is a text', { name: 'peercreationtime', is: '=', value: text('2003') }],
    ['a creator that is a number', { name: 'peercreatorid', is: '=', value: one }],
    ['a query that is too deep', nested(MOST_QUERY_LEVELS)],
    ['a query of too many parts', { and: Array.from({ length: MOST_QUERY_PARTS }, () => clause) }],
  ]
  test.each(cases)('G-068, G-070, G-071: %s', (_, query) => {
    expect(() => requireQuery(query)).toThrow(expect.objectContaining({ code: 'invalid-search' }))
    expect(() => requireQuery(query)).toThrow(PeerageError)
  })
})

test('G-071: the deepest query, and the one of most parts, are taken', () => {
  const deepest = nested(MOST_QUERY_LEVELS - 1)
  expect(requireQuery(deepest)).toEqual(deepest)
  const widest = { and: Array.from({ length: MOST_QUERY_PARTS - 1 }, () => clause) }
  expect(requireQuery(widest)).toEqual(widest)
})

test('minus zero, which has no text of its own, is zero', () => {
  const query = requireQuery({ name: 'a', is: '=', value: { type: 'integer', value: -0 } })
  expect(query).toEqual({ name: 'a', is: '=', value: { type: 'integer', value: 0 } })
  expect(parseQuery(formatQuery(query))).toEqual(query)
})

test('a query is a copy, and one that contains itself is refused', () => {
  const list = [clause]
  const query = requireQuery({ and: list })
  list.push(clause)
  expect(query).toEqual({ and: [clause] })
  const loop: { and: unknown[] } = { and: [] }
  loop.and.push(loop)
  expect(() => requireQuery(loop)).toThrow(expect.objectContaining({ code: 'invalid-search' }))
})
