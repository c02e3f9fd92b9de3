/**
 * An idle node of js-libp2p that could do what a node of Peerage does, but for storing: TCP, Noise, Yamux, a kad-dht server and gossipsub with one
 * topic.
 */
import { gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import { kadDHT } from '@libp2p/kad-dht'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { idleNode } from './idle-node.ts'
import { asInBenchmarks } from './install.ts'

await idleNode(
  async () => {
    const node = await createLibp2p({
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      services: { identify: identify(), ping: ping(), dht: kadDHT({ clientMode: false }), pubsub: gossipsub() },
    })
    node.services.pubsub.subscribe('measured')
    return node
  },
  () =>
    asInBenchmarks(
      'libp2p',
      '@libp2p/tcp',
      '@libp2p/noise',
      '@libp2p/yamux',
      '@libp2p/identify',
      '@libp2p/ping',
      '@libp2p/kad-dht',
      '@libp2p/gossipsub',
    ),
)
