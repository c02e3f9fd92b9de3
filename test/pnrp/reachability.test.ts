import { describe, expect, test } from 'vitest'
import { GLOBAL_CLOUD, makeCloud } from '../../src/pnrp/cloud.ts'
import { REACHABILITY_RETRY } from '../../src/pnrp/participation.ts'
import { LONGEST_WAIT_FOR_QUESTION, Reachability, WITNESS_LIFE, WITNESSES_NEEDED } from '../../src/pnrp/reachability.ts'
import type { Endpoint } from '../../src/runtime/endpoint.ts'
import { SimulatedWorld } from '../../src/simulation/simulated-world.ts'
import { drawPnrpId, ScriptedPeer } from './scripted-peer.ts'
import { type Member, SimulatedCloud } from './simulated-cloud.ts'

function member(cloud: SimulatedCloud, index: number): Member {
  const found = cloud.members[index]
  if (found === undefined) throw new RangeError(`there is no member ${index}`)
  return found
}

describe('the address that others see', () => {
  const world = new SimulatedWorld({ seed: 'witnesses' })
  const { clock } = world.addHost('node').ports
  const observed = { host: '30.0.0.1', port: 3540 } as Endpoint
  const witness = (prefix: number, host = 1): Endpoint => ({ host: `40.0.${prefix}.${host}`, port: 3540 }) as Endpoint

  test('N-112: counts once three from different prefixes agree on it, within a named time', () => {
    const reachability = new Reachability(clock, WITNESSES_NEEDED)
    for (let host = 1; host < 100; host++) reachability.observed(witness(1, host), observed)
    reachability.observed(witness(2), observed)
    reachability.observed(witness(3), { ...observed, port: 4000 })
    expect(reachability.observedEndpoint()).toBeUndefined()
    world.runFor(WITNESS_LIFE - 1000)
    reachability.observed(witness(3), observed)
    expect(reachability.observedEndpoint()).toEqual(observed)
    world.runFor(2000)
    // Two of the three are too old.
    expect(reachability.observedEndpoint()).toBeUndefined()
  })

  test('N-112, N-103: is no translated one while three see the node where it is, however many liars agree on another', () => {
    const reachability = new Reachability(clock, WITNESSES_NEEDED)
    const own = { host: '20.0.0.1', port: 3540 } as Endpoint
    const problem = () => reachability.problem([own.host], own.port, 50)
    for (let prefix = 1; prefix <= 20; prefix++) reachability.observed(witness(prefix), observed)
    expect(problem()).toBe('address-translated')
    for (const prefix of [30, 31]) reachability.observed(witness(prefix), own)
    expect(problem()).toBe('address-translated')
    reachability.observed(witness(32), own)
    expect(problem()).toBeUndefined()
  })

  test('N-112: is not heeded from a reply that does not count, nor from one liar alone', () => {
    const cloud = new SimulatedCloud({ seed: 'liar', cloud: makeCloud(GLOBAL_CLOUD), conditions: { latency: 10 } })
    const node = cloud.add({ seeds: [] })
    const liars = Array.from({ length: 5 }, (_, index) => new ScriptedPeer(cloud, `liar ${index}`))
    const lie = { host: '99.0.0.1', port: 3540 } as Endpoint
    for (const liar of liars) {
      const start = { messageId: 7, ackedMessageId: 1234, observed: lie, cookie: new Uint8Array(16) }
      liar.send({ type: 'ACK', ...start, notFound: false, cookieNeeded: false }, node.endpoint)
    }
    cloud.world.runFor(1000)
    expect(node.node.status().observed).toBeUndefined()
    const [liar] = liars
    if (liar === undefined) throw new RangeError('there are five')
    liar.onHeard = ({ message, from }) => {
      liar.send(
        { type: 'AUTHORITY', ...liar.replyTo(message, lie), size: 1, offset: 0, fragment: new Uint8Array(1) },
        from,
      )
    }
    for (let count = 0; count < 20; count++) {
      const flags = { wantsCpa: false, wantsPayload: false, wantsChain: false }
      const validateId = drawPnrpId(cloud, `${count}`)
      node.node.parts.exchange.inquire(
        liar.endpoint,
        { type: 'INQUIRE', ...flags, validateId },
        { answered: () => {}, failed: () => {} },
      )
      cloud.world.runFor(500)
    }
    expect(node.node.status()).toMatchObject({ observed: undefined, resolveOnly: undefined })
  })
})

describe('a node that was told only to resolve', () => {
  test('N-15: resolves, registers nothing, names no entry of its own, and drops what others ask', () => {
    const cloud = new SimulatedCloud({ seed: 'resolve-only', conditions: { latency: 10 } })
    cloud.grow(6)
    const entries: unknown[] = []
    const reader = new ScriptedPeer(cloud, 'reader')
    cloud.onSent = (sent) => {
      const message = reader.read(sent.bytes)
      if (sent.member !== node || message === undefined) return
      if (message.type === 'SOLICIT') entries.push(message.routeEntry)
      if (message.type === 'LOOKUP')
        entries.push(message.bestMatch?.addresses.includes(node.endpoint.host) || undefined)
      expect(['SOLICIT', 'REQUEST', 'LOOKUP', 'INQUIRE', 'ACK']).toContain(message.type)
    }
    const node = cloud.add({ resolveOnly: true })
    const { id, name } = member(cloud, 2).registerSecured('name')
    cloud.world.runFor(60_000)
    expect(cloud.resolve(node, name).map((result) => result.id)).toEqual([id])
    expect(entries.length).toBeGreaterThan(5)
    expect(entries.every((entry) => entry === undefined)).toBe(true)
    expect(node.ids).toEqual([])
    expect(node.node.status().resolveOnly).toBe('configured')
    expect(() => node.registerSecured('own')).toThrow(
      expect.objectContaining({ code: 'resolve-only', details: { cloud: 'test', reason: 'configured' } }),
    )
    const asking = new ScriptedPeer(cloud, 'asking')
    const target = drawPnrpId(cloud, 'target')
    const flags = { wantsCpa: false, wantsPayload: false, wantsChain: false }
    asking.send({ type: 'INQUIRE', messageId: 1, ...flags, validateId: target }, node.endpoint)
    const hashedNonce = new Uint8Array(32)
    asking.send({ type: 'SOLICIT', messageId: 2, solicitType: 'any', hashedNonce, features: 0 }, node.endpoint)
    asking.send({ type: 'REQUEST', messageId: 3, nonce: new Uint8Array(16), ids: [target] }, node.endpoint)
    const rest = { criterion: 'any', precision: 0, reason: 'application', acceptsFarther: true } as const
    const flaggedPath = [asking.endpoint]
    asking.send({ type: 'LOOKUP', messageId: 4, target, validateId: target, ...rest, flaggedPath }, node.endpoint)
    cloud.world.runFor(5000)
    expect(asking.heard).toEqual([])
    expect(node.node.counters()['dropped-resolve-only']).toBe(4)
  })
})

describe('a node finds out whether others reach it', () => {
  test('N-113, N-15: with private addresses alone in Global_, it is resolve-only from the start, and resolves', () => {
    const cloud = new SimulatedCloud({
      seed: 'behind nat',
      cloud: makeCloud(GLOBAL_CLOUD),
      conditions: { latency: 10 },
    })
    cloud.grow(8)
    const { id, name } = member(cloud, 3).registerSecured('name')
    cloud.world.network.addNat({ segment: 'home', address: '88.8.8.8' })
    const interfaces = [{ name: 'eth0', segment: 'home', addresses: ['192.168.1.5/24'] }]
    const node = cloud.add({ host: { interfaces } })
    cloud.world.runFor(30_000)
    expect(node.node.status()).toMatchObject({ state: 'active', resolveOnly: 'no-address', addresses: [] })
    expect(node.node.status().observed?.host).toBe('88.8.8.8')
    expect(cloud.resolve(node, name).map((result) => result.id)).toEqual([id])
    const endpoints = [{ host: member(cloud, 0).endpoint.host, port: 80, protocol: 6 }]
    expect(() => node.registerSecured('own', { endpoints })).toThrow(
      expect.objectContaining({ details: { cloud: GLOBAL_CLOUD, reason: 'no-address' } }),
    )
    for (const other of cloud.members.slice(0, 8)) {
      for (const { entry } of other.node.entries()) expect(entry.addresses).not.toContain('192.168.1.5')
    }
  })

  test('N-113, N-15: behind a translated address it is resolve-only, takes back its names, and says so', () => {
    const cloud = new SimulatedCloud({ seed: 'translated', conditions: { latency: 10 } })
    cloud.grow(8)
    cloud.world.network.addNat({ segment: 'home', address: '88.8.8.8' })
    const interfaces = [{ name: 'eth0', segment: 'home', addresses: ['192.168.1.5/24'] }]
    const node = cloud.add({ host: { interfaces } })
    node.registerSecured('taken back')
    const changes = node.changes
    cloud.world.runFor(60_000)
    expect(node.node.status().resolveOnly).toBe('address-translated')
    expect(node.ids).toEqual([])
    expect(node.changes).toBeGreaterThan(changes)
  })

  test('N-113: behind a firewall that lets nobody in it finds that out, tries again, and comes back', () => {
    const cloud = new SimulatedCloud({ seed: 'firewall', cloud: makeCloud(GLOBAL_CLOUD) })
    cloud.grow(28)
    const node = cloud.add({ host: { firewall: true } })
    cloud.world.runFor(2000)
    const registered = node.registerSecured('withdrawn')
    cloud.world.runFor(LONGEST_WAIT_FOR_QUESTION + 60_000)
    expect(node.node.status().resolveOnly).toBe('not-asked')
    expect(node.ids).toEqual([])
    for (const { node: other } of cloud.members.slice(0, 28)) expect(other.status().resolveOnly).toBeUndefined()
    // The firewall goes: at the next try others reach it, and what was taken back is registered again.
    node.host.attachment.firewall = undefined
    cloud.world.runFor(REACHABILITY_RETRY + 60_000)
    expect(node.node.status().resolveOnly).toBeUndefined()
    expect(node.ids).toHaveLength(2)
    expect(node.ids).not.toContain(registered.id)
    const results = cloud.resolve(member(cloud, 7), registered.name)
    expect(results).toHaveLength(1)
    // Its application can still end it.
    node.node.unregister(registered)
    cloud.world.runFor(10_000)
    expect(cloud.resolve(member(cloud, 7), registered.name)).toEqual([])
  })

  test('N-113: and tries again at once when its addresses change', () => {
    const cloud = new SimulatedCloud({ seed: 'moved', cloud: makeCloud(GLOBAL_CLOUD), conditions: { latency: 10 } })
    cloud.grow(8)
    cloud.world.network.addNat({ segment: 'home', address: '88.8.8.8' })
    const interfaces = [{ name: 'eth0', segment: 'home', addresses: ['192.168.1.5/24'] }]
    const node = cloud.add({ host: { interfaces } })
    cloud.world.runFor(30_000)
    expect(node.ids).toEqual([])
    node.host.addAddress('77.7.7.7/24')
    node.host.removeAddress('192.168.1.5')
    cloud.world.runFor(1)
    node.addressesChanged()
    cloud.world.runFor(90_000)
    expect(node.node.status().resolveOnly).toBeUndefined()
    expect(node.ids).toHaveLength(1)
    expect(cloud.wrongLeafSets()).toEqual([])
  })
})

test('N-113: nobody in a cloud of any size is taken for unreachable by mistake', () => {
  for (const size of [2, 5, 17, 25]) {
    const cloud = new SimulatedCloud({ seed: `sizes ${size}` })
    cloud.grow(size)
    cloud.world.runFor(2 * LONGEST_WAIT_FOR_QUESTION)
    for (const { node } of cloud.members) expect(node.status().resolveOnly).toBeUndefined()
  }
})
