/** What an application is told of the records of a graph. */
import { expect, test } from 'vitest'
import { allowList, allowListSecurity } from '../../src/graph/allow-list.ts'
import { recordType } from '../../src/peer-node/application-types.ts'
import type { Graph } from '../../src/peer-node/graph.ts'
import { take } from './graph-settings.ts'
import { withSimulatedNodes } from './simulated-nodes.ts'

const Note = recordType('test.note', { expires: '1h' })
const Other = recordType('test.other', { expires: '1h' })
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

/** Watches the notes of a graph, reads each where it is told of, and keeps what it was told, by record. */
function watchNotes(graph: Graph, signal: AbortSignal): ReadonlyMap<string, string[]> {
  const told = new Map<string, string[]>()
  const watch = async (): Promise<void> => {
    for await (const change of graph.records.watch(Note, { from: 'now', signal })) {
      const id = change.kind === 'removed' ? change.id : change.record.id
      const read = await graph.records.get(Note, id)
      const version = change.kind === 'removed' ? 0 : change.record.version
      // That version, or a newer one, which may be its end.
      if (read !== undefined) expect(read.version).toBeGreaterThanOrEqual(version)
      const detail = change.kind === 'removed' ? change.reason : `${version}${read === undefined ? ' and gone' : ''}`
      told.set(id, [...(told.get(id) ?? []), `${change.kind} ${detail}`])
    }
  }
  watch().catch((error: unknown) => {
    if (!signal.aborted) told.set('failure', [String(error)])
  })
  return told
}

test('G-123: what is added, updated and removed is told, with the reason, at its writer and elsewhere, of the types asked for', () =>
  withSimulatedNodes('record changes', async ({ addHost, openNode, until, advance }) => {
    const guests = allowList([])
    const options = { securityProviders: { guests: allowListSecurity(guests) } }
    const nodes = await Promise.all(['ann', 'bob', 'cleo'].map((name) => openNode(addHost(name), options)))
    const [annNode, bobNode, cleoNode] = nodes
    if (annNode === undefined || bobNode === undefined || cleoNode === undefined) throw new Error('three were opened')
    const names = await Promise.all(nodes.map(async (node) => (await node.identities.get()).peerName))
    guests.replace(names)
    const ann = await annNode.graphs.create({ provider: 'guests' })
    const joining = { provider: 'guests', addresses: await ann.addresses() }
    const bob = await bobNode.graphs.join(ann.graphId, joining)
    const cleo = await cleoNode.graphs.join(ann.graphId, joining)
    const abort = new AbortController()
    const watches = [ann, bob].map((graph) => watchNotes(graph, abort.signal))
    const hasReached = (id: string, last: string) => (): boolean =>
      watches.every((told) => told.get(id)?.at(-1)?.startsWith(last) === true)

    const other = await ann.records.add(Other, bytes(1))
    const [deleted, expired] = [
      await ann.records.add(Note, bytes(1)),
      await bob.records.add(Note, bytes(2), { expires: '5m' }),
    ]
    const revoked = await cleo.records.add(Note, bytes(3))
    for (const { id } of [deleted, expired, revoked]) await until(hasReached(id, 'added 1'), '10s')
    await ann.records.update(Note, deleted.id, bytes(4))
    await until(hasReached(deleted.id, 'updated 2'), '10s')
    await ann.records.delete(deleted.id)
    await until(hasReached(deleted.id, 'removed deleted'), '10s')
    await until(hasReached(expired.id, 'removed expired'), '7m')
    guests.replace(names.slice(0, 2))
    await until(hasReached(revoked.id, 'removed revoked'), '10s')
    await ann.records.delete(other.id)
    await advance('10s')
    for (const told of watches) {
      expect(new Map(told)).toEqual(
        new Map([
          [deleted.id, ['added 1', 'updated 2', 'removed deleted']],
          [expired.id, ['added 1', 'removed expired']],
          [revoked.id, ['added 1', 'removed revoked']],
        ]),
      )
    }
    abort.abort()
  }))

test('G-123: a change is told after it is stored: who loses power at that moment has it', () =>
  withSimulatedNodes('told and crashed', async ({ addHost, openNode, world }) => {
    const annNode = await openNode(addHost('ann'))
    const ann = await annNode.graphs.create()
    const bobNode = await openNode(addHost('bob'))
    const bob = await bobNode.graphs.join(ann.graphId, { addresses: await ann.addresses() })
    const changes = take(bob.records.watch(Note, { from: 'now' }), 1)
    const own = take(ann.records.watch(Note, { from: 'now' }), 1)
    const { id } = await ann.records.add(Note, bytes(1))
    for (const [host, told, graph] of [
      ['bob', changes, bob],
      ['ann', own, ann],
    ] as const) {
      expect(await told).toMatchObject([{ kind: 'added', record: { id } }])
      world.host(host).crash()
      world.host(host).restart()
      const again = await (await openNode(world.host(host))).graphs.open(graph.graphId, { offline: true })
      expect((await again.records.get(Note, id))?.payload).toEqual(bytes(1))
    }
  }))
