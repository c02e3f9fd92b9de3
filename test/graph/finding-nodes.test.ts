/** How nodes find each other: candidates, comparisons, and what liars get out of it. */
import { describe, expect, test } from 'vitest'
import type { DialOutcome } from '../../src/graph/dialer.ts'
import { DIALS_OF_ADDRESS } from '../../src/graph/dialer.ts'
import type { Endpoint } from '../../src/runtime/endpoint.ts'
import { outOfRange } from './measuring.ts'
import { ScriptedNode } from './scripted-node.ts'
import { type Member, PORT, SimulatedGraph } from './simulated-graph.ts'

const MINUTE = 60_000

function member(graph: SimulatedGraph, index: number): Member {
  const found = graph.members[index]
  if (found === undefined) throw new RangeError(`there is no member ${index}`)
  return found
}

function connect(from: Member, to: Endpoint): DialOutcome {
  let outcome: DialOutcome | undefined
  from.node.connect(to, (told) => {
    outcome = told
  })
  from.graph.world.runUntil(() => outcome !== undefined, 5 * MINUTE)
  if (outcome === undefined) throw new Error('it was told nothing')
  return outcome
}

describe('a connect request', () => {
  test('G-035: to the node itself, or to a neighbor, dials nothing', () => {
    const graph = new SimulatedGraph({ seed: 'self', properties: { maxPresenceRecords: 0 } })
    graph.grow(2)
    graph.world.runFor(5000)
    const [one, other] = [member(graph, 0), member(graph, 1)]
    const attempts = one.events.filter((event) => event.startsWith('attempted')).length
    expect(connect(one, one.endpoint)).toMatchObject({ kind: 'failed', failures: [{ code: 'connect-self' }] })
    expect(connect(one, other.endpoint).kind).toBe('connected')
    expect(one.events.filter((event) => event.startsWith('attempted')).length).toBe(attempts)
  })

  test('G-034: follows referrals, and tells once: connected, or why each attempt failed', () => {
    const graph = new SimulatedGraph({ seed: 'referred', checks: false, properties: { maxPresenceRecords: 0 } })
    graph.grow(12)
    graph.world.runFor(30_000)
    const full = graph.members.find(({ node }) => node.parts.neighbors.dialledByOthers === 4)
    if (full === undefined) throw new Error('there is one in every graph of this size')
    const newcomer = graph.add({ at: [] })
    const outcome = connect(newcomer, full.endpoint)
    expect(outcome.kind).toBe('connected')
    const lonely = new SimulatedGraph({ seed: 'lonely', properties: { maxPresenceRecords: 0 } })
    const alone = lonely.add()
    const nowhere = { host: lonely.world.addHost('dark').ipv4, port: PORT }
    expect(connect(alone, nowhere)).toMatchObject({
      ...{ kind: 'failed', failures: [{ endpoint: nowhere, code: 'connection-failed' }] },
    })
  })
})

describe('comparisons', () => {
  test('are made every 20 to 40 s, each time after another pause', () => {
    const graph = new SimulatedGraph({ seed: 'every half minute', properties: { maxPresenceRecords: 0 } })
    graph.grow(2)
    graph.world.runFor(5000)
    const one = member(graph, 0)
    const times: number[] = []
    const compared = (): number => one.node.counters()['comparisons'] ?? 0
    for (let before = compared(); times.length < 40; before = compared()) {
      graph.world.runUntil(() => compared() > before, MINUTE)
      times.push(graph.world.now)
    }
    const pauses = times.slice(1).map((time, index) => time - Number(times[index]))
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(20_000)
    expect(Math.max(...pauses)).toBeLessThanOrEqual(40_100)
    expect(new Set(pauses).size).toBeGreaterThan(30)
  })

  test('make neighbors of two nodes that are cut off from each other, even where no place for guests is left', () => {
    const graph = new SimulatedGraph({ seed: 'cut off', checks: false })
    const one = graph.add()
    graph.world.runFor(60_000)
    const guests = Array.from({ length: 4 }, (_, index) => new ScriptedNode(graph, `guest${index}`).ask(one))
    const waiting = new ScriptedNode(graph, 'stranger')
    const link = waiting.ask(one, { purpose: 'comparison' })
    expect(link.messages[0]).toMatchObject({ kind: 'WELCOME' })
    link.send({ kind: 'BECOME_NEIGHBOR' })
    graph.world.runFor(500)
    expect(one.node.parts.neighbors.withKey(waiting.key)).toBeDefined()
    // One of those that dialled gives way: no more than half of the places are theirs (G-144).
    const left = guests.filter(({ closing }) => closing !== undefined)
    expect(left.map((guest) => guest.latest('DISCONNECT').reason)).toEqual(['place-needed'])
    expect(one.node.parts.neighbors.dialledByOthers).toBe(4)
    // Its presence is older than half a minute by now: it shows it to whoever compares with it.
    graph.world.runFor(60_000)
    const other = new ScriptedNode(graph, 'other').ask(one, { purpose: 'comparison' })
    graph.world.runFor(500)
    expect(other.all('FLOOD').length).toBe(1)
  })

  test('displace no neighbor in a settled graph', () => {
    const graph = new SimulatedGraph({ seed: 'settled', checks: false, properties: { maxPresenceRecords: 0 } })
    graph.grow(20)
    graph.world.runFor(2 * MINUTE)
    const lost = (): number =>
      graph.members.reduce(
        (sum, { events }) => sum + events.filter((event) => event.startsWith('disconnected')).length,
        0,
      )
    const before = lost()
    const compared = graph.sum('comparisons')
    graph.world.runFor(20 * MINUTE)
    expect(lost()).toBe(before)
    expect(outOfRange(graph.members)).toEqual([])
    expect(graph.sum('comparisons') - compared).toBeGreaterThan(20 * 20)
  })

  test('bring back a record that was taken out of one database behind its back', () => {
    const graph = new SimulatedGraph({ seed: 'behind its back', checks: false, properties: { maxPresenceRecords: 0 } })
    graph.grow(20)
    const record = member(graph, 3).write('here')
    graph.world.runFor(2 * MINUTE)
    const victim = member(graph, 11)
    const links = victim.events.filter((event) => event.startsWith('disconnected')).length
    victim.node.store.remove(record, 'revoked')
    victim.node.store.commit()
    graph.world.runUntil(() => victim.node.store.get(record.type, record.id) !== undefined, MINUTE)
    expect(victim.events.filter((event) => event.startsWith('disconnected')).length).toBe(links)
  })

  test('ask the application when nobody is there, at most once a minute, and try what it answers', () => {
    const graph = new SimulatedGraph({ seed: 'asks', checks: false })
    graph.grow(2)
    graph.world.runFor(5000)
    const [one, other] = [member(graph, 0), member(graph, 1)]
    other.crash()
    graph.world.runFor(30 * MINUTE)
    const asked = one.events.filter((event) => event === 'connection required').length
    expect(asked).toBeGreaterThan(15)
    expect(asked).toBeLessThanOrEqual(31)
    const stranger = new ScriptedNode(graph, 'stranger')
    one.node.addAddresses([stranger.endpoint])
    graph.world.runFor(2000)
    expect(stranger.accepted.length).toBeGreaterThan(0)
  })
})

describe('liars', () => {
  test('a node that names a victim again and again makes no other dial it more often than the named rate', () => {
    const graph = new SimulatedGraph({ seed: 'victim', checks: false })
    graph.grow(4)
    graph.world.runFor(10_000)
    const victim = graph.world.addHost('victim')
    const dials = new Map<string, number>()
    victim.ports.streams.open({ host: victim.ipv4, port: 443 }, (stream) => {
      const from = stream.remote.host
      dials.set(from, (dials.get(from) ?? 0) + 1)
      stream.destroy()
    })
    const minutes = 3
    const named = new ScriptedNode(graph, 'named')
    for (const target of graph.members) {
      const link = named.ask(target, { addresses: [{ host: victim.ipv4, port: 443 }] })
      for (let index = 0; index < 50; index++) {
        const publicKey = new Uint8Array(32).fill(index + 1)
        const referrals = [{ publicKey, addresses: [{ host: victim.ipv4, port: 443 }] }]
        link.send({ kind: 'SHUFFLE', walk: index, steps: 0, referrals })
      }
      link.send({ kind: 'DISCONNECT', reason: 'leaving', referrals: [] })
    }
    graph.world.runFor(minutes * MINUTE)
    const most = DIALS_OF_ADDRESS.burst + DIALS_OF_ADDRESS.perSecond * 60 * minutes
    expect(dials.size).toBeGreaterThan(0)
    for (const count of dials.values()) expect(count).toBeLessThanOrEqual(most)
  })
})
