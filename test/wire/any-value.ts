/** Random structures for tests of the wire primitives: a list of steps that are written, then read the same way. */
import fc from 'fast-check'
import { concatBytes } from '../../src/runtime/bytes.ts'
import { type Endpoint, ipAddressFromBytes } from '../../src/runtime/endpoint.ts'
import { readTaggedFields, type TaggedField, writeTaggedFields } from '../../src/wire/tagged-fields.ts'
import type { WireReader } from '../../src/wire/wire-reader.ts'
import type { WireWriter } from '../../src/wire/wire-writer.ts'

/** One step of a structure: a value, how it is written, and how it is read. */
export interface Step {
  readonly value: unknown
  write(writer: WireWriter, value: unknown): void
  read(reader: WireReader): unknown
}

export const LONGEST_TEXT = 60
export const LONGEST_STRING = 40
export const FIELD_LIMITS = { mostFields: 5, longestContent: 10 }

function step<Value>(
  values: fc.Arbitrary<Value>,
  write: (writer: WireWriter, value: Value) => void,
  read: (reader: WireReader) => Value,
): fc.Arbitrary<Step> {
  // What was read is of the type that was written, since the same step reads it.
  return values.map((value) => ({ value, write: (writer, given) => write(writer, given as Value), read }))
}

const anyUint = (bits: number): fc.Arbitrary<number> => fc.maxSafeNat().map((value) => value % 2 ** bits)
const anyBytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length })

const anyVarint: fc.Arbitrary<number> = fc.oneof(
  fc.maxSafeNat(),
  fc.nat(63),
  fc.nat(2 ** 14),
  fc.constantFrom(0, 63, 64, 2 ** 14 - 1, 2 ** 14, 2 ** 30 - 1, 2 ** 30, 2 ** 32, Number.MAX_SAFE_INTEGER),
)

const ipv4Mapped = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff)

export const anyEndpoint: fc.Arbitrary<Endpoint> = fc.record({
  host: fc
    .oneof(
      anyBytes(16),
      anyBytes(4),
      anyBytes(4).map((bytes) => concatBytes(ipv4Mapped, bytes)),
    )
    .map((bytes) => ipAddressFromBytes(bytes)),
  port: fc.integer({ min: 1, max: 65_535 }),
})

export const anyTaggedFields: fc.Arbitrary<readonly TaggedField[]> = fc
  .uniqueArray(fc.record({ tag: anyVarint, content: fc.uint8Array({ maxLength: FIELD_LIMITS.longestContent }) }), {
    maxLength: FIELD_LIMITS.mostFields,
    selector: ({ tag }) => tag,
  })
  .map((fields) => fields.sort((one, other) => one.tag - other.tag))

/** Every kind of value that the primitives know. */
export const anySteps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    step(
      anyUint(8),
      (writer, value) => writer.uint8(value),
      (reader) => reader.uint8(),
    ),
    step(
      anyUint(16),
      (writer, value) => writer.uint16(value),
      (reader) => reader.uint16(),
    ),
    step(
      anyUint(32),
      (writer, value) => writer.uint32(value),
      (reader) => reader.uint32(),
    ),
    step(
      anyUint(48),
      (writer, value) => writer.uint48(value),
      (reader) => reader.uint48(),
    ),
    step(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      (writer, value) => writer.uint64(value),
      (reader) => reader.uint64(),
    ),
    step(
      anyVarint,
      (writer, value) => writer.varint(value),
      (reader) => reader.varint(),
    ),
    step(
      anyBytes(3),
      (writer, value) => writer.bytes(value),
      (reader) => reader.bytes(3),
    ),
    step<Uint8Array>(
      fc.uint8Array({ maxLength: LONGEST_STRING }),
      (writer, value) => writer.byteString(value, LONGEST_STRING),
      (reader) => reader.byteString(LONGEST_STRING),
    ),
    step(
      fc.string({ unit: 'binary', maxLength: LONGEST_TEXT / 4 }),
      (writer, value) => writer.text(value, LONGEST_TEXT),
      (reader) => reader.text(LONGEST_TEXT),
    ),
    step(
      fc.array(anyUint(16), { maxLength: 5 }),
      (writer, value) => {
        writer.count(value.length, 5)
        for (const item of value) writer.uint16(item)
      },
      (reader) => Array.from({ length: reader.count(5, 2) }, () => reader.uint16()),
    ),
    step(
      anyEndpoint,
      (writer, value) => writer.endpoint(value),
      (reader) => reader.endpoint(),
    ),
    step(
      anyTaggedFields,
      (writer, value) => writeTaggedFields(writer, value, FIELD_LIMITS),
      (reader) => readTaggedFields(reader, FIELD_LIMITS),
    ),
  ),
  { maxLength: 8 },
)
