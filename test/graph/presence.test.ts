/** Who says that it is online, and how others know (MS-PPGRH 3.1.7.4, 3.1.7.17, 3.1.7.20). */
import { describe, expect, test } from 'vitest'
import type { GraphProperties } from '../../src/graph/graph-properties.ts'
import { RENEWED_PART } from '../../src/graph/presence.ts'
import { PRESENCE_TYPE } from '../../src/graph/presence-record.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import { ipAddressBytes } from '../../src/runtime/endpoint.ts'
import { type Member, SimulatedGraph } from './simulated-graph.ts'

const MINUTE = 60_000

function makeGraph(seed: string, nodes: number, properties: Partial<GraphProperties> = {}): SimulatedGraph {
  const graph = new SimulatedGraph({ seed, checks: false, properties })
  graph.grow(nodes)
  graph.world.runFor(5000)
  return graph
}

function listedBy({ node }: Member): string[] {
  return [...node.nodes()].map(({ peer }) => peer).sort()
}

function namesOf(members: readonly Member[]): string[] {
  return members.map(({ identity }) => identity.name).sort()
}

function member(graph: SimulatedGraph, index: number): Member {
  const found = graph.members[index]
  if (found === undefined) throw new RangeError(`there is no member ${index}`)
  return found
}

/** The presence records of a member that are live at another one. */
function recordsOf(owner: Member, at: Member): GraphRecord[] {
  return [...at.node.store.ephemeral.all()].filter(
    ({ type, deleted, creator }) =>
      type === PRESENCE_TYPE && !deleted && creator.publicKey.join() === owner.identity.keyPair.publicKey.join(),
  )
}

describe('the presence record', () => {
  test('G-090: says where a node listens and what its application says of it, and is renewed while the node is online', () => {
    const graph = makeGraph('renewed', 3)
    const [one, other] = [member(graph, 0), member(graph, 1)]
    const deaf = graph.add({ listens: false })
    graph.world.runFor(5000)
    const attributes = [{ name: 'status', values: [{ type: 'string', value: 'here' }] }] as const
    one.node.setPresence('graph', attributes)
    graph.world.runFor(2000)
    const listed = [...other.node.nodes()].find(({ peer }) => peer === one.identity.name)
    expect(listed).toMatchObject({ addresses: [one.endpoint], attributes })
    expect([...other.node.nodes()].find(({ peer }) => peer === deaf.identity.name)?.addresses).toEqual([])
    const { presenceLifetime } = one.node.properties()
    const first = recordsOf(one, other)
    expect(first.length).toBe(1)
    expect(first[0]?.version).toBeGreaterThan(1)
    graph.world.runFor(presenceLifetime * 3)
    const later = recordsOf(one, other)
    expect(later.length).toBe(1)
    const left = Number(later[0]?.expires) - other.node.now()
    expect(left).toBeGreaterThan(presenceLifetime * (1 - RENEWED_PART * 1.1) - 1000)
    expect(left).toBeLessThanOrEqual(presenceLifetime + MINUTE)
  })

  test('G-091: is there from the first neighbor on, whether a node listens or not, and goes when presence is switched off', () => {
    const graph = new SimulatedGraph({ seed: 'off', checks: false })
    const one = graph.add()
    graph.world.runFor(60_000)
    expect(listedBy(one)).toEqual([])
    const other = graph.add({ listens: false })
    graph.world.runFor(5000)
    expect(listedBy(one)).toEqual(namesOf([one, other]))
    other.node.setPresence('never', undefined)
    graph.world.runFor(1000)
    expect(listedBy(one)).toEqual(namesOf([one]))
    graph.world.runFor(10 * MINUTE)
    expect(listedBy(one)).toEqual(namesOf([one]))
    other.node.setPresence('graph', undefined)
    graph.world.runFor(1000)
    expect(listedBy(one)).toEqual(namesOf([one, other]))
    one.node.setProperties({ ...one.node.properties(), maxPresenceRecords: 0 }, () => undefined)
    graph.world.runFor(2000)
    expect([listedBy(one), listedBy(other)]).toEqual([[], []])
    one.node.setProperties({ ...one.node.properties(), maxPresenceRecords: -1 }, () => undefined)
    graph.world.runFor(2000)
    expect([listedBy(one), listedBy(other)]).toEqual([namesOf([one, other]), namesOf([one, other])])
  })

  test('no node shows itself before it knows whether its graph has presence at all', () => {
    const graph = makeGraph('never shown', 8, { maxPresenceRecords: 0 })
    for (const { node, events } of graph.members) {
      expect([...node.store.ephemeral.all()]).toEqual([])
      expect(events.filter((event) => event.startsWith('node'))).toEqual([])
    }
  })

  test('G-094: an application that wants presence overrides a maximum but not a graph without presence; never overrides both', () => {
    const graph = makeGraph('wanted', 16, { maxPresenceRecords: 0 })
    const [creator, always, never] = [member(graph, 0), member(graph, 1), member(graph, 2)]
    always.node.setPresence('always', undefined)
    never.node.setPresence('never', undefined)
    graph.world.runFor(MINUTE)
    expect(listedBy(creator)).toEqual([])
    creator.node.setProperties({ ...creator.node.properties(), maxPresenceRecords: 1 }, () => undefined)
    graph.world.runFor(2000)
    expect(listedBy(creator)).toEqual([always.identity.name])
    graph.world.runFor(10 * MINUTE)
    // It holds for longer than one lifetime, and the other never shows itself.
    expect(listedBy(creator)).toContain(always.identity.name)
    expect(listedBy(creator)).not.toContain(never.identity.name)
    creator.node.setProperties({ ...creator.node.properties(), maxPresenceRecords: -1 }, () => undefined)
    graph.world.runFor(2000)
    expect(listedBy(creator)).toEqual(namesOf(graph.members.filter((one) => one !== never)))
  })
})

describe('the node list', () => {
  test('G-095: who closes is gone at once, who crashes within a presence lifetime and a minute, and both are told', () => {
    const graph = makeGraph('gone', 8)
    const [watcher, closing, crashing] = [member(graph, 0), member(graph, 1), member(graph, 2)]
    expect(listedBy(watcher)).toEqual(namesOf(graph.members))
    closing.node.setPresence('graph', [{ name: 'mood', values: [{ type: 'string', value: 'tired' }] }])
    graph.world.runFor(1000)
    expect(watcher.events).toContain(`node updated ${closing.identity.name}`)
    closing.close()
    graph.world.runFor(2000)
    for (const one of graph.running) expect(listedBy(one)).not.toContain(closing.identity.name)
    expect(watcher.events).toContain(`node disconnected ${closing.identity.name}`)
    crashing.crash()
    graph.world.runFor(watcher.node.properties().presenceLifetime + MINUTE)
    for (const one of graph.running) expect(listedBy(one)).toEqual(namesOf(graph.running))
    expect(watcher.events.filter((event) => event === `node disconnected ${crashing.identity.name}`).length).toBe(1)
  })

  test('G-172: a node that was started anew has an empty list, fills it, and is listed once', () => {
    const graph = makeGraph('anew', 6)
    const one = member(graph, 3)
    one.restart()
    expect(listedBy(one)).toEqual([])
    graph.world.runFor(20_000)
    for (const each of graph.members) expect(listedBy(each)).toEqual(namesOf(graph.members))
    // Two records of it are live meanwhile: the later one counts (G-172).
    const watcher = member(graph, 0)
    expect(recordsOf(one, watcher).length).toBe(2)
    const created = [...watcher.node.nodes()].find(({ peer }) => peer === one.identity.name)?.created
    expect(created).toBe(Math.max(...recordsOf(one, watcher).map((record) => record.created)))
  })

  test('G-174: a node without presence is in no list, yet floods, compares and is a neighbor', () => {
    const graph = makeGraph('hidden', 6)
    const hidden = member(graph, 2)
    hidden.node.setPresence('never', undefined)
    graph.world.runFor(2000)
    hidden.write('from nowhere')
    member(graph, 4).write('to nowhere')
    graph.world.runFor(2000)
    for (const one of graph.members) expect(listedBy(one)).not.toContain(hidden.identity.name)
    expect(graph.differences()).toEqual([])
    expect(hidden.node.parts.neighbors.count).toBeGreaterThanOrEqual(3)
    // No record says where it is.
    const address = toHex(ipAddressBytes(hidden.endpoint.host))
    for (const { node } of graph.members) {
      const lasting = [...node.store.database.leaves()].flatMap(({ id }) => node.store.find(id) ?? [])
      for (const { bytes } of [...lasting, ...node.store.ephemeral.all()]) expect(toHex(bytes)).not.toContain(address)
    }
  })
})
