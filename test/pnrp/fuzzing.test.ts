import { expect, test } from 'vitest'
import { parsePeerName } from '../../src/identity/peer-name.ts'
import { FuzzedCloud, fuzzDecoders } from './fuzzing.ts'

/** What damage has taken out of the caches is back after a few rounds of maintenance, in milliseconds. */
const RECOVERY = 60_000

test('N-101: no decoder takes damaged input for anything but legal or bad', () => {
  const { inputs, refused } = fuzzDecoders('short run', 4000)
  // Damage that changes nothing that is looked at leaves some of them legal.
  expect(refused).toBeGreaterThan(inputs / 2)
  expect(refused).toBeLessThan(inputs)
})

test.each([
  { seed: 'short run', isSealed: false },
  { seed: 'hunt 8', isSealed: false },
  { seed: 'hunt 14', isSealed: false },
  { seed: 'short run', isSealed: true },
  { seed: 'hunt 8', isSealed: true },
])(
  'N-101: a cloud in which every datagram comes with damaged copies goes on (seed $seed, secret: $isSealed)',
  ({ seed, isSealed }) => {
    const fuzzed = new FuzzedCloud(seed, { isSealed })
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
    // Without a secret some damaged copies are legal, and come first: that nobody has an ID, for one. That lasts as long as
    // they come and until the next rounds of maintenance; with a secret no damage does any harm.
    if (!isSealed) cloud.world.runFor(RECOVERY)
    expect(cloud.resolve(resolver, name)).toHaveLength(1)
  },
)
