import { describe, expect, test } from 'vitest'
import { parsePeerName } from '../../src/identity/peer-name.ts'
import { p2pIdOf } from '../../src/pnrp/p2p-id.ts'
import { isCloser, makePnrpId, type PnrpId } from '../../src/pnrp/pnrp-id.ts'
import {
  nearestServiceLocation,
  SERVICE_LOCATION_PREFIX_LENGTH,
  serviceLocationPrefix,
} from '../../src/pnrp/service-location.ts'
import { randomBytes, randomChoice } from '../../src/runtime/random.ts'
import { type Member, SimulatedCloud } from './simulated-cloud.ts'

const name = parsePeerName('0.printer')
const INSTANCES = 20

/** A cloud in which every other member has registered the same name. */
function withInstances(
  seed: string,
  families: 'ipv4' | 'ipv6',
): { cloud: SimulatedCloud; instances: Map<PnrpId, Member> } {
  const cloud = new SimulatedCloud({ seed, families, checks: false })
  const members = cloud.grow(2 * INSTANCES)
  const publishers = members.filter((_, index) => index % 2 === 0)
  const instances = new Map(publishers.map((member) => [member.register(name).id, member] as const))
  expect(instances.size).toBe(INSTANCES)
  cloud.world.runFor(30_000)
  return { cloud, instances }
}

/** Draws members that publish nothing. */
function resolversOf(cloud: SimulatedCloud): () => Member {
  const random = cloud.world.random('resolvers')
  const others = cloud.members.filter((_, index) => index % 2 === 1)
  return () => {
    const chosen = randomChoice(random, others)
    if (chosen === undefined) throw new RangeError('nobody is left to resolve')
    return chosen
  }
}

describe.each(['ipv4', 'ipv6'] as const)('with 20 instances on %s', (families) => {
  test('N-67: a nearest criterion finds the one whose service location is closest to that of the target', () => {
    const { cloud, instances } = withInstances(`nearest ${families}`, families)
    const anyResolver = resolversOf(cloud)
    const random = cloud.world.random('prefixes')
    // Those of the instances themselves, and any others.
    const prefixes = [
      ...[...instances.values()].flatMap(({ addresses }) => addresses.slice(0, 1).map(serviceLocationPrefix)),
      ...Array.from({ length: INSTANCES / 2 }, () => randomBytes(random, SERVICE_LOCATION_PREFIX_LENGTH)),
    ]
    const found = new Set<PnrpId | undefined>()
    for (const [index, prefix] of prefixes.entries()) {
      const target = makePnrpId(p2pIdOf(cloud.crypto, name), nearestServiceLocation(prefix))
      const [closest] = [...instances.keys()].sort((one, other) => (isCloser(target, one, other) ? -1 : 1))
      const criterion = index % 2 === 0 ? 'nearest' : 'nearest-64'
      const results = cloud.resolve(anyResolver(), name, { criterion, prefix })
      expect(results.map(({ id }) => id)).toEqual([closest])
      found.add(closest)
    }
    // Prefixes of the instances lead to each of the instances.
    expect(found.size).toBe(INSTANCES)
  })
})

test('N-120: 20 instances on IPv4 share the load of 1,000 resolves for any, none with more than a quarter', () => {
  const { cloud, instances } = withInstances('any', 'ipv4')
  const anyResolver = resolversOf(cloud)
  const counts = new Map<PnrpId, number>()
  for (let count = 0; count < 1000; count++) {
    const [result] = cloud.resolve(anyResolver(), name)
    if (result === undefined) continue
    counts.set(result.id, (counts.get(result.id) ?? 0) + 1)
  }
  const answered = [...counts.values()].reduce((sum, count) => sum + count, 0)
  expect(answered).toBe(1000)
  for (const id of counts.keys()) expect(instances.has(id)).toBe(true)
  expect(Math.max(...counts.values())).toBeLessThanOrEqual(250)
})
