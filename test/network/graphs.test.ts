/** Graphs between hosts whose network is bad, goes away, or changes. */
import { afterEach, expect, test } from 'vitest'
import type { RemoteNode } from '../nodejs/remote-node.ts'
import { type Host, Network } from './hosts.ts'

let network = new Network()

afterEach(async () => {
  await network.remove()
  network = new Network()
})

const ADDRESSES = ['20.0.1.1', '20.0.2.1', '20.0.3.1']
/** In milliseconds: what a test waits for ends it, and says so. */
const LONGEST_TEST = 240_000
/** After the network's return, in milliseconds (DESIGN section 12). */
const HEALING = 60_000

interface Member {
  readonly host: Host
  readonly node: RemoteNode
  /** Its interface at the link. */
  readonly cable: string
}

/** A node on a host of each address, all in one graph. */
async function graphOn(link: Host): Promise<[Member, Member, Member]> {
  const members: Member[] = []
  let graphId = ''
  let addresses: string[] = []
  for (const address of ADDRESSES) {
    const host = network.addHost()
    const cable = network.plug(host, link, 'lan0', [`${address}/8`])
    const node = await network.startNode(host)
    if (members.length === 0) {
      const made = (await node.call('graph-create')) as { graphId: string; addresses: string[] }
      graphId = made.graphId
      addresses = made.addresses
      expect(addresses).toEqual([`${address}:3587`])
    } else {
      await node.call('graph-join', graphId, { addresses })
    }
    members.push({ host, node, cable })
  }
  const [ann, bob, cleo] = members
  if (ann === undefined || bob === undefined || cleo === undefined) throw new Error('three were started')
  return [ann, bob, cleo]
}

const texts = (count: number, prefix: string): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix} ${index}`)
const read = async ({ node }: Member): Promise<string[]> => ((await node.call('read')) as string[]).sort()
const write = (member: Member, some: readonly string[]): Promise<unknown> =>
  member.node.call('write', '', { texts: some })

/** Waits until all of them have these and nothing else. */
async function allHave(members: readonly Member[], expected: readonly string[], within: number): Promise<void> {
  const wanted = JSON.stringify([...expected].sort())
  for (const member of members) {
    const count = async (): Promise<string> => `${(await read(member)).length} of ${expected.length}`
    await member.node
      .until('all is there', async () => JSON.stringify(await read(member)) === wanted, within)
      .catch(async (error: unknown) => {
        throw new Error(await count(), { cause: error })
      })
  }
}

test(
  'all records arrive over links that lose 5 % of the packets and delay them by 50 ms',
  async () => {
    const link = await network.addFaultyLink({ delay: 50, loss: 5 })
    const members = await graphOn(link)
    const written = members.map((_, index) => texts(200, `of ${index}`))
    await Promise.all(members.map((member, index) => write(member, written[index] ?? [])))
    await allHave(members, written.flat(), HEALING)
    expect(await link.lost()).toBeGreaterThan(20)
  },
  LONGEST_TEST,
)

test(
  'a host that is cut off for 20 s loses nothing, nor do the others',
  async () => {
    const link = network.addLink()
    const members = await graphOn(link)
    const [ann, bob, cleo] = members
    await write(ann, ['before'])
    await allHave(members, ['before'], HEALING)
    // The cable of the one who made the graph.
    link.run('ip', 'link', 'set', ann.cable, 'down')
    const away = texts(50, 'away')
    const there = texts(50, 'there')
    await Promise.all([write(ann, away), write(bob, there)])
    await new Promise((resolve) => setTimeout(resolve, 20_000))
    await allHave([bob, cleo], ['before', ...there], HEALING)
    await allHave([ann], ['before', ...away], HEALING)
    link.run('ip', 'link', 'set', ann.cable, 'up')
    await allHave(members, ['before', ...away, ...there], HEALING)
  },
  LONGEST_TEST,
)

test(
  'a host that changes its address is found again there, and nothing is lost',
  async () => {
    const members = await graphOn(network.addLink())
    const [, bob] = members
    bob.host.removeAddress('lan0', '20.0.2.1/8')
    await write(bob, texts(20, 'while it had none'))
    bob.host.addAddress('lan0', '20.0.2.77/8')
    await write(bob, texts(20, 'his'))
    await Promise.all(members.map((member, index) => write(member, texts(20, `of ${index}`))))
    const all = [
      ...texts(20, 'while it had none'),
      ...texts(20, 'his'),
      ...[0, 1, 2].flatMap((n) => texts(20, `of ${n}`)),
    ]
    await allHave(members, all, HEALING)
    for (const { node } of members) {
      await node.until(
        'the new address is known',
        async () => {
          const nodes = (await node.call('graph-nodes')) as { addresses: string[] }[]
          const addresses = nodes.flatMap((one) => one.addresses)
          return addresses.includes('20.0.2.77:3587') && !addresses.includes('20.0.2.1:3587')
        },
        HEALING,
      )
    }
  },
  LONGEST_TEST,
)
