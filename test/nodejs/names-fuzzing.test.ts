/** Live ports under rubbish: processes on loopback that go on as before. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { makeCloud } from '../../src/pnrp/cloud.ts'
import { DamagedDatagrams } from '../pnrp/fuzzing.ts'
import { RemoteNode } from './remote-node.ts'

const CLOUD = 'fuzzed'
/** Of what arrives at each node. */
const LEAST_MALFORMED = 1000
/** Datagrams between two looks at what has arrived. */
const BURST = 200
/** Longer than all that is waited for takes at most, in milliseconds: so it is the wait that fails, and says for what. */
const LONGEST_TEST = 180_000

const started: RemoteNode[] = []

afterEach(async () => {
  await Promise.all(started.splice(0).map((node) => node.kill()))
})

async function start(seeds: readonly string[]): Promise<RemoteNode> {
  const node = await RemoteNode.start({ seeds })
  started.push(node)
  return node
}

test.each([
  { seed: 'live IPv4', family: 'IPv4', type: 'udp4', host: '127.0.0.1', ranges: ['127.0.0.0/8'] },
  { seed: 'live IPv6', family: 'IPv6', type: 'udp6', host: '::1', ranges: ['::1/128'] },
] as const)(
  'N-101: rubbish on a live port ($family, seed "$seed") is counted and changes nothing',
  { timeout: LONGEST_TEST },
  async ({ seed, type, host, ranges }) => {
    const ann = await start([])
    const { port } = await ann.join(CLOUD, { ranges })
    const bob = await start([host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`])
    const { port: bobPort } = await bob.join(CLOUD, { ranges })
    if (port === undefined || bobPort === undefined) throw new Error('an open cloud has a port')
    await bob.active(CLOUD)
    await ann.call('register', ann.peerName)

    const socket = createSocket(type)
    socket.bind(0, host)
    await once(socket, 'listening')
    const damaged = new DamagedDatagrams(seed, makeCloud(CLOUD, { ranges }))
    const malformed = async (node: RemoteNode): Promise<number> =>
      (await node.inspect(CLOUD)).counters['dropped-malformed'] ?? 0
    // Some are lost in the queue of a socket, so what counts is what arrived.
    await bob.until('enough rubbish has arrived', async () => {
      for (let count = 0; count < BURST; count++)
        await send(socket, damaged.next(), count % 2 === 0 ? port : bobPort, host)
      return (await malformed(ann)) > LEAST_MALFORMED && (await malformed(bob)) > LEAST_MALFORMED
    })
    socket.close()

    for (const node of [ann, bob]) {
      const { entries } = await node.inspect(CLOUD)
      const ports = entries.flatMap(({ endpoints }) => endpoints.map((endpoint) => Number(endpoint.split(':').at(-1))))
      expect(ports.filter((known) => known !== port && known !== bobPort)).toEqual([])
    }
    // The rate of their own prefix, which is that of the rubbish, recovers by and by.
    await bob.until('the name is found', async () => (await bob.resolve(ann.peerName)).length === 1)
  },
)

function send(socket: Socket, bytes: Uint8Array, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(bytes, port, host, (error) => (error === null ? resolve() : reject(error)))
  })
}
