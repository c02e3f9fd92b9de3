import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DerReader } from '../../src/identity/der-reader.ts'
import { OCTET_STRING, SEQUENCE } from '../../src/identity/der-tags.ts'
import { derElement, derInteger, derObjectIdentifier } from '../../src/identity/der-writer.ts'
import { formatObjectIdentifier, isObjectIdentifier, objectIdentifier } from '../../src/identity/object-identifier.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'

function problemOf(body: () => unknown): string {
  try {
    body()
  } catch (error) {
    if (PeerageError.is(error, 'malformed')) return `${error.details.problem} (${error.details.offset})`
    throw error
  }
  return 'nothing was refused'
}

const readString = (...bytes: readonly number[]): string =>
  problemOf(() => new DerReader(Uint8Array.from(bytes), 'test').content(OCTET_STRING, 'the string'))
const readInteger = (...bytes: readonly number[]): number =>
  new DerReader(Uint8Array.of(2, bytes.length, ...bytes), 'test').unsignedInteger('the number')

test('I-32: content of any length up to 65,535 bytes is read back, with its length in the shortest form', () => {
  const headers = { 0: '0400', 127: '047f', 128: '048180', 255: '0481ff', 256: '04820100', 65535: '0482ffff' }
  for (const [length, header] of Object.entries(headers)) {
    const element = derElement(OCTET_STRING, new Uint8Array(Number(length)).fill(7))
    expect(toHex(element).slice(0, header.length)).toBe(header)
    const reader = new DerReader(element, 'test')
    expect(reader.content(OCTET_STRING, 'the string')).toHaveLength(Number(length))
    expect(reader.atEnd).toBe(true)
  }
  expect(() => derElement(OCTET_STRING, new Uint8Array(65_536))).toThrow(RangeError)
})

test('I-32: indefinite, overlong and too great lengths are refused with the reason', () => {
  expect(readString(4, 0x80, 0, 0)).toBe('the string has an indefinite length (0)')
  expect(readString(4, 0x81, 1, 7)).toBe('the string has an overlong length (0)')
  expect(readString(4, 0x81, 0x7f, ...new Uint8Array(127))).toBe('the string has an overlong length (0)')
  expect(readString(4, 0x82, 0, 1, 7)).toBe('the string has an overlong length (0)')
  expect(readString(4, 0x82, 0, 0xff, ...new Uint8Array(255))).toBe('the string has an overlong length (0)')
  expect(readString(4, 0x83, 1, 0, 0)).toMatch(/^the string has more than 65535 bytes/)
  expect(readString(4, 0x84, 0, 0, 0, 1, 7)).toMatch(/^the string has more than 65535 bytes or an overlong length/)
  expect(readString(4, 0xff)).toMatch(/^the string has more than 65535 bytes/)
})

test('I-32: another tag and bytes that are missing are refused with the reason', () => {
  expect(readString(12, 0)).toBe('the string has tag 0xc instead of 0x4 (0)')
  expect(readString()).toBe('it ends before the string (0)')
  for (const bytes of [[4], [4, 1], [4, 0x81], [4, 0x82, 1], [4, 0x82, 1, 0, 7]]) {
    expect(readString(...bytes)).toBe('it is cut short in the string (0)')
  }
})

test('I-32: what is in an element cannot reach past its end, and must be read to its end', () => {
  const reader = new DerReader(Uint8Array.of(0x30, 3, 4, 2, 7, 7, 7), 'test')
  reader.enter(SEQUENCE, 'the list')
  expect(problemOf(() => reader.content(OCTET_STRING, 'the string'))).toBe('it is cut short in the string (2)')

  const whole = Uint8Array.of(0x30, 4, 4, 0, 4, 0, 5)
  const walk = new DerReader(whole, 'test')
  const outer = walk.enter(SEQUENCE, 'the list')
  expect(walk.content(OCTET_STRING, 'the string')).toHaveLength(0)
  expect(problemOf(() => walk.leave(outer, 'the list'))).toBe('2 bytes are left over after the list (4)')
  expect(walk.element(OCTET_STRING, 'the string')).toEqual(Uint8Array.of(4, 0))
  walk.leave(outer, 'the list')
  expect(problemOf(() => walk.finish('the list'))).toBe('1 bytes are left over after the list (6)')
})

test('I-32: integers have one form', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (value) => {
      expect(new DerReader(derInteger(value), 'test').unsignedInteger('the number')).toBe(value)
    }),
  )
  expect(toHex(derInteger(127))).toBe('02017f')
  expect(toHex(derInteger(128))).toBe('02020080')
  expect(problemOf(() => readInteger())).toMatch(/without bytes/)
  expect(problemOf(() => readInteger(0x80))).toMatch(/negative/)
  expect(problemOf(() => readInteger(0, 0x7f))).toMatch(/superfluous zero/)
  expect(problemOf(() => readInteger(1, 0, 0, 0, 0))).toMatch(/too large/)
  expect(() => derInteger(-1)).toThrow(RangeError)
})

test('object identifiers have one form', () => {
  const identifiers = {
    '1.3.101.112': '06032b6570',
    '1.3.6.1.4.1.311.44.3.4': '060a2b0601040182372c0304',
    '2.16.840.1.101.3.4.1.42': '060960864801650304012a',
    '2.5.29.17': '0603551d11',
  }
  for (const [dotted, der] of Object.entries(identifiers)) {
    const content = objectIdentifier(dotted)
    expect(toHex(derObjectIdentifier(content))).toBe(der)
    expect(isObjectIdentifier(content)).toBe(true)
    expect(formatObjectIdentifier(content)).toBe(dotted)
  }
  for (const bytes of [[], [0x80, 1], [0x2b, 0x80, 1], [0x2b, 0x81]]) {
    expect(isObjectIdentifier(Uint8Array.from(bytes))).toBe(false)
  }
})
