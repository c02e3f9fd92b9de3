/**
 * js-libp2p's gossipsub over tcp, noise and yamux, with its defaults: strict signing, a mesh of degree 6, publishing to all
 * peers at once. What differs is what would punish nodes for sharing one machine: the score for many peers at one address, without
 * which nobody may publish after the tenth connection, and the limits on connections from one host. Each node opens three links:
 * with more there are more copies, and `batchPublish` made no difference that showed.
 */
import { gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { contestant } from '../../contestant.ts'
import { Delivering } from './workload.ts'

const TOPIC = 'bench'
/** The most that a mesh has of them. */
const FULL_MESH = 12
/** After so many more, each has the mesh that it wants. */
const HEARTBEATS = 2
/** Links that each node opens: with those that others open it has about 6, the degree that a mesh aims at. */
const DIALS = 3

await contestant(async ({ size }) => {
  const delivering = new Delivering()
  const nodes: Awaited<ReturnType<typeof startNode>>[] = []
  for (let index = 0; index < size; index++) {
    const node = await startNode()
    node.services.pubsub.addEventListener('message', ({ detail }) => delivering.arrived(detail.data))
    node.services.pubsub.subscribe(TOPIC)
    const others = nodes.toSorted(() => Math.random() - 0.5).slice(0, DIALS)
    for (const other of others) await node.dial(other.getMultiaddrs())
    nodes.push(node)
  }
  await Promise.all(
    nodes.map(async (node) => {
      const { pubsub } = node.services
      const heartbeat = () =>
        new Promise((resolve) => pubsub.addEventListener('gossipsub:heartbeat', resolve, { once: true }))
      // Subscriptions are told after the connection is there, and heartbeats form the mesh among those who have told theirs.
      while (pubsub.getSubscribers(TOPIC).length < Math.min(FULL_MESH, node.getPeers().length)) await heartbeat()
      for (let count = 0; count < HEARTBEATS; count++) await heartbeat()
    }),
  )

  return delivering.measure(size, async (from, message) => {
    const node = nodes[from]
    if (node === undefined) throw new RangeError(`there is no node ${from}`)
    await node.services.pubsub.publish(TOPIC, message)
  })
})

function startNode() {
  return createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionManager: { inboundConnectionThreshold: Infinity, maxIncomingPendingConnections: Infinity },
    services: {
      identify: identify(),
      pubsub: gossipsub({ scoreParams: { IPColocationFactorWeight: 0 } }),
    },
  })
}
