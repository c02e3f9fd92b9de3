import { describe, expect, test } from 'vitest'
import type { CloudChange } from '../../src/peer-node/cloud-info.ts'
import { CLEANUP_DELAY } from '../../src/peer-node/open-clouds.ts'
import type { PeerNode } from '../../src/peer-node/peer-node.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { toUtf8 } from '../../src/runtime/bytes.ts'
import { all, withSimulatedNodes } from './simulated-nodes.ts'

const HTTP = { host: '203.0.113.7', port: 80 }

async function stateOf(node: PeerNode, name: string): Promise<string | undefined> {
  return (await node.clouds.list()).find((cloud) => cloud.name === name)?.state
}

describe('open', () => {
  test('N-12: opening takes the port, or fails with a specific error and leaves no state', () =>
    withSimulatedNodes('open', async ({ addHost, openNode }) => {
      const host = addHost('ann', { interfaces: [{ name: 'lan', segment: 'lan', addresses: ['192.168.1.5'] }] })
      const ann = await openNode(host)
      const before = await ann.clouds.list()
      await expectRejection('no-network', ann.clouds.open('c', { ranges: ['10.0.0.0/8'] }), 'no address for it')
      for (const name of ['', 'Global', 'LinkLocal_', 'a\0']) {
        await expectRejection('invalid-cloud', ann.clouds.open(name), JSON.stringify(name))
      }
      const secret = toUtf8('sixteen bytes ok')
      await expectRejection('invalid-cloud', ann.clouds.open('SiteLocal_1', { secret }), 'a secret')
      await expectRejection('invalid-argument', ann.clouds.open('x', { seeds: ['a:b'] }), 'a seed')
      await expectRejection('invalid-argument', ann.clouds.open('x', { ranges: ['10.0.0.0/33'] }), 'a range')
      expect(await ann.clouds.list()).toEqual(before)
      // Nothing listens, or this would be refused.
      const receiver = { received: () => undefined }
      host.ports.datagrams.open({ host: host.ipv4, port: 3540 }, receiver).close()
      await ann.clouds.open('SiteLocal_1')
      expect(() => host.ports.datagrams.open({ host: host.ipv4, port: 3540 }, receiver)).toThrow(/in use/)
      expect((await ann.clouds.list({ scope: 'site-local' }))[0]).toMatchObject({
        ...{ name: 'SiteLocal_1', port: 3540, addresses: ['192.168.1.5'], openCount: 1 },
      })
    }))

  test('N-124: another node on the host takes a free port; a port that was asked for is an error', () =>
    withSimulatedNodes('ports', async ({ addHost, openNode, until }) => {
      const host = addHost('ann')
      const [first, second] = [await openNode(host), await openNode(host, { seeds: ['ann'] })]
      await first.clouds.open('c')
      await second.clouds.open('c')
      await until(async () => (await stateOf(second, 'c')) === 'active', '30s')
      const [info] = await second.clouds.list({ scope: 'private' })
      expect(info?.port).toBeGreaterThan(1024)
      expect(info?.port).not.toBe(3540)
      const third = await openNode(host, { pnrpPort: 3540 })
      await expectRejection('port-in-use', third.clouds.open('c'), 'a port that is taken')
      expect(await stateOf(third, 'c')).toBeUndefined()
      for (const pnrpPort of [1024, 65_536, 1.5]) {
        await expectRejection('invalid-argument', openNode(host, { pnrpPort }), String(pnrpPort))
      }
    }))

  test('N-124: a node that was in no cloud for a while takes another port, if somebody has taken its own meanwhile', () =>
    withSimulatedNodes('taken', async ({ addHost, openNode, advance }) => {
      const host = addHost('ann')
      const [first, second] = [await openNode(host), await openNode(host)]
      const portIn = async (node: PeerNode): Promise<number | undefined> =>
        (await node.clouds.list({ scope: 'private' }))[0]?.port
      await (await first.clouds.open('c')).close()
      await advance(CLEANUP_DELAY)
      await second.clouds.open('c')
      expect(await portIn(second)).toBe(3540)
      await first.clouds.open('c')
      expect(await portIn(first)).toBeGreaterThan(1024)
      expect(await portIn(first)).not.toBe(3540)
    }))

  test('without the clouds of the links, nothing is opened that nobody asked for', () =>
    withSimulatedNodes('no lan', async ({ addHost, openNode }) => {
      const [ann, bob] = [addHost('ann'), addHost('bob')]
      const quiet = await openNode(ann, { lan: false })
      await quiet.groups.create({ friendlyName: 'Book club' })
      await expectRejection('cloud-not-found', all(quiet.names.resolve('0.a')), 'no cloud')
      expect((await quiet.clouds.list()).filter(({ openCount }) => openCount > 0)).toEqual([])
      for await (const { check } of quiet.diagnose()) expect(check).not.toBe('udp-port')
      const seeded = await openNode(bob, { lan: false, seeds: ['ann'] })
      await seeded.groups.create({ friendlyName: 'Book club' })
      const open = (await seeded.clouds.list()).filter(({ openCount }) => openCount > 0)
      expect(open.map(({ name }) => name)).toEqual(['Global_'])
      await (await quiet.clouds.open('LinkLocal_eth0')).close()
    }))

  test('N-14: a cloud is left 15 minutes after its last handle was closed, and unregisters; opening keeps it', () =>
    withSimulatedNodes('cleanup', async ({ addHost, openNode, until, advance }) => {
      const [ann, bob] = [await openNode(addHost('ann')), await openNode(addHost('bob'), { seeds: ['ann'] })]
      await bob.clouds.open('c')
      const [one, two] = [await ann.clouds.open('c'), await ann.clouds.open('c')]
      await until(async () => (await stateOf(bob, 'c')) === 'active', '30s')
      await ann.names.register({ name: '0.a', endpoints: [HTTP] })
      const { entries } = await ann.clouds.inspect('c')
      expect(entries).not.toEqual([])

      await one.close()
      await one.close()
      expect((await ann.clouds.list({ scope: 'private' }))[0]?.openCount).toBe(1)
      await two.close()
      await advance(CLEANUP_DELAY - 1000)
      const again = await ann.clouds.open('c')
      expect((await ann.clouds.inspect('c')).entries).toEqual(entries)
      await advance(CLEANUP_DELAY * 2)
      expect(await all(bob.names.resolve('0.a'))).toHaveLength(1)

      await again.close()
      await advance(CLEANUP_DELAY - 1000)
      expect(await stateOf(ann, 'c')).toBe('active')
      await advance(2000)
      expect(await stateOf(ann, 'c')).toBeUndefined()
      await expectRejection('cloud-not-found', ann.clouds.inspect('c'), 'after the cleanup')
      expect(await all(bob.names.resolve('0.a'))).toEqual([])
    }))

  test('N-111: clouds of one name with different secrets do not mix, and nothing shows a secret', () =>
    withSimulatedNodes('secret', async ({ addHost, openNode, until, advance, world }) => {
      const secret = toUtf8('a secret of sixteen bytes or more')
      const nodes = [
        { node: await openNode(addHost('ann')), options: { secret } },
        { node: await openNode(addHost('bob'), { seeds: ['ann'] }), options: { secret } },
        { node: await openNode(addHost('cleo'), { seeds: ['ann'] }), options: { secret: toUtf8('another one of 16') } },
        { node: await openNode(addHost('dan'), { seeds: ['ann'] }), options: {} },
      ]
      for (const { node, options } of nodes) await node.clouds.open('c', options)
      const [ann, bob, ...others] = nodes.map(({ node }) => node)
      if (ann === undefined || bob === undefined) throw new Error('two nodes were opened')
      await until(async () => (await stateOf(bob, 'c')) === 'active', '30s')
      await advance('60s')
      for (const other of others) expect(await stateOf(other, 'c')).not.toBe('active')
      const refused = await expectRejection('invalid-cloud', ann.clouds.open('c'), 'without the secret')
      const shown = JSON.stringify([await ann.clouds.list(), await ann.clouds.inspect('c'), world.log, refused.details])
      for (const form of ['a secret of sixteen', Buffer.from(secret).toString('hex').slice(0, 32), '97,32,115,101']) {
        expect(shown).not.toContain(form)
      }
      expect((await ann.clouds.list({ scope: 'private' }))[0]?.hasSecret).toBe(true)
    }))
})

describe('list and watch', () => {
  test('N-109: every cloud is listed with what is known, by scope; then each change is told once', () =>
    withSimulatedNodes('watch', async ({ addHost, openNode, until, advance }) => {
      const lan = (address: string) => ({ interfaces: [{ name: 'lan0', segment: 'lan', addresses: [address] }] })
      const ann = await openNode(addHost('ann', lan('192.168.1.5')))
      const bob = await openNode(addHost('bob', lan('192.168.1.6')))
      const names = (await ann.clouds.list()).map(({ name, state }) => `${name} ${state}`)
      expect(names).toEqual(['Global_ not-started', 'LinkLocal_lan0 not-started', 'SiteLocal_1 not-started'])
      expect(await ann.clouds.list({ scope: 'link-local' })).toMatchObject([{ interface: 'lan0', scope: 'link-local' }])
      expect(await ann.clouds.list({ scope: 'site-local' })).toMatchObject([{ zone: '1' }])

      const told: CloudChange[] = []
      const controller = new AbortController()
      const watching = (async () => {
        for await (const change of ann.clouds.watch({ signal: controller.signal })) told.push(change)
      })()
      await advance(1)
      expect(told.splice(0).map(({ kind, cloud }) => `${kind} ${cloud.name}`)).toEqual([
        'added Global_',
        'added LinkLocal_lan0',
        'added SiteLocal_1',
      ])
      await ann.clouds.open('LinkLocal_lan0')
      await advance('30s')
      const states = told.splice(0).map(({ kind, cloud }) => `${kind} ${cloud.name} ${cloud.state}`)
      expect(states).toEqual(['changed LinkLocal_lan0 synchronizing', 'changed LinkLocal_lan0 alone'])
      await bob.clouds.open('LinkLocal_lan0')
      await until(() => told.some(({ cloud }) => cloud.state === 'active'), '30s')
      expect(told.at(-1)?.cloud).toMatchObject({
        ...{ addresses: ['192.168.1.5'], port: 3540, estimatedNodes: 2, openCount: 1, hasSecret: false },
        ranges: ['169.254.0.0/16', 'fe80::/10', '192.168.1.0/24'],
      })
      told.splice(0)
      await ann.suspend()
      await advance(1)
      await ann.resume()
      await advance(1)
      expect(told.splice(0).map(({ cloud }) => cloud.state)).toEqual(['disabled', 'active'])
      const reason = new Error('enough')
      controller.abort(reason)
      await expect(watching).rejects.toBe(reason)
      const rest = all(ann.clouds.watch())
      await advance(1)
      await ann.close()
      expect((await rest).map(({ kind }) => kind)).toEqual(['added', 'added', 'added'])
    }))
})

describe('the local link', () => {
  test('N-18: hosts on one segment find each other without any seed, also if one comes later', () =>
    withSimulatedNodes('link', async ({ addHost, openNode, until }) => {
      const on = (segment: string, addresses: readonly string[]) => ({
        interfaces: [{ name: 'lan0', segment, addresses }],
      })
      const ann = await openNode(addHost('ann', on('one', ['fe80::5'])))
      const bob = await openNode(addHost('bob', on('one', ['fe80::6'])))
      const cleo = await openNode(addHost('cleo', on('two', ['fe80::7'])))
      for (const node of [ann, bob, cleo]) await node.clouds.open('LinkLocal_lan0')
      await until(async () => (await stateOf(ann, 'LinkLocal_lan0')) === 'active', '60s')
      await until(async () => (await stateOf(bob, 'LinkLocal_lan0')) === 'active', '60s')
      expect(await stateOf(cleo, 'LinkLocal_lan0')).not.toBe('active')
      await ann.names.register({ name: '0.a', endpoints: [{ port: 80 }] })
      expect(await all(bob.names.resolve('0.a'))).toMatchObject([{ endpoints: [{ host: 'fe80::5', port: 80 }] }])
      expect(await all(cleo.names.resolve('0.a'))).toEqual([])
    }))

  test('N-122: nothing crosses a host that is on two links, although both use the same subnet', () =>
    withSimulatedNodes('two links', async ({ addHost, openNode, until }) => {
      const on = (name: string, segment: string, address: string) => ({ name, segment, addresses: [address] })
      const left = await openNode(addHost('left', { interfaces: [on('lan0', 'one', 'fe80::5')] }))
      const right = await openNode(addHost('right', { interfaces: [on('lan0', 'two', 'fe80::5')] }))
      const both = [on('eth0', 'one', 'fe80::9'), on('eth1', 'two', 'fe80::a')]
      const middle = await openNode(addHost('middle', { interfaces: both }))
      for (const node of [left, right]) await node.clouds.open('LinkLocal_lan0')
      for (const name of ['LinkLocal_eth0', 'LinkLocal_eth1']) await middle.clouds.open(name)
      const areActive = async (): Promise<boolean> => {
        const clouds = await middle.clouds.list({ scope: 'link-local' })
        return clouds.every(({ state }) => state === 'active')
      }
      await until(areActive, '60s')
      await left.names.register({ name: '0.left', endpoints: [HTTP] })
      await right.names.register({ name: '0.right', endpoints: [HTTP] })
      await middle.names.register({ name: '0.middle', endpoints: [HTTP], cloud: 'LinkLocal_eth1' })
      expect(await all(middle.names.resolve('0.left'))).toMatchObject([{ cloud: 'LinkLocal_eth0' }])
      expect(await all(middle.names.resolve('0.right'))).toMatchObject([{ cloud: 'LinkLocal_eth1' }])
      expect(await all(middle.names.resolve('0.left', { cloud: 'LinkLocal_eth1' }))).toEqual([])
      expect(await all(left.names.resolve('0.right'))).toEqual([])
      expect(await all(left.names.resolve('0.middle'))).toEqual([])
      expect(await all(right.names.resolve('0.left'))).toEqual([])
      expect(await all(right.names.resolve('0.middle'))).toHaveLength(1)
      for (const name of ['LinkLocal_eth0', 'LinkLocal_eth1']) {
        const { entries } = await middle.clouds.inspect(name)
        expect(new Set(entries.flatMap(({ endpoints }) => endpoints))).toEqual(new Set(['[fe80::5]:3540']))
      }
    }))
})

test('what fails at the sockets is in the metrics, also when the sockets are closed', () =>
  withSimulatedNodes('failures', async ({ addHost, openNode, until }) => {
    // From this segment no way leads to public addresses.
    const host = addHost('ann', { interfaces: [{ name: 'eth0', segment: 'one', addresses: ['10.0.0.1/24'] }] })
    const ann = await openNode(host, { seeds: ['203.0.113.7'] })
    await ann.clouds.open('c')
    const failures = async (): Promise<number> => (await ann.metrics())['udp-send-refused'] ?? 0
    await until(async () => (await failures()) > 0, '60s')
    await ann.suspend()
    const before = await failures()
    host.removeAddress('10.0.0.1')
    await ann.resume()
    expect(await failures()).toBeGreaterThanOrEqual(before)
  }))

describe('remembered nodes', () => {
  test('N-17: a cloud of which every node restarts forms anew, with neither seeds nor multicast', () =>
    withSimulatedNodes('restart', async ({ addHost, openNode, until, advance }) => {
      const hosts = ['ann', 'bob', 'cleo', 'dan'].map((name) => addHost(name))
      const first = await Promise.all(hosts.map((host) => openNode(host, { seeds: ['ann'] })))
      for (const node of first) await node.clouds.open('c')
      const allActive = async (nodes: readonly PeerNode[]): Promise<boolean> =>
        (await Promise.all(nodes.map((node) => stateOf(node, 'c')))).every((state) => state === 'active')
      await until(() => allActive(first), '60s')
      await advance('30s')
      for (const node of first) await node.close()
      for (const host of hosts) host.restart()
      const second = await Promise.all(hosts.map((host) => openNode(host)))
      for (const node of second) await node.clouds.open('c')
      await until(() => allActive(second), '60s')
      const [ann, , , dan] = second
      await ann?.names.register({ name: '0.a', endpoints: [HTTP] })
      expect(dan && (await all(dan.names.resolve('0.a')))).toHaveLength(1)
    }))

  test('N-123: the file carries its schema; a damaged one counts as none, one of a later version is left alone', () =>
    withSimulatedNodes('file', async ({ addHost, openNode, until }) => {
      const [annHost, bobHost] = [addHost('ann'), addHost('bob')]
      const ann = await openNode(annHost)
      await ann.clouds.open('c')
      const open = async (): Promise<string> => {
        const bob = await openNode(bobHost, { seeds: ['ann'] })
        await bob.clouds.open('c')
        await until(async () => (await stateOf(bob, 'c')) === 'active', '60s')
        await bob.close()
        const storage = bobHost.ports.storage('clouds')
        return Buffer.from(storage.read(storage.list()[0] ?? '', 4096) ?? []).toString()
      }
      const written = await open()
      expect(JSON.parse(written)).toEqual({ schema: 1, cloud: 'c', nodes: [expect.stringMatching(/^\[.+\]:3540$/)] })
      const storage = bobHost.ports.storage('clouds')
      const [name = ''] = storage.list()
      for (const damaged of ['', '{', 'null', '{"schema":1,"nodes":[1,"x","[::1"]}']) {
        storage.write(name, toUtf8(damaged))
        expect(await open()).toBe(written)
      }
      const later = '{"schema":2,"whatever":true}'
      storage.write(name, toUtf8(later))
      expect(await open()).toBe(later)
    }))
})
