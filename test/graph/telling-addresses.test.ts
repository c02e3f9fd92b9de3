/** Where a node listens, told to its neighbors and to the graph. */
import { expect, test } from 'vitest'
import { PRESENCE_TYPE, presenceAddresses } from '../../src/graph/presence-record.ts'
import { parseGraphAddress } from '../../src/peer-node/graph-address.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import { ScriptedNode } from './scripted-node.ts'
import { SimulatedGraph } from './simulated-graph.ts'

test('G-012: new addresses go to each neighbor with U, the node ID and all of them, and into presence; to no other link', () => {
  const graph = new SimulatedGraph({ seed: 'telling addresses' })
  const member = graph.add()
  graph.world.runFor(1000)
  const neighbors = ['one', 'two'].map((name) => new ScriptedNode(graph, name).ask(member))
  const others = (['direct', 'comparison'] as const).map((purpose) =>
    new ScriptedNode(graph, purpose).ask(member, { purpose }),
  )
  graph.world.runFor(1000)
  const { node } = member
  const presence = (): GraphRecord | undefined =>
    [...node.store.ephemeral.all()].find(({ type }) => type === PRESENCE_TYPE)
  const former = presence()?.version
  const addresses = [member.endpoint, ...['198.51.100.7', '[2001:db8::7]'].map(parseGraphAddress)]
  node.listen(addresses)
  graph.world.runFor(1000)
  const told = neighbors.map((link) => link.all('CONNECT'))
  for (const connects of told) {
    expect(connects).toHaveLength(1)
    expect(connects[0]).toMatchObject({ update: true, nodeId: node.parts.nodeId, addresses, purpose: 'neighbor' })
  }
  for (const link of others) expect(link.all('CONNECT')).toEqual([])
  const record = presence()
  expect(record && presenceAddresses(record)).toEqual(addresses)
  expect(record?.version).toBe((former ?? 0) + 1)
  // Listening where it listens already is no news.
  node.listen(addresses)
  graph.world.runFor(1000)
  expect(neighbors.map((link) => link.all('CONNECT').length)).toEqual([1, 1])
})
