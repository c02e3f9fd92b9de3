/** Graphs whose machines change addresses, or lose power, in the simulation. */
import { expect, test } from 'vitest'
import { LONGEST_LEAVING } from '../../src/graph/graph-node.ts'
import { recordType } from '../../src/peer-node/application-types.ts'
import type { Cursor } from '../../src/peer-node/records.ts'
import { formatEndpoint } from '../../src/runtime/endpoint.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import type { Streams } from '../../src/runtime/streams.ts'
import { simulate } from '../../src/simulation/simulate.ts'
import { SimulationFailure } from '../../src/simulation/simulation-failure.ts'
import { take } from './graph-settings.ts'
import { withSimulatedNodes } from './simulated-nodes.ts'
import { WatchedClock } from './watched-machine.ts'

const Note = recordType('test.note', { expires: '1h' })
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

test('G-135: a node listens at its new address, tells it to the others, and loses nothing', () =>
  withSimulatedNodes('addresses', async ({ addHost, openNode, until, world }) => {
    const hosts = [addHost('ann'), addHost('bob')]
    const [ann, bob] = await Promise.all(hosts.map((host) => openNode(host)))
    if (ann === undefined || bob === undefined) throw new Error('two were opened')
    const hers = await ann.graphs.create()
    const his = await bob.graphs.join(hers.graphId, { addresses: await hers.addresses() })
    const former = await hers.addresses()
    await until(
      async () => (await hers.nodes()).some((one) => one.peerName === his.identity && one.addresses.length > 0),
      '10s',
    )
    const host = world.host('ann')
    host.addAddress('20.0.0.77/24')
    for (const address of former.map((one) => one.replace(/^\[?(.*?)\]?:\d+$/, '$1'))) host.removeAddress(address)
    const { id } = await hers.records.add(Note, bytes(1))
    await until(async () => (await hers.addresses()).join() === '20.0.0.77:3587', '60s')
    const seen = async (): Promise<string | undefined> =>
      (await his.nodes()).find(({ peerName }) => peerName === hers.identity)?.addresses.join()
    await until(async () => (await seen()) === '20.0.0.77:3587', '120s')
    await until(async () => (await his.records.get(Note, id)) !== undefined, '60s')
  }))

test('an address that cannot be used yet, as a new one of IPv6, is tried again until it can', () =>
  withSimulatedNodes('tentative', async ({ addHost, openNode, until, advance, world }) => {
    const host = addHost('ann')
    const clock = new WatchedClock(host.ports.clock)
    let isTentative = true
    const streams: Streams = {
      listen: async (local, accepted) => {
        if (isTentative && local.host.includes(':')) {
          throw new PeerageError('address-not-available', { endpoint: formatEndpoint(local) })
        }
        return host.ports.streams.listen(local, accepted)
      },
      connect: (to, options) => host.ports.streams.connect(to, options),
    }
    const node = await openNode(host, {}, { clock, streams })
    const graph = await node.graphs.create()
    await advance('5s')
    expect(await graph.addresses()).toEqual([`${host.ipv4}:3587`])
    // Told once of each: that of loopback is one, too.
    expect(world.log.filter(({ message }) => message === 'an address takes no links')).toHaveLength(2)
    await node.suspend()
    expect(clock.pending).toBe(0)
    await node.resume()
    isTentative = false
    await until(async () => (await graph.addresses()).length === 2, '3s')
  }))

test('G-013: only addresses inside the scope of a graph are listened on, told and dialled', () =>
  withSimulatedNodes('scope', async ({ addHost, openNode }) => {
    const interfaces = [{ name: 'eth0', addresses: ['10.0.0.5/24', '20.0.0.5/24', '169.254.3.4/16', 'fd00::5/64'] }]
    const node = await openNode(addHost('ann', { interfaces }))
    const addresses = async (scope: 'global' | 'site-local' | 'link-local'): Promise<string[]> => {
      const graph = await node.graphs.create({ scope })
      return (await graph.addresses()).map((one) => one.replace(/:\d+$/, '')).sort()
    }
    expect(await addresses('global')).toEqual(['10.0.0.5', '169.254.3.4', '20.0.0.5', '[fd00::5]'])
    expect(await addresses('site-local')).toEqual(['10.0.0.5', '[fd00::5]'])
    expect(await addresses('link-local')).toEqual(['169.254.3.4'])
    const graph = await node.graphs.create({ scope: 'link-local' })
    const attempts: unknown[] = []
    graph.on('attempt', (detail) => void attempts.push(detail))
    await expect(node.graphs.join('x', { addresses: ['0.0.0.0:1'] })).rejects.toMatchObject({
      code: 'connection-failed',
    })
    await graph.addAddresses(['203.0.113.7:3587'])
    expect(attempts).toEqual([])
  }))

test('G-188: a watch goes on from its cursor after the power went, and what was acknowledged is there', () =>
  simulate({ hosts: ['ann', 'bob'] }, async ({ hosts: { ann, bob }, until }) => {
    const hers = await (await ann.openNode()).graphs.create()
    const first = await hers.records.add(Note, bytes(1))
    const [stored] = await take(hers.records.watch(Note), 1)
    const second = await hers.records.add(Note, bytes(2))
    const his = await (await bob.openNode()).graphs.join(hers.graphId, { addresses: await hers.addresses() })
    ann.crash()
    const third = await his.records.add(Note, bytes(3))
    ann.restart()
    const again = await (await ann.openNode()).graphs.open(hers.graphId)
    const cursor: Cursor | undefined = stored?.cursor
    const changes = await take(again.records.watch(Note, { from: cursor }), 2)
    expect(changes).toMatchObject([{ record: { id: second.id } }, { record: { id: third.id } }])
    expect((await again.records.get(Note, first.id))?.payload).toEqual(bytes(1))
    ann.restart('lost')
    const anew = await ann.openNode()
    expect(await anew.graphs.list()).toEqual([])
    const joined = await anew.graphs.join(hers.graphId, { addresses: await his.addresses() })
    await until(async () => (await joined.records.get(Note, third.id)) !== undefined, '10s')
  }))

test('a node that sleeps sends nothing, and a minute later nothing at all is left to happen in its world', async () => {
  let suspendedAt = Number.POSITIVE_INFINITY
  const running = withSimulatedNodes('asleep', async ({ addHost, openNode, until, world }) => {
    const [ann, bob] = await Promise.all([addHost('ann'), addHost('bob')].map((host) => openNode(host)))
    if (ann === undefined || bob === undefined) throw new Error('two were opened')
    const hers = await ann.graphs.create()
    const his = await bob.graphs.join(hers.graphId, { addresses: await hers.addresses() })
    await until(async () => (await hers.nodes()).length === 2, '60s')
    world.host('bob').crash()
    // Nobody answers its leave.
    await ann.suspend()
    suspendedAt = world.now
    expect(await hers.status()).toEqual({ state: 'offline', neighbors: 0 })
    await hers.records.add(Note, bytes(1))
    expect(his.graphId).toBe(hers.graphId)
    await new Promise(() => undefined)
  })
  const failure: unknown = await running.catch((error: unknown) => error)
  if (!(failure instanceof SimulationFailure)) throw failure
  expect(failure.message).toContain('nothing is left that could happen')
  expect(failure.time - suspendedAt).toBeLessThan(60_000)
  expect(suspendedAt).toBeLessThan(60_000 + 2 * LONGEST_LEAVING)
})
