/** Which nodes of a graph take links, and since when. */
import { describe, expect, test } from 'vitest'
import { recordType } from '../../src/peer-node/application-types.ts'
import { parseGraphAddress } from '../../src/peer-node/graph-address.ts'
import { OpenGraph } from '../../src/peer-node/open-graph.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { settings } from './graph-settings.ts'

const Note = recordType('test.note', { expires: '1h' })
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

describe.each(settings)('$name', ({ run }) => {
  test('G-011: who made the graph or has synchronized listens at once, others not before, and all can read and write', () =>
    run(async ({ open, until, path }) => {
      const [ann, bob, cleo] = [await open('ann'), await open('bob'), await open('cleo')]
      const hers = await ann.graphs.create()
      expect(await hers.addresses()).not.toEqual([])
      const his = await bob.graphs.join(hers.graphId, { addresses: await hers.addresses() })
      const file = path()
      await hers.exportDatabase(file)
      await Promise.all([hers.close(), his.close()])
      // Nobody else is there.
      const again = await bob.graphs.open(hers.graphId)
      expect(await again.addresses()).not.toEqual([])
      const written = await again.records.add(Note, bytes(1))
      // What was imported was never compared with anybody.
      const imported = await cleo.graphs.importDatabase(file)
      await imported.goOnline()
      expect(await imported.addresses()).toEqual([])
      // A program that is connected to the node has no engine to ask.
      if (imported instanceof OpenGraph) {
        const { engine } = imported
        expect(codeOf(() => engine.listen([parseGraphAddress('192.0.2.1')]))).toBe('graph-not-ready')
      }
      const alone = await imported.records.add(Note, bytes(2))
      expect((await imported.records.get(Note, alone.id))?.payload).toEqual(bytes(2))
      await imported.addAddresses(await again.addresses())
      await imported.synchronized()
      await until(async () => (await imported.addresses()).length > 0)
      expect((await imported.records.get(Note, written.id))?.payload).toEqual(bytes(1))
      await until(async () => (await again.records.get(Note, alone.id)) !== undefined)
    }))

  test('G-012: all graphs of a node listen on one port, and none twice', () =>
    run(async ({ open }) => {
      const { graphs } = await open('ann')
      const [one, other] = [await graphs.create(), await graphs.create({ offline: true })]
      expect(await other.addresses()).toEqual([])
      await other.goOnline()
      expect(await other.addresses()).toEqual(await one.addresses())
      expect(new Set((await one.addresses()).map((address) => /\d+$/.exec(address)?.[0])).size).toBe(1)
      for (const graph of [one, other]) await expectRejection('already-listening', graph.goOnline(), 'listening twice')
    }))
})

function codeOf(action: () => void): string {
  try {
    action()
    return ''
  } catch (error) {
    if (error instanceof PeerageError) return error.code
    throw error
  }
}
