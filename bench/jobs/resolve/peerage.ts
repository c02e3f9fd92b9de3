/**
 * Peerage through its public entrance, with its usual settings: nodes of a private cloud, each with an identity, a UDP socket on
 * loopback and the first node as seed. A name is secured by its publisher's key; each resolve ends with an answer that the
 * publisher signed for it, and that the resolver has checked.
 */
import { join } from 'node:path'
import { openNode, type PeerName, type PeerNode, parsePeerName } from '../../../dist/index.js'
import { contestant } from '../../contestant.ts'
import { measureResolving } from './workload.ts'

const CLOUD = 'bench'
/** So many nodes join at once. */
const AT_ONCE = 10

interface Member {
  readonly node: PeerNode
  readonly name: PeerName
}

await contestant(async ({ size, folder }) => {
  const first = await open(0, [])
  const seeds = [`127.0.0.1:${(await cloudOf(first.node)).port}`]
  const members = [first]
  while (members.length < size) {
    const indices = Array.from(
      { length: Math.min(AT_ONCE, size - members.length) },
      (_, index) => members.length + index,
    )
    members.push(...(await Promise.all(indices.map((index) => open(index, seeds)))))
  }

  async function open(index: number, seeds: readonly string[]): Promise<Member> {
    const node = await openNode({ dataDir: join(folder, String(index)), friendlyName: `Node ${index}` })
    await node.clouds.open(CLOUD, { ranges: ['127.0.0.0/8'], seeds })
    if (seeds.length > 0) await isActive(node)
    const [identity] = await node.identities.list()
    if (identity === undefined) throw new Error('a node with a friendly name has an identity')
    const authority = identity.peerName.slice(0, identity.peerName.indexOf('.'))
    return { node, name: parsePeerName(`${authority}.service`) }
  }

  function member(index: number): Member {
    const one = members[index]
    if (one === undefined) throw new RangeError(`there is no node ${index}`)
    return one
  }

  return measureResolving({
    size,
    register: async (publisher) => {
      const { node, name } = member(publisher)
      await node.names.register({ name, endpoints: [{ host: '127.0.0.1', port: 1 + publisher }], cloud: CLOUD })
    },
    resolve: async (from, publisher) => {
      const results = member(from).node.names.resolve(member(publisher).name, { cloud: CLOUD, limit: 1 })
      for await (const { endpoints, secured } of results) return secured && endpoints[0]?.port === 1 + publisher
      return false
    },
  })
})

async function isActive(node: PeerNode): Promise<void> {
  for await (const { cloud } of node.clouds.watch()) if (cloud.name === CLOUD && cloud.state === 'active') return
}

async function cloudOf(node: PeerNode) {
  const cloud = (await node.clouds.list()).find(({ name }) => name === CLOUD)
  if (cloud === undefined) throw new Error('the cloud is open')
  return cloud
}
