/** One node that is in a group, or a graph, with two identities: at one port, and each a member of its own. */
import { describe, expect, test } from 'vitest'
import { recordType } from '../../src/peer-node/application-types.ts'
import { settings } from './graph-settings.ts'

const Note = recordType('test.note', { expires: '1h' })

describe.each(settings)('$name', ({ run }) => {
  test('G-016, G-035: two identities of one node link with each other, without anybody else', () =>
    run(async ({ open, until }) => {
      const ann = await open('ann')
      const { peerName: work } = await ann.identities.create({ friendlyName: 'Ann at work' })
      const hers = await ann.groups.create({ friendlyName: 'Book club' })
      const { id } = await hers.records.add(Note, Uint8Array.of(1))
      const atWork = await ann.groups.join(await hers.invite(), { identity: work })
      expect((await atWork.records.get(Note, id))?.payload).toEqual(Uint8Array.of(1))
      await until(async () => (await hers.members({ connected: true })).length === 2)
      const [link] = await hers.links()
      expect(link).toMatchObject({ peerName: atWork.identity, kind: 'neighbor' })
      // Each finds the other again.
      await hers.close()
      await until(async () => (await atWork.status()).neighbors === 0)
      const again = await ann.groups.open(hers.peerName, { identity: hers.identity })
      await again.connected()
      const { id: later } = await atWork.records.add(Note, Uint8Array.of(2))
      await until(async () => (await again.records.get(Note, later)) !== undefined)
    }))

  test('others reach each of them', () =>
    run(async ({ open, until }) => {
      const [ann, bob] = [await open('ann'), await open('bob')]
      const { peerName: work } = await ann.identities.create({ friendlyName: 'Ann at work' })
      const first = await ann.graphs.create()
      const [address = ''] = await first.addresses()
      const second = await ann.graphs.join(first.graphId, { addresses: [address], identity: work })
      const his = await bob.graphs.join(first.graphId, { addresses: [address] })
      await until(async () => (await his.nodes()).length === 3 && (await first.nodes()).length === 3)
      for (const [from, to] of [
        [his, first],
        [his, second],
        [first, second],
        [second, first],
      ] as const) {
        const taken = to.connections('demo')[Symbol.asyncIterator]()
        const next = taken.next()
        const connection = await from.connect(to.identity, 'demo')
        const { value } = await next
        expect(value?.peer).toBe(from.identity)
        await Promise.all([connection.close(), value?.close(), taken.return?.()])
      }
    }))

  test('G-035: alone, an identity does not link with itself', () =>
    run(async ({ open }) => {
      const ann = await open('ann')
      const graph = await ann.graphs.create()
      await graph.addAddresses(await graph.addresses())
      expect(await graph.status()).toMatchObject({ neighbors: 0 })
    }))
})
