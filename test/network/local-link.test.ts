/** Hosts that find each other on a link by multicast DNS alone. */
import { afterEach, describe, expect, test } from 'vitest'
import type { RemoteNode } from '../nodejs/remote-node.ts'
import { Network } from './hosts.ts'

const LINK = 'LinkLocal_lan0'
let network = new Network()

afterEach(async () => {
  await network.remove()
  network = new Network()
})

describe.each([
  { families: 'IPv4 only', addresses: [['192.168.7.1/24'], ['192.168.7.2/24'], ['192.168.7.3/24']] },
  { families: 'IPv6 only', addresses: [['fe80::1/64'], ['fe80::2/64'], ['fe80::3/64']] },
  {
    families: 'both',
    addresses: [
      ['192.168.7.1/24', 'fe80::1/64'],
      ['192.168.7.2/24', 'fe80::2/64'],
      ['192.168.7.3/24', 'fe80::3/64'],
    ],
  },
])('with $families', ({ addresses }) => {
  test('N-12, N-13, N-18: three hosts on a link find each other with no seed, and resolve', async () => {
    const link = network.addLink()
    const nodes: RemoteNode[] = []
    for (const own of addresses) {
      const host = network.addHost()
      network.plug(host, link, 'lan0', own)
      const node = await network.startNode(host)
      const cloud = await node.join(LINK)
      expect([...cloud.addresses].sort()).toEqual(own.map((address) => address.split('/')[0]).sort())
      nodes.push(node)
    }
    for (const node of nodes) await node.active(LINK)
    const [first, , third] = nodes
    if (first === undefined || third === undefined) throw new Error('three were started')
    await first.call('register', first.peerName, { endpoints: [{ port: 80 }] })
    const [result] = await third.resolve(first.peerName)
    expect(result?.secured).toBe(true)
    expect(result?.endpoints.map(({ host }) => host).sort()).toEqual(
      addresses[0]?.map((address) => address.split('/')[0]).sort(),
    )
  })
})

test('N-122: nothing crosses a host that is on two links, although both use the same subnet', async () => {
  const [one, two] = [network.addLink(), network.addLink()]
  const [left, middle, right] = [network.addHost(), network.addHost(), network.addHost()]
  network.plug(left, one, 'lan0', ['fe80::1/64'])
  network.plug(right, two, 'lan0', ['fe80::1/64'])
  network.plug(middle, one, 'lan1', ['fe80::2/64'])
  network.plug(middle, two, 'lan2', ['fe80::2/64'])
  const [leftNode, middleNode, rightNode] = [
    await network.startNode(left),
    await network.startNode(middle),
    await network.startNode(right),
  ]
  await leftNode.join(LINK)
  await rightNode.join(LINK)
  for (const cloud of ['LinkLocal_lan1', 'LinkLocal_lan2']) {
    await middleNode.join(cloud)
    await middleNode.active(cloud)
  }
  await leftNode.call('register', '0.left', { endpoints: [{ port: 1 }] })
  await rightNode.call('register', '0.right', { endpoints: [{ port: 2 }] })
  expect(await middleNode.resolve('0.left')).toMatchObject([{ cloud: 'LinkLocal_lan1', endpoints: [{ port: 1 }] }])
  expect(await middleNode.resolve('0.right')).toMatchObject([{ cloud: 'LinkLocal_lan2', endpoints: [{ port: 2 }] }])
  expect(await leftNode.resolve('0.right')).toEqual([])
  expect(await rightNode.resolve('0.left')).toEqual([])
})

test('N-96: a host that changes its address is found at the new one within 30 s, and its PNRP IDs stay', async () => {
  const link = network.addLink()
  const hosts = [network.addHost(), network.addHost(), network.addHost()]
  const nodes: RemoteNode[] = []
  for (const [index, host] of hosts.entries()) {
    network.plug(host, link, 'lan0', [`192.168.7.${1 + index}/24`])
    const node = await network.startNode(host)
    await node.join(LINK)
    nodes.push(node)
  }
  for (const node of nodes) await node.active(LINK)
  const [moving, other] = nodes
  if (moving === undefined || other === undefined) throw new Error('three were started')
  await moving.call('register', '0.site', { endpoints: [{ port: 80 }] })
  const found = async (): Promise<(string | undefined)[]> =>
    (await other.resolve('0.site')).map(({ endpoints }) => endpoints[0]?.host)
  expect(await found()).toEqual(['192.168.7.1'])
  const idsAt = async (host: string): Promise<string[]> =>
    (await other.inspect(LINK)).entries
      .filter(({ endpoints }) => endpoints[0]?.startsWith(`${host}:`))
      .map(({ id }) => id)
      .sort()
  const before = await idsAt('192.168.7.1')
  expect(before).toHaveLength(2)
  hosts[0]?.removeAddress('lan0', '192.168.7.1/24')
  hosts[0]?.addAddress('lan0', '192.168.7.77/24')
  await other.until('the new address is found', async () => (await found()).includes('192.168.7.77'))
  await other.until('the old address is forgotten', async () => (await idsAt('192.168.7.1')).length === 0)
  expect(await idsAt('192.168.7.77')).toEqual(before)
})
