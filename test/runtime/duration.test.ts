import { expect, test } from 'vitest'
import { expectCode } from '../../src/runtime/acceptance/acceptance.ts'
import { type Duration, parseDuration } from '../../src/runtime/duration.ts'

test.each([
  [0, 0],
  [1500, 1500],
  [-2.5, -2.5],
  ['0ms', 0],
  ['250ms', 250],
  ['1.5s', 1500],
  ['-3s', -3000],
  ['5m', 300_000],
  ['2h', 7_200_000],
  ['30d', 2_592_000_000],
] as [Duration, number][])('%o is %d ms', (duration, milliseconds) => {
  expect(parseDuration(duration)).toBe(milliseconds)
})

test.each(['', '5', '5 s', 's', '5S', '5w', '1e3s', '.5s', '5.s', '--5s', '+5s', '5s ', '5s\n', 'Infinitys', 'NaNms'])(
  'the text %j is no duration',
  (text) => {
    // Someone without types can write anything.
    const error = expectCode('invalid-argument', () => parseDuration(text as Duration), text)
    expect(error.details.value).toBe(JSON.stringify(text))
  },
)

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
  'the number %d is no duration',
  (number) => {
    expectCode('invalid-argument', () => parseDuration(number), `${number}`)
  },
)
