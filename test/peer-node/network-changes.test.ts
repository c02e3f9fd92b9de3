/** A machine whose addresses go, come back, or are such that nobody outside can reach it. */
import { describe, expect, test } from 'vitest'
import type { CloudChange } from '../../src/peer-node/cloud-info.ts'
import type { NameRegistration } from '../../src/peer-node/names.ts'
import type { PeerNode } from '../../src/peer-node/peer-node.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import type { ErrorCode } from '../../src/runtime/peerage-error.ts'
import { all, type SimulatedNodes, withSimulatedNodes } from './simulated-nodes.ts'

const HTTP = { host: '203.0.113.7', port: 80 }
/** IPv4 without loopback. */
const RANGES = ['0.0.0.0/2', '64.0.0.0/3']

async function infoOf(node: PeerNode, name: string) {
  return (await node.clouds.list()).find((cloud) => cloud.name === name)
}

/** Three nodes that have found each other in a private cloud of IPv4 addresses. */
async function threeIn({ addHost, openNode, until }: SimulatedNodes): Promise<readonly [PeerNode, PeerNode, PeerNode]> {
  const ann = await openNode(addHost('ann'))
  const bob = await openNode(addHost('bob'), { seeds: ['ann'] })
  const cleo = await openNode(addHost('cleo'), { seeds: ['ann'] })
  const nodes = [ann, bob, cleo] as const
  for (const node of nodes) await node.clouds.open('c', { ranges: RANGES })
  const areActive = async (): Promise<boolean> =>
    (await Promise.all(nodes.map((node) => infoOf(node, 'c')))).every((info) => info?.state === 'active')
  await until(areActive, '60s')
  return nodes
}

describe('the last address', () => {
  test('N-97: goes: the application is told, nothing is registered or resolved; returns: what was registered is there', () =>
    withSimulatedNodes('last address', async (nodes) => {
      const [, bob, cleo] = await threeIn(nodes)
      await bob.names.register({ name: '0.kept', endpoints: [HTTP] })
      await bob.names.register({ name: '0.follows', endpoints: [{ port: 81 }] })
      await cleo.names.register({ name: '0.other', endpoints: [HTTP] })
      const told: CloudChange[] = []
      const controller = new AbortController()
      const watching = (async () => {
        for await (const change of bob.clouds.watch({ scope: 'private', signal: controller.signal })) told.push(change)
      })()
      const host = nodes.world.host('bob')
      const old = host.ipv4
      host.removeAddress(old)
      await nodes.until(() => told.at(-1)?.cloud.state === 'no-network', '10s')
      expect(told.at(-1)?.cloud).toMatchObject({ name: 'c', addresses: [] })

      for (const endpoints of [[HTTP], [{ port: 82 }]]) {
        const refused = bob.names.register({ name: '0.new', endpoints })
        const { details } = await expectRejection('no-network', refused, 'registering without an address')
        expect(details).toEqual({ cloud: 'c' })
      }
      const unresolved = await expectRejection('no-network', all(bob.names.resolve('0.other')), 'resolving without one')
      expect(unresolved.details).toEqual({ cloud: 'c' })
      await nodes.advance('5m')
      expect(await all(cleo.names.resolve('0.kept'))).toEqual([])

      host.addAddress('77.7.7.7/24')
      await nodes.until(() => told.at(-1)?.cloud.state === 'active', '30s')
      await nodes.advance('30s')
      expect(await all(cleo.names.resolve('0.kept'))).toMatchObject([{ endpoints: [HTTP] }])
      expect(await all(cleo.names.resolve('0.follows'))).toMatchObject([
        { endpoints: [{ host: '77.7.7.7', port: 81 }] },
      ])
      expect(await all(cleo.names.resolve('0.new'))).toEqual([])
      expect(await all(bob.names.resolve('0.other'))).toHaveLength(1)
      controller.abort(new Error('enough'))
      await expect(watching).rejects.toThrow('enough')
    }))

  test('N-97: if it goes while a name is being resolved, that ends with the same error', () =>
    withSimulatedNodes('while resolving', async (nodes) => {
      const [, bob] = await threeIn(nodes)
      nodes.world.network.partition(['bob'], ['ann', 'cleo'])
      const resolving = all(bob.names.resolve('0.other'))
      await nodes.advance(100)
      const host = nodes.world.host('bob')
      host.removeAddress(host.ipv4)
      await expectRejection('no-network', resolving, 'the network goes')
    }))
})

test('N-47: unknown cloud, illegal name, foreign identity, nothing to find, no network: five errors, and none leaves a trace', () =>
  withSimulatedNodes('no trace', async (nodes) => {
    const [ann, bob, cleo] = await threeIn(nodes)
    const strange = (await ann.identities.get()).peerName
    const mine = { name: '0.mine', endpoints: [HTTP] }
    await nodes.advance('60s')
    const listed = await bob.clouds.list()
    const { 'pnrp-datagrams-sent': sent } = await bob.metrics()
    const codes = new Set<string>()
    const refuse = async (code: ErrorCode, registration: NameRegistration): Promise<void> => {
      const { advice } = await expectRejection(code, bob.names.register(registration), code)
      expect(advice).not.toBe('')
      codes.add(code)
    }
    await refuse('cloud-not-found', { ...mine, cloud: 'nowhere' })
    await refuse('invalid-peer-name', { ...mine, name: 'mine' })
    await refuse('name-not-owned', { ...mine, name: strange })
    await refuse('nothing-to-register', { ...mine, endpoints: [] })
    expect(await bob.metrics()).toMatchObject({ 'pnrp-datagrams-sent': sent })
    expect(await bob.clouds.list()).toEqual(listed)
    const host = nodes.world.host('bob')
    const address = host.ipv4
    host.removeAddress(address)
    await nodes.until(async () => (await infoOf(bob, 'c'))?.state === 'no-network', '10s')
    await refuse('no-network', mine)
    host.addAddress(`${address}/24`)
    await nodes.until(async () => (await infoOf(bob, 'c'))?.state === 'active', '60s')
    await nodes.advance('60s')
    expect(codes.size).toBe(5)
    for (const name of ['0.mine', strange]) expect(await all(cleo.names.resolve(name))).toEqual([])
    // What was refused stands in nobody's way.
    await bob.names.register(mine)
    expect(await all(cleo.names.resolve('0.mine'))).toMatchObject([{ endpoints: [HTTP] }])
  }))

test('N-126: a wake that nobody announced is noticed, and addresses are read that no event reported', () =>
  withSimulatedNodes('unreported', async (nodes) => {
    const { addHost, openNode, until } = nodes
    const ann = await openNode(addHost('ann'))
    await ann.clouds.open('c', { ranges: RANGES })
    const host = addHost('bob')
    // The platform reads the addresses and never says that they changed.
    const networkInterfaces = { list: () => host.ports.networkInterfaces.list(), watch: () => () => undefined }
    const bob = await openNode(host, { seeds: ['ann'] }, { networkInterfaces })
    await bob.clouds.open('c', { ranges: RANGES })
    await until(async () => (await infoOf(bob, 'c'))?.state === 'active', '60s')
    await bob.names.register({ name: '0.site', endpoints: [{ port: 80 }] })
    host.addAddress('77.7.7.7/24')
    host.removeAddress(host.ipv4)
    await nodes.advance('60s')
    expect((await infoOf(bob, 'c'))?.addresses).not.toContain('77.7.7.7')
    host.skewClock(3_600_000)
    await until(async () => (await infoOf(bob, 'c'))?.addresses[0] === '77.7.7.7', '20s')
    await nodes.advance('10s')
    expect(await all(ann.names.resolve('0.site'))).toMatchObject([{ endpoints: [{ host: '77.7.7.7', port: 80 }] }])
  }))

test('N-113, N-15: in Global_ a machine with private addresses alone opens the cloud, resolves, and says why it cannot register', () =>
  withSimulatedNodes('private only', async ({ addHost, openNode, until, world }) => {
    const ann = await openNode(addHost('ann'))
    await ann.clouds.open('Global_')
    await ann.names.register({ name: '0.site', endpoints: [HTTP] })
    const inside = { interfaces: [{ name: 'lan0', segment: 'home', addresses: ['192.168.1.5'] }] }
    world.network.addNat({ segment: 'home', address: '88.8.8.8' })
    const bob = await openNode(addHost('bob', inside), { seeds: ['ann'] })
    await bob.clouds.open('Global_')
    await until(async () => (await infoOf(bob, 'Global_'))?.state === 'active', '60s')
    expect(await infoOf(bob, 'Global_')).toMatchObject({ resolveOnly: 'no-address', addresses: [] })
    expect(await all(bob.names.resolve('0.site', { cloud: 'Global_' }))).toMatchObject([{ endpoints: [HTTP] }])
    const refused = bob.names.register({ name: '0.mine', endpoints: [HTTP], cloud: 'Global_' })
    expect((await expectRejection('resolve-only', refused, 'registering')).details).toEqual({
      ...{ cloud: 'Global_', reason: 'no-address' },
    })
  }))
