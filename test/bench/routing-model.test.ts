/** The routing of a simulated cloud alone (bench/scale/cost/routing-model.ts), at a size at which whole engines are there to compare. */
import { expect, test } from 'vitest'
import { RoutingModel } from '../../bench/scale/cost/routing-model.ts'
import { makeCloud } from '../../src/pnrp/cloud.ts'
import { lookUp, registerNames } from '../pnrp/lookup-workload.ts'
import { SimulatedCloud } from '../pnrp/simulated-cloud.ts'

const NODES = 100
const NAMES = 20

function meanHops(nodes: number, seed: string): number {
  const hops = [...new RoutingModel(nodes, NAMES, seed).lookUps(500)]
  const arrived = hops.filter((one) => one !== undefined)
  expect(arrived).toHaveLength(500)
  return arrived.reduce((sum, one) => sum + one, 0) / arrived.length
}

test('lookups arrive after as many hops as with whole engines, in caches as full as theirs', () => {
  const cloud = new SimulatedCloud({ seed: 'routing', cloud: makeCloud('Global_'), checks: false })
  cloud.grow(NODES, {}, 50)
  const entries = cloud.running.reduce((sum, { node }) => sum + node.status().cachedEntries, 0) / NODES
  const names = registerNames(cloud, NAMES)
  cloud.world.runFor(10_000)
  const engines = lookUp(cloud, names, { lookups: 500, atOnce: 20, stream: 'lookups' })
  expect(engines.found).toBe(500)
  expect(Math.abs(meanHops(NODES, 'routing') - engines.meanHops)).toBeLessThan(0.15)
  const model = new RoutingModel(NODES, NAMES, 'routing')
  const modelled = Array.from({ length: NODES }, (_, node) => model.cachedEntries(node))
  expect(Math.abs(modelled.reduce((sum, one) => sum + one, 0) / NODES / entries - 1)).toBeLessThan(0.15)
})

test('with more nodes a lookup takes more hops, but few more: they grow as the logarithm', () => {
  const [few, many] = [meanHops(100, 'more'), meanHops(3000, 'more')]
  expect(many).toBeGreaterThan(few)
  expect(many).toBeLessThan(few + 2)
})

test('a run is replayed by its seed', () => {
  const run = (seed: string) => [...new RoutingModel(200, NAMES, seed).lookUps(200)]
  expect(run('one')).toEqual(run('one'))
  expect(run('one')).not.toEqual(run('two'))
})

test('in a cloud so small that everybody knows everybody, a lookup asks its publisher at once', () => {
  expect(new Set(new RoutingModel(6, 2, 'small').lookUps(50))).toEqual(new Set([1]))
})
