/**
 * The other end of jobs/copy/peerage.ts: the node that has all records.
 */
import { openNode } from '../../../dist/index.js'
import { bePartner } from '../../partner.ts'
import { addMeasured } from '../measured-record.ts'
import { CHANGES, PAYLOAD } from './job.ts'

/** How many calls wait for the disk at once: enough for several records to share a commit. */
const AT_ONCE = 256

const [size, folder = ''] = process.argv.slice(2)
const node = await openNode({ dataDir: folder, friendlyName: 'writer' })
const graph = await node.graphs.create()

async function add(count: number): Promise<void> {
  let next = 0
  const addOn = async (): Promise<void> => {
    while (next < count) await addMeasured(graph, next++, PAYLOAD)
  }
  await Promise.all(Array.from({ length: Math.min(count, AT_ONCE) }, addOn))
}

bePartner({
  offer: async () => {
    await add(Number(size))
    return { graphId: graph.graphId, addresses: (await graph.addresses()).join(' ') }
  },
  change: async () => {
    await add(CHANGES)
    return {}
  },
})
