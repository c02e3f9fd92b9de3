/**
 * The other end of jobs/copy/peerage.ts: the node that has all records.
 */
import { openNode } from '../../../dist/index.js'
import { bePartner } from '../../partner.ts'
import { CHANGES } from './job.ts'
import { addMany } from './measured-record.ts'

/** How many calls wait for the disk at once: enough for several records to share a commit. */
const AT_ONCE = 256

const [size, folder = ''] = process.argv.slice(2)
const node = await openNode({ dataDir: folder, friendlyName: 'writer' })
const graph = await node.graphs.create()

bePartner({
  offer: async () => {
    await addMany(graph, Number(size), AT_ONCE)
    return { graphId: graph.graphId, addresses: (await graph.addresses()).join(' ') }
  },
  change: async () => {
    await addMany(graph, CHANGES, CHANGES)
    return {}
  },
})
