/** Peer time, as an application reads it. */
import { expect, test } from 'vitest'
import { recordType } from '../../src/peer-node/application-types.ts'
import { VIRTUAL_EPOCH } from '../../src/simulation/virtual-clock.ts'
import { withSimulatedNodes } from './simulated-nodes.ts'

const Note = recordType('test.note', { expires: '1h' })

test('G-110: `now` is peer time, which records bear, also after a node was opened anew', () =>
  withSimulatedNodes('peer time', async ({ world, addHost, openNode, advance, until }) => {
    const [ann, bob, cleo] = [addHost('ann'), addHost('bob'), addHost('cleo')]
    const slow = addHost('slow')
    slow.skewClock(-60_000)
    const first = await (await openNode(ann)).graphs.create()
    const addresses = await first.addresses()
    for (const host of [bob, cleo]) await (await openNode(host)).graphs.join(first.graphId, { addresses })
    const node = await openNode(slow)
    const graph = await node.graphs.join(first.graphId, { addresses })
    const ahead = async (now: Promise<Date>): Promise<number> => (await now).getTime() - VIRTUAL_EPOCH - world.now
    expect(Math.abs((await ahead(graph.now())) + 60_000)).toBeLessThan(1000)
    await advance('40m')
    for (const one of [first, graph]) expect(Math.abs(await ahead(one.now()))).toBeLessThan(100)
    const { created } = await graph.records.add(Note, new Uint8Array(1))
    expect(Math.abs(created.getTime() - (await graph.now()).getTime())).toBeLessThan(100)
    await node.close()
    const again = await openNode(slow)
    const reopened = await again.graphs.open(first.graphId)
    expect(Math.abs(await ahead(reopened.now()))).toBeLessThan(100)
    await until(async () => (await first.nodes()).length === 4, '60s')
  }))
