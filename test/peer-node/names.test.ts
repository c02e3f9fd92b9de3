import { describe, expect, test } from 'vitest'
import type { RegisteredName } from '../../src/peer-node/names.ts'
import { NodeNames } from '../../src/peer-node/node-names.ts'
import type { PeerNode } from '../../src/peer-node/peer-node.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { all, type SimulatedNodes, withSimulatedNodes } from './simulated-nodes.ts'

const CLOUD = 'club'
const HTTP = { host: '203.0.113.7', port: 80, protocol: 6 }

interface Pair {
  readonly ann: PeerNode
  readonly bob: PeerNode
}

/** Two nodes that have found each other in a private cloud. */
async function pairIn({ addHost, openNode, until }: SimulatedNodes): Promise<Pair> {
  const ann = await openNode(addHost('ann'))
  const bob = await openNode(addHost('bob'), { seeds: ['ann'] })
  for (const node of [ann, bob]) await node.clouds.open(CLOUD)
  await until(async () => (await isActive(ann)) && (await isActive(bob)), '60s')
  return { ann, bob }
}

async function isActive(node: PeerNode): Promise<boolean> {
  return (await node.clouds.list({ scope: 'private' })).every(({ state }) => state === 'active')
}

describe('a part of Peerage', () => {
  test('N-108: leaves its own registrations out by their handles, and sees those of others on the same node', () =>
    withSimulatedNodes('left out', async (nodes) => {
      const { ann, bob } = await pairIn(nodes)
      const { names } = ann
      // What the public API does not offer is there for the layers above.
      if (!(names instanceof NodeNames)) throw new TypeError('a node has other names')
      await ann.clouds.open('other')
      const register = (port: number): Promise<RegisteredName> =>
        names.register({ name: '0.site', endpoints: [{ ...HTTP, port }] })
      const mine = [await register(1), await register(2)]
      const [first] = mine
      await register(3)
      await bob.names.register({ name: '0.site', endpoints: [{ ...HTTP, port: 4 }] })
      const ports = async (leftOut: readonly RegisteredName[]): Promise<(number | undefined)[]> =>
        (await all(names.resolve('0.site', {}, leftOut))).map(({ endpoints }) => endpoints[0]?.port).sort()
      // Each of ann's stands in both clouds.
      expect(await ports([])).toEqual([1, 1, 2, 2, 3, 3, 4])
      expect(await ports(mine)).toEqual([3, 3, 4])
      expect(await ports(mine.slice(1))).toEqual([1, 1, 3, 3, 4])
      await first?.close()
      expect(await ports(mine)).toEqual([3, 3, 4])
    }))
})

describe('register', () => {
  test('N-105: a name is registered in all open clouds or in one, more than once with other endpoints, and found', () =>
    withSimulatedNodes('register', async (nodes) => {
      const { ann, bob } = await pairIn(nodes)
      await ann.clouds.open('other')
      await bob.clouds.open('other')
      const { peerName } = await ann.identities.get()
      await ann.names.register({ name: peerName, endpoints: [HTTP], comment: 'everywhere' })
      await ann.names.register({ name: '0.here', endpoints: [HTTP], cloud: CLOUD })
      await ann.names.register({ name: '0.here', endpoints: [{ ...HTTP, port: 81 }], cloud: { scope: 'private' } })

      const found = await all(bob.names.resolve(peerName))
      expect(found.map(({ cloud }) => cloud).sort()).toEqual([CLOUD, 'other'])
      const authority = peerName.slice(0, 40)
      for (const result of found) {
        expect(result).toMatchObject({ peerName, secured: true, publisher: `${authority}.`, endpoints: [HTTP] })
      }
      const ports = new Set<number | undefined>()
      for (let resolves = 0; ports.size < 2 && resolves < 100; resolves++) {
        for (const { endpoints } of await all(bob.names.resolve('0.here', { cloud: CLOUD, limit: 1 }))) {
          ports.add(endpoints[0]?.port)
        }
      }
      expect([...ports].sort()).toEqual([80, 81])
      expect((await all(bob.names.resolve('0.here', { cloud: 'other' }))).map(({ endpoints }) => endpoints)).toEqual([
        [{ ...HTTP, port: 81 }],
      ])

      const again = ann.names.register({ name: '0.here', endpoints: [HTTP], cloud: CLOUD })
      const { advice } = await expectRejection('already-registered', again, 'the same endpoint twice')
      expect(advice).toMatch(/update/i)
    }))

  test('N-105: endpoints without an address have those of the node, and follow them', () =>
    withSimulatedNodes('own addresses', async (nodes) => {
      const { ann, bob } = await pairIn(nodes)
      const host = nodes.world.host('ann')
      const before = [host.ipv4, host.ipv6]
      await ann.names.register({ name: '0.site', endpoints: [{ port: 80 }] })
      const hosts = async (): Promise<string[]> =>
        (await all(bob.names.resolve('0.site'))).flatMap(({ endpoints }) => endpoints.map(({ host: one }) => one))
      expect(await hosts()).toEqual(before)
      host.addAddress('99.1.2.3/24')
      host.removeAddress(String(before[0]))
      await nodes.until(async () => (await hosts()).includes('99.1.2.3'), '30s')
      expect(await hosts()).not.toContain(before[0])
    }))

  test('N-106: closing the handle, or the node, unregisters the whole name within seconds', () =>
    withSimulatedNodes('unregister', async (nodes) => {
      const { ann, bob } = await pairIn(nodes)
      const site = await ann.names.register({ name: '0.site', endpoints: [HTTP, { ...HTTP, port: 81 }] })
      await ann.names.register({ name: '0.mail', endpoints: [HTTP] })
      expect(await all(bob.names.resolve('0.site'))).toHaveLength(1)
      await site.close()
      await site.close()
      expect(await all(bob.names.resolve('0.site'))).toEqual([])
      await expectRejection('registration-closed', site.update({ comment: 'x' }), 'an update after the end')
      expect(await all(bob.names.resolve('0.mail'))).toHaveLength(1)
      await ann.close()
      await nodes.advance('1s')
      expect(await all(bob.names.resolve('0.mail'))).toEqual([])
    }))

  test('N-51, N-121: the next resolve sees an update, and what was not updated stays', () =>
    withSimulatedNodes('update', async (nodes) => {
      const { ann, bob } = await pairIn(nodes)
      const site = await ann.names.register({ name: '0.site', endpoints: [HTTP], comment: 'old', payload: 'text' })
      expect(await all(bob.names.resolve('0.site'))).toMatchObject([{ comment: 'old', payload: 'text' }])
      await site.update({ comment: 'new' })
      expect(await all(bob.names.resolve('0.site'))).toMatchObject([
        { comment: 'new', payload: 'text', endpoints: [HTTP] },
      ])
      await site.update({ payload: Uint8Array.of(1, 2), endpoints: [] })
      const [bytes] = await all(bob.names.resolve('0.site'))
      expect(bytes).toMatchObject({ endpoints: [], payload: Uint8Array.of(1, 2) })
      await expectRejection('nothing-to-register', site.update({ payload: null }), 'neither endpoint nor payload')
      expect(await all(bob.names.resolve('0.site'))).toEqual([bytes])
      const renamed = { comment: 'x', name: '0.other' }
      await expectRejection('invalid-argument', site.update(renamed), 'another name')
    }))

  test('N-47, N-114: what cannot be registered is refused, each with its own error', () =>
    withSimulatedNodes('refusals', async (nodes) => {
      const { ann, bob } = await pairIn(nodes)
      const strange = (await bob.identities.get()).peerName
      const refusals = [
        ['cloud-not-found', { name: '0.a', endpoints: [HTTP], cloud: 'nowhere' }],
        ['invalid-peer-name', { name: 'a', endpoints: [HTTP] }],
        ['name-not-owned', { name: strange, endpoints: [HTTP] }],
        ['nothing-to-register', { name: '0.a', endpoints: [] }],
        ['endpoint-kind-not-supported', { name: '0.a', endpoints: [{ ...HTTP, kind: 'relay' }] }],
        ['invalid-argument', { name: '0.a', endpoints: [{ host: 'localhost', port: 80 }] }],
        ['invalid-argument', { name: '0.a', endpoints: [{ port: 0 }] }],
        ['invalid-argument', { name: '0.a', endpoints: [HTTP], hint: Uint8Array.of(1) }],
        ['invalid-comment', { name: '0.a', endpoints: [HTTP], comment: 'x'.repeat(40) }],
        ['payload-too-long', { name: '0.a', endpoints: [HTTP], payload: new Uint8Array(4097) }],
        ['too-many-endpoints', { name: '0.a', endpoints: Array.from({ length: 11 }, () => HTTP) }],
      ] as const
      for (const [code, registration] of refusals) {
        await expectRejection(code, ann.names.register(registration), JSON.stringify(registration).slice(0, 99))
      }
      expect(await all(bob.names.resolve('0.a'))).toEqual([])
      const readOnly = await nodes.openNode(nodes.addHost('cleo'), { seeds: ['ann'] })
      await readOnly.clouds.open(CLOUD, { resolveOnly: true })
      const refused = readOnly.names.register({ name: '0.a', endpoints: [HTTP] })
      await expectRejection('resolve-only', refused, 'a resolve-only node')
      await ann.names.register({ name: '0.a', endpoints: [HTTP] })
      expect(await all(readOnly.names.resolve('0.a'))).toHaveLength(1)
    }))
})

describe('resolve', () => {
  test('N-107: without a result the name was not found; all else is an error', () =>
    withSimulatedNodes('resolve', async (nodes) => {
      const { bob } = await pairIn(nodes)
      await bob.clouds.open('ipv4', { ranges: ['20.0.0.0/8'] })
      expect(await all(bob.names.resolve('0.nobody'))).toEqual([])
      await expectRejection('cloud-not-found', all(bob.names.resolve('0.a', { cloud: 'x' })), 'an unknown cloud')
      await expectRejection('invalid-peer-name', all(bob.names.resolve('nodot')), 'an illegal name')
      for (const limit of [0, 257, 1.5]) {
        await expectRejection('invalid-argument', all(bob.names.resolve('0.a', { limit })), 'a limit')
      }
      const host = nodes.world.host('bob')
      host.removeAddress(host.ipv4)
      await nodes.advance('1s')
      await expectRejection('no-network', all(bob.names.resolve('0.a', { cloud: 'ipv4' })), 'no network')
      expect(await all(bob.names.resolve('0.a'))).toEqual([])
    }))

  test('N-107: with a limit it ends as soon as enough results came from any cloud', () =>
    withSimulatedNodes('limit', async (nodes) => {
      const { ann, bob } = await pairIn(nodes)
      for (const node of [ann, bob]) await node.clouds.open('other')
      for (const node of [ann, bob]) await node.names.register({ name: '0.a', endpoints: [HTTP] })
      expect(await all(bob.names.resolve('0.a'))).toHaveLength(4)
      expect(await all(bob.names.resolve('0.a', { limit: 3 }))).toHaveLength(3)
      expect(await all(bob.names.resolve('0.a', { criteria: 'nearest', limit: 1 }))).toHaveLength(1)
      expect(await all(bob.names.resolve('0.a', { criteria: 'nearest-64', hint: new Uint8Array(8) }))).not.toEqual([])
    }))

  test("N-108: own registrations are results like others'; two nodes of one process see each other", () =>
    withSimulatedNodes('own', async (nodes) => {
      const { ann, bob } = await pairIn(nodes)
      await ann.names.register({ name: '0.a', endpoints: [HTTP] })
      await bob.names.register({ name: '0.a', endpoints: [{ ...HTTP, port: 81 }] })
      for (const node of [ann, bob]) {
        const ports = (await all(node.names.resolve('0.a'))).map(({ endpoints }) => endpoints[0]?.port)
        expect(ports.sort()).toEqual([80, 81])
      }
    }))

  test("N-108: an abort rejects with the signal's own reason, leaving ends the work, closing ends the iteration", () =>
    withSimulatedNodes('cancel', async (nodes) => {
      const { ann, bob } = await pairIn(nodes)
      const reason = new Error('enough')
      const { signal, abort } = abortable(reason)
      const waiting = all(bob.names.resolve('0.a', { signal }))
      abort()
      await expect(waiting).rejects.toBe(reason)
      await expect(all(bob.names.resolve('0.a', { signal }))).rejects.toBe(reason)

      await ann.names.register({ name: '0.a', endpoints: [HTTP] })
      for await (const result of bob.names.resolve('0.a')) {
        expect(result.peerName).toBe('0.a')
        break
      }
      // Between two rounds of maintenance, so that nothing else is sent.
      await nodes.advance('3s')
      nodes.world.network.partition(['ann'], ['bob'])
      const later = abortable(reason)
      const retrying = all(bob.names.resolve('0.a', { signal: later.signal }))
      await nodes.advance(100)
      later.abort()
      await expect(retrying).rejects.toBe(reason)
      const { 'pnrp-datagrams-sent': sent } = await bob.metrics()
      await nodes.advance(2000)
      expect(await bob.metrics()).toMatchObject({ 'pnrp-datagrams-sent': sent })

      const unanswered = all(bob.names.resolve('0.a'))
      await nodes.advance(1)
      await bob.close()
      expect(await unanswered).toEqual([])
      await expectRejection('node-closed', all(bob.names.resolve('0.a')), 'after closing')
    }))

  test('if no cloud is open, the first use opens the links, and Global_ where there are seeds', () =>
    withSimulatedNodes('defaults', async ({ addHost, openNode }) => {
      const ann = await openNode(addHost('ann'))
      const bob = await openNode(addHost('bob'), { seeds: ['ann'] })
      await ann.clouds.open('Global_')
      await ann.names.register({ name: '0.a', endpoints: [HTTP] })
      expect(await all(bob.names.resolve('0.a'))).toMatchObject([{ cloud: 'Global_' }])
      const open = (await bob.clouds.list()).filter(({ openCount }) => openCount > 0).map(({ name }) => name)
      expect(open).toEqual(['Global_', 'LinkLocal_eth0'])
    }))
})

function abortable(reason: Error): { signal: AbortSignal; abort(): void } {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort(reason) }
}
