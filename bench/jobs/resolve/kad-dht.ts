/**
 * js-libp2p's kad-dht over tcp, noise and yamux, with `put` and `get` of a value that is signed: a validator on every node checks
 * the signature by the key in the name, as IPNS does it with `/ipns/…`. (`provide` and `findProviders` tell who has a content,
 * unsigned.) All nodes are servers, and private addresses are let through, as a table for local networks must. Limits are higher where
 * nodes of one process and many gets under way run into them; nothing else differs from the defaults. Each node begins with
 * three others, and looks itself up before anything is measured. `get` compares all copies before it gives the best one; here a resolve ends with the first answer that the validator has let through,
 * which is faster.
 */
import { generateKeyPair, publicKeyFromRaw } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import type { Ed25519PrivateKey } from '@libp2p/interface'
import { type KadDHT, kadDHT, removePublicAddressesMapper } from '@libp2p/kad-dht'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { contestant } from '../../contestant.ts'
import { measureResolving } from './workload.ts'

const NAMESPACE = '/bench/'
const FIRST_NEIGHBORS = 3
/** Milliseconds. With the usual few seconds, nodes that all share one processor give up on each other. */
const PATIENCE = 60_000
/** With the usual limits a node that has many gets under way refuses its own requests. */
const MOST_STREAMS = 4096
const SIGNATURE_LENGTH = 64

interface Member {
  readonly node: Awaited<ReturnType<typeof startNode>>
  readonly privateKey: Ed25519PrivateKey
}

await contestant(async ({ size }) => {
  const members: Member[] = []
  for (let index = 0; index < size; index++) {
    const node = await startNode()
    for (let count = 0; count < Math.min(FIRST_NEIGHBORS, index); count++) {
      await node.dial(member(Math.floor(Math.random() * index)).node.getMultiaddrs())
    }
    members.push({ node, privateKey: await generateKeyPair('Ed25519') })
  }
  for (const { node } of members) await all(node.services.dht.getClosestPeers(node.peerId.toMultihash().bytes))

  function member(index: number): Member {
    const one = members[index]
    if (one === undefined) throw new RangeError(`there is no node ${index}`)
    return one
  }

  return measureResolving({
    size,
    register: async (publisher) => {
      const { node, privateKey } = member(publisher)
      const endpoint = Buffer.from(`127.0.0.1:${1 + publisher}`)
      const value = Buffer.concat([await privateKey.sign(endpoint), endpoint])
      await all(node.services.dht.put(nameOf(privateKey), value))
    },
    resolve: async (from, publisher) => {
      const value = await firstAnswer(member(from).node.services.dht, nameOf(member(publisher).privateKey))
      return value?.subarray(SIGNATURE_LENGTH).toString() === `127.0.0.1:${1 + publisher}`
    },
  })
})

function startNode() {
  return createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionManager: {
      inboundConnectionThreshold: Infinity,
      maxIncomingPendingConnections: Infinity,
      dialTimeout: PATIENCE,
      addressDialTimeout: PATIENCE,
      inboundUpgradeTimeout: PATIENCE,
    },
    services: {
      identify: identify(),
      ping: ping(),
      dht: kadDHT({
        protocol: '/bench/kad/1.0.0',
        clientMode: false,
        maxInboundStreams: MOST_STREAMS,
        maxOutboundStreams: MOST_STREAMS,
        peerInfoMapper: removePublicAddressesMapper,
        validators: { bench: requireSignature },
        selectors: { bench: () => 0 },
      }),
    },
  })
}

function nameOf({ publicKey }: Ed25519PrivateKey): Uint8Array {
  return Buffer.from(`${NAMESPACE}${Buffer.from(publicKey.raw).toString('hex')}`)
}

/** The validator of names: the signature, and what it is of. */
async function requireSignature(name: Uint8Array, value: Uint8Array): Promise<void> {
  const publicKey = publicKeyFromRaw(Buffer.from(Buffer.from(name).toString().slice(NAMESPACE.length), 'hex'))
  const isRight = await publicKey.verify(value.subarray(SIGNATURE_LENGTH), value.subarray(0, SIGNATURE_LENGTH))
  if (!isRight) throw new Error('the signature is wrong')
}

async function firstAnswer(dht: KadDHT, name: Uint8Array): Promise<Buffer | undefined> {
  const enough = new AbortController()
  try {
    for await (const event of dht.get(name, { signal: enough.signal })) {
      if (event.name === 'PEER_RESPONSE' && event.record !== undefined) return Buffer.from(event.record.value)
    }
    return undefined
  } finally {
    enough.abort()
  }
}

async function all(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of events);
}
