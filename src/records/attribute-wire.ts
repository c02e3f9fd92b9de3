/**
 * Attributes in the encoding of a record (docs/protocol/graph-records.md): names in strictly ascending order, each with
 * its values. Integers and dates take eight bytes, in two's complement.
 */
import { toUtf8 } from '../runtime/bytes.ts'
import { isDate } from '../runtime/date-text.ts'
import { LARGEST_VARINT, varintLength } from '../wire/varint.ts'
import type { WireReader } from '../wire/wire-reader.ts'
import type { WireWriter } from '../wire/wire-writer.ts'
import type { AttributeValue, RecordAttribute } from './attribute.ts'
import { isAttributeName, LONGEST_ATTRIBUTE_NAME, MOST_ATTRIBUTE_VALUES } from './attributes.ts'
import { isHeaderName } from './header-names.ts'

const TypeCode = { string: 0, integer: 1, date: 2 } as const
const NUMBER_LENGTH = 8
/** In bytes: a type and the length of an empty text. */
const SHORTEST_VALUE = 2
/** In bytes: a name of one letter, and one value. */
const SHORTEST_ATTRIBUTE = 2 + 1 + SHORTEST_VALUE
const NO_ATTRIBUTES: readonly RecordAttribute[] = []

/** Writes attributes that {@link requireAttributes} has put in order. @param longest Of all of them, in bytes. */
export function writeAttributes(writer: WireWriter, attributes: readonly RecordAttribute[], longest: number): void {
  writer.count(attributes.length, MOST_ATTRIBUTE_VALUES)
  for (const { name, values } of attributes) {
    writer.text(name, LONGEST_ATTRIBUTE_NAME)
    writer.count(values.length, MOST_ATTRIBUTE_VALUES)
    for (const value of values) {
      writer.uint8(TypeCode[value.type])
      if (value.type === 'string') writer.text(value.value, longest)
      else writeInteger(writer, value.value)
    }
  }
}

/** How many bytes attributes take after their number. */
export function attributesLength(attributes: readonly RecordAttribute[]): number {
  let length = 0
  for (const { name, values } of attributes) {
    length += 1 + name.length + varintLength(values.length)
    for (const value of values) length += 1 + (value.type === 'string' ? textLength(value.value) : NUMBER_LENGTH)
  }
  return length
}

/**
 * Reads attributes.
 *
 * @returns undefined if they have their form, but names or values that are not allowed, or too many
 * @throws PeerageError `malformed`
 */
export function readAttributes(reader: WireReader, count: number): readonly RecordAttribute[] | undefined {
  if (count === 0) return NO_ATTRIBUTES
  const attributes: RecordAttribute[] = []
  let last = ''
  let left = MOST_ATTRIBUTE_VALUES
  for (let index = 0; index < count; index++) {
    const name = reader.text(LONGEST_ATTRIBUTE_NAME)
    const valueCount = reader.count(LARGEST_VARINT, SHORTEST_VALUE)
    left -= valueCount
    if (name <= last || valueCount === 0 || left < 0 || !isAttributeName(name) || isHeaderName(name)) return undefined
    const values: AttributeValue[] = []
    for (let value = 0; value < valueCount; value++) {
      const read = readValue(reader)
      if (read === undefined) return undefined
      values.push(read)
    }
    attributes.push({ name, values })
    last = name
  }
  return attributes
}

/** How many names follow. @throws PeerageError `malformed` */
export function readAttributeCount(reader: WireReader): number {
  return reader.count(LARGEST_VARINT, SHORTEST_ATTRIBUTE)
}

function readValue(reader: WireReader): AttributeValue | undefined {
  switch (reader.uint8()) {
    case TypeCode.string: {
      const value = reader.text(reader.remaining)
      return value.includes('\0') ? undefined : { type: 'string', value }
    }
    case TypeCode.integer: {
      const value = readInteger(reader)
      return Number.isSafeInteger(value) ? { type: 'integer', value } : undefined
    }
    case TypeCode.date: {
      const value = readInteger(reader)
      return isDate(value) ? { type: 'date', value } : undefined
    }
    default:
      return undefined
  }
}

/** A number of 64 bits with a sign; one that is not exact in JavaScript comes out beyond the exact ones. */
function readInteger(reader: WireReader): number {
  const upper = reader.uint32() | 0
  return upper * 2 ** 32 + reader.uint32()
}

function writeInteger(writer: WireWriter, value: number): void {
  const upper = Math.floor(value / 2 ** 32)
  writer.uint32(upper >>> 0)
  writer.uint32(value - upper * 2 ** 32)
}

function textLength(text: string): number {
  const { length } = toUtf8(text)
  return varintLength(length) + length
}
