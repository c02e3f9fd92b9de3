/**
 * An idle node of hyperdht: the only one of its network, persistent, and with a server that others could connect to (UDP).
 */
import DHT from 'hyperdht'
import { idleNode } from './idle-node.ts'
import { asInBenchmarks } from './install.ts'

await idleNode(
  async () => {
    const dht = new DHT({ bootstrap: [], host: '127.0.0.1', ephemeral: false, firewalled: false })
    await dht.fullyBootstrapped()
    const server = dht.createServer()
    await server.listen(DHT.keyPair())
    return { dht, server }
  },
  () => asInBenchmarks('hyperdht'),
)
