import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AttributeValue, RecordAttribute } from '../../src/records/attribute.ts'
import {
  attributesLength,
  readAttributeCount,
  readAttributes,
  writeAttributes,
} from '../../src/records/attribute-wire.ts'
import { attributeValueProblem, MOST_ATTRIBUTE_VALUES, requireAttributes } from '../../src/records/attributes.ts'
import { headerNames } from '../../src/records/header-names.ts'
import { LARGEST_RECORD, recordSize, requireRecordSize } from '../../src/records/record-size.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { WireReader } from '../../src/wire/wire-reader.ts'
import { WireWriter } from '../../src/wire/wire-writer.ts'
import { anyAttributes } from './any-record.ts'

const one: readonly AttributeValue[] = [{ type: 'integer', value: 1 }]

function codeOf(attributes: readonly RecordAttribute[]): string | undefined {
  try {
    requireAttributes(attributes)
    return undefined
  } catch (error) {
    if (error instanceof PeerageError) return error.code
    throw error
  }
}

test.each(['a', '0', 'Z9', 'a'.repeat(40), 'and', 'PeerCreatorId'])('G-064: "%s" is an attribute name', (name) => {
  expect(requireAttributes([{ name, values: one }])).toEqual([{ name, values: one }])
})

test.each(['', 'a'.repeat(41), 'a-b', 'a b', 'é', 'a\n', 'a.b', '_'])('G-064: %j is no attribute name', (name) => {
  expect(codeOf([{ name, values: one }])).toBe('invalid-attributes')
})

test('G-064: names are case-sensitive, and each is there once, with at least one value', () => {
  expect(requireAttributes(['b', 'a', 'B'].map((name) => ({ name, values: one }))).map(({ name }) => name)).toEqual([
    'B',
    'a',
    'b',
  ])
  expect(codeOf(['a', 'b', 'a'].map((name) => ({ name, values: one })))).toBe('invalid-attributes')
  expect(codeOf([{ name: 'a', values: [] }])).toBe('invalid-attributes')
})

test('G-064: more values than a record may have are too many, however they are spread', () => {
  const values = (count: number) => Array.from({ length: count }, () => ({ type: 'integer', value: 1 }) as const)
  expect(codeOf([{ name: 'a', values: values(MOST_ATTRIBUTE_VALUES) }])).toBeUndefined()
  expect(codeOf([{ name: 'a', values: values(MOST_ATTRIBUTE_VALUES + 1) }])).toBe('too-many-attributes')
  expect(
    codeOf([
      { name: 'a', values: values(MOST_ATTRIBUTE_VALUES) },
      { name: 'b', values: one },
    ]),
  ).toBe('too-many-attributes')
})

test('G-065: no record may carry one of the six reserved names', () => {
  const names = [
    'peerlastmodifiedby',
    'peercreatorid',
    'peerlastmodificationtime',
    'peerrecordid',
    'peerrecordtype',
    'peercreationtime',
  ]
  expect(Object.keys(headerNames).sort()).toEqual(names.sort())
  for (const name of names) expect(codeOf([{ name, values: one }])).toBe('invalid-attributes')
})

test.each([
  { type: 'integer', value: 2 ** 53 - 1 },
  { type: 'integer', value: -(2 ** 53 - 1) },
  { type: 'integer', value: 0 },
  { type: 'date', value: -62_167_219_200_000 },
  { type: 'date', value: 253_402_300_799_999 },
  { type: 'string', value: '' },
  { type: 'string', value: '\u{10ffff}\n' },
] satisfies AttributeValue[])('G-066: $type $value is a value', (value) => {
  expect(attributeValueProblem(value)).toBeUndefined()
})

test.each([
  { type: 'integer', value: 2 ** 53 },
  { type: 'integer', value: -(2 ** 53) },
  { type: 'integer', value: 0.5 },
  { type: 'integer', value: Number.NaN },
  { type: 'integer', value: Infinity },
  { type: 'date', value: Number.NaN },
  { type: 'date', value: 0.5 },
  { type: 'date', value: -62_167_219_200_001 },
  { type: 'date', value: 253_402_300_800_000 },
  { type: 'string', value: 'a\0' },
  { type: 'string', value: '\ud83d' },
] satisfies AttributeValue[])('G-066: $type $value is no value', (value) => {
  expect(codeOf([{ name: 'a', values: [...one, value] }])).toBe('invalid-attributes')
})

test('G-066: what is written is read, and has the length that counts', () => {
  const long: readonly RecordAttribute[] = [
    { name: 'a', values: [63, 64, 16_383, 16_384].map((length) => ({ type: 'string', value: 'x'.repeat(length) })) },
    { name: 'b', values: Array.from({ length: 100 }, (_, value) => ({ type: 'integer', value: -value + 0 })) },
  ]
  fc.assert(
    fc.property(anyAttributes, (attributes) => {
      const writer = new WireWriter(100_000)
      writeAttributes(writer, attributes, LARGEST_RECORD)
      const reader = new WireReader(writer.copy(), 'attributes')
      const count = readAttributeCount(reader)
      expect(reader.remaining).toBe(attributesLength(attributes))
      expect(readAttributes(reader, count)).toEqual(attributes)
      reader.finish()
    }),
    { examples: [[long]] },
  )
})

test('payload and attributes together may have 65,536 bytes, and no more', () => {
  const attributes: readonly RecordAttribute[] = [{ name: 'ab', values: [{ type: 'string', value: 'é' }] }]
  expect(recordSize(new Uint8Array(10), attributes)).toBe(10 + (1 + 2) + 1 + (1 + 1 + 2))
  expect(() => requireRecordSize(new Uint8Array(LARGEST_RECORD), [])).not.toThrow()
  expect(() => requireRecordSize(new Uint8Array(LARGEST_RECORD - 8), attributes)).not.toThrow()
  expect(() => requireRecordSize(new Uint8Array(LARGEST_RECORD - 7), attributes)).toThrow(
    new PeerageError('record-too-large', { size: LARGEST_RECORD + 1, limit: LARGEST_RECORD }),
  )
})
