import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  LONGEST_QUERY_STRING,
  MOST_QUERY_LEVELS,
  MOST_QUERY_PARTS,
  type Query,
  requireQuery,
} from '../../src/records/query.ts'
import { formatQuery, LONGEST_QUERY_TEXT, parseQuery } from '../../src/records/query-text.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { anyQuery } from './any-query.ts'
import { queryVectors } from './query-vectors.ts'

describe('docs/protocol/vectors/graph-queries.json', () => {
  test.each(queryVectors.texts)('G-071, G-072: $text', ({ text, query, canonical }) => {
    expect(parseQuery(text)).toEqual(query)
    expect(formatQuery(query)).toBe(canonical ?? text)
    expect(parseQuery(formatQuery(query))).toEqual(query)
  })

  test.each(queryVectors.notTexts)('G-068, G-070, G-071: %j is no query', (text) => {
    expect(() => parseQuery(text)).toThrow(expect.objectContaining({ code: 'invalid-search' }))
  })
})

test('G-072: every query has a text from which exactly it comes back', () => {
  fc.assert(
    fc.property(anyQuery, (query) => {
      expect(requireQuery(query)).toEqual(query)
      expect(parseQuery(formatQuery(query))).toEqual(query)
    }),
    { numRuns: 500 },
  )
})

test('G-072: also the deepest and the longest one', () => {
  const value = { type: 'string', value: '"'.repeat(LONGEST_QUERY_STRING) } as const
  const clause: Query = { name: 'a'.repeat(40), is: '!=', value }
  let deepest: Query = clause
  for (let depth = 1; depth < MOST_QUERY_LEVELS; depth++) deepest = { and: [deepest] }
  const longest = { or: Array.from({ length: MOST_QUERY_PARTS - 1 }, () => clause) }
  for (const query of [deepest, longest]) {
    const text = formatQuery(requireQuery(query))
    expect(text.length).toBeLessThan(LONGEST_QUERY_TEXT)
    expect(parseQuery(text)).toEqual(query)
  }
})

test('G-071: parentheses that mean nothing count like others', () => {
  const deep = (count: number): string => `${'('.repeat(count)}a = 1${')'.repeat(count)}`
  expect(parseQuery(deep(MOST_QUERY_LEVELS - 1))).toEqual(parseQuery('a = 1'))
  expect(() => parseQuery(deep(MOST_QUERY_LEVELS))).toThrow(
    new PeerageError('invalid-search', {
      problem: 'at character 17 there should be at most 15 parentheses within each other',
    }),
  )
})

test('an error names the place', () => {
  const problems = new Map([
    ['a = 1 and b ~ 2', 'at character 13 there should be one of = != < <= > >= like'],
    ['a = 1 und b = 2', 'at character 7 there should be "and", "or" or the end'],
    ['a = "x', 'at character 5 there should be a double quote at the end of the text that begins here'],
    ['(a = 1', 'at character 7 there should be "and", "or" or ")"'],
    ['a = 1 or', 'at character 9 there should be a name or "("'],
  ])
  for (const [text, problem] of problems) {
    expect(() => parseQuery(text)).toThrow(new PeerageError('invalid-search', { problem }))
  }
})

test('G-071: parentheses without end, and texts without end, are refused', () => {
  for (const text of ['('.repeat(100_000), 'and ('.repeat(100_000), `a = "${'x'.repeat(LONGEST_QUERY_TEXT)}"`]) {
    expect(() => parseQuery(text)).toThrow(expect.objectContaining({ code: 'invalid-search' }))
  }
})

test('G-071: random texts give a query or a reason, never another exception', () => {
  const anyPiece = fc.constantFrom(
    'a',
    'and',
    'or',
    'like',
    ' ',
    '(',
    ')',
    '=',
    '<',
    '!',
    '1',
    '-',
    '"',
    '\\',
    'date',
    '2003',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(anyPiece, { maxLength: 15 }).map((pieces) => pieces.join('')),
      ),
      (text) => {
        try {
          const query = parseQuery(text)
          expect(parseQuery(formatQuery(query))).toEqual(query)
        } catch (error) {
          if (!PeerageError.is(error, 'invalid-search')) throw error
        }
      },
    ),
    { numRuns: 3000 },
  )
})
