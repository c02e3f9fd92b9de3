import { expect, test } from 'vitest'
import { parsePeerName } from '../../src/identity/peer-name.ts'
import { FuzzedCloud, fuzzDecoders } from './fuzzing.ts'

test('N-101: no decoder takes damaged input for anything but legal or bad', () => {
  const { inputs, refused } = fuzzDecoders('short run', 4000)
  // Damage that changes nothing that is looked at leaves some of them legal.
  expect(refused).toBeGreaterThan(inputs / 2)
  expect(refused).toBeLessThan(inputs)
})

test.each([
  { cloud: 'a cloud', isSealed: false },
  { cloud: 'a cloud with a secret', isSealed: true },
])('N-101: $cloud in which every datagram comes with damaged copies goes on as before', ({ isSealed }) => {
  const fuzzed = new FuzzedCloud('short run', { isSealed })
  const { cloud } = fuzzed
  const [publisher, resolver] = cloud.running
  if (publisher === undefined || resolver === undefined) throw new Error('an empty cloud')
  const name = parsePeerName('0.fuzzed')
  publisher.register(name)
  for (let round = 0; round < 20; round++) {
    resolver.resolveName(name, {}, { found: () => {}, ended: () => {} })
    fuzzed.run(500)
  }
  expect(fuzzed.inputs).toBeGreaterThan(500)
  expect(cloud.sum(isSealed ? 'dropped-wrong-seal' : 'dropped-malformed')).toBeGreaterThan(100)
  expect(fuzzed.problems()).toEqual([])
  expect(cloud.resolve(resolver, name)).toHaveLength(1)
})
