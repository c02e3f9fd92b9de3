/**
 * An idle core on disk that others could copy over TCP.
 */
import { once } from 'node:events'
import { createServer } from 'node:net'
import SecretStream from '@hyperswarm/secret-stream'
import Hypercore from 'hypercore'
import { idleNode } from './idle-node.ts'
import { asInBenchmarks } from './install.ts'

await idleNode(
  async (folder) => {
    const core = new Hypercore(folder)
    await core.ready()
    const server = createServer((socket) => core.replicate(new SecretStream(false, socket)))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return { core, server }
  },
  () => asInBenchmarks('hypercore', '@hyperswarm/secret-stream'),
)
