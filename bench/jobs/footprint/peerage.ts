/**
 * An idle node of Peerage: an identity, a cloud in which it can be found (UDP) and a graph that it has made (TCP, SQLite), with
 * all defaults but for the cloud's network, which is loopback.
 */
import { openNode } from '../../../dist/index.js'
import { idleNode } from './idle-node.ts'
import { packPeerage } from './install.ts'

await idleNode(
  async (folder) => {
    const node = await openNode({ dataDir: folder, friendlyName: 'idle' })
    await node.clouds.open('measured', { ranges: ['127.0.0.0/8'] })
    const graph = await node.graphs.create()
    return { node, graph }
  },
  (folder) => [packPeerage(folder)],
)
