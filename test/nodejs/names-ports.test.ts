/** Ports and seeds of separate processes on loopback, and a process that is killed. */
import { afterEach, expect, test } from 'vitest'
import { RemoteNode, type RemoteNodeOptions } from './remote-node.ts'

const CLOUD = 'test'
const RANGES = ['127.0.0.0/8']

const started: RemoteNode[] = []

afterEach(async () => {
  await Promise.all(started.splice(0).map((node) => node.kill()))
})

async function start(options: RemoteNodeOptions = {}): Promise<RemoteNode> {
  const node = await RemoteNode.start(options)
  started.push(node)
  return node
}

test('N-12, N-27, N-124: 3540 or another free port above 1024 is taken; one that was asked for and is taken is an error', async () => {
  const ranges = RANGES
  const first = await start()
  const second = await start()
  const ports = [(await first.join(CLOUD, { ranges })).port ?? 0, (await second.join(CLOUD, { ranges })).port ?? 0]
  expect(ports[0]).not.toBe(ports[1])
  for (const port of ports) expect(port).toBeGreaterThan(1024)
  const third = await start({ pnrpPort: ports[0] ?? 0 })
  await expect(third.join(CLOUD, { ranges })).rejects.toThrow('port-in-use')
  await expect(third.cloud(CLOUD)).rejects.toThrow('there is no cloud')
  await expect(third.join(CLOUD, { ranges: ['198.51.100.0/24'] })).rejects.toThrow('no-network')
  await expect(start({ pnrpPort: 1024 })).rejects.toThrow('invalid-argument')
  // Whatever is on the port that was given up, the node still works with a free one.
  const fourth = await start({ seeds: [`127.0.0.1:${ports[0]}`] })
  await fourth.join(CLOUD, { ranges })
  await fourth.active(CLOUD)
})

test('N-20: a seed can be the name of a host, of which each address counts', async () => {
  const first = await start()
  const { port } = await first.join(CLOUD, { ranges: RANGES })
  const second = await start({ seeds: ['no-such-host.invalid', `localhost:${port}`] })
  await second.join(CLOUD, { ranges: RANGES })
  await second.active(CLOUD)
})

test('a process that is killed is not found, and its name can be registered elsewhere at once', async () => {
  const first = await start()
  const { port } = await first.join(CLOUD, { ranges: RANGES })
  const seeds = [`127.0.0.1:${port}`]
  const [second, third] = [await start({ seeds }), await start({ seeds })]
  for (const node of [second, third]) {
    await node.join(CLOUD, { ranges: RANGES })
    await node.active(CLOUD)
  }
  await second.call('register', '0.moved', { endpoints: [{ host: '203.0.113.7', port: 1 }] })
  expect(await third.resolve('0.moved')).toHaveLength(1)
  await second.kill()
  expect(await third.resolve('0.moved')).toEqual([])
  await first.call('register', '0.moved', { endpoints: [{ host: '203.0.113.7', port: 2 }] })
  expect((await third.resolve('0.moved'))?.map(({ endpoints }) => endpoints[0]?.port)).toEqual([2])
})
