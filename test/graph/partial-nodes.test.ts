/** Nodes that keep only some types, among others that keep all (G-086). */
import { describe, expect, test } from 'vitest'
import type { GraphRecord } from '../../src/records/record.ts'
import { makeLazy, ScriptedNode } from './scripted-node.ts'
import { type Member, SimulatedGraph } from './simulated-graph.ts'

const MINUTE = 60_000
const LIFE = 24 * 60 * MINUTE

function member(graph: SimulatedGraph, index: number): Member {
  const found = graph.members[index]
  if (found === undefined) throw new RangeError(`there is no member ${index}`)
  return found
}

function has({ node }: Member, { type, id }: GraphRecord): boolean {
  return node.store.get(type, id) !== undefined
}

describe('a node that keeps some types', () => {
  test('G-086: says so, and is sent neither records nor announcements of others, nor asked for any', () => {
    const graph = new SimulatedGraph({ seed: 'says so', properties: { maxPresenceRecords: 0 } })
    const full = graph.add()
    graph.world.runFor(1000)
    const partial = new ScriptedNode(graph, 'partial').ask(full, { types: ['test.kept'] })
    const other = new ScriptedNode(graph, 'other').ask(full)
    graph.world.runFor(500)
    expect(partial.latest('WELCOME').types).toBeUndefined()
    for (const link of [partial, other]) link.messages.length = 0
    const [kept, left] = [full.write('kept', { type: 'test.kept' }), full.write('left', { type: 'test.left' })]
    graph.world.runFor(1500)
    expect(partial.messages).toEqual([{ kind: 'FLOOD', record: kept.bytes }])
    expect(other.messages.length).toBe(2)
    // The same over a lazy link.
    makeLazy(full, [partial], 'test.kept')
    const [second] = [full.write('kept', { type: 'test.kept' }), full.write('left', { type: 'test.left' })]
    graph.world.runFor(1500)
    expect(partial.messages).toEqual([{ kind: 'ADVERTISE', records: [{ id: second.id, digest: second.digest }] }])
    // Nor is what it asks for of other types sent.
    partial.send({ kind: 'GRAFT', eager: false, ids: [left.id] })
    graph.world.runFor(1500)
    expect(partial.all('FLOOD').length).toBe(0)
  })

  test('G-086: a partial one names its types when it dials and when it is dialled', () => {
    const graph = new SimulatedGraph({ seed: 'names them', properties: { maxPresenceRecords: 0 } })
    graph.grow(1)
    const partial = graph.add({ node: { types: ['test.kept'] } })
    graph.world.runUntil(() => partial.node.status().state === 'synchronized', MINUTE)
    const [seen] = member(graph, 0).node.parts.neighbors.all()
    expect(seen?.session.types).toEqual(['test.kept'])
    const dialled = new ScriptedNode(graph, 'dials').ask(partial)
    expect(dialled.latest('WELCOME').types).toEqual(['test.kept'])
  })

  test('G-086: counts for no minimum: full nodes reach each other without the partial ones, and all have what they keep', () => {
    const graph = new SimulatedGraph({ seed: 'among others', checks: false })
    for (let index = 0; index < 24; index++) {
      graph.add(index % 3 === 0 && index > 0 ? { node: { types: ['test.kept'] } } : {})
      graph.world.runFor(200)
    }
    graph.world.runFor(MINUTE)
    const isPartial = ({ node }: Member): boolean => node.parts.own.types !== undefined
    const full = graph.members.filter((one) => !isPartial(one))
    for (const { node } of full) expect(node.parts.neighbors.fullCount).toBeGreaterThanOrEqual(3)
    expect(graph.isConnected(full)).toBe(true)
    const written = graph.members.flatMap((one, index) => [
      one.write(`kept ${index}`, { type: 'test.kept', life: LIFE }),
      ...(isPartial(one) ? [] : [one.write(`left ${index}`, { type: 'test.left', life: LIFE })]),
    ])
    graph.world.runFor(10_000)
    for (const one of graph.members) {
      const expected = written.filter(({ type }) => !isPartial(one) || type === 'test.kept')
      expect(written.filter((record) => has(one, record))).toEqual(expected)
    }
    // And comparisons find nothing that differs.
    const differing = graph.sum('comparisons-different')
    graph.world.runFor(2 * MINUTE)
    expect(graph.sum('comparisons-different')).toBe(differing)
    expect(graph.differences(full)).toEqual([])
  })

  test('G-010, G-086: a comparison with it does not make another one synchronized that keeps more', () => {
    const graph = new SimulatedGraph({ seed: 'not enough' })
    const maker = graph.add()
    const record = maker.write('left', { type: 'test.left' })
    const partial = graph.add({ node: { types: ['test.kept', 'test.other'] } })
    graph.world.runUntil(() => partial.node.status().state === 'synchronized', MINUTE)
    maker.node.goOffline()
    graph.world.runFor(2000)
    const less = graph.add({ at: [partial.endpoint], node: { types: ['test.kept'] } })
    const newcomer = graph.add({ at: [partial.endpoint] })
    graph.world.runUntil(() => less.node.status().state === 'synchronized', MINUTE)
    graph.world.runFor(2 * MINUTE)
    expect([newcomer.node.status().state, newcomer.node.isReady]).toEqual(['synchronizing', false])
    maker.node.goOnline()
    graph.world.runUntil(() => newcomer.node.status().state === 'synchronized', 2 * MINUTE)
    expect([newcomer.node.isReady, has(newcomer, record)]).toEqual([true, true])
  })
})
