/** Making, joining, opening, listing and deleting graphs. */
import { describe, expect, test } from 'vitest'
import { allowList, allowListSecurity } from '../../src/graph/allow-list.ts'
import { noSecurity } from '../../src/graph/no-security.ts'
import { recordType } from '../../src/peer-node/application-types.ts'
import { OpenGraph } from '../../src/peer-node/open-graph.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { all, pair, settings, take } from './graph-settings.ts'

const Note = recordType('test.note', { expires: '1h' })
const Flash = recordType('test.flash', { expires: '1h', ephemeral: true })
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

describe.each(settings)('$name', ({ run }) => {
  test('G-008: a graph that is open or in the data directory cannot be made again, and one that is open not deleted', () =>
    run(async ({ open }) => {
      const { graphs } = await open('ann')
      const graph = await graphs.create({ friendlyName: 'Book club', comment: 'Thursdays' })
      const { graphId } = graph
      await expectRejection('duplicate-graph', graphs.create({ graphId }), 'an open one')
      await expectRejection('duplicate-graph', graphs.open(graphId), 'opening twice')
      await expectRejection('graph-in-use', graphs.delete(graphId), 'deleting an open one')
      expect(await graphs.list()).toMatchObject([
        { graphId, identity: graph.identity, provider: 'none', isOpen: true, properties: { comment: 'Thursdays' } },
      ])
      await graph.close()
      await expectRejection('database-already-present', graphs.create({ graphId }), 'one with a database')
      expect(await graphs.list()).toMatchObject([{ isOpen: false, properties: { friendlyName: 'Book club' } }])
      await graphs.delete(graphId)
      expect(await graphs.list()).toEqual([])
      await expectRejection('database-not-present', graphs.open(graphId), 'one that was deleted')
      await expectRejection('database-not-present', graphs.delete(graphId), 'deleting twice')
    }))

  test('what is wrong with a new graph is said, and leaves nothing behind', () =>
    run(async ({ open }) => {
      const { graphs } = await open('ann')
      await expectRejection('invalid-graph-id', graphs.create({ graphId: '' }), 'an empty ID')
      await expectRejection('invalid-graph-property', graphs.create({ comment: 'x'.repeat(512) }), 'a long comment')
      await expectRejection('unknown-provider', graphs.create({ provider: 'guard' }), 'a provider')
      await expectRejection('invalid-argument', graphs.join('x', { addresses: ['nowhere:1'] }), 'an address')
      expect(await graphs.list()).toEqual([])
    }))

  test('G-009: opened again, a graph has a new node ID, the records that are still valid, and none of the ephemeral ones', () =>
    run(async ({ open }) => {
      const guests = allowList([])
      const { graphs, identities } = await open('ann', { securityProviders: { guests: allowListSecurity(guests) } })
      const { peerName } = await identities.get()
      guests.replace([peerName])
      await expectRejection('database-not-present', graphs.open('x'), 'one that is not there')
      const graph = await graphs.create({ provider: 'guests' })
      // A program that is connected to the node does not see its ID.
      const nodeId = (one: unknown): unknown => (one instanceof OpenGraph ? one.engine.parts.nodeId : one)
      const { id } = await graph.records.add(Note, bytes(1))
      await graph.records.add(Flash, bytes(2))
      expect(await all(graph.records.list(Flash))).toHaveLength(1)
      await graph.close()
      expect(await graphs.list()).toMatchObject([{ graphId: graph.graphId, isOpen: false }])
      const again = await graphs.open(graph.graphId, { identity: peerName, prioritize: [Note, Flash] })
      expect(nodeId(again)).not.toBe(nodeId(graph))
      expect((await again.records.get(Note, id))?.payload).toEqual(bytes(1))
      expect(await all(again.records.list(Flash))).toEqual([])
      expect(await again.nodes()).toEqual([])
      await again.close()
      guests.replace([])
      const judged = await graphs.open(graph.graphId)
      expect(await all(judged.records.list(Note))).toEqual([])
    }))

  test('G-159: what was written offline and alone reaches the others once there are links, without opening anew', () =>
    run(async (setting) => {
      const { open, path, until } = setting
      const [ann, bob] = [await open('ann'), await open('bob')]
      const hers = await ann.graphs.create({ offline: true })
      expect(await hers.status()).toEqual({ state: 'offline', neighbors: 0 })
      expect(await hers.addresses()).toEqual([])
      const { id } = await hers.records.add(Note, bytes(1))
      await hers.records.update(Note, id, bytes(2))
      expect(await all(hers.records.list(Note, { where: { name: 'peerrecordid', is: '=', value: id } }))).toHaveLength(
        1,
      )
      expect(await take(hers.records.watch(Note), 1)).toMatchObject([{ record: { version: 2 } }])
      const file = path()
      await hers.exportDatabase(file)
      await ann.graphs.importDatabase(file)
      // On real sockets these would be what this process listens with or has dialled.
      expect(process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP'))).toEqual([])
      await hers.goOnline()
      await expectRejection('already-listening', hers.goOnline(), 'going online twice')
      const his = await bob.graphs.join(hers.graphId, { addresses: await hers.addresses() })
      expect((await his.records.get(Note, id))?.payload).toEqual(bytes(2))
      await his.close()
      await hers.close()
      const [herAgain, hisAgain] = [
        await ann.graphs.open(hers.graphId),
        await bob.graphs.open(hers.graphId, { offline: true }),
      ]
      const alone = await hisAgain.records.add(Note, bytes(3))
      await hisAgain.goOnline()
      await hisAgain.addAddresses(await herAgain.addresses())
      await until(async () => (await herAgain.records.get(Note, alone.id)) !== undefined)
    }))

  test('a join says why nobody is there, and leaves nothing behind', () =>
    run(async ({ open }) => {
      const { graphs } = await open('ann')
      await expectRejection('connection-failed', graphs.join('x', { addresses: ['127.0.0.1:9'] }), 'nobody')
      const other = await (await open('bob')).graphs.create()
      const [address = ''] = await other.addresses()
      await expectRejection('not-authenticated', graphs.join('x', { addresses: [address] }), 'another graph')
      expect(await graphs.list()).toEqual([])
      const abort = new AbortController()
      const joining = graphs.join('x', { addresses: [], signal: abort.signal })
      const reason = new Error('enough')
      abort.abort(reason)
      await expect(joining).rejects.toBe(reason)
      expect(await graphs.list()).toEqual([])
    }))

  test('G-014, G-138: closing takes leave, ends iterations, and then nothing is possible any more', () =>
    run(async (setting) => {
      const { ann, bob } = await pair(setting)
      const watching = all(ann.records.watch(Note))
      const left = new Promise((resolve) => bob.on('neighbor', resolve))
      const never = ann.connected.bind(ann)
      const closing = ann.close()
      await expectRejection('graph-shutting-down', ann.status(), 'while it closes')
      await closing
      await ann.close()
      expect(await watching).toEqual([])
      await expectRejection('invalid-graph', never(), 'afterwards')
      await expectRejection('invalid-graph', ann.records.add(Note, bytes(1)), 'writing')
      await expectRejection('invalid-graph', all(ann.records.list(Note)), 'listing')
      await setting.until(async () => (await bob.nodes()).length === 1)
      expect(await left).toEqual({ peer: ann.identity, connected: false, reason: 'leaving' })
    }))

  test('a node that is closed closes its graphs, and opens no other', () =>
    run(async ({ open, path }) => {
      const node = await open('ann')
      const { graphs } = node
      const graph = await graphs.create()
      const watching = all(graph.records.watch(Note))
      await node.close()
      expect(await watching).toEqual([])
      await expectRejection('invalid-graph', graph.status(), 'its graph')
      const attempts = {
        create: graphs.create(),
        join: graphs.join('x', { addresses: [] }),
        open: graphs.open('x'),
        list: graphs.list(),
        importDatabase: graphs.importDatabase(path()),
        delete: graphs.delete('x'),
      }
      for (const [operation, attempt] of Object.entries(attempts)) {
        const error = await expectRejection('node-closed', attempt, operation)
        expect(error.details).toEqual({ operation: `graphs.${operation}` })
      }
    }))

  test('G-191: a graph is opened with the provider that it was made with, or not at all', () =>
    run(async ({ open }) => {
      const first = await open('ann', { securityProviders: { guests: noSecurity } })
      const graph = await first.graphs.create({ provider: 'guests' })
      await first.close()
      const second = await open('ann')
      const error = await expectRejection('unknown-provider', second.graphs.open(graph.graphId), 'opening')
      expect(error.details).toEqual({ provider: 'guests', known: ['none'] })
    }))

  test('G-199: waiting for others ends as soon as they are there, and tells its steps', () =>
    run(async ({ open }) => {
      const [ann, bob] = [await open('ann'), await open('bob')]
      const hers = await ann.graphs.create()
      await hers.records.add(Note, bytes(1))
      const waiting = hers.synchronized()
      const steps = new Set<string>()
      const his = await bob.graphs.join(hers.graphId, {
        addresses: await hers.addresses(),
        onProgress: ({ phase }) => steps.add(phase),
      })
      await waiting
      await his.connected()
      expect([...steps]).toEqual(['resolving', 'dialing', 'authenticating', 'synchronizing'])
      const lonely = await ann.graphs.create()
      const abort = new AbortController()
      const never = lonely.connected({ signal: abort.signal })
      abort.abort('enough')
      await expect(never).rejects.toBe('enough')
      const closed = expectRejection('graph-shutting-down', lonely.synchronized(), 'closing')
      await lonely.close()
      await closed
    }))

  test('G-194, G-195: a node that is suspended has no link and no port, and goes on where it was; twice does no harm', () =>
    run(async (setting) => {
      const { ann, bob, nodes } = await pair(setting)
      const waiting = take(ann.records.watch(Note, { from: 'now' }), 1)
      await nodes.ann.suspend()
      await nodes.ann.suspend()
      expect(await ann.status()).toEqual({ state: 'offline', neighbors: 0 })
      expect(await ann.addresses()).toEqual([])
      await setting.until(async () => (await bob.status()).neighbors === 0)
      const { id } = await ann.records.add(Note, bytes(7))
      expect(await waiting).toMatchObject([{ kind: 'added', record: { id } }])
      const connected = ann.connected()
      await nodes.ann.resume()
      await nodes.ann.resume()
      await connected
      await setting.until(async () => (await bob.records.get(Note, id)) !== undefined)
      expect(await ann.addresses()).not.toEqual([])
      await Promise.all([nodes.ann.suspend(), nodes.bob.suspend()])
      await setting.until(() => !process.getActiveResourcesInfo().some((name) => name.startsWith('TCP')))
      await Promise.all([nodes.ann.close(), nodes.bob.close()])
    }))
})
