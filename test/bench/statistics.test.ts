import { expect, test } from 'vitest'
import { median, quantile } from '../../bench/statistics.ts'

test.each([
  [[5], 5],
  [[3, 1, 2], 2],
  [[10, 9, 1, 2], 5.5],
])('the median of %j is %d', (values, middle) => {
  expect(median(values)).toBe(middle)
})

test('a quantile is one of the values, and the last one at most', () => {
  const values = [40, 10, 30, 20]
  expect([0, 0.5, 0.9, 1].map((part) => quantile(values, part))).toEqual([10, 30, 40, 40])
})

test('nothing is said of no values, and values stay in their order', () => {
  expect(() => median([])).toThrow(RangeError)
  expect(() => quantile([], 0.5)).toThrow(RangeError)
  const values = [2, 1]
  median(values)
  expect(values).toEqual([2, 1])
})
