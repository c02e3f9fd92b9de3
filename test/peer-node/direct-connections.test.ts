/** How direct connections find their way, and what they say when they do not. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openNode } from '../../src/nodejs/open-node.ts'
import { messageType, recordType } from '../../src/peer-node/application-types.ts'
import type { Graph } from '../../src/peer-node/graph.ts'
import { expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { newPath } from '../nodejs/new-path.ts'
import { take } from './graph-settings.ts'
import { withSimulatedNodes } from './simulated-nodes.ts'

const Ping = messageType('test.ping')
const Note = recordType('test.note', { expires: '1h' })

/** Whether one node reaches the other. */
async function reaches(from: Graph, to: Graph): Promise<boolean> {
  const coming = take(to.connections('test'), 1)
  const [connection, [accepted]] = await Promise.all([from.connect(to.identity, 'test'), coming])
  await Promise.all([connection.close(), accepted?.close()])
  return connection.peer === to.identity && accepted?.peer === from.identity
}

test('G-116: the way is found from present links, from presence and from memory, and told step by step', () =>
  withSimulatedNodes('ways', async ({ addHost, openNode, until, advance }) => {
    const [annNode, bobNode] = [await openNode(addHost('ann')), await openNode(addHost('bob'))]
    const ann = await annNode.graphs.create()
    const bob = await bobNode.graphs.join(ann.graphId, { addresses: await ann.addresses() })
    // A present link: neither shows presence.
    await ann.setPresence({ publish: 'never' })
    await bob.setPresence({ publish: 'never' })
    await until(async () => (await ann.nodes()).length === 0 && (await bob.nodes()).length === 0, '60s')
    expect(await reaches(ann, bob)).toBe(true)
    // Memory: there is no link yet, nor presence.
    await advance('10s')
    await ann.close()
    const again = await annNode.graphs.open(ann.graphId)
    expect([await again.nodes(), (await again.status()).neighbors]).toEqual([[], 0])
    expect(await reaches(again, bob)).toBe(true)
    // Presence: more nodes than anybody has neighbors, and who is only listed is reached.
    const crowd = await Promise.all(
      Array.from({ length: 10 }, async (_, index) =>
        (await openNode(addHost(`node ${index}`))).graphs.join(ann.graphId, { addresses: await bob.addresses() }),
      ),
    )
    const first = crowd[0] ?? again
    await until(async () => (await first.nodes()).length === crowd.length, '120s')
    const neighbors = new Set((await first.links()).map(({ peerName }) => peerName))
    const stranger = crowd.find(({ identity }) => identity !== first.identity && !neighbors.has(identity))
    if (stranger === undefined) throw new Error('all are neighbors')
    const steps: string[] = []
    const coming = take(stranger.connections('test'), 1)
    await first.connect(stranger.identity, 'test', { onProgress: ({ phase }) => steps.push(phase) })
    await coming
    expect(steps.slice(0, 3)).toEqual(['resolving', 'dialing', 'authenticating'])
  }))

test('G-116: an attempt that fails says what it met at each address, another identity among it', () =>
  withSimulatedNodes('no way', async ({ addHost, openNode, world, advance }) => {
    const [annNode, bobNode] = [await openNode(addHost('ann')), await openNode(addHost('bob'))]
    const cleoNode = await openNode(addHost('cleo'))
    const ann = await annNode.graphs.create()
    const bob = await bobNode.graphs.join(ann.graphId, { addresses: await ann.addresses() })
    await advance('10s')
    const addresses = (await ann.node(bob.identity)).addresses
    expect(addresses).toHaveLength(2)
    world.host('bob').crash()
    const unreachable = await expectRejection('connection-failed', ann.connect(bob.identity, 'test'), 'nobody there')
    for (const address of addresses) expect(unreachable.message).toContain(`${address}: `)
    // Somebody else has the address now, in the same graph.
    const [host, former] = [world.host('cleo'), world.host('bob').ipv4]
    world.host('bob').removeAddress(former)
    host.addAddress(`${former}/24`)
    const cleo = await cleoNode.graphs.join(ann.graphId, { addresses: await ann.addresses() })
    await advance('5s')
    expect(await cleo.addresses()).toContain(addresses.find((address) => address.startsWith(former)))
    const replaced = await expectRejection('connection-failed', ann.connect(bob.identity, 'test'), 'somebody else')
    expect(replaced.message).toContain(`${former}:3587: `)
  }))

test('G-117: what goes over direct connections is in no file, and reaches no third node', async () => {
  const folders = [newPath(), newPath(), newPath()]
  const nodes = await Promise.all(folders.map((dataDir, index) => openNode({ dataDir, friendlyName: `node ${index}` })))
  try {
    const [annNode, bobNode, cleoNode] = nodes
    if (annNode === undefined || bobNode === undefined || cleoNode === undefined) throw new Error('three were opened')
    const ann = await annNode.graphs.create()
    const bob = await bobNode.graphs.join(ann.graphId, { addresses: await ann.addresses() })
    const cleo = await cleoNode.graphs.join(ann.graphId, { addresses: await ann.addresses() })
    await bob.connected()
    const secret = new TextEncoder().encode('nobody else is told of this. '.repeat(500))
    const open = new TextEncoder().encode('everybody is told of this. ')
    const overheard: unknown[] = []
    const abort = new AbortController()
    const listening = [
      take(cleo.messages(Ping, { signal: abort.signal }), 1).then((item) => overheard.push(item)),
      take(cleo.connections('test', { signal: abort.signal }), 1).then((item) => overheard.push(item)),
    ]
    const [message, coming] = [take(bob.messages(Ping), 1), take(bob.connections('test'), 1)]
    await ann.send(bob.identity, Ping, secret)
    const connection = await ann.connect(bob.identity, 'test')
    const writer = connection.writable.getWriter()
    await writer.write(secret)
    await writer.close()
    const [accepted] = await coming
    let received = 0
    for await (const chunk of accepted?.readable ?? []) received += chunk.length
    expect([received, (await message)[0]?.payload]).toEqual([secret.length, secret])
    const { id } = await ann.records.add(Note, open)
    while ((await cleo.records.get(Note, id)) === undefined) await new Promise((resolve) => setTimeout(resolve, 5))
    abort.abort()
    await Promise.allSettled(listening)
    expect(overheard).toEqual([])
    await Promise.all(nodes.map((node) => node.close()))
    for (const folder of folders) {
      const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
      const contents = files.map((file) => readFileSync(join(file.parentPath, file.name)))
      expect(contents.some((content) => content.includes('nobody else is told'))).toBe(false)
      // They would be found: the record is.
      expect(contents.some((content) => content.includes('everybody is told'))).toBe(true)
    }
  } finally {
    await Promise.all(nodes.map((node) => node.close()))
  }
})
