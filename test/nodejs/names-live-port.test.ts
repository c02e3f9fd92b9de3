/** Any bytes on the port of a live node. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openNode } from '../../src/nodejs/open-node.ts'
import { newPath } from './new-path.ts'

const RANGES = ['127.0.0.0/8']
const ROUNDS = 60
const DATAGRAMS_IN_A_ROUND = 50

test('N-101: any bytes on the port of a live node are counted and dropped, and it goes on answering others', async () => {
  const victim = await openNode({ dataDir: newPath(), friendlyName: 'Ann' })
  const other = await openNode({ dataDir: newPath(), friendlyName: 'Bob' })
  const attacker = createSocket('udp4').bind(0, '127.0.0.1')
  await once(attacker, 'listening')
  try {
    await victim.clouds.open('test', { ranges: RANGES })
    const [cloud] = await victim.clouds.list({ scope: 'private' })
    const port = cloud?.port ?? 0
    await other.clouds.open('test', { ranges: RANGES, seeds: [`127.0.0.1:${port}`] })
    await victim.names.register({ name: '0.victim', endpoints: [{ port: 80 }] })
    let received = 0
    attacker.on('message', (reply) => {
      received += reply.length
    })
    const samples = await samplesOf(port)
    let sent = 0
    for (let round = 0; round < ROUNDS; round++) {
      for (const datagram of drawn(samples, round)) {
        sent += datagram.length
        await send(attacker, datagram, port)
      }
      // Every round the node has its turn, and is there.
      expect((await victim.metrics())['pnrp-datagrams-received']).toBeGreaterThan(0)
    }
    const found = []
    for await (const { peerName } of other.names.resolve('0.victim')) found.push(peerName)
    expect(found).toEqual(['0.victim'])
    const metrics = await victim.metrics()
    expect(metrics['pnrp-dropped-malformed']).toBeGreaterThan(ROUNDS)
    expect(received).toBeLessThanOrEqual(3 * sent)
  } finally {
    attacker.close()
    await other.close()
    await victim.close()
  }
})

/** What a node that joins sends first: real messages to make others from. */
async function samplesOf(port: number): Promise<Uint8Array[]> {
  const listener = createSocket('udp4').bind(0, '127.0.0.1')
  await once(listener, 'listening')
  const first = new Promise<Uint8Array>((resolve) =>
    listener.once('message', (bytes) => resolve(new Uint8Array(bytes))),
  )
  const joining = await openNode({ dataDir: newPath(), friendlyName: 'Cleo' })
  try {
    const seeds = [`127.0.0.1:${listener.address().port}`, `127.0.0.1:${port}`]
    await joining.clouds.open('test', { ranges: RANGES, seeds })
    return [await first]
  } finally {
    await joining.close()
    listener.close()
  }
}

/** Random bytes, and real messages with some bytes changed, cut or added. */
function drawn(samples: readonly Uint8Array[], seed: number): readonly Uint8Array[] {
  const change = fc.tuple(
    fc.constantFrom(...samples),
    fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 4 }),
    fc.nat(200),
  )
  const mutated = change.map(([sample, changes, end]) => {
    const bytes = sample.slice(0, Math.max(1, end > 150 ? sample.length : end))
    for (const [at, value] of changes) bytes[at % bytes.length] = value
    return bytes
  })
  const any = fc.oneof(mutated, fc.uint8Array({ minLength: 1, maxLength: 1232 }))
  return fc.sample(any, { seed, numRuns: DATAGRAMS_IN_A_ROUND })
}

function send(socket: Socket, datagram: Uint8Array, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(datagram, port, '127.0.0.1', (error) => (error === null ? resolve() : reject(error)))
  })
}
