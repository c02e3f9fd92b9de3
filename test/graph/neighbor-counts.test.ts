/** How many neighbors a node has, and how one that is lost is replaced (G-038 to G-040, G-144). */
import { describe, expect, test } from 'vitest'
import { DIALS_BELOW_MINIMUM, LONGEST_RETRY } from '../../src/graph/membership.ts'
import { DEFAULT_NEIGHBOR_COUNTS, requireNeighborCounts } from '../../src/graph/neighbors.ts'
import { answering, GUESTS, makeOne, ONE, passive, referralsTo, referralTo, remember, welcome } from './one-member.ts'
import type { ScriptedLink, ScriptedNode } from './scripted-node.ts'
import { PORT, SimulatedGraph } from './simulated-graph.ts'

const MINUTE = 60_000

describe('the numbers of neighbors', () => {
  test('G-039: are 3, 5 and 8 unless others are set, in this order of size', () => {
    expect(DEFAULT_NEIGHBOR_COUNTS).toEqual({ minimum: 3, ideal: 5, maximum: 8 })
    for (const [minimum, ideal, maximum] of [
      [0, 5, 8],
      [4, 3, 8],
      [3, 9, 8],
      [2.5, 5, 8],
    ] as const) {
      expect(() => requireNeighborCounts({ minimum, ideal, maximum })).toThrow(RangeError)
      expect(() => makeOne('order', { node: { counts: { minimum, ideal, maximum } } })).toThrow(RangeError)
    }
    const counts = { minimum: 1, ideal: 2, maximum: 4 }
    const graph = new SimulatedGraph({ seed: 'others', checks: false, properties: { maxPresenceRecords: 0 } })
    graph.grow(12, { node: { counts } })
    graph.world.runFor(MINUTE)
    for (const { node } of graph.members) {
      expect(node.parts.neighbors.count).toBeGreaterThanOrEqual(1)
      expect(node.parts.neighbors.count).toBeLessThanOrEqual(4)
    }
  })

  test('G-039: below the minimum several are dialled at a time, up to the ideal one after another, at the ideal none', () => {
    const { member, peer, graph } = makeOne('pace', { node: { counts: { minimum: 1, ideal: 5, maximum: 8 } } })
    const peers = Array.from({ length: 12 }, (_, index) => peer(`peer${index}`))
    const waiting: ScriptedLink[] = []
    const answers = answering(graph, peers, (link) => waiting.push(link))
    member.node.overlay.membership.learn(referralsTo(peers.slice(0, 10)), undefined)
    member.node.overlay.membership.learn(referralsTo(peers.slice(10)), undefined)
    answers.runFor(2000)
    const { neighbors } = member.node.parts
    expect([waiting.length, neighbors.count]).toEqual([DIALS_BELOW_MINIMUM, 0])
    for (const link of waiting.splice(0)) link.send(welcome(member))
    for (const count of [3, 4]) {
      answers.runUntil(() => waiting.length > 0, 30_000)
      // Links that are not CONNECTED do not count: one is asked, and no other before it has answered.
      answers.runFor(8000)
      expect([waiting.length, neighbors.count]).toEqual([1, count])
      waiting.shift()?.send(welcome(member))
    }
    answers.runFor(30_000)
    expect([waiting.length, neighbors.count]).toEqual([0, 5])
    // More than the ideal number may come, and are kept.
    for (const guest of ['ann', 'bob', 'cid']) peer(guest).ask(member)
    answers.runFor(30_000)
    expect([waiting.length, neighbors.count]).toEqual([0, 8])
    expect(peer('dan').ask(member).messages[0]).toMatchObject({ kind: 'REFUSE', code: 'busy' })
  })

  test('G-039: for the minimum only neighbors count that keep all types', () => {
    const { graph, member, peer } = makeOne('partial')
    const partial = Array.from({ length: GUESTS }, (_, index) => peer(`partial${index}`))
    for (const one of partial) one.ask(member, { types: ['test.note'] })
    const peers = Array.from({ length: 6 }, (_, index) => peer(`full${index}`))
    const waiting: ScriptedLink[] = []
    const answers = answering(graph, peers, (link) => waiting.push(link))
    member.node.overlay.membership.learn(referralsTo(peers), undefined)
    answers.runFor(2000)
    // Four neighbors are more than three, yet it dials as one with too few does.
    expect(waiting.length).toBeGreaterThan(1)
    for (const link of waiting.splice(0)) link.send(welcome(member))
    answers.runFor(20_000)
    for (const link of waiting.splice(0)) link.send(welcome(member))
    answers.runFor(2000)
    expect(member.node.parts.neighbors.fullCount).toBeGreaterThanOrEqual(3)
  })

  test('G-144: a node with fewer than 3 neighbors that it dialled goes on dialing at the ideal number, and then stops', () => {
    const { graph, member, peer } = makeOne('own')
    for (let guest = 0; guest < GUESTS; guest++) peer(`guest${guest}`).ask(member)
    const peers = Array.from({ length: 8 }, (_, index) => peer(`peer${index}`))
    const answers = answering(graph, peers, (link) => link.send(welcome(member)))
    member.node.overlay.membership.learn(referralsTo(peers), undefined)
    answers.runFor(2 * MINUTE)
    const { neighbors } = member.node.parts
    expect([neighbors.count, neighbors.dialledByOthers]).toEqual([GUESTS + 3, GUESTS])
    expect(answers.asked.length).toBe(3)
  })

  test('G-144: links that become neighbor links because the two were cut off take no more than half of the places either', () => {
    const { graph, member, peer } = makeOne('adopted')
    const peers = Array.from({ length: 3 }, (_, index) => peer(`peer${index}`))
    const answers = answering(graph, peers, (link) => link.send(welcome(member)))
    member.node.overlay.membership.learn(referralsTo(peers), undefined)
    answers.runFor(20_000)
    const { neighbors } = member.node.parts
    const own = neighbors.all().map(({ session }) => session.peer.key)
    expect(own.length).toBe(3)
    for (let attacker = 0; attacker < 20; attacker++) {
      const link = peer(`attacker${attacker}`).ask(member, { purpose: 'comparison' })
      link.send({ kind: 'BECOME_NEIGHBOR' })
      answers.runFor(500)
      expect(neighbors.dialledByOthers).toBeLessThanOrEqual(GUESTS)
    }
    expect(neighbors.dialledByOthers).toBe(GUESTS)
    expect(own.every((key) => neighbors.withKey(key) !== undefined)).toBe(true)
  })

  test('G-040: no neighbor goes because there are more than the ideal number, or because it brings nothing', () => {
    const { graph, member, peer } = makeOne('kept')
    for (let guest = 0; guest < GUESTS; guest++) peer(`guest${guest}`).ask(member)
    const peers = Array.from({ length: GUESTS }, (_, index) => peer(`peer${index}`))
    const answers = answering(graph, peers, (link) => link.send(welcome(member)))
    const { node } = member
    for (const { endpoint } of peers) node.connect(endpoint, () => undefined)
    answers.runFor(2000)
    expect(node.parts.neighbors.count).toBe(DEFAULT_NEIGHBOR_COUNTS.maximum)
    for (let step = 0; step < 10; step++) {
      member.write(`something ${step}`)
      graph.world.runFor(6 * MINUTE)
    }
    expect(node.parts.neighbors.count).toBe(DEFAULT_NEIGHBOR_COUNTS.maximum)
    expect(member.events.filter((event) => event.startsWith('disconnected'))).toEqual([])
  })
})

describe('a neighbor link that ends', () => {
  /** Each way in which a neighbor may be lost. */
  const ways: Readonly<Record<string, (link: ScriptedLink, peer: ScriptedNode) => void>> = {
    'takes leave': (link) => link.send({ kind: 'DISCONNECT', reason: 'leaving', referrals: [] }),
    closes: (link) => link.port.end(),
    breaks: (link) => link.port.destroy('closed'),
    'breaks the protocol': (link) => link.send(welcomeWithoutReason),
    'falls silent': (_link, { host }) => host.crash('power'),
  }

  test.each(Object.entries(ways))('G-038, G-040: is replaced at once when it %s', (_way, lose) => {
    const { graph, member, peer } = makeOne('replaced', { node: { counts: { minimum: 2, ideal: 2, maximum: 4 } } })
    const peers = Array.from({ length: 6 }, (_, index) => peer(`peer${index}`))
    const answers = answering(graph, peers, (link) => link.send(welcome(member)))
    member.node.overlay.membership.learn(referralsTo(peers), undefined)
    answers.runFor(5000)
    expect(answers.asked.length).toBe(2)
    const lost = answers.asked[0]
    const link = lost?.accepted[0]
    if (lost === undefined || link === undefined) throw new RangeError('there is one')
    lose(link, lost)
    const isLost = (): boolean => member.events.some((event) => event.startsWith(`disconnected ${lost.identity.name}`))
    answers.runUntil(isLost, MINUTE)
    answers.runFor(300)
    expect(answers.asked.length).toBe(3)
    expect(member.node.parts.neighbors.count).toBe(2)
  })

  test('G-038: several at once are replaced a named number at a time, until the ideal is reached', () => {
    const { graph, member, peer } = makeOne('several')
    const peers = Array.from({ length: 12 }, (_, index) => peer(`peer${index}`))
    let waiting: ScriptedLink[] | undefined
    const answers = answering(graph, peers, (link) => {
      if (waiting === undefined) link.send(welcome(member))
      else waiting.push(link)
    })
    member.node.overlay.membership.learn(referralsTo(peers.slice(0, 10)), undefined)
    member.node.overlay.membership.learn(referralsTo(peers.slice(10)), undefined)
    answers.runFor(MINUTE)
    const { neighbors } = member.node.parts
    expect([neighbors.count, answers.asked.length]).toEqual([5, 5])
    waiting = []
    for (const { session } of neighbors.all()) session.link.destroy('closed')
    answers.runFor(2000)
    expect([neighbors.count, waiting.length]).toEqual([0, DIALS_BELOW_MINIMUM])
    for (const link of waiting) link.send(welcome(member))
    waiting = undefined
    answers.runFor(30_000)
    expect([neighbors.count, answers.asked.length]).toEqual([5, 10])
  })

  test('G-038, G-178: an entry that cannot be reached leaves the passive view, and with nobody left the attempts come at growing pauses', () => {
    const { graph, member, peer } = makeOne('dark', { node: { counts: ONE } })
    const dark = peer('dark')
    const nowhere = { host: graph.world.addHost('nowhere').ipv4, port: PORT }
    remember(member, dark, nowhere)
    member.node.overlay.membership.learn([referralTo(dark, nowhere)], undefined)
    expect(passive(member)).toEqual([dark.key])
    const times: number[] = []
    for (let count = 0; graph.world.now < 10 * MINUTE; ) {
      graph.world.runFor(10)
      const { length } = member.events.filter((event) => event.startsWith('attempted'))
      if (length > count) times.push(graph.world.now)
      count = length
    }
    expect(passive(member)).toEqual([])
    const pauses = times.slice(1).map((time, index) => time - Number(times[index]))
    expect(pauses.length).toBeGreaterThan(15)
    expect(pauses[0]).toBeLessThan(10_000)
    expect(Math.max(...pauses)).toBeGreaterThan(2 * Number(pauses[0]))
    expect(Math.max(...pauses)).toBeLessThanOrEqual(30_000 + 10)
    expect(new Set(pauses.slice(5)).size).toBeGreaterThan(5)
    expect(LONGEST_RETRY * 1.5).toBeLessThanOrEqual(30_000)
  })

  test('G-038: a direct connection or a comparison link that ends makes it dial nobody', () => {
    const { graph, member, peer } = makeOne('others', { node: { counts: ONE } })
    const ann = peer('ann')
    ann.ask(member)
    graph.world.runFor(1000)
    member.node.overlay.membership.learn(referralsTo([peer('bob')]), undefined)
    member.protocols.add('chat')
    graph.world.runFor(1000)
    const attempts = (): number => member.events.filter((event) => event.startsWith('attempted')).length
    const before = attempts()
    for (const purpose of ['direct', 'comparison'] as const) {
      const link = ann.ask(member, { purpose, protocol: purpose === 'direct' ? 'chat' : '' })
      expect(link.messages[0]).toMatchObject({ kind: 'WELCOME' })
      link.port.destroy('closed')
      graph.world.runFor(3000)
    }
    expect(attempts()).toBe(before)
  })
})

const welcomeWithoutReason = {
  kind: 'WELCOME',
  nodeId: '00000000000000aa',
  peerTime: 0,
  referrals: [],
  types: undefined,
} as const
