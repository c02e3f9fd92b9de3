/** Nodes of graphs whose machine sleeps, announced by `suspend` and `resume` or not at all. */
import { describe, expect, test } from 'vitest'
import { FAREWELL_DELAY, LONGEST_LEAVING } from '../../src/graph/graph-node.ts'
import { messageType, recordType } from '../../src/peer-node/application-types.ts'
import type { Graph } from '../../src/peer-node/graph.ts'
import type { PeerNode } from '../../src/peer-node/peer-node.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { formatEndpoint } from '../../src/runtime/endpoint.ts'
import { LONGEST_HEALING } from '../graph/healing.ts'
import { all, take } from './graph-settings.ts'
import { type SimulatedNodes, withSimulatedNodes } from './simulated-nodes.ts'
import { WatchedClock, WatchedStreams } from './watched-machine.ts'

const Note = recordType('test.note', { expires: '1h' })
const Ping = messageType('test.ping')
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const MINUTE = 60_000

interface Sleeper {
  readonly node: PeerNode
  readonly graph: Graph
  readonly clock: WatchedClock
  readonly streams: WatchedStreams
}

/** A graph of Ann, who sleeps, with Bob and Cleo. */
async function threeWith({
  addHost,
  openNode,
  until,
}: SimulatedNodes): Promise<{ ann: Sleeper; bob: Graph; cleo: Graph; bobNode: PeerNode }> {
  const host = addHost('ann')
  const clock = new WatchedClock(host.ports.clock)
  const streams = new WatchedStreams(host.ports.streams)
  const node = await openNode(host, {}, { clock, streams })
  const [bobNode, cleoNode] = [await openNode(addHost('bob')), await openNode(addHost('cleo'))]
  const bob = await bobNode.graphs.create()
  const cleo = await cleoNode.graphs.join(bob.graphId, { addresses: await bob.addresses() })
  const graph = await node.graphs.join(bob.graphId, { addresses: await bob.addresses() })
  await until(async () => {
    const lists = await Promise.all([bob, cleo, graph].map((one) => one.nodes()))
    return lists.every((list) => list.length === 3 && list.every(({ addresses }) => addresses.length > 0))
  }, '60s')
  return { ann: { node, graph, clock, streams }, bob, cleo, bobNode }
}

async function versions(graph: Graph): Promise<string> {
  const records = await all(graph.records.list(Note))
  return records
    .map(({ id, version }) => `${id} ${version}`)
    .sort()
    .join()
}

async function areEqual(...graphs: readonly Graph[]): Promise<boolean> {
  return new Set(await Promise.all(graphs.map(versions))).size === 1
}

describe('suspend', () => {
  test('G-194: takes leave in time, ends what is open, and until resume no timer runs and nothing is sent', () =>
    withSimulatedNodes('suspended', async (nodes) => {
      const { world, until, advance } = nodes
      const { ann, bob, bobNode, cleo } = await threeWith(nodes)
      await advance('10s')
      const { graph, streams, clock } = ann
      const told: unknown[] = []
      bob.on('neighbor', ({ peer, reason }) => void (peer === graph.identity && told.push(reason)))
      bob.on('node', ({ peer, change }) => void (peer === graph.identity && told.push(change)))
      const coming = take(bob.connections('test'), 1)
      const connection = await graph.connect(bob.identity, 'test')
      await coming
      const broken = expectRejection('connection-lost', connection.readable.getReader().read(), 'a direct connection')
      // What makes timers that outlive the links: a record that waits for its time, a node that may have been started anew.
      world.host('cleo').skewClock(40 * MINUTE)
      await cleo.records.add(Note, bytes(2))
      await until(async () => ((await ann.node.metrics())['graph-records-waited'] ?? 0) > 0, '10s')
      world.host('cleo').restart()
      const cleoAgain = await nodes.openNode(world.host('cleo'))
      await cleoAgain.graphs.open(cleo.graphId)
      await advance('1s')
      const suspended = world.now
      await ann.node.suspend()
      expect(world.now - suspended).toBeLessThan(LONGEST_LEAVING + FAREWELL_DELAY)
      expect([clock.pending, streams.open, streams.listeners]).toEqual([0, 0, 0])
      await broken
      expect(await graph.status()).toEqual({ state: 'offline', neighbors: 0 })
      await until(() => told.includes('leaving'), '5s')
      expect(told).toEqual(['disconnected', 'leaving'])

      const [{ length }, writes] = [streams.dialled, streams.writes]
      const connected = graph.connected()
      const { id } = await graph.records.add(Note, bytes(1))
      expect((await graph.records.get(Note, id))?.payload).toEqual(bytes(1))
      await graph.addAddresses(await bob.addresses())
      await graph.setPresence({ publish: 'always' })
      await expectRejection('connection-failed', graph.send(bob.identity, Ping, bytes(1)), 'a message')
      await expectRejection('connection-failed', graph.connect(bob.identity, 'test'), 'a direct connection')
      const other = await bobNode.graphs.create()
      const joining = ann.node.graphs.join(other.graphId, { addresses: await other.addresses() })
      await expectRejection('connection-failed', joining, 'joining another graph')
      await advance('20m')
      expect([clock.pending, streams.open, streams.listeners]).toEqual([0, 0, 0])
      expect([streams.dialled.length, streams.writes]).toEqual([length, writes])
      await ann.node.resume()
      await connected
      // The record of the clock that was ahead has its time, too.
      await until(async () => (await all(graph.records.list(Note))).length === 2, '60m')
    }))
})

describe('a graph that is opened offline', () => {
  test('G-159: opens no socket, dials no address and looks up no name, whatever its application does, until it goes online', () =>
    withSimulatedNodes('offline', async ({ addHost, openNode, advance, until }) => {
      const bob = await (await openNode(addHost('bob'))).graphs.create()
      const host = addHost('ann')
      const [clock, streams] = [new WatchedClock(host.ports.clock), new WatchedStreams(host.ports.streams)]
      const lookups: string[] = []
      const hostLookup = {
        addressesOf: async (name: string) => {
          lookups.push(name)
          return []
        },
      }
      const node = await openNode(host, {}, { clock, streams, hostLookup })
      const joined = await node.graphs.join(bob.graphId, { addresses: await bob.addresses() })
      await advance('10s')
      await joined.close()
      const [{ length }, writes] = [streams.dialled, streams.writes]
      const graph = await node.graphs.open(bob.graphId, { offline: true })
      const { id } = await graph.records.add(Note, bytes(1))
      await graph.records.update(Note, id, bytes(2))
      const query = { name: 'peerrecordid', is: '=', value: id } as const
      expect(await all(graph.records.list(Note, { where: query }))).toHaveLength(1)
      expect(await take(graph.records.watch(Note), 1)).toMatchObject([{ record: { version: 2 } }])
      await graph.exportDatabase('offline')
      await node.graphs.importDatabase('offline')
      await graph.addAddresses(await bob.addresses())
      await graph.setPresence({ publish: 'always' })
      await expectRejection('connection-failed', graph.send(bob.identity, Ping, bytes(1)), 'a message')
      await expectRejection('connection-failed', graph.connect(bob.identity, 'test'), 'a direct connection')
      await advance('20m')
      expect([streams.open, streams.listeners, lookups]).toEqual([0, 0, []])
      expect([streams.dialled.length, streams.writes]).toEqual([length, writes])
      await graph.goOnline()
      await until(async () => (await bob.records.get(Note, id))?.version === 2, '60s')
    }))
})

describe('resume', () => {
  test('G-195: listens and dials again, compares before anything is purged, and tells what happened meanwhile', () =>
    withSimulatedNodes('resumed', async (nodes) => {
      const { until, advance } = nodes
      const { ann, bob, cleo } = await threeWith(nodes)
      const { graph, streams, node } = ann
      const extended = await bob.records.add(Note, bytes(1), { expires: '10m' })
      const ended = await bob.records.add(Note, bytes(2), { expires: '10m' })
      await until(() => areEqual(graph, bob, cleo), '10s')
      const told: string[] = []
      const names = new Map([
        [extended.id, 'extended'],
        [ended.id, 'ended'],
      ])
      const abort = new AbortController()
      const watching = (async () => {
        for await (const change of graph.records.watch(Note, { from: 'now', signal: abort.signal })) {
          const id = change.kind === 'removed' ? change.id : change.record.id
          told.push(`${names.get(id) ?? 'written'} ${change.kind}`)
        }
      })()
      graph.on('synchronized', () => void told.push('synchronized'))

      await node.suspend()
      const written = await graph.records.add(Note, bytes(3))
      await bob.records.update(Note, extended.id, bytes(4), { expires: '2h' })
      await until(async () => (await bob.nodes()).length === 2, '10s')
      await advance('20m')
      expect(told).toEqual(['written added'])

      const { length } = streams.dialled
      await node.resume()
      expect(await graph.addresses()).not.toEqual([])
      await until(async () => (await graph.status()).state === 'synchronized', '60s')
      const addresses = [...(await bob.addresses()), ...(await cleo.addresses())]
      const dialled = streams.dialled.slice(length).map(formatEndpoint)
      expect(dialled.length).toBeGreaterThan(0)
      for (const endpoint of dialled) expect(addresses).toContain(endpoint)
      await until(async () => (await bob.records.get(Note, written.id)) !== undefined, '10s')
      await until(async () => (await cleo.node(graph.identity)).addresses.length > 0, '60s')
      await until(() => told.includes('ended removed'), '120s')
      expect(told.at(-1)).toBe('ended removed')
      expect(told.sort()).toEqual(['ended removed', 'extended updated', 'synchronized', 'written added'])
      abort.abort('enough')
      await expect(watching).rejects.toBe('enough')
    }))
})

test('G-194: a join that a suspend interrupts goes on when the node is resumed', () =>
  withSimulatedNodes('joining', async ({ addHost, openNode, advance }) => {
    const bob = await (await openNode(addHost('bob'))).graphs.create()
    const { id } = await bob.records.add(Note, bytes(1))
    const ann = await openNode(addHost('ann'))
    const joining = ann.graphs.join(bob.graphId, { addresses: await bob.addresses() })
    await advance(15)
    await ann.suspend()
    await advance('1m')
    await ann.resume()
    expect((await (await joining).records.get(Note, id))?.payload).toEqual(bytes(1))
  }))

describe('a sleep that nobody announced', () => {
  for (const monotonic of ['runs', 'stands'] as const) {
    test(`G-196: is made good in time where the monotonic clock ${monotonic} meanwhile: links, records and presence are as before`, () =>
      withSimulatedNodes(`asleep ${monotonic}`, async (nodes) => {
        const { world, until, advance } = nodes
        const { ann, bob, cleo } = await threeWith(nodes)
        const { graph, streams } = ann
        const deleted = await bob.records.add(Note, bytes(1))
        const extended = await bob.records.add(Note, bytes(2), { expires: '10m' })
        await until(() => areEqual(graph, bob, cleo), '10s')
        const changes: string[] = []
        const abort = new AbortController()
        const watching = (async () => {
          for await (const change of graph.records.watch(Note, { from: 'now', signal: abort.signal })) {
            changes.push(change.kind === 'removed' ? `removed ${change.reason}` : change.kind)
          }
        })()
        await graph.records.add(Note, bytes(3))
        world.host('ann').sleep(monotonic)
        await advance('1s')
        await bob.records.delete(deleted.id)
        await bob.records.update(Note, extended.id, bytes(4), { expires: '2h' })
        await advance('30m')
        expect((await bob.nodes()).length).toBe(2)

        const [woken, { length }] = [world.now, streams.dialled]
        world.host('ann').wake()
        const isWhole = async (): Promise<boolean> => {
          if (!(await areEqual(graph, bob, cleo)) || (await graph.status()).state !== 'synchronized') return false
          const lists = await Promise.all([graph, bob, cleo].map((one) => one.nodes()))
          return lists.every((list) => list.length === 3)
        }
        await until(isWhole, '120s')
        expect(world.now - woken).toBeLessThan(LONGEST_HEALING)
        expect(streams.dialled.length).toBeGreaterThan(length)
        expect(changes.sort()).toEqual(['added', 'removed deleted', 'updated'])
        const { id } = await graph.records.add(Note, bytes(5))
        await until(async () => (await cleo.records.get(Note, id)) !== undefined, '5s')
        abort.abort('enough')
        await expect(watching).rejects.toBe('enough')
      }))
  }
})
