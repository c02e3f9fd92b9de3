/**
 * js-libp2p over tcp, noise and yamux, with their defaults: one stream of one protocol. A dial is a new connection with its
 * handshake, and the stream on it, until the far end has it too.
 */

import type { Stream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { contestant } from '../../contestant.ts'
import { DIALS, measureLink, NOBODY_LISTENS, type Talk } from './workload.ts'

const PROTOCOL = '/bench/1.0.0'

await contestant(async ({ size }) => {
  const [near, far] = await Promise.all([startNode(), startNode()])
  let accepted: (stream: Stream) => void = () => undefined
  await far.handle(PROTOCOL, (stream) => accepted(stream))

  async function dial(): Promise<Talk> {
    const taken = new Promise<Stream>((resolve) => {
      accepted = resolve
    })
    const stream = await near.dialProtocol(far.getMultiaddrs(), PROTOCOL)
    const talk: Talk = {
      ...NOBODY_LISTENS,
      send: (bytes) => stream.send(bytes),
      answer: (bytes) => answering.send(bytes),
      close: () => {
        for (const connection of near.getConnections()) connection.abort(new Error('measured'))
      },
    }
    const answering = await taken
    answering.addEventListener('message', ({ data }) => talk.cameFar(data.byteLength))
    stream.addEventListener('message', ({ data }) => talk.cameNear(data.byteLength))
    stream.addEventListener('drain', () => talk.ready())
    return talk
  }

  return measureLink({ size, of: '', piece: 65_536, dials: DIALS, dial })
})

function startNode() {
  return createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionManager: { inboundConnectionThreshold: Infinity },
  })
}
