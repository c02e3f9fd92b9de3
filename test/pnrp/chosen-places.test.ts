import { expect, test } from 'vitest'
import { makeCloud } from '../../src/pnrp/cloud.ts'
import { sameP2pId } from '../../src/pnrp/pnrp-id.ts'
import { Liars } from './liar.ts'
import { lookUp, registerNames } from './lookup-workload.ts'
import { SimulatedCloud } from './simulated-cloud.ts'

test('N-116: whoever has k prefixes and chooses the places of its nodes makes no secured result wrong', () => {
  // How many lookups fail, with k from 0 to 16: bench/scale/chosen-places.ts and docs/benchmarks.md.
  const cloud = new SimulatedCloud({ seed: 'n-116', cloud: makeCloud('Global_'), checks: false })
  cloud.grow(24, {}, 100)
  const [attacked] = registerNames(cloud, 1, { secured: true })
  if (attacked === undefined) throw new RangeError('nothing is registered')
  const resolvers = cloud.members.filter((member) => member !== attacked.publisher)
  const liars = new Liars(cloud)
  liars.lie = true
  liars.liesAbout = (target) => sameP2pId(target, attacked.id)
  const foundWith: number[] = []
  for (const k of [1, 16]) {
    while (liars.members.length < k) liars.addNear(attacked.id, 1 / 1000)
    cloud.world.runFor(20_000)
    const report = lookUp(cloud, [attacked], { lookups: 40, atOnce: 20, stream: `k ${k}`, resolvers })
    expect(report.wrong).toBe(0)
    foundWith.push(report.found)
  }
  // One prefix is not enough to hide a name.
  expect(foundWith[0]).toBe(40)
})
