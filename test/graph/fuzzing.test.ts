import { expect, test } from 'vitest'
import { FuzzedGraph, fuzzGraphDecoders } from './fuzzing.ts'

test('no decoder of records and graphs takes damaged input for anything but legal or bad', () => {
  const { inputs, refused } = fuzzGraphDecoders('short run', 400)
  // Damage that changes nothing that is looked at leaves some of them legal.
  expect(refused).toBeGreaterThan(inputs / 4)
  expect(refused).toBeLessThan(inputs)
})

test.each(['short run', 'another', 'a third'])(
  'members that alter what they send cost a graph nothing that lasts (seed "%s")',
  (seed) => {
    const fuzzed = new FuzzedGraph(seed)
    fuzzed.run(180_000)
    expect(fuzzed.altered).toBeGreaterThan(50)
    expect(fuzzed.problems()).toEqual([])
  },
)
