import { expect, test } from 'vitest'
import type { ResolveOutcome } from '../../src/pnrp/resolve-outcome.ts'
import type { Endpoint } from '../../src/runtime/endpoint.ts'
import { SimulatedCloud } from './simulated-cloud.ts'

test('N-92: with 5 % loss and round trips of 20 ms, a resolve loses less than 200 ms on a dead node', () => {
  const cloud = new SimulatedCloud({ seed: 'dead hops', conditions: { latency: 10, loss: 0.05 } })
  cloud.grow(24)
  const lost: number[] = []
  for (const [index, publisher] of cloud.members.slice(0, 10).entries()) {
    const { id } = publisher.registerSecured(`name ${index}`)
    cloud.world.runFor(5000)
    const resolver = cloud.members[index + 10]
    if (resolver === undefined) throw new RangeError('there are twenty-four')
    const took = (firstHop: Endpoint): number => {
      const outcomes: ResolveOutcome[] = []
      const began = cloud.world.now
      const request = { target: id, criterion: 'any', reason: 'application', firstHops: [firstHop] } as const
      resolver.node.resolve(request, (outcome) => outcomes.push(outcome))
      cloud.world.runUntil(() => outcomes.length > 0, 30_000)
      expect(outcomes).toMatchObject([{ kind: 'found', match: { entry: { id } } }])
      return cloud.world.now - began
    }
    // One that is neither publisher nor resolver of any turn: the first resolve measures its round trips, then it dies.
    const dying = cloud.members[20 + (index % 4)]
    if (dying === undefined) throw new RangeError('there are twenty-four')
    const undisturbed = took(dying.endpoint)
    const others = cloud.members.map(({ name }) => name).filter((name) => name !== dying.name)
    cloud.world.network.partition([dying.name], others)
    lost.push(took(dying.endpoint) - undisturbed)
    cloud.world.network.heal()
    cloud.world.runFor(60_000)
  }
  // One in twenty other datagrams is lost as well, which costs time, too: the median is what the dead node costs.
  const [median = Number.POSITIVE_INFINITY] = lost.toSorted((one, other) => one - other).slice(lost.length / 2)
  expect(median).toBeGreaterThan(20)
  expect(median).toBeLessThan(200)
})
