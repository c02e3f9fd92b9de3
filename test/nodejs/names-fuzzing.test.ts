/** Live ports under rubbish: processes on loopback that go on as before. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { makeCloud } from '../../src/pnrp/cloud.ts'
import { DamagedDatagrams } from '../pnrp/fuzzing.ts'
import { RemoteNode } from './remote-node.ts'

const CLOUD = 'fuzzed'
const DATAGRAMS = 6000
/** So many at a time, so that they do not all fall out of the queue of the socket. */
const BURST = 20

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
  { family: 'IPv4', type: 'udp4', host: '127.0.0.1', ranges: ['127.0.0.0/8'] },
  { family: 'IPv6', type: 'udp6', host: '::1', ranges: ['::1/128'] },
] as const)(
  'N-101: rubbish on a live port ($family) is counted and changes nothing',
  async ({ type, host, ranges }) => {
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
    const damaged = new DamagedDatagrams('a live port', makeCloud(CLOUD, { ranges }))
    for (let sent = 0; sent < DATAGRAMS; sent += BURST) {
      for (let place = 0; place < BURST; place++)
        await send(socket, damaged.next(), place % 2 === 0 ? port : bobPort, host)
    }
    socket.close()

    for (const node of [ann, bob]) {
      const { counters, entries } = await node.inspect(CLOUD)
      expect(counters['dropped-malformed']).toBeGreaterThan(DATAGRAMS / 20)
      // The other one's own ID, and to Bob also the ID of Ann's name.
      expect(entries.length).toBeLessThanOrEqual(2)
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
