/** Direct connections as the graph sees them: it does nothing with them. */
import { expect, test } from 'vitest'
import type { GraphMessage } from '../../src/graph/graph-message.ts'
import { ScriptedNode } from './scripted-node.ts'
import { SimulatedGraph } from './simulated-graph.ts'

const MINUTE = 60_000
const nothing = (): void => undefined
const unread = { received: nothing, drained: nothing, ended: nothing, closed: nothing }

test('G-117: over a direct connection nothing of the graph goes, and it counts for nothing', () => {
  const graph = new SimulatedGraph({ seed: 'direct' })
  const [member, other] = [graph.add(), graph.add()]
  graph.world.runFor(MINUTE)
  expect(member.node.status()).toMatchObject({ state: 'synchronized', neighbors: 1 })
  other.close()
  graph.world.runFor(10_000)
  member.protocols.add('chat')
  const scripted = new ScriptedNode(graph, 'scripted')
  // An address to refer to, a record to announce, and a time that is far from the member's.
  const peerTime = graph.world.host('scripted').ports.clock.utc() + 4 * MINUTE
  const { correction } = member.node.parts.peerTime
  const comparisons = member.node.counters()['comparisons']
  const link = scripted.ask(member, { purpose: 'direct', protocol: 'chat', peerTime })
  expect(link.latest('WELCOME').referrals).toEqual([])
  member.write('for neighbors')
  graph.world.runFor(10 * MINUTE)
  member.write('for neighbors, too')
  graph.world.runFor(10 * MINUTE)
  expect(link.closing).toBeUndefined()
  expect(link.messages.map(({ kind }) => kind)).toEqual(['WELCOME'])
  expect(member.node.status()).toMatchObject({ neighbors: 0 })
  expect(member.node.parts.peerTime.correction).toBe(correction)
  expect(member.node.counters()['comparisons']).toBe(comparisons)

  member.connections[0]?.write(Uint8Array.of(1, 2))
  link.wait(() => link.messages.length === 2)
  expect(link.latest('DATA').bytes).toEqual(Uint8Array.of(1, 2))
})

test('G-117: whoever sends records, referrals or comparisons over a direct connection loses it, and nothing of it is taken', () => {
  const graph = new SimulatedGraph({ seed: 'direct and more' })
  const member = graph.add()
  member.protocols.add('chat')
  graph.world.runFor(1000)
  const scripted = new ScriptedNode(graph, 'scripted')
  const author = new SimulatedGraph({ seed: 'direct and more, the author' }).add()
  const record = author.write('over the wrong link')
  const { id, digest, bytes } = record
  const hash = new Uint8Array(16)
  const referrals = [{ publicKey: undefined, addresses: [scripted.endpoint] }]
  const messages: readonly GraphMessage[] = [
    { kind: 'FLOOD', record: bytes },
    { kind: 'ADVERTISE', records: [{ id, digest }] },
    { kind: 'GRAFT', eager: true, ids: [id] },
    { kind: 'PRUNE', digest },
    { kind: 'ROOT', session: 1, minute: 0, hash, count: 1, nonce: new Uint8Array(8), prioritized: [] },
    { kind: 'RECORDS', session: 1, deliveries: 0, left: 0, records: [{ bytes, isLongHeld: true }] },
    { kind: 'SHUFFLE', walk: 1, steps: 6, referrals },
    { kind: 'SHUFFLE_REPLY', walk: 1, referrals },
    { kind: 'DISCONNECT', reason: 'leaving', referrals },
    { kind: 'PROOF_REQUEST', request: digest },
    { kind: 'BECOME_NEIGHBOR' },
  ]
  const stored = [...member.node.store.database.leaves()].length
  for (const message of messages) {
    const link = scripted.ask(member, { purpose: 'direct', protocol: 'chat' })
    // What nobody reads waits outside.
    member.connections.at(-1)?.attach(unread)
    link.send(message)
    link.wait(() => link.closing !== undefined)
    expect(
      link.messages.map(({ kind }) => kind),
      message.kind,
    ).toEqual(['WELCOME'])
  }
  expect(member.node.counters()).toMatchObject({ 'dropped-message-out-of-order': messages.length })
  expect([...member.node.store.database.leaves()]).toHaveLength(stored)
  expect(member.node.overlay.passive.size).toBe(0)
})
