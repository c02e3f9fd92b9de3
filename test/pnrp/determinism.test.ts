import { expect, test } from 'vitest'
import { parsePeerName } from '../../src/identity/peer-name.ts'
import { SimulationFailure } from '../../src/simulation/simulation-failure.ts'
import { SimulatedCloud } from './simulated-cloud.ts'

const NAME = parsePeerName('0.chess')

/** A small life of a cloud: joins, a registration, loss, a crash, a resolve. */
function digestOf(seed: string): { digest: string; sent: string } {
  const cloud = new SimulatedCloud({ seed, trace: 'digest', conditions: { latency: 10, jitter: 5, loss: 0.05 } })
  let sent = ''
  cloud.onSent = ({ member, bytes }) => {
    sent += `${member.name}:${Buffer.from(bytes).toString('base64')}\n`
  }
  const [first, second, third] = cloud.grow(8)
  first?.register(NAME)
  cloud.world.runFor(1000)
  second?.crash()
  if (third !== undefined) cloud.resolve(third, NAME)
  cloud.world.runFor(30_000)
  return { digest: cloud.world.digest, sent }
}

test('N-128: the same seed and events give the same datagrams, byte for byte, and another seed gives others', () => {
  const once = digestOf('one')
  const again = digestOf('one')
  expect(again.sent).toBe(once.sent)
  expect(again.digest).toBe(once.digest)
  expect(digestOf('two').sent).not.toBe(once.sent)
})

test('N-128: a simulation that fails says the seed with which it can be replayed', () => {
  const cloud = new SimulatedCloud({ seed: 'rain' })
  cloud.grow(3)
  cloud.world.addInvariant(() => {
    if (cloud.sum('datagrams-sent') > 0) throw new Error('a datagram was sent')
  })
  try {
    cloud.world.runFor(60_000)
    expect.unreachable('the invariant is broken by every cloud')
  } catch (error) {
    expect(error).toBeInstanceOf(SimulationFailure)
    expect(String(error)).toMatch(/rain/)
  }
})
