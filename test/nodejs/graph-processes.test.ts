/** Graphs between separate processes, over TLS, with files; and what is left when one is killed. */

import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { openNode } from '../../src/nodejs/open-node.ts'
import type { PeerNode } from '../../src/peer-node/peer-node.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { newPath } from './new-path.ts'
import { RemoteNode, type RemoteNodeOptions } from './remote-node.ts'

const started: RemoteNode[] = []
const opened: PeerNode[] = []

afterEach(async () => {
  await Promise.all(started.splice(0).map((node) => node.kill()))
  await Promise.all(opened.splice(0).map((node) => node.close()))
})

async function start(options: RemoteNodeOptions = {}): Promise<RemoteNode> {
  const node = await RemoteNode.start(options)
  started.push(node)
  return node
}

interface Made {
  readonly graphId: string
  readonly addresses: readonly string[]
}

const texts = (count: number, prefix: string): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix} ${index}`)
const read = async (node: RemoteNode): Promise<unknown> => node.call('read')

describe('processes', () => {
  test('what one writes the other reads, both ways, and again after both were closed', async () => {
    const dataDirs = [newPath(), newPath()]
    const [ann, bob] = await Promise.all(dataDirs.map((dataDir) => start({ dataDir })))
    if (ann === undefined || bob === undefined) throw new Error('two were started')
    const { graphId, addresses } = (await ann.call('graph-create')) as Made
    await ann.call('write', '', { texts: texts(20, 'hers') })
    await bob.call('graph-join', graphId, { addresses })
    await bob.call('write', '', { texts: texts(20, 'his') })
    const both = [...texts(20, 'hers'), ...texts(20, 'his')].sort()
    await ann.until(
      'all is there',
      async () => JSON.stringify(((await read(ann)) as string[]).sort()) === JSON.stringify(both),
    )
    await ann.close()
    await bob.close()
    const again = await start({ dataDir: dataDirs[1] ?? '' })
    await again.call('graph-open', graphId, { offline: true })
    expect(((await read(again)) as string[]).sort()).toEqual(both)
  })

  test('a process that is killed has what it was told is written, and goes on with its join where it was', async () => {
    const dataDir = newPath()
    const ann = await start()
    const { graphId, addresses } = (await ann.call('graph-create')) as Made
    await ann.call('write', '', { texts: texts(300, 'hers') })
    const bob = await start({ dataDir })
    const joining = bob.call('graph-join', graphId, { addresses })
    joining.catch(() => undefined)
    await new Promise((resolve) => setTimeout(resolve, 60))
    await bob.kill()
    const again = await start({ dataDir })
    await again.call('graph-join', graphId, { addresses })
    await again.call('write', '', { texts: ['his'] })
    await again.kill()
    const third = await start({ dataDir })
    await third.call('graph-open', graphId, { offline: true })
    expect(((await read(third)) as string[]).sort()).toEqual([...texts(300, 'hers'), 'his'].sort())
  })

  test('an import that is killed has imported everything or nothing', async () => {
    const file = newPath()
    const ann = await start()
    const { graphId } = (await ann.call('graph-create')) as Made
    await ann.call('write', '', { texts: texts(1000, 'hers') })
    await ann.call('graph-export', file)
    await ann.close()
    const counts = new Set<number>()
    for (let attempt = 0; attempt < 3; attempt++) {
      const dataDir = newPath()
      const bob = await start({ dataDir })
      bob.call('graph-import', file).catch(() => undefined)
      await new Promise((resolve) => setTimeout(resolve, 60 + attempt * 60))
      await bob.kill()
      const node = await openNode({ dataDir })
      opened.push(node)
      const [known] = await node.graphs.list()
      if (known === undefined) continue
      const graph = await node.graphs.open(graphId, { offline: true })
      let count = 0
      for await (const _ of graph.records.list('all')) count++
      counts.add(count)
    }
    expect([...counts].filter((count) => count !== 0 && count !== 1000)).toEqual([])
  })
})

describe('ports', () => {
  test('G-012: a port that was asked for and is taken is an error, and leaves no graph behind', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('it has a port')
    const node = await openNode({ dataDir: newPath(), friendlyName: 'Ann', graphPort: address.port })
    opened.push(node)
    const error = await expectRejection('unable-to-listen', node.graphs.create(), 'a port that is taken')
    expect(error.details).toEqual({ endpoint: `127.0.0.1:${address.port}`, reason: 'the port is in use' })
    expect(await node.graphs.list()).toEqual([])
    await new Promise((resolve) => server.close(resolve))
    const graph = await node.graphs.create()
    expect((await graph.addresses()).every((one) => one.endsWith(`:${address.port}`))).toBe(true)
  })

  test('G-195: a node listens again after it was suspended, on another port if somebody has taken its own meanwhile', async () => {
    const node = await openNode({ dataDir: newPath(), friendlyName: 'Ann' })
    opened.push(node)
    const graph = await node.graphs.create()
    const [before] = new Set((await graph.addresses()).map(portOf))
    await node.suspend()
    const server = createServer().listen(before, '127.0.0.1')
    await once(server, 'listening')
    await node.resume()
    const after = new Set((await graph.addresses()).map(portOf))
    expect(after.size).toBe(1)
    expect(after.has(before ?? 0)).toBe(false)
    await new Promise((resolve) => server.close(resolve))
  })

  test('G-195: a port that was asked for and was taken while the node was suspended is used as soon as it is free', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('it has a port')
    await new Promise((resolve) => server.close(resolve))
    const node = await openNode({ dataDir: newPath(), friendlyName: 'Ann', graphPort: address.port })
    opened.push(node)
    const graph = await node.graphs.create()
    await node.suspend()
    const other = createServer().listen(address.port, '127.0.0.1')
    await once(other, 'listening')
    await node.resume()
    expect(await graph.addresses()).toEqual([])
    await new Promise((resolve) => other.close(resolve))
    await vi.waitUntil(async () => (await graph.addresses()).length > 0, 30_000)
    expect((await graph.addresses()).every((one) => portOf(one) === address.port)).toBe(true)
  })

  test('two nodes of one machine have a port each, and a graph that is offline none', async () => {
    const nodes = await Promise.all(
      ['Ann', 'Bob'].map((friendlyName) => openNode({ dataDir: newPath(), friendlyName })),
    )
    opened.push(...nodes)
    const graphs = await Promise.all(nodes.map((node) => node.graphs.create()))
    const ports = await Promise.all(
      graphs.map(async (graph) => (await graph.addresses()).map((one) => one.split(':').at(-1))),
    )
    expect(ports.every((own) => own.length > 0 && new Set(own).size === 1)).toBe(true)
    expect(ports[0]?.[0]).not.toBe(ports[1]?.[0])
    await nodes[0]?.suspend()
    expect(await graphs[0]?.addresses()).toEqual([])
  })
})

function portOf(address: string): number {
  return Number(address.split(':').at(-1))
}
