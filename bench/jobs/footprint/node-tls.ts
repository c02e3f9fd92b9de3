/**
 * The floor: Node.js with nothing but a TLS server. It installs no packages.
 */
import { once } from 'node:events'
import { createServer } from 'node:tls'
import { idleNode } from './idle-node.ts'

await idleNode(
  async () => {
    const server = createServer({ minVersion: 'TLSv1.3' })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return server
  },
  () => [],
)
