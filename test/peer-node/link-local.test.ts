/** Graphs and groups on links that have no addresses but IPv6 link-local ones. */
import { describe, expect, test } from 'vitest'
import { makeInvitation, readInvitation } from '../../src/group/invitation-text.ts'
import { recordType } from '../../src/peer-node/application-types.ts'
import type { Graph } from '../../src/peer-node/graph.ts'
import type { Group } from '../../src/peer-node/group.ts'
import { formatEndpoint } from '../../src/runtime/endpoint.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import type { HostOptions } from '../../src/simulation/simulated-host.ts'
import { crypto } from '../identity/platform.ts'
import { endpoint } from './endpoints.ts'
import { withSimulatedNodes } from './simulated-nodes.ts'

const Note = recordType('test.note', { expires: '1h' })
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

const on = (name: string, segment: string, ...addresses: string[]) => ({ name, segment, addresses })
/** Interfaces are called differently on each machine, and one of these is on other links, too. */
const HOSTS: Readonly<Record<'ann' | 'bob' | 'cleo', HostOptions>> = {
  ann: { interfaces: [on('eth0', 'office', 'fe80::a')] },
  bob: { interfaces: [on('en0', 'home', 'fe80::b1'), on('en1', 'office', 'fe80::b2'), on('en2', 'cafe', 'fe80::b1')] },
  cleo: { interfaces: [on('wlan0', 'office', 'fe80::c')] },
}

async function haveEachOthersNotes(graphs: readonly Graph[], until: (is: () => Promise<boolean>) => Promise<void>) {
  const written = await Promise.all(graphs.map((graph, index) => graph.records.add(Note, bytes(index))))
  for (const graph of graphs) {
    await until(async () => {
      const found = await Promise.all(written.map(({ id }) => graph.records.get(Note, id)))
      return found.every((one) => one !== undefined)
    })
  }
}

const isRegistered = async (group: Group): Promise<boolean> => (await group.status()).found === 'registered'

describe('a graph of the scope link-local', () => {
  test('comes together, shares its records, and is found again by what is remembered', () =>
    withSimulatedNodes('graph', async ({ addHost, openNode, until }) => {
      const soon = (is: () => Promise<boolean>) => until(is, '60s')
      const hosts = {
        ann: addHost('ann', HOSTS.ann),
        bob: addHost('bob', HOSTS.bob),
        cleo: addHost('cleo', HOSTS.cleo),
      }
      const [ann, bob, cleo] = [await openNode(hosts.ann), await openNode(hosts.bob), await openNode(hosts.cleo)]
      const hers = await ann.graphs.create({ scope: 'link-local' })
      expect(await hers.addresses()).toEqual(['[fe80::a]:3587'])
      const his = await bob.graphs.join(hers.graphId, { addresses: await hers.addresses() })
      await soon(async () => (await his.addresses()).length > 0)
      // Where two of his interfaces have the same address, that is one.
      expect(await his.addresses()).toEqual(['[fe80::b1]:3587', '[fe80::b2]:3587'])
      const third = await cleo.graphs.join(hers.graphId, { addresses: await his.addresses() })
      await haveEachOthersNotes([hers, his, third], soon)
      await soon(async () => (await third.nodes()).length === 3)
      const known = (await third.nodes()).find(({ peerName }) => peerName === his.identity)
      expect(known?.addresses).toEqual(await his.addresses())
      for (const { address } of await his.links()) expect(address).toMatch(/^\[fe80::[0-9a-f]+\]:\d+$/)
      await bob.close()
      const again = await (await openNode(hosts.bob)).graphs.open(hers.graphId)
      expect(await again.addresses()).toEqual(['[fe80::b1]:3587', '[fe80::b2]:3587'])
      await again.connected()
      await haveEachOthersNotes([hers, again, third], soon)
    }))

  test('meets the right machine although another one has its address on another link, and takes links there, too', () =>
    withSimulatedNodes('twins', async ({ addHost, openNode, until }) => {
      const nodes = await Promise.all(
        [
          addHost('ann', { interfaces: [on('eth0', 'one', 'fe80::5')] }),
          addHost('eve', { interfaces: [on('eth0', 'two', 'fe80::5')] }),
          addHost('bob', { interfaces: [on('eth0', 'one', 'fe80::7'), on('eth1', 'two', 'fe80::7')] }),
        ].map((host) => openNode(host)),
      )
      const [ann, eve, bob] = nodes
      if (ann === undefined || eve === undefined || bob === undefined) throw new Error('three were opened')
      const hers = await ann.graphs.create({ scope: 'link-local' })
      const others = await eve.graphs.create({ scope: 'link-local' })
      for (const graph of [hers, others]) {
        const joined = await joinedAtLast(() => bob.graphs.join(graph.graphId, { addresses: ['[fe80::5]:3587'] }))
        await haveEachOthersNotes([graph, joined], (is) => until(is, '60s'))
      }
    }))
})

/** A wrong machine can be met first. */
async function joinedAtLast(join: () => Promise<Graph>): Promise<Graph> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await join()
    } catch (error) {
      if (!PeerageError.is(error, 'not-authenticated') || attempts === 20) throw error
    }
  }
}

describe('a graph of another scope', () => {
  test('G-013: neither listens at link-local addresses, nor tells them, nor dials them, also beside one that does', () =>
    withSimulatedNodes('others', async ({ addHost, openNode, advance }) => {
      const interfaces = [on('eth0', 'office', '20.0.0.1/24', '10.0.0.1/24', 'fe80::a')]
      const host = addHost('ann', { interfaces })
      const node = await openNode(host)
      const eve = await openNode(addHost('eve', { interfaces: [on('eth0', 'office', 'fe80::e')] }))
      const link = await eve.graphs.create({ scope: 'link-local' })
      const global = await node.graphs.create()
      const site = await node.graphs.create({ scope: 'site-local' })
      const attempts: string[] = []
      for (const graph of [global, site]) graph.on('attempt', ({ endpoint: at }) => void attempts.push(at))
      // Nobody listens there.
      await expect(eve.graphs.join(global.graphId, { addresses: ['[fe80::a]:3587'] })).rejects.toMatchObject({
        code: 'connection-failed',
      })
      const local = await node.graphs.create({ scope: 'link-local' })
      expect(await local.addresses()).toEqual(['[fe80::a]:3587'])
      expect(await global.addresses()).toEqual(['20.0.0.1:3587', '10.0.0.1:3587'])
      expect(await site.addresses()).toEqual(['10.0.0.1:3587'])
      for (const graph of [global, site]) await graph.addAddresses(await link.addresses())
      const group = await node.groups.create()
      await advance('60s')
      expect(attempts).toEqual([])
      expect(await group.addresses()).toEqual(await global.addresses())
      await node.close()
      const again = await openNode(host)
      await again.graphs.open(local.graphId)
      // Before the group knows its properties again, too.
      const opened = await again.groups.open(group.peerName)
      expect(await opened.addresses()).toEqual(['20.0.0.1:3587', '10.0.0.1:3587'])
      await advance('60s')
      expect(await opened.addresses()).toEqual(['20.0.0.1:3587', '10.0.0.1:3587'])
    }))
})

describe('a group in a link-local cloud', () => {
  test('P-028: is joined by link, and by name although all hints are wrong', () =>
    withSimulatedNodes('group', async ({ addHost, openNode, until }) => {
      const soon = (is: () => Promise<boolean>) => until(is, '120s')
      const hosts = {
        ann: addHost('ann', HOSTS.ann),
        bob: addHost('bob', HOSTS.bob),
        cleo: addHost('cleo', HOSTS.cleo),
      }
      const [ann, bob, cleo] = [await openNode(hosts.ann), await openNode(hosts.bob), await openNode(hosts.cleo)]
      const hers = await ann.groups.create({ friendlyName: 'Office', cloud: 'LinkLocal_eth0' })
      const link = await hers.invite()
      expect(readInvitation(crypto, link).hints.map(formatEndpoint)).toEqual(['[fe80::a]:3587'])
      const his = await bob.groups.join(link)
      await soon(async () => (await isRegistered(hers)) && (await isRegistered(his)))
      const { cloudPorts: _, ...content } = readInvitation(crypto, await hers.invite())
      const wrong = makeInvitation(crypto, { ...content, hints: [endpoint('[fe80::dead]:3587')] })
      const third = await cleo.groups.join(wrong)
      await haveEachOthersNotes([hers, his, third], soon)
      await soon(async () => (await third.members({ connected: true })).length === 3)
      expect(await third.addresses()).toEqual(['[fe80::c]:3587'])
    }))

  test('an invitation that is read on another link finds nobody, and says so', () =>
    withSimulatedNodes('elsewhere', async ({ addHost, openNode }) => {
      const ann = await openNode(addHost('ann', HOSTS.ann))
      const far = { interfaces: [on('eth0', 'harbour', 'fe80::d')] }
      const dan = await openNode(addHost('dan', far))
      // There somebody has ann's address.
      const eve = await openNode(addHost('eve', { interfaces: [on('eth0', 'harbour', 'fe80::a')] }))
      const hers = await ann.groups.create({ cloud: 'LinkLocal_eth0' })
      const others = await eve.groups.create({ cloud: 'LinkLocal_eth0' })
      await expect(dan.groups.join(await hers.invite())).rejects.toMatchObject({ code: 'no-members-found' })
      expect(await others.members()).toHaveLength(1)
    }))
})
