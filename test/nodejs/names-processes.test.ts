/** Name resolution between separate processes on loopback, over IPv4 and IPv6. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'
import { newPath } from './new-path.ts'
import { RemoteNode, type RemoteNodeOptions } from './remote-node.ts'

const CLOUD = 'test'
const FAMILIES = [
  { family: 'IPv4', host: '127.0.0.1', ranges: ['127.0.0.0/8'] },
  { family: 'IPv6', host: '[::1]', ranges: ['::1/128'] },
] as const

const started: RemoteNode[] = []

afterEach(async () => {
  await Promise.all(started.splice(0).map((node) => node.kill()))
})

async function start(options: RemoteNodeOptions = {}): Promise<RemoteNode> {
  const node = await RemoteNode.start(options)
  started.push(node)
  return node
}

/** A first node, and others that have it as a seed. */
async function cloudOf(size: number, { host, ranges }: (typeof FAMILIES)[number]): Promise<RemoteNode[]> {
  const first = await start()
  const { port } = await first.join(CLOUD, { ranges })
  const others = await Promise.all(Array.from({ length: size - 1 }, () => start({ seeds: [`${host}:${port}`] })))
  for (const other of others) {
    await other.join(CLOUD, { ranges })
    await other.active(CLOUD)
  }
  return [first, ...others]
}

describe.each(FAMILIES)('over $family', (family) => {
  test('N-49, N-84, N-106: all endpoints come back in order, 4,096 bytes unchanged, and nothing after unregistering', async () => {
    const [ann, bob] = await cloudOf(2, family)
    if (ann === undefined || bob === undefined) throw new Error('two were started')
    const endpoints = [
      { host: '203.0.113.7', port: 1, protocol: 6 },
      { host: '2001:db8::7', port: 65_535, protocol: 17 },
      { host: '203.0.113.6', port: 1024, protocol: 132 },
    ]
    const payload = Buffer.from(Array.from({ length: 4096 }, (_, index) => index % 251)).toString('base64')
    await ann.call('register', ann.peerName, { endpoints, payload, comment: 'ñandú' })
    const [result, ...rest] = await bob.resolve(ann.peerName)
    expect(rest).toEqual([])
    expect(result).toMatchObject({ peerName: ann.peerName, secured: true, endpoints, payload, comment: 'ñandú' })
    expect(result?.publisher).toBe(`${ann.peerName.slice(0, 40)}.`)
    await ann.call('unregister', ann.peerName)
    expect(await bob.resolve(ann.peerName)).toEqual([])
    await ann.call('register', '0.gone', { endpoints })
    expect(await bob.resolve('0.gone')).toHaveLength(1)
    await ann.close()
    expect(await bob.resolve('0.gone')).toEqual([])
  })

  test('N-69: as many distinct results as are asked for and there are, from several processes', async () => {
    const nodes = await cloudOf(4, family)
    for (const [index, node] of nodes.entries()) {
      await node.call('register', '0.many', { endpoints: [{ host: '203.0.113.7', port: 1 + index }] })
    }
    const [, , , asking] = nodes
    const ports = async (limit?: number): Promise<(number | undefined)[]> =>
      ((await asking?.resolve('0.many', limit === undefined ? {} : { limit })) ?? [])
        .map(({ endpoints }) => endpoints[0]?.port)
        .sort()
    expect(await ports()).toEqual([1, 2, 3, 4])
    expect(new Set(await ports(3)).size).toBe(3)
    expect(await ports(1)).toHaveLength(1)
  })

  test('N-17: processes that all stop and start again find each other by what they remember', async () => {
    const dataDirs = [newPath(), newPath(), newPath()]
    const ports = await freePorts(dataDirs.length)
    const options = dataDirs.map((dataDir, index) => ({ dataDir, pnrpPort: ports[index] ?? 0 }))
    const seeds = [`${family.host}:${ports[0]}`]
    const before = await Promise.all(options.map((one) => start({ ...one, seeds })))
    for (const node of before) await node.join(CLOUD, { ranges: family.ranges })
    for (const node of before) await node.active(CLOUD)
    for (const node of before) await node.close()
    const after = await Promise.all(options.map((one) => start(one)))
    for (const node of after) await node.join(CLOUD, { ranges: family.ranges })
    for (const node of after) await node.active(CLOUD)
    const [ann, , cleo] = after
    await ann?.call('register', '0.again')
    expect(await cleo?.resolve('0.again')).toHaveLength(1)
  })
})

/** Ports that were free a moment ago. */
async function freePorts(count: number): Promise<number[]> {
  const sockets = Array.from({ length: count }, () => createSocket('udp4').bind(0, '127.0.0.1'))
  await Promise.all(sockets.map((socket) => once(socket, 'listening')))
  const ports = sockets.map((socket) => socket.address().port)
  await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(resolve))))
  return ports
}
