/** Which of several presence records of one identity counts (G-172). */
import { describe, expect, test } from 'vitest'
import { NodeList } from '../../src/graph/node-list.ts'
import { encodePresence, PRESENCE_TYPE } from '../../src/graph/presence-record.ts'
import { Whereabouts } from '../../src/graph/whereabouts.ts'
import { graphKeys } from '../../src/records/graph-id.ts'
import { makeFirstVersion } from '../../src/records/make-record.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import { compareBytes, toHex, toUtf8 } from '../../src/runtime/bytes.ts'
import type { Endpoint } from '../../src/runtime/endpoint.ts'
import { ScriptedNode } from './scripted-node.ts'
import { SIMULATED_GRAPH_ID, SimulatedGraph } from './simulated-graph.ts'

const LIFE = 5 * 60_000

/** A presence record as a node of the graph would make it. */
function presenceOf({ graph, identity }: ScriptedNode, created: number, port: number, host: Endpoint): GraphRecord {
  const { crypto } = graph
  const { keyPair } = identity
  const author = { publicKey: keyPair.publicKey, classifier: 'scripted' }
  return makeFirstVersion(
    crypto,
    graphKeys(crypto, SIMULATED_GRAPH_ID),
    {
      ...{ id: undefined, type: PRESENCE_TYPE, creator: author, created, version: 1, author, modified: created },
      ...{ expires: created + LIFE, deleted: false, encoding: 'bytes', attributes: [] },
      payload: encodePresence([{ ...host, port }]),
    },
    crypto.sha256(toUtf8(`${created} ${port}`)).subarray(0, 16),
    { keyPair, proofs: new Uint8Array(0) },
  )
}

describe('of several presence records of one identity', () => {
  test('G-172: the one created last counts, of equal ones the one with the greater digest, in whatever order they come', () => {
    const graph = new SimulatedGraph({ seed: 'list' })
    const peer = new ScriptedNode(graph, 'peer')
    const [early, late, other] = [1000, 2000, 2000].map((created, index) =>
      presenceOf(peer, created, index + 1, peer.endpoint),
    )
    if (early === undefined || late === undefined || other === undefined) throw new RangeError('there are three')
    const latest = compareBytes(late.digest, other.digest) > 0 ? late : other
    const second = latest === late ? other : late
    for (const order of [
      [early, late, other],
      [other, late, early],
      [late, early, other],
    ]) {
      const list = new NodeList(graph.crypto)
      expect(order.map((record) => list.stored(record))[0]).toBe('connected')
      expect([list.size, [...list.all()].length]).toEqual([1, 1])
      const port = (): number | undefined => list.get(peer.key)?.addresses[0]?.port
      expect(list.get(peer.key)?.record).toBe(latest)
      expect(port()).toBe(latest === late ? 2 : 3)
      // One that does not count goes unseen; when the one that counts goes, the next takes its place.
      expect(list.removed(early.id)).toBeUndefined()
      expect(list.removed(latest.id)).toMatchObject({ isGone: false })
      expect(list.get(peer.key)?.record).toBe(second)
      expect(list.removed(second.id)).toMatchObject({ isGone: true })
      expect(list.size).toBe(0)
    }
  })

  test('G-172: only the addresses of the one that counts are used', () => {
    const graph = new SimulatedGraph({ seed: 'used', checks: false, properties: { presenceLifetime: LIFE } })
    const member = graph.add()
    graph.world.runFor(10_000)
    const [absent, messenger] = [new ScriptedNode(graph, 'absent'), new ScriptedNode(graph, 'messenger')]
    const link = messenger.ask(member)
    const now = member.node.now()
    const records = [2, 1, 3].map((age) => presenceOf(absent, now - age * 1000, 1000 + age, absent.endpoint))
    const latest = records[1]
    if (latest === undefined) throw new RangeError('there are three')
    // The latest of the three comes between the two others.
    link.send({ kind: 'FLOOD', record: latest.bytes })
    graph.world.runFor(100)
    for (const record of records) link.send({ kind: 'FLOOD', record: record.bytes })
    graph.world.runFor(100)
    const { overlay, parts, store } = member.node
    const live = [...store.ephemeral.all()].filter(({ creator }) => toHex(creator.publicKey) === absent.key)
    expect(live.length).toBe(3)
    const { nodes, memory, passive } = overlay
    expect(nodes.get(absent.key)?.addresses).toEqual([{ ...absent.endpoint, port: 1001 }])
    const known = new Whereabouts(parts, nodes, memory).of(absent.key)
    expect(known?.addresses).toEqual([{ ...absent.endpoint, port: 1001 }])
    const viewed = passive.nodes().filter(({ name }) => name === absent.key)
    for (const { addresses } of viewed) expect(addresses).toEqual([{ ...absent.endpoint, port: 1001 }])
    graph.world.runFor(60_000)
    const dialled = member.events.filter((event) => event.startsWith(`attempted ${absent.host.ipv4}`))
    expect(dialled.length).toBeGreaterThan(0)
    expect(dialled.filter((event) => !event.includes(':1001 '))).toEqual([])
  })
})

describe('presence records of others', () => {
  test('G-170: are in no trie, and are judged before they are shown or passed on', () => {
    const graph = new SimulatedGraph({ seed: 'judged', checks: false, properties: { presenceLifetime: LIFE } })
    const member = graph.add()
    graph.world.runFor(10_000)
    const absent = new ScriptedNode(graph, 'absent')
    const [near, far] = ['near', 'far'].map((name) => new ScriptedNode(graph, name).ask(member))
    if (near === undefined || far === undefined) throw new RangeError('there are two')
    graph.world.runFor(1000)
    const { root } = member
    const record = presenceOf(absent, member.node.now(), 1000, absent.endpoint)
    const forged = new Uint8Array(record.bytes)
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
    const passedOn = (): number => far.all('FLOOD').filter(({ record: bytes }) => bytes.length === forged.length).length
    near.send({ kind: 'FLOOD', record: forged })
    graph.world.runFor(1000)
    expect([member.node.overlay.nodes.get(absent.key), passedOn()]).toEqual([undefined, 0])
    near.send({ kind: 'FLOOD', record: record.bytes })
    graph.world.runFor(1000)
    expect([member.node.overlay.nodes.get(absent.key)?.key, passedOn()]).toEqual([absent.key, 1])
    expect([...member.node.nodes()].length).toBe(2)
    expect(member.root).toBe(root)
    member.restart()
    expect([...member.node.nodes()]).toEqual([])
  })
})
