import { describe, expect, test } from 'vitest'
import { FORMER_NODE_LIFE, FormerNodes, MOST_FORMER_NODES } from '../../src/pnrp/former-nodes.ts'
import { NO_PNRP_ID, pnrpIdAt } from '../../src/pnrp/pnrp-id.ts'
import { judgeSplit } from '../../src/pnrp/split-detection.ts'
import type { Endpoint } from '../../src/runtime/endpoint.ts'
import { SimulatedWorld } from '../../src/simulation/simulated-world.ts'
import { ScriptedPeer } from './scripted-peer.ts'
import { SimulatedCloud } from './simulated-cloud.ts'

describe('what a test for a split tells', () => {
  const target = pnrpIdAt(0.5)
  const near = pnrpIdAt(0.52)
  const middle = pnrpIdAt(0.45)
  const far = pnrpIdAt(0.7)

  test('N-89: the closest cached ID: there is no split', () => {
    expect(judgeSplit([near, middle, far], target, near)).toBe('no-split')
  })

  test('N-89: a cached ID with another one between it and the target: the other part is the smaller', () => {
    expect(judgeSplit([near, middle, far], target, middle)).toBe('larger-part')
  })

  test('N-89: an ID that was not cached and is closer than all that were: this node is in the smaller part', () => {
    expect(judgeSplit([middle, far], target, near)).toBe('smaller-part')
    expect(judgeSplit([], target, near)).toBe('smaller-part')
  })

  test('N-89: an ID that was not cached, with a cached one between: this node is in the larger part', () => {
    expect(judgeSplit([near, far], target, middle)).toBe('larger-part')
  })
})

describe('nodes that were dropped', () => {
  test('N-88: are kept for a day at least, in a bounded list', () => {
    const world = new SimulatedWorld({ seed: 'former' })
    const host = world.addHost('node')
    const former = new FormerNodes(host.ports.clock)
    const endpoint = (port: number): Endpoint => ({ host: host.ipv4, port })
    for (let count = 0; count <= MOST_FORMER_NODES; count++) former.add(endpoint(2000 + count))
    expect(former.all()).toHaveLength(MOST_FORMER_NODES)
    expect(former.all()[0]).toEqual(endpoint(2000 + MOST_FORMER_NODES))
    expect(former.all()).not.toContainEqual(endpoint(2000))
    expect(FORMER_NODE_LIFE).toBeGreaterThanOrEqual(24 * 3_600_000)
    world.runFor(FORMER_NODE_LIFE - 1000)
    expect(former.all()).toHaveLength(MOST_FORMER_NODES)
    world.runFor(2000)
    expect(former.all()).toEqual([])
  })

  test('N-46, N-88: an entry whose node died is dropped, remembered, and asked in a test for a split', () => {
    const cloud = new SimulatedCloud({ seed: 'dropped' })
    const off = { seeds: () => [] }
    const [node, other] = [cloud.add({ ports: off }), cloud.add()]
    cloud.world.runFor(30_000)
    const id = other.ownId
    expect(node.node.parts.cache.get(id)).toBeDefined()
    const { endpoint } = other
    node.remembered = []
    other.crash()
    cloud.world.runFor(150_000)
    expect(node.node.parts.cache.get(id)).toBeUndefined()
    // It comes back as another node, which the first finds only by asking where the former one was.
    const asked: Endpoint[] = []
    cloud.onSent = ({ member, to }) => {
      if (member === node) asked.push(to)
    }
    node.remembered = []
    cloud.world.runFor(60_000)
    expect(asked).toContainEqual(endpoint)
  })
})

test('N-88: a test begins, with Validate PNRP ID zero, in turn at a remembered node, a dropped one and a seed', () => {
  const cloud = new SimulatedCloud({ seed: 'in turn', conditions: { latency: 10 } })
  const peers = ['remembered', 'dropped', 'seed'].map((name) => new ScriptedPeer(cloud, name))
  const [remembered, dropped, seed] = peers
  if (remembered === undefined || dropped === undefined || seed === undefined) throw new RangeError('there are three')
  const first = cloud.add({ seeds: [] })
  let isJoined = false
  const node = cloud.add({
    ports: {
      seeds: () => [isJoined ? seed.endpoint : first.endpoint],
      remembered: () => (isJoined ? [remembered.endpoint] : []),
    },
  })
  cloud.world.runFor(20_000)
  isJoined = true
  // One that the cache took, and that then is gone without a word: it never confirms a FLOOD.
  const ghost = cloud.add({ seeds: [] })
  cloud.world.runFor(1000)
  const entry = ghost.node.parts.own.entryOf(ghost.ownId)
  if (entry === undefined) throw new RangeError('it has an address')
  node.node.parts.cache.add({
    entry: { ...dropped.entry(entry.id) },
    publicKey: new Uint8Array(32),
    notAfter: Number.POSITIVE_INFINITY,
    lastHeard: node.host.ports.clock.monotonic(),
  })
  node.node.parts.forget(entry.id)
  cloud.world.runFor(400_000)
  const order: string[] = []
  const target = [...node.ownId]
  for (const heard of peers
    .flatMap((peer) => peer.heardOf('LOOKUP').map((one) => ({ ...one, peer })))
    .sort((one, other) => one.time - other.time)) {
    expect(heard.message).toMatchObject({ validateId: NO_PNRP_ID, criterion: 'none', reason: 'split-detection' })
    expect([...heard.message.target].slice(0, 31)).toEqual(target.slice(0, 31))
    if (heard.from.host !== node.endpoint.host) continue
    const name = heard.peer === remembered ? 'remembered' : heard.peer === dropped ? 'dropped' : 'seed'
    // Each test asks its node up to three times, for nobody answers.
    if (order.at(-1) !== name) order.push(name)
  }
  expect(order.length).toBeGreaterThan(5)
  for (const [index, name] of order.slice(0, -3).entries()) {
    expect(new Set([name, order[index + 1], order[index + 2]]).size).toBe(3)
  }
})

test.each(['one', 'two'])('N-90: halves apart for ten minutes are one within 60 s, with no seeds (%s)', (seed) => {
  const cloud = new SimulatedCloud({ seed: `split ${seed}` })
  let seeds: readonly Endpoint[] = []
  for (let index = 0; index < 24; index++) {
    const { endpoint } = cloud.add({ ports: { seeds: () => seeds } })
    if (index === 0) seeds = [endpoint]
    cloud.world.runFor(300)
  }
  cloud.world.runFor(120_000)
  seeds = []
  const registrations = cloud.members.map((member, index) => member.registerSecured(`name ${index}`))
  cloud.world.runFor(60_000)
  const names = cloud.members.map(({ name }) => name)
  cloud.world.network.partition(
    names.filter((_, index) => index % 2 === 0),
    names.filter((_, index) => index % 2 === 1),
  )
  cloud.world.runFor(600_000)
  expect(cloud.wrongLeafSets().length).toBeGreaterThan(50)
  cloud.world.network.heal()
  cloud.world.runFor(60_000)
  expect(cloud.wrongLeafSets()).toEqual([])
  for (const [index, { id, name }] of registrations.entries()) {
    const resolver = cloud.members[(index + 1) % cloud.members.length]
    if (resolver === undefined) throw new RangeError('there are twenty-four')
    expect(cloud.resolve(resolver, name).map((result) => result.id)).toEqual([id])
  }
})
