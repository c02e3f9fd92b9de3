/**
 * A node that OrbitDB runs on. OrbitDB 4 is written for Helia 6, whose package brings transports that are not needed here; so its class
 * is taken from where that package takes it. Blocks come from peers alone, as nothing outside this machine has them.
 */
import { join } from 'node:path'
import { bitswap } from '@helia/block-brokers'
import { Helia } from '@helia/utils'
import { gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createOrbitDB, type EventLog, type OrbitDB } from '@orbitdb/core'
import { LevelBlockstore } from 'blockstore-level'
import { LevelDatastore } from 'datastore-level'
import { createLibp2p, type Libp2p } from 'libp2p'

export async function openOrbit(folder: string): Promise<{ readonly libp2p: Libp2p; readonly orbitdb: OrbitDB }> {
  const libp2p = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(), pubsub: gossipsub({ allowPublishToZeroTopicPeers: true }) },
  })
  const ipfs = new Helia({
    libp2p,
    datastore: new LevelDatastore(join(folder, 'data')),
    blockstore: new LevelBlockstore(join(folder, 'blocks')),
    blockBrokers: [bitswap()],
    routers: [],
  })
  await ipfs.start()
  return { libp2p, orbitdb: await createOrbitDB({ ipfs, directory: join(folder, 'orbitdb') }) }
}

export async function countEntries(log: EventLog): Promise<number> {
  let count = 0
  for await (const _ of log.iterator()) count++
  return count
}
