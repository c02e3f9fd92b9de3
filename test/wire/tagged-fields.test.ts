import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex } from '../../src/runtime/bytes.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import {
  mergeTaggedFields,
  readTaggedFields,
  type TaggedField,
  taggedField,
  unknownTaggedFields,
  writeTaggedFields,
} from '../../src/wire/tagged-fields.ts'
import { WireReader } from '../../src/wire/wire-reader.ts'
import { WireWriter } from '../../src/wire/wire-writer.ts'
import { anyTaggedFields, FIELD_LIMITS } from './any-value.ts'

function written(fields: readonly TaggedField[]): Uint8Array {
  const writer = new WireWriter(1000)
  writeTaggedFields(writer, fields, FIELD_LIMITS)
  return writer.copy()
}

function problemOf(...bytes: readonly number[]): string {
  try {
    readTaggedFields(new WireReader(Uint8Array.from(bytes), 'structure'), FIELD_LIMITS)
  } catch (error) {
    if (PeerageError.is(error, 'malformed')) return `${error.details.problem} (${error.details.offset})`
    throw error
  }
  return 'nothing was refused'
}

test('fields are a count, then tag, length and content of each', () => {
  const fields = [
    { tag: 1, content: Uint8Array.of(7) },
    { tag: 100, content: new Uint8Array() },
  ]
  expect(toHex(written(fields))).toBe('02010107406400')
  expect(toHex(written([]))).toBe('00')
})

test('unknown fields are kept byte for byte, and written again in their places', () => {
  fc.assert(
    fc.property(anyTaggedFields, fc.array(fc.nat(70), { maxLength: 3 }), (fields, knownTags) => {
      const bytes = written(fields)
      const read = readTaggedFields(new WireReader(bytes, 'structure'), FIELD_LIMITS)
      const known = read.filter(({ tag }) => knownTags.includes(tag))
      const kept = unknownTaggedFields(read, knownTags)
      expect(written(mergeTaggedFields(known, kept))).toEqual(bytes)
      for (const { tag, content } of fields) expect(taggedField(read, tag)).toEqual(content)
    }),
  )
})

test('what is kept does not depend on the input any longer', () => {
  const bytes = written([{ tag: 9, content: Uint8Array.of(1, 2) }])
  const kept = unknownTaggedFields(readTaggedFields(new WireReader(bytes, 'structure'), FIELD_LIMITS), [])
  bytes.fill(0)
  expect(kept).toEqual([{ tag: 9, content: Uint8Array.of(1, 2) }])
})

test('a field that is not there is undefined, and an empty one is not', () => {
  const fields = [{ tag: 3, content: new Uint8Array() }]
  expect(taggedField(fields, 3)).toEqual(new Uint8Array())
  expect(taggedField(fields, 4)).toBeUndefined()
})

test('doubled fields, fields out of order, too many and too long ones are refused', () => {
  expect(problemOf(2, 1, 0, 2, 0)).toBe('nothing was refused')
  expect(problemOf(2, 1, 0, 1, 0)).toBe('field 1 is there twice (3)')
  expect(problemOf(2, 2, 0, 1, 0)).toBe('field 1 comes after field 2 (3)')
  expect(problemOf(6, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0)).toBe('a list has 6 items, and at most 5 are allowed (0)')
  expect(problemOf(1, 1, 11, ...new Uint8Array(11))).toBe('a string has 11 bytes, and at most 10 are allowed (2)')
  expect(problemOf(2, 1, 0, 2)).toBe('it is cut short in a list of 2 items (0)')
})

test('fields out of order, doubled, too many or too long are an error of the program that writes them', () => {
  const field = (tag: number, length = 0): TaggedField => ({ tag, content: new Uint8Array(length) })
  expect(() => written([field(2), field(1)])).toThrow(RangeError)
  expect(() => written([field(1), field(1)])).toThrow(RangeError)
  expect(() => written([1, 2, 3, 4, 5, 6].map((tag) => field(tag)))).toThrow(RangeError)
  expect(() => written([field(1, 11)])).toThrow(RangeError)
})
