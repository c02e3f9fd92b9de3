import { expect, test } from 'vitest'
import { toHex } from '../../src/runtime/bytes.ts'
import { randomBytes, randomFraction } from '../../src/runtime/random.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'

function draw(seed: string, count: number): number[] {
  const random = new SeededRandom(seed)
  return Array.from({ length: count }, () => random.uint32())
}

test('a seed gives the same numbers on every platform and in every version', () => {
  // Whoever changes these makes every seed that was ever noted worthless.
  expect(draw('peerage', 3)).toEqual([913_030_775, 2_076_295_607, 4_555_922])
  expect(toHex(randomBytes(new SeededRandom('peerage'), 10))).toBe('77be6b36b7c1c17b9284')
})

test('seeds that differ in one character, in its place or in length give different streams', () => {
  const seeds = ['', 'a', 'b', 'aa', 'ab', 'ba', 'a/1', 'a/2', 'a/11', ' a', 'ä', '\u0000', '\u0000\u0000', 'a/host/1']
  const streams = seeds.map((seed) => draw(seed, 4).join())
  expect(new Set(streams).size).toBe(seeds.length)
})

test('the streams of neighboring seeds are not correlated', () => {
  const streams = 4000
  const draws = Array.from({ length: streams }, (_, index) => randomFraction(new SeededRandom(`seed/host/${index}`)))
  const mean = draws.reduce((sum, value) => sum + value, 0) / streams
  const products = draws.slice(1).map((value, index) => (value - 0.5) * ((draws[index] ?? 0) - 0.5))
  const correlation = products.reduce((sum, value) => sum + value, 0) / products.length / (1 / 12)
  // Ten standard deviations.
  expect(Math.abs(mean - 0.5)).toBeLessThan((10 * Math.sqrt(1 / 12)) / Math.sqrt(streams))
  expect(Math.abs(correlation)).toBeLessThan(10 / Math.sqrt(streams))
})
