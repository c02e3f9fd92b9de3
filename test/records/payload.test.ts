import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isPayloadOf, MOST_JSON_LEVELS, payloadEncodingCode, payloadEncodingOf } from '../../src/records/payload.ts'
import { toUtf8 } from '../../src/runtime/bytes.ts'

const nested = (depth: number): string => `${'[{"a":'.repeat(depth / 2)}1${'}]'.repeat(depth / 2)}`

test('G-147: a payload of bytes, and of an encoding that is not known, may be anything', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.integer({ min: 3, max: 255 }), (payload, code) => {
      expect(isPayloadOf('bytes', payload)).toBe(true)
      expect(isPayloadOf(payloadEncodingOf(code), payload)).toBe(true)
    }),
  )
})

test('G-147: each encoding has a number', () => {
  expect((['bytes', 'text', 'json', 3, 255] as const).map(payloadEncodingCode)).toEqual([0, 1, 2, 3, 255])
  expect([0, 1, 2, 3, 255].map(payloadEncodingOf)).toEqual(['bytes', 'text', 'json', 3, 255])
})

test('G-147: text is UTF-8', () => {
  for (const text of ['', 'Bücher', '\0', '\ufeff']) expect(isPayloadOf('text', toUtf8(text))).toBe(true)
  for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80]]) {
    expect(isPayloadOf('text', Uint8Array.from(bytes))).toBe(false)
  }
})

test.each([
  'null',
  '0',
  '-0.5e+300',
  '""',
  ' [ ] ',
  '{"a":{"a":[1]},"a":2}',
  '"\\ud800"',
  '"[[[\\""',
  nested(MOST_JSON_LEVELS),
])('G-147: %s is JSON', (text) => {
  expect(isPayloadOf('json', toUtf8(text))).toBe(true)
})

test.each([
  '',
  ' ',
  '01',
  '.5',
  'NaN',
  "'a'",
  '[1,]',
  '{a:1}',
  '1 2',
  '"\n"',
  '"\\x41"',
  '\ufeff1',
  nested(MOST_JSON_LEVELS + 2),
])('G-147: %j is no JSON', (text) => {
  expect(isPayloadOf('json', toUtf8(text))).toBe(false)
})

test('G-147: brackets in strings do not count as nesting', () => {
  const brackets = '[{'.repeat(1000)
  expect(isPayloadOf('json', toUtf8(JSON.stringify([brackets, `"${brackets}\\`])))).toBe(true)
})

test('G-147: whatever is nested in bounds is JSON exactly if JSON.parse takes it', () => {
  const anyPiece = fc.constantFrom('[', ']', '{', '}', '"', '\\', ',', ':', '1', 'a', 'null', ' ', '\\"', '\u00e9')
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json(),
        fc.array(anyPiece, { maxLength: 8 }).map((pieces) => pieces.join('')),
      ),
      (text) => {
        const taken = ((): boolean => {
          try {
            JSON.parse(text)
            return true
          } catch {
            return false
          }
        })()
        expect(isPayloadOf('json', toUtf8(text.toWellFormed()))).toBe(taken)
      },
    ),
    { numRuns: 2000 },
  )
})
