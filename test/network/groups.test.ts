/** Groups between hosts whose network falls into halves, or has nothing but IPv6 link-local addresses. No seed is configured. */
import { afterEach, expect, test } from 'vitest'
import { authorityPart, parsePeerName } from '../../src/identity/peer-name.ts'
import type { RemoteNode } from '../nodejs/remote-node.ts'
import { type Host, Network } from './hosts.ts'

let network = new Network()

afterEach(async () => {
  await network.remove()
  network = new Network()
})

const LONGEST_TEST = 240_000
/** After the network's return, in milliseconds (DESIGN section 12). */
const HEALING = 60_000
const TRUNK = 'trunk'

/** Two links that are one as long as the cable between them is up. */
class Halves {
  readonly left: Host = network.addLink()
  readonly right: Host = network.addLink()

  constructor() {
    const peer = ['type', 'veth', 'peer', 'name', TRUNK, 'netns', this.right.name]
    this.left.run('ip', 'link', 'add', TRUNK, ...peer)
    for (const link of [this.left, this.right]) link.run('ip', 'link', 'set', TRUNK, 'master', 'bridge', 'up')
  }

  async start(link: Host, address: string): Promise<RemoteNode> {
    const host = network.addHost()
    network.plug(host, link, 'lan0', [`${address}/24`])
    return network.startNode(host)
  }

  cut(): void {
    this.left.run('ip', 'link', 'set', TRUNK, 'down')
  }

  mend(): void {
    this.left.run('ip', 'link', 'set', TRUNK, 'up')
  }
}

const write = (node: RemoteNode, text: string): Promise<unknown> => node.call('write', '', { texts: [text] })

/** Waits until exactly these are here. */
async function allHave(nodes: readonly RemoteNode[], texts: readonly string[]): Promise<void> {
  const wanted = JSON.stringify([...texts].sort())
  for (const node of nodes) {
    const has = async (): Promise<boolean> => {
      const read = await node.call('read')
      return Array.isArray(read) && JSON.stringify(read.sort()) === wanted
    }
    await node.until(`it has ${wanted}`, has, HEALING)
  }
}

/** Waits until each of them lists all of them and nobody else. */
async function listEachOther(nodes: readonly RemoteNode[]): Promise<void> {
  const authority = (name: unknown): string => authorityPart(parsePeerName(String(name)))
  const wanted = JSON.stringify(nodes.map(({ peerName }) => authority(peerName)).sort())
  for (const node of nodes) {
    const lists = async (): Promise<boolean> => {
      const members = await node.call('group-members')
      return Array.isArray(members) && JSON.stringify(members.map((one) => authority(one.peerName)).sort()) === wanted
    }
    await node.until('it lists them', lists, HEALING)
  }
}

test(
  'P-096, P-097: two halves are cut and rejoin: what both wrote is everywhere, and a member who was revoked in one is put out of the other',
  async () => {
    const halves = new Halves()
    const ann = await halves.start(halves.left, '192.168.7.1')
    const bob = await halves.start(halves.left, '192.168.7.2')
    const cleo = await halves.start(halves.right, '192.168.7.3')
    const eve = await halves.start(halves.right, '192.168.7.4')
    const all = [ann, bob, cleo, eve]
    const group = String(await ann.call('group-create'))
    for (const other of [bob, cleo, eve]) {
      expect(await other.call('group-join', String(await ann.call('group-invite')))).toBe(group)
    }
    await write(eve, 'of eve')
    await allHave(all, ['of eve'])

    halves.cut()
    await ann.call('group-revoke', eve.peerName, { keep: 'all' })
    await write(ann, 'on the left')
    await write(eve, 'too late')
    await allHave([cleo], ['of eve', 'too late'])
    await write(cleo, 'on the right')
    await allHave([ann, bob], ['of eve', 'on the left'])
    await allHave([cleo, eve], ['of eve', 'too late', 'on the right'])

    halves.mend()
    await allHave([ann, bob, cleo], ['of eve', 'on the left', 'on the right'])
    await listEachOther([ann, bob, cleo])
    await write(cleo, 'the last')
    await allHave([ann, bob, cleo], ['of eve', 'on the left', 'on the right', 'the last'])
    await eve.until('nobody is her neighbor', async () => {
      const status = await eve.call('group-status')
      return typeof status === 'object' && status !== null && 'neighbors' in status && status.neighbors === 0
    })
    expect(await eve.call('read')).not.toContain('the last')
  },
  LONGEST_TEST,
)

test(
  'P-028, P-051: on a link without IPv4 and routers a group is joined by link, and by name once its creator is gone',
  async () => {
    const [office, other] = [network.addLink(), network.addLink()]
    const hosts = [network.addHost(), network.addHost(), network.addHost()] as const
    // Interfaces have other names on each host, one host is on a second link, and there somebody has the address of another.
    network.plug(hosts[0], office, 'lan0', ['fe80::a/64'])
    network.plug(hosts[1], other, 'lan1', ['fe80::b/64'])
    network.plug(hosts[1], office, 'lan2', ['fe80::b/64'])
    network.plug(hosts[2], office, 'lan3', ['fe80::c/64'])
    network.plug(network.addHost(), other, 'lan4', ['fe80::a/64'])
    const [ann, bob, cleo] = [
      await network.startNode(hosts[0]),
      await network.startNode(hosts[1]),
      await network.startNode(hosts[2]),
    ]
    const group = String(await ann.call('group-create', '', { cloud: 'LinkLocal_lan0' }))
    expect(await ann.call('graph-addresses')).toEqual(['[fe80::a]:3587'])
    const [first, second] = [String(await ann.call('group-invite')), String(await ann.call('group-invite'))]
    expect(await bob.call('group-join', first)).toBe(group)
    await write(ann, 'of ann')
    await allHave([ann, bob], ['of ann'])
    await bob.until('it is registered', async () => {
      const status = await bob.call('group-status')
      return typeof status === 'object' && status !== null && 'found' in status && status.found === 'registered'
    })
    // Nobody is any more where the second invitation says.
    await ann.kill()
    expect(await cleo.call('group-join', second)).toBe(group)
    await write(cleo, 'of cleo')
    await allHave([bob, cleo], ['of ann', 'of cleo'])
  },
  LONGEST_TEST,
)
