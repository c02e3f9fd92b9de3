import { expect, test } from 'vitest'
import { systemRandom } from '../../src/nodejs/system-random.ts'
import { randomAcceptance } from '../../src/runtime/acceptance/random.ts'

for (const { name, run } of randomAcceptance) test(`acceptance: ${name}`, () => run(systemRandom))

test('fill writes into a part of a larger buffer, and into a Buffer', () => {
  const buffer = Buffer.alloc(48)
  for (let round = 0; round < 20; round++) systemRandom.fill(buffer.subarray(16, 32))
  expect(buffer.subarray(0, 16)).toEqual(Buffer.alloc(16))
  expect(buffer.subarray(16, 32)).not.toEqual(Buffer.alloc(16))
  expect(buffer.subarray(32)).toEqual(Buffer.alloc(16))
})
