/** Comparisons of whole nodes: first copies, what they mean for a node, and what goes on meanwhile. */
import { describe, expect, test } from 'vitest'
import type { GraphRecord } from '../../src/records/record.ts'
import { toUtf8 } from '../../src/runtime/bytes.ts'
import { type Member, SimulatedGraph, type SimulatedGraphOptions } from './simulated-graph.ts'

const MINUTE = 60_000

/** Slow enough that a first copy takes seconds, in bytes a second. */
const SLOW = { latency: 10, jitter: 5, bandwidth: 100_000 }
const EACH_TYPE = 300
/** How long what is in the window of a stream can take, in seconds. */
const LONGEST_WAY = 3
const TYPES = ['test.chat', 'test.early', 'test.late']

/** A graph whose members hold many records of three types. */
function filled(members: number, options: SimulatedGraphOptions): SimulatedGraph {
  const graph = new SimulatedGraph({ conditions: SLOW, checks: false, ...options })
  const [maker] = graph.grow(1)
  for (let index = 0; index < EACH_TYPE; index++) {
    for (const type of TYPES) maker?.write(`${type} ${index} ${'x'.repeat(900)}`, { type })
  }
  graph.grow(members - 1)
  graph.world.runUntil(() => graph.members.slice(1).every(isSynchronized), 2 * MINUTE)
  return graph
}

function isSynchronized({ node }: Member): boolean {
  return node.status().state === 'synchronized'
}

function countOf({ node }: Member, type: string): number {
  return node.store.list({ type, limit: 10_000 }).length
}

function has({ node }: Member, { type, id }: GraphRecord): boolean {
  return node.store.get(type, id) !== undefined
}

/** Waits until so many records of a first copy have come. */
function copied(newcomer: Member, records: number): void {
  newcomer.graph.world.runUntil(() => newcomer.node.store.trie.size >= records, MINUTE)
}

describe('a first copy', () => {
  test('G-085: ends when all that differed is stored, though the graph is busy; types are told as they are complete', () => {
    const graph = filled(2, { seed: 'busy' })
    const [maker] = graph.members
    const before = Number(maker?.node.store.trie.size)
    const newcomer = graph.add({ node: { prioritized: ['test.early', 'test.late'] } })
    const told = (what: string): boolean => newcomer.events.includes(`synchronized ${what}`)
    const seen: string[] = []
    for (let step = 0; !told('all'); step++) {
      // The roots never stand equal.
      if (step % 20 === 0) maker?.write(`meanwhile ${step}`)
      graph.world.runFor(10)
      const { progress } = newcomer
      if (!told('all') && progress !== undefined && progress.received > 0) {
        expect(progress.received).toBeLessThanOrEqual(progress.expected)
        expect([newcomer.node.status().state, newcomer.node.isReady]).toEqual(['synchronizing', false])
        seen.push(`${progress.received > before / 2}`)
      }
      if (told('test.early') && !seen.includes('early')) {
        seen.push('early')
        expect([countOf(newcomer, 'test.early'), told('test.late')]).toEqual([EACH_TYPE, false])
        expect(countOf(newcomer, 'test.chat')).toBeLessThan(EACH_TYPE)
      }
      if (told('test.late') && !seen.includes('late')) {
        seen.push('late')
        expect([countOf(newcomer, 'test.late'), told('all')]).toEqual([EACH_TYPE, false])
      }
    }
    // Progress was seen from its first half to its second one.
    expect(new Set(seen)).toEqual(new Set(['false', 'true', 'early', 'late']))
    for (const type of TYPES) expect(countOf(newcomer, type)).toBe(EACH_TYPE)
    expect([newcomer.node.status().state, newcomer.node.isReady]).toEqual(['synchronized', true])
    // The flag is stored: a node that comes back may listen at once, and is synchronized when it has compared again.
    newcomer.restart()
    expect([newcomer.node.isReady, isSynchronized(newcomer)]).toEqual([true, false])
    graph.world.runUntil(() => isSynchronized(newcomer), MINUTE)
  })

  test('G-085: that was cut off leaves the node as one that never synchronized', () => {
    const graph = filled(1, { seed: 'cut short' })
    const newcomer = graph.add()
    copied(newcomer, 200)
    newcomer.restart()
    expect([newcomer.node.isReady, newcomer.node.store.trie.size >= 200]).toEqual([false, true])
    graph.members[0]?.crash()
    graph.world.runFor(MINUTE)
    expect(newcomer.node.isReady).toBe(false)
  })

  test.each(['the newcomer is killed', 'the other one is killed', 'the network is cut'])(
    'G-087: is completed after the next connect, and nothing that was stored is sent again, when %s',
    (what) => {
      for (const after of [1, 120, 480, 850]) {
        const graph = filled(1, { seed: `${what} after ${after}` })
        const [maker] = graph.members
        if (maker === undefined) throw new RangeError('there is one')
        const newcomer = graph.add({ at: [maker.endpoint] })
        copied(newcomer, after)
        const receivedBefore = (): number => newcomer.node.counters()['records-received'] ?? 0
        let before = 0
        if (what === 'the newcomer is killed') {
          newcomer.restart()
        } else if (what === 'the other one is killed') {
          maker.restart()
          graph.world.runUntil(() => newcomer.node.parts.neighbors.count === 0, MINUTE)
          before = receivedBefore()
        } else {
          graph.world.network.partition([maker.name], [newcomer.name])
          graph.world.runUntil(() => newcomer.node.parts.neighbors.count === 0, MINUTE)
          before = receivedBefore()
          graph.world.network.heal()
        }
        const stored = newcomer.node.store.trie.size
        const all = maker.node.store.trie.size
        expect([stored >= after, stored < all]).toEqual([true, true])
        // What the maker of the records remembers leads to nobody: the newcomer knows its address.
        if (newcomer.node.parts.neighbors.count === 0) newcomer.node.addAddresses([maker.endpoint])
        graph.world.runUntil(() => graph.differences().length === 0 && isSynchronized(newcomer), 2 * MINUTE)
        const ephemeral = maker.node.store.ephemeral.size
        expect(receivedBefore() - before - (all - stored)).toBeLessThanOrEqual(2 * ephemeral)
      }
    },
  )

  test('G-088: floods go on meanwhile on all links, and what is written, changed and deleted on either side stays so', () => {
    const graph = filled(3, { seed: 'meanwhile' })
    const [one, other] = graph.members
    if (one === undefined || other === undefined) throw new RangeError('there are three')
    const notes = TYPES.flatMap((type) => one.node.store.list({ type, limit: EACH_TYPE })).map(({ record }) => record)
    const newcomer = graph.add()
    copied(newcomer, 100)
    const written: GraphRecord[] = []
    const changed = new Map<string, string>()
    const deleted: GraphRecord[] = []
    let flooded = 0
    for (let step = 0; !isSynchronized(newcomer); step++) {
      const [writer, victim, updated] = [[one, other, newcomer][step % 3], notes[3 * step], notes[3 * step + 1]]
      if (writer === undefined || victim === undefined || updated === undefined)
        throw new RangeError('it takes too long')
      const record = writer.write(`meanwhile ${step}`)
      written.push(record)
      // What the newcomer has not got yet it cannot change.
      if (has(writer, updated)) {
        const content = { encoding: 'text', payload: toUtf8(`changed ${step}`) } as const
        const rest = { attributes: undefined, expires: undefined, refresh: undefined, ifVersion: undefined }
        writer.node.update(updated.id, { content, ...rest }, () => undefined)
        changed.set(updated.id, `changed ${step}`)
      }
      if (has(writer, victim)) {
        writer.remove(victim.id)
        deleted.push(victim)
      }
      graph.world.runFor(1000)
      // What is flooded waits for what is on its way already, but for no more of the copy.
      const former = written[step - LONGEST_WAY]
      if (isSynchronized(newcomer) || former === undefined) continue
      expect(graph.members.filter((member) => !has(member, former)).map(({ name }) => name)).toEqual([])
      flooded++
    }
    expect(flooded).toBeGreaterThan(3)
    graph.world.runUntil(() => graph.differences().length === 0, MINUTE)
    for (const { node } of graph.members) {
      for (const { id } of written) expect(node.store.live(id)).toBeDefined()
      for (const { id } of deleted) expect(node.store.live(id)).toBeUndefined()
      for (const [id, text] of changed) {
        const found = node.store.list({ limit: 10_000 }).find(({ record }) => record.id === id)
        expect(found?.record.payload).toEqual(toUtf8(text))
      }
    }
  })
})
