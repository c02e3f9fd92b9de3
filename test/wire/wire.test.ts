import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromHex, toHex } from '../../src/runtime/bytes.ts'
import { parseIpAddress } from '../../src/runtime/endpoint.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { WireReader } from '../../src/wire/wire-reader.ts'
import { WireWriter } from '../../src/wire/wire-writer.ts'
import { anySteps, type Step } from './any-value.ts'

const LIMIT = 20_000

function hex(digits: string): Uint8Array {
  const bytes = fromHex(digits.replaceAll(' ', ''))
  if (bytes === undefined) throw new Error(`not hexadecimal: ${digits}`)
  return bytes
}

function written(body: (writer: WireWriter) => void): Uint8Array {
  const writer = new WireWriter(LIMIT)
  body(writer)
  return writer.copy()
}

const writeAll = (steps: readonly Step[], values: readonly unknown[]): Uint8Array =>
  written((writer) => {
    for (const [index, step] of steps.entries()) step.write(writer, values[index])
  })

/** What the steps read from the bytes, or undefined if these are malformed. Any other error is the test's. */
function readAll(steps: readonly Step[], bytes: Uint8Array): readonly unknown[] | undefined {
  const reader = new WireReader(bytes, 'structure')
  try {
    const values = steps.map((step) => step.read(reader))
    reader.finish()
    return values
  } catch (error) {
    if (!PeerageError.is(error, 'malformed')) throw error
    expect(error.details.structure).toBe('structure')
    expect(error.details.offset).toBeLessThanOrEqual(bytes.length)
    return undefined
  }
}

function problemOf(digits: string, body: (reader: WireReader) => unknown): string {
  try {
    body(new WireReader(hex(digits), 'structure'))
  } catch (error) {
    if (PeerageError.is(error, 'malformed')) return `${error.details.problem} (${error.details.offset})`
    throw error
  }
  return 'nothing was refused'
}

describe('what is written', () => {
  test('is read back, whatever it is', () => {
    fc.assert(
      fc.property(anySteps, (steps) => {
        const values = steps.map(({ value }) => value)
        expect(readAll(steps, writeAll(steps, values))).toEqual(values)
      }),
      { numRuns: 1000 },
    )
  })

  test('is read back when it takes more memory than a writer begins with', () => {
    fc.assert(
      fc.property(anySteps, (some) => {
        const steps = Array.from({ length: 20 }, () => some).flat()
        const values = steps.map(({ value }) => value)
        expect(readAll(steps, writeAll(steps, values))).toEqual(values)
      }),
      { numRuns: 200 },
    )
  })

  test('is refused when it is cut short anywhere', () => {
    fc.assert(
      fc.property(anySteps, (steps) => {
        const bytes = writeAll(
          steps,
          steps.map(({ value }) => value),
        )
        for (let length = 0; length < bytes.length; length++) {
          expect(readAll(steps, bytes.subarray(0, length))).toBeUndefined()
        }
      }),
    )
  })

  test('gives, when it is changed, a value with exactly that encoding or the error malformed', () => {
    const mutations = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(anySteps, mutations, fc.uint8Array({ maxLength: 3 }), (steps, changes, tail) => {
        const whole = writeAll(
          steps,
          steps.map(({ value }) => value),
        )
        const bytes = Uint8Array.of(...whole, ...tail)
        for (const [place, value] of changes) bytes[place % Math.max(1, bytes.length)] = value
        const values = readAll(steps, bytes)
        if (values !== undefined) expect(toHex(writeAll(steps, values))).toBe(toHex(bytes))
      }),
      { numRuns: 3000 },
    )
  })

  test('never makes the reader look outside its bytes, even where these are part of a larger buffer', () => {
    fc.assert(
      fc.property(anySteps, fc.uint8Array({ maxLength: 60 }), (steps, bytes) => {
        const larger = new Uint8Array(bytes.length + 200).fill(1)
        larger.set(bytes, 100)
        expect(readAll(steps, larger.subarray(100, 100 + bytes.length))).toEqual(readAll(steps, bytes))
      }),
      { numRuns: 1000 },
    )
  })
})

describe('the forms on the wire', () => {
  test('numbers are in network byte order', () => {
    const bytes = written((writer) => {
      writer.uint8(0x01)
      writer.uint16(0x0203)
      writer.uint32(0x8405_0607)
      writer.uint48(0xf809_0a0b_0c0d)
      writer.uint64(0xff0e_0f10_1112_1314n)
    })
    expect(toHex(bytes)).toBe('01020384050607f8090a0b0c0dff0e0f1011121314')
  })

  test('varints are those of RFC 9000, with its examples', () => {
    for (const [value, digits] of [
      [37, '25'],
      [15_293, '7bbd'],
      [494_878_333, '9d7f3e7d'],
      [Number.MAX_SAFE_INTEGER, 'c01fffffffffffff'],
    ] as const) {
      expect(toHex(written((writer) => writer.varint(value)))).toBe(digits)
      expect(new WireReader(hex(digits), 'structure').varint()).toBe(value)
    }
  })

  test('a varint that is longer than it must be, or greater than is exact, is refused', () => {
    for (const digits of ['4025', '403f', '80003fff', '8000003f', 'c00000003fffffff', 'c000000000000000']) {
      expect(problemOf(digits, (reader) => reader.varint())).toBe('a number is not in its shortest form (0)')
    }
    for (const digits of ['c020000000000000', 'c2197c5eff14e88c', 'ffffffffffffffff']) {
      expect(problemOf(digits, (reader) => reader.varint())).toBe('a number is greater than 9007199254740991 (0)')
    }
    expect(problemOf('0a', (reader) => reader.varint(9))).toBe('a number is greater than 9 (0)')
  })

  test('an endpoint is 16 bytes of address, IPv4 as IPv4-mapped, and a port', () => {
    const host = parseIpAddress('192.0.2.1')
    if (host === undefined) throw new Error('not an address')
    const bytes = written((writer) => writer.endpoint({ host, port: 3540 }))
    expect(toHex(bytes)).toBe('00000000000000000000ffffc00002010dd4')
    expect(new WireReader(bytes, 'structure').endpoint()).toEqual({ host, port: 3540 })
    expect(problemOf(`${'00'.repeat(18)}`, (reader) => reader.endpoint())).toBe('an endpoint has port 0 (0)')
  })

  test('text is UTF-8 in its one valid form', () => {
    for (const digits of ['02c080', '03eda080', '04f4908080', '01ff', '02e282', '01c3']) {
      expect(problemOf(digits, (reader) => reader.text(10))).toBe('a text is not valid UTF-8 (0)')
    }
    expect(new WireReader(hex('04efbbbf00'), 'structure').text(10)).toBe('\uFEFF\0')
    expect(() => written((writer) => writer.text('\uDC00', 10))).toThrow(TypeError)
  })
})

describe('limits', () => {
  test('a length that the bytes cannot hold is refused before anything is made for it', () => {
    expect(problemOf('c01fffffffffffff00', (reader) => reader.byteString(Number.MAX_SAFE_INTEGER))).toBe(
      'it is cut short: 9007199254740991 bytes are needed and 1 are left (8)',
    )
    expect(problemOf('bfffffff00', (reader) => reader.text(2 ** 30))).toMatch(/^it is cut short/)
    expect(problemOf('bfffffff00', (reader) => reader.count(2 ** 30, 1))).toBe(
      'it is cut short in a list of 1073741823 items (0)',
    )
  })

  test('a string or list that is longer than its field allows is refused', () => {
    expect(problemOf('03616263', (reader) => reader.byteString(2))).toBe(
      'a string has 3 bytes, and at most 2 are allowed (0)',
    )
    expect(problemOf('03616263', (reader) => reader.text(2))).toMatch(/at most 2 are allowed/)
    expect(problemOf('03616263', (reader) => reader.count(2, 1))).toBe(
      'a list has 3 items, and at most 2 are allowed (0)',
    )
    expect(problemOf('0361626364', (reader) => reader.count(3, 2))).toBe('it is cut short in a list of 3 items (0)')
  })

  test('a part that was entered bounds what is read, and must be read to its end', () => {
    const reader = new WireReader(hex('0102030405'), 'structure')
    const outer = reader.enter(3)
    expect(reader.remaining).toBe(3)
    expect(() => reader.uint32()).toThrow(/cut short/)
    reader.uint16()
    expect(() => reader.leave(outer)).toThrow(/1 bytes are left over/)
    expect(reader.rest()).toEqual(Uint8Array.of(3))
    reader.leave(outer)
    expect(reader.uint16()).toBe(0x0405)
    reader.finish()
    expect(() => reader.enter(1)).toThrow(/cut short/)
  })

  test('byte strings are views of the input', () => {
    const bytes = hex('0201020304')
    const reader = new WireReader(bytes, 'structure')
    const views = [reader.byteString(2), reader.bytes(1), reader.rest()]
    bytes.fill(9)
    expect(views.map((view) => [...view])).toEqual([[9, 9], [9], [9]])
  })

  test('the writer cuts nothing: what does not fit is an error of the program', () => {
    const writer = new WireWriter(3)
    writer.bytes(Uint8Array.of(1, 2))
    expect(() => writer.uint16(3)).toThrow(RangeError)
    expect(() => writer.bytes(Uint8Array.of(3, 4))).toThrow(RangeError)
    expect([...writer.view()]).toEqual([1, 2])
    expect(() => written((fresh) => fresh.byteString(new Uint8Array(3), 2))).toThrow(RangeError)
    expect(() => written((fresh) => fresh.text('äb', 2))).toThrow(RangeError)
    expect(() => written((fresh) => fresh.count(3, 2))).toThrow(RangeError)
  })

  test('a number that does not fit its field is an error of the program', () => {
    for (const value of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      for (const write of ['uint8', 'uint16', 'uint32', 'uint48', 'varint'] as const) {
        expect(() => written((writer) => writer[write](value))).toThrow(RangeError)
      }
    }
    expect(() => written((writer) => writer.uint8(2 ** 8))).toThrow(RangeError)
    expect(() => written((writer) => writer.uint16(2 ** 16))).toThrow(RangeError)
    expect(() => written((writer) => writer.uint32(2 ** 32))).toThrow(RangeError)
    expect(() => written((writer) => writer.uint48(2 ** 48))).toThrow(RangeError)
    expect(() => written((writer) => writer.uint64(2n ** 64n))).toThrow(RangeError)
    expect(() => written((writer) => writer.uint64(-1n))).toThrow(RangeError)
    expect(() => written((writer) => writer.varint(2 ** 53))).toThrow(RangeError)
    expect(() => new WireReader(new Uint8Array(9), 'structure').bytes(-1)).toThrow(RangeError)
  })
})

describe('a writer', () => {
  test('grows up to its limit and begins anew in the same memory', () => {
    const writer = new WireWriter(LIMIT)
    const content = new Uint8Array(LIMIT).fill(7)
    for (let byte = 0; byte < LIMIT; byte++) writer.uint8(7)
    expect(writer.copy()).toEqual(content)
    const { buffer } = writer.view()
    writer.reset()
    expect(writer.length).toBe(0)
    writer.bytes(content)
    expect(writer.view().buffer).toBe(buffer)
    expect(writer.copy().buffer).not.toBe(buffer)
  })

  test('puts a length where room was left for it, and nowhere else', () => {
    const writer = new WireWriter(LIMIT)
    writer.uint16(0)
    writer.uint8(5)
    writer.overwriteUint16(0, writer.length)
    expect(toHex(writer.view())).toBe('000305')
    expect(() => writer.overwriteUint16(2, 1)).toThrow(RangeError)
  })
})
