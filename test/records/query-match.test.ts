import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import type { AttributeValue } from '../../src/records/attribute.ts'
import { compareByCodePoint } from '../../src/records/code-point-order.ts'
import { patternMatcher } from '../../src/records/like-pattern.ts'
import type { Comparison, Query } from '../../src/records/query.ts'
import { queryMatcher } from '../../src/records/query-match.ts'
import { parseQuery } from '../../src/records/query-text.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import { compareBytes, toUtf8 } from '../../src/runtime/bytes.ts'
import { formatDate } from '../../src/runtime/date-text.ts'
import { crypto } from '../identity/platform.ts'
import { anyQuery } from './any-query.ts'
import { anyRecord, anyText } from './any-record.ts'
import { queryVectors } from './query-vectors.ts'
import { recordCalled, recordVectors } from './record-vectors.ts'

const matches = (record: GraphRecord, query: Query): boolean => queryMatcher(crypto, query)(record)

describe('docs/protocol/vectors/graph-queries.json', () => {
  const record = { ...recordCalled('the shortest'), attributes: queryVectors.attributes }

  test.each(queryVectors.matches.holds)('G-068, G-069, G-070: %s holds', (text) => {
    expect(matches(record, parseQuery(text))).toBe(true)
  })

  test.each(queryVectors.matches.holdsNot)('G-068, G-069, G-070: %s does not hold', (text) => {
    expect(matches(record, parseQuery(text))).toBe(false)
  })

  test.each(queryVectors.patterns)('G-070: the pattern "$pattern"', ({ pattern, fits, fitsNot }) => {
    const matcher = patternMatcher(pattern)
    for (const text of fits) expect([text, matcher?.(text)]).toEqual([text, true])
    for (const text of fitsNot) expect([text, matcher?.(text)]).toEqual([text, false])
  })

  test.each(queryVectors.notPatterns)('G-070: %j is no pattern', (pattern) => {
    expect(patternMatcher(pattern)).toBeUndefined()
  })

  test('G-068: texts are in order of their code points', () => {
    for (const [place, one] of queryVectors.ascending.entries()) {
      for (const [otherPlace, other] of queryVectors.ascending.entries()) {
        expect(Math.sign(compareByCodePoint(one, other))).toBe(Math.sign(place - otherPlace))
      }
    }
  })
})

describe('the reserved names', () => {
  const record = recordCalled('version 2 of that, by another author')
  const { ann, bob } = recordVectors.authors
  const values: readonly (readonly [string, string])[] = [
    ['peercreatorid', `"${ann.peerName}"`],
    ['peerlastmodifiedby', `"${bob.peerName}"`],
    ['peerrecordid', `"${record.id}"`],
    ['peerrecordtype', '"chat.message"'],
    ['peercreationtime', `date ${formatDate(record.created)}`],
    ['peerlastmodificationtime', `date ${formatDate(record.modified)}`],
  ]

  test.each(values)('G-065: %s is searched', (name, value) => {
    for (const is of ['=', '<=', '>=']) expect(matches(record, parseQuery(`${name} ${is} ${value}`))).toBe(true)
    for (const is of ['!=', '<', '>']) expect(matches(record, parseQuery(`${name} ${is} ${value}`))).toBe(false)
  })

  test('G-065: the last modifier of version 1 is its creator', () => {
    const first = recordCalled('JSON with proofs')
    expect(matches(first, parseQuery(`peerlastmodifiedby = "${ann.peerName}"`))).toBe(true)
    expect(matches(first, parseQuery('peerlastmodifiedby like "*.Ann"'))).toBe(true)
    expect(matches(record, parseQuery('peerlastmodifiedby like "*.Ann"'))).toBe(false)
  })
})

test('G-068: the order of code points is that of bytes in UTF-8', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary' }),
      (start, one, other) => {
        const order = compareByCodePoint(start + one, start + other)
        expect(Math.sign(order)).toBe(Math.sign(compareBytes(toUtf8(start + one), toUtf8(start + other))))
      },
    ),
    { numRuns: 1000 },
  )
})

test('G-070: a pattern fits what the same regular expression fits', () => {
  fc.assert(
    fc.property(anyText, anyText, (pattern, text) => {
      const matcher = patternMatcher(pattern)
      const isLegal = !/\\/.test(pattern.replaceAll(/\\[*?\\]/g, ''))
      expect(matcher !== undefined).toBe(isLegal)
      if (matcher !== undefined) expect(matcher(text)).toBe(expressionOf(pattern).test(text))
    }),
    { numRuns: 5000 },
  )
})

/** A pattern as a regular expression. */
function expressionOf(pattern: string): RegExp {
  const source = pattern.replaceAll(/\\[*?\\]|[\s\S]/gu, (part) => {
    if (part === '*') return '[\\s\\S]*'
    if (part === '?') return '[\\s\\S]'
    const character = part.length === 2 && part.startsWith('\\') ? part.slice(1) : part
    return `\\u{${character.codePointAt(0)?.toString(16)}}`
  })
  return new RegExp(`^${source}$`, 'u')
}

test('G-072: no pattern costs more steps than its length times that of the text', () => {
  const text = 'a'.repeat(500)
  const patterns = [`${'*a'.repeat(20)}b`, `*${'a'.repeat(40)}b`, `${'?*'.repeat(20)}b`, `${'a*'.repeat(20)}?b`]
  for (const pattern of patterns) {
    const matcher = patternMatcher(pattern)
    const steps = vi.spyOn(String.prototype, 'codePointAt')
    const fits = matcher?.(text)
    const count = steps.mock.calls.length
    steps.mockRestore()
    expect(fits).toBe(false)
    expect(count).toBeGreaterThan(text.length)
    // Each step looks at one character, and once more where a run grows.
    expect(count).toBeLessThanOrEqual(2 * pattern.length * text.length)
  }
})

test('G-068, G-069, G-071: a query holds as its parts do, by the plainest reading', () => {
  fc.assert(
    fc.property(anyRecord, anyQuery, (record, query) => {
      expect(matches(record, query)).toBe(plainly(record, query))
    }),
    { numRuns: 500 },
  )
})

/** The meaning of a query once more, for attributes; what stands in the header is taken as it is found. */
function plainly(record: GraphRecord, query: Query): boolean {
  if ('and' in query) return !query.and.some((child) => !plainly(record, child))
  if ('or' in query) return query.or.some((child) => plainly(record, child))
  const found = record.attributes.flatMap(({ name, values }) => (name === query.name ? values : []))
  if (query.name.startsWith('peer') && found.length === 0) return matches(record, query)
  return found.some((value) => satisfies(value, query.is, query.value))
}

function satisfies(one: AttributeValue, is: Comparison, other: AttributeValue): boolean {
  if (one.type !== other.type) return false
  if (is === 'like') return expressionOf(String(other.value)).test(String(one.value))
  const order =
    one.type === 'string'
      ? compareBytes(toUtf8(one.value), toUtf8(String(other.value)))
      : one.value - Number(other.value)
  return { '=': order === 0, '!=': order !== 0, '<': order < 0, '<=': order <= 0, '>': order > 0, '>=': order >= 0 }[is]
}
