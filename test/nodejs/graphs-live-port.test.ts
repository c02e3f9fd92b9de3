/** The graph port of a live process under rubbish of strangers and members: it goes on as before. */
import { afterEach, expect, test } from 'vitest'
import { HostileClient } from './hostile-client.ts'
import { RemoteNode } from './remote-node.ts'

const ROUNDS = 25

const started: RemoteNode[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((node) => node.kill()))
})

test('rubbish of strangers and of members on a live port is counted, and the graph goes on', async () => {
  const ann = await RemoteNode.start()
  started.push(ann)
  const bob = await RemoteNode.start()
  started.push(bob)
  const { graphId, addresses } = (await ann.call('graph-create')) as { graphId: string; addresses: string[] }
  await bob.call('graph-join', graphId, { addresses })
  const port = Number(addresses[0]?.split(':').at(-1))
  const attacker = new HostileClient('a short attack', port, graphId)
  for (let round = 0; round < ROUNDS; round++) await attacker.attack()
  expect(attacker.toldStrangers).toBe(0)
  const metrics = (await ann.call('metrics')) as Record<string, number>
  // Members got as far as open links.
  expect(metrics['graph-links-opened']).toBeGreaterThan(ROUNDS)
  const dropped = (prefix: string): number =>
    Object.entries(metrics).reduce((sum, [name, count]) => (name.startsWith(prefix) ? sum + count : sum), 0)
  // What has no handshake belongs to no graph; all else is counted there or before the graph is known.
  expect(dropped('graph-dropped-opening-')).toBeGreaterThan(ROUNDS)
  expect(dropped('graph-dropped-frame-') + dropped('graph-dropped-message-')).toBeGreaterThan(ROUNDS / 2)
  await ann.call('write', '', { texts: ['still here'] })
  await bob.until('the record is there', async () => ((await bob.call('read')) as string[]).includes('still here'))
})
