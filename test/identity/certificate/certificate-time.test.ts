import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  derTime,
  generalizedTime,
  parseGeneralizedTime,
  readTime,
} from '../../../src/identity/certificate/certificate-time.ts'
import { DerReader } from '../../../src/identity/der-reader.ts'
import { toUtf8 } from '../../../src/runtime/bytes.ts'

const read = (bytes: Uint8Array): number => readTime(new DerReader(bytes, 'test'), 'the time')
const textOf = (element: Uint8Array): string =>
  `${element[0]?.toString(16)} ${Buffer.from(element).toString('latin1', 2)}`

test('I-32: every second of every year up to 9999 is written and read back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (second) => {
      expect(read(derTime(second * 1000))).toBe(second * 1000)
      expect(parseGeneralizedTime(generalizedTime(second * 1000))).toBe(second * 1000)
    }),
    { numRuns: 2000 },
  )
})

test('I-32: up to 2049 it is UTCTime, from 2050 on GeneralizedTime', () => {
  expect(textOf(derTime(0))).toBe('17 700101000000Z')
  expect(textOf(derTime(Date.UTC(2000, 1, 29, 1, 2, 3)))).toBe('17 000229010203Z')
  expect(textOf(derTime(Date.UTC(2049, 11, 31, 23, 59, 59)))).toBe('17 491231235959Z')
  expect(textOf(derTime(Date.UTC(2050, 0, 1)))).toBe('18 20500101000000Z')
  expect(textOf(derTime(Date.UTC(9999, 11, 31, 23, 59, 59)))).toBe('18 99991231235959Z')
})

test('parts of seconds, and times that have no year of four digits, are errors of the program', () => {
  for (const utc of [1, 1000.5, Number.NaN, -1000, Date.UTC(10_000, 0, 1)])
    expect(() => derTime(utc)).toThrow(RangeError)
})

test('I-32: any other text is no time', () => {
  for (const text of [
    '',
    '20500101000000',
    '20500101000000z',
    '2050010100000 Z',
    '20500229000000Z',
    '+0500101000000Z',
  ]) {
    expect(parseGeneralizedTime(toUtf8(text))).toBeUndefined()
  }
  const utcTime = (text: string): Uint8Array => Uint8Array.of(0x17, text.length, ...toUtf8(text))
  expect(read(utcTime('690101000000Z'.replace('69', '70')))).toBe(0)
  for (const text of ['691231235959Z', '500101000000Z', '700101240000Z', '7001010000Z', '700101000000+0000']) {
    expect(() => read(utcTime(text))).toThrowError(/the time is not a time/)
  }
})
