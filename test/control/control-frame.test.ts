/** Values and frames of the control socket. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FrameReader, LARGEST_CONTROL_FRAME, MOST_ATTACHMENTS, writeFrame } from '../../src/control/control-frame.ts'
import { type ControlValue, DEEPEST_VALUE, packValue, unpackValue } from '../../src/control/control-value.ts'

const leaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
  fc.string({ unit: 'grapheme' }),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ maxLength: 40 }),
)
const { value } = fc.letrec<{ value: ControlValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('$bytes', '$date', '$', '$$x')), tie('value'), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  ),
}))

test('whatever can cross arrives as it was, however the stream is cut', () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 64 }), (values, size) => {
      const frames = values.map((one) => writeFrame(one) ?? new Uint8Array())
      const all = Buffer.concat(frames)
      const reader = new FrameReader()
      const read: ControlValue[] = []
      for (let start = 0; start < all.length; start += size) {
        const messages = reader.add(new Uint8Array(all.subarray(start, start + size)))
        if (messages === 'malformed') throw new Error('malformed')
        read.push(...messages)
      }
      expect(read).toEqual(values)
    }),
  )
})

test('an undefined property is left out, and an undefined item is null', () => {
  const packed = packValue({ a: undefined, b: [undefined, 1] })
  expect(unpackValue(packed)).toEqual({ value: { b: [null, 1] } })
})

test('a frame that is too large is not written, and not read', () => {
  expect(writeFrame({ bytes: new Uint8Array(LARGEST_CONTROL_FRAME) })).toBeUndefined()
  expect(writeFrame(Array.from({ length: MOST_ATTACHMENTS + 1 }, () => new Uint8Array(1)))).toBeUndefined()
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, LARGEST_CONTROL_FRAME + 1)
  expect(new FrameReader().add(length)).toBe('malformed')
})

test.each([
  ['text that is no JSON', '{', []],
  ['bytes that are not there', '{"$bytes":1}', [new Uint8Array(1)]],
  ['bytes named by a text', '{"$bytes":"0"}', [new Uint8Array(1)]],
  ['a mark that nobody knows', '{"$size":1}', []],
  ['a mark beside something else', '{"$date":1,"a":2}', []],
  ['something else beside a mark', '{"a":2,"$date":1}', []],
  ['more levels than there may be', `${'['.repeat(DEEPEST_VALUE + 1)}${']'.repeat(DEEPEST_VALUE + 1)}`, []],
])('%s is malformed', (_, text, attachments) => {
  expect(unpackValue({ text, attachments })).toBe('malformed')
})

test('random bytes are malformed or not whole, and never more than that', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const messages = new FrameReader().add(bytes)
      expect(messages === 'malformed' || Array.isArray(messages)).toBe(true)
    }),
    { numRuns: 2000 },
  )
})
