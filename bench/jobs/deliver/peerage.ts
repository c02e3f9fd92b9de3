/**
 * Peerage through its public entrance, with its usual settings: a graph without a group around it, links over TLS, every record
 * signed, checked and stored in SQLite by every node. What a node's application has is what its watch has told it, and that
 * tells only what is on disk.
 */
import { join } from 'node:path'
import { type Graph, openNode, recordType } from '../../../dist/index.js'
import { contestant } from '../../contestant.ts'
import { Delivering } from './workload.ts'

const Message = recordType('bench.message', { expires: '1h' })

await contestant(async ({ size, folder }) => {
  const delivering = new Delivering()
  const graphs: Graph[] = []
  for (let index = 0; index < size; index++) {
    const node = await openNode({ dataDir: join(folder, String(index)), friendlyName: `Node ${index}` })
    const [first] = graphs
    const graph =
      first === undefined
        ? await node.graphs.create()
        : await node.graphs.join(first.graphId, { addresses: await first.addresses() })
    graphs.push(graph)
  }
  for (const graph of graphs) {
    await graph.synchronized()
    // It ends with this process. What goes wrong in it ends the process too.
    void watch(graph, delivering)
  }

  return delivering.measure(size, async (from, message) => {
    const graph = graphs[from]
    if (graph === undefined) throw new RangeError(`there is no node ${from}`)
    await graph.records.add(Message, message)
  })
})

async function watch(graph: Graph, delivering: Delivering): Promise<void> {
  for await (const change of graph.records.watch(Message, { from: 'now' })) {
    if (change.kind === 'added' && change.record.creator !== graph.identity) delivering.arrived(change.record.payload)
  }
}
