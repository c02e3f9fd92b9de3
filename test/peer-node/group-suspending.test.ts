/** Members of a group whose machine sleeps, announced or not. */
import { expect, test } from 'vitest'
import { authorityPart, makePeerName } from '../../src/identity/peer-name.ts'
import { recordType } from '../../src/peer-node/application-types.ts'
import type { Group } from '../../src/peer-node/group.ts'
import type { PeerNode } from '../../src/peer-node/peer-node.ts'
import type { SimulatedHost } from '../../src/simulation/simulated-host.ts'
import { all } from './graph-settings.ts'
import { type SimulatedNodes, withSimulatedNodes } from './simulated-nodes.ts'

const Note = recordType('test.note', { expires: '2h' })
const Brief = recordType('test.brief', { expires: '10m' })
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const CLOUD = { ranges: ['20.0.0.0/8', '2600::/16'] }

interface Two {
  readonly nodes: { readonly ann: PeerNode; readonly bob: PeerNode }
  readonly hosts: { readonly ann: SimulatedHost; readonly bob: SimulatedHost }
  readonly groups: { readonly ann: Group; readonly bob: Group }
}

/** Ann and Bob, who find each other in a cloud. */
async function two({ addHost, openNode, until }: SimulatedNodes): Promise<Two> {
  const hosts = { ann: addHost('ann'), bob: addHost('bob') }
  const nodes = { ann: await openNode(hosts.ann), bob: await openNode(hosts.bob) }
  await nodes.ann.clouds.open('Office', CLOUD)
  await nodes.bob.clouds.open('Office', { ...CLOUD, seeds: ['ann'] })
  const ann = await nodes.ann.groups.create({ cloud: 'Office' })
  const bob = await nodes.bob.groups.join(await ann.invite())
  for (const group of [ann, bob]) {
    await until(async () => (await group.status()).found === 'registered', '60s')
    await until(async () => (await group.members({ connected: true })).length === 2, '60s')
  }
  return { nodes, hosts, groups: { ann, bob } }
}

async function publishers(node: PeerNode, group: Group): Promise<readonly string[]> {
  const name = makePeerName(authorityPart(group.peerName), 'participant')
  return (await all(node.names.resolve(name, { cloud: 'Office' }))).map(({ publisher }) => authorityPart(publisher))
}

test('P-134: suspending closes links and registrations and loses nothing, and after resume the node connects again', () =>
  withSimulatedNodes('suspended group', async (simulated) => {
    const { advance, until } = simulated
    const { nodes, groups } = await two(simulated)
    const { ann, bob } = groups
    expect(await publishers(nodes.bob, ann)).toContain(authorityPart(ann.identity))
    await nodes.ann.suspend()
    expect(await ann.status()).toMatchObject({ state: 'offline', neighbors: 0, membership: 'in-force' })
    await until(async () => (await bob.members({ connected: true })).length === 1, '60s')
    await until(async () => !(await publishers(nodes.bob, ann)).includes(authorityPart(ann.identity)), '20m')
    const [hers, his] = [await ann.records.add(Note, bytes(1)), await bob.records.add(Note, bytes(2))]
    await advance('20m')
    expect((await ann.records.get(Note, hers.id))?.payload).toEqual(bytes(1))
    await nodes.ann.resume()
    await until(async () => (await bob.records.get(Note, hers.id)) !== undefined, '5m')
    await until(async () => (await ann.records.get(Note, his.id)) !== undefined, '5m')
    await until(async () => (await ann.status()).found === 'registered', '5m')
    await until(async () => (await bob.members({ connected: true })).length === 2, '5m')
  }))

test('P-134: after a sleep without notice nothing is purged and nobody judged to be gone before others are asked', () =>
  withSimulatedNodes('sleeping group', async (simulated) => {
    const { advance, until } = simulated
    const { hosts, groups } = await two(simulated)
    const { ann, bob } = groups
    const [brief, his] = [await bob.records.add(Brief, bytes(1)), await bob.records.add(Note, bytes(2))]
    await until(async () => (await ann.records.get(Brief, brief.id)) !== undefined, '60s')
    hosts.ann.sleep()
    await advance('8m')
    // What Ann has would have expired meanwhile.
    await bob.records.update(Brief, brief.id, bytes(3), { expires: '90m' })
    const { id } = await bob.records.add(Note, bytes(4))
    await advance('20m')
    const told: string[] = []
    ann.on('synchronized', () => void told.push('synchronized'))
    ann.on('member', ({ change }) => void told.push(change))
    const removed: string[] = []
    const abort = new AbortController()
    const watching = (async () => {
      for await (const change of ann.records.watch(Brief, { from: 'now', signal: abort.signal }))
        removed.push(change.kind)
    })()
    hosts.ann.wake()
    await until(async () => (await ann.records.get(Note, id)) !== undefined, '5m')
    await until(() => told.includes('synchronized'), '5m')
    expect(told.slice(0, told.indexOf('synchronized'))).not.toContain('disconnected')
    await until(async () => (await ann.records.get(Brief, brief.id))?.version === 2, '5m')
    abort.abort()
    await watching.catch(() => undefined)
    expect(removed).not.toContain('removed')
    expect((await ann.records.get(Note, his.id))?.payload).toEqual(bytes(2))
    await until(async () => (await ann.members({ connected: true })).length === 2, '5m')
    await until(async () => (await bob.members({ connected: true })).length === 2, '5m')
  }))
