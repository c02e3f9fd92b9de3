/** Shuffles: what passive views are worth after many nodes have left. bench/scale/graph.ts measures the same of 1,000 nodes. */
import { describe, expect, test } from 'vitest'
import { LONGEST_SHUFFLE_WALK, type Shuffle } from '../../src/graph/overlay-message.ts'
import {
  LONGEST_SHUFFLE_PAUSE,
  SHORTEST_SHUFFLE_PAUSE,
  SHUFFLED_NEIGHBORS,
  SHUFFLED_PASSIVE,
} from '../../src/graph/shuffling.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import { makeOne, passive, referralsTo, referralTo } from './one-member.ts'
import type { ScriptedLink } from './scripted-node.ts'
import { SimulatedGraph } from './simulated-graph.ts'

const MINUTE = 60_000

describe('shuffles', () => {
  test('G-145: keep passive views good: 5 minutes after a fifth of the nodes left, 95 % of the entries can be reached', () => {
    const graph = new SimulatedGraph({ seed: 'shuffles', checks: false, properties: { maxPresenceRecords: 0 } })
    graph.grow(200, {}, 20)
    graph.world.runFor(2 * MINUTE)
    const views = graph.members.map(({ node }) => node.overlay.passive.size)
    expect(Math.min(...views)).toBeGreaterThan(5)
    for (const [index, leaving] of graph.members.entries()) if (index % 5 === 4) leaving.close()
    graph.world.runFor(5 * MINUTE)
    const running = new Set(graph.running.map(({ key }) => key))
    const entries = graph.running.flatMap(({ node }) => node.overlay.passive.nodes())
    const reachable = entries.filter(({ name }) => running.has(name)).length
    expect(reachable / entries.length).toBeGreaterThanOrEqual(0.95)
  })

  test('G-145: a random neighbor gets one every 60 s at most: the node itself, and a sample of neighbors and passive view', () => {
    const { graph, member, peer } = makeOne('begin')
    const peers = ['ann', 'bob', 'cid'].map(peer)
    const links = peers.map((one) => one.ask(member))
    const others = Array.from({ length: 8 }, (_, index) => peer(`other${index}`))
    links[0]?.send({ kind: 'SHUFFLE', walk: 1, steps: 0, referrals: referralsTo(others) })
    graph.world.runFor(20 * MINUTE)
    expect(LONGEST_SHUFFLE_PAUSE).toBeLessThanOrEqual(MINUTE)
    const begun = links.map((link) => link.all('SHUFFLE'))
    // Each neighbor got some of them, and none got most.
    for (const { length } of begun) expect(length).toBeGreaterThan(2)
    expect(begun.flat().length).toBeGreaterThanOrEqual(20)
    expect(begun.flat().length).toBeLessThanOrEqual((20 * MINUTE) / SHORTEST_SHUFFLE_PAUSE)
    for (const [index, shuffles] of begun.entries()) {
      const neighbors = peers.filter((_, other) => other !== index).map(({ key }) => key)
      for (const { steps, referrals } of shuffles) {
        const keys = referrals.map(({ publicKey }) => toHex(publicKey ?? new Uint8Array(0)))
        expect(steps).toBe(LONGEST_SHUFFLE_WALK)
        expect(keys[0]).toBe(member.key)
        expect(keys.slice(1, 3).sort()).toEqual(neighbors.sort())
        expect(keys.length).toBeLessThanOrEqual(1 + SHUFFLED_NEIGHBORS + SHUFFLED_PASSIVE)
      }
    }
  })

  test('G-145: are handed on step by step; where one ends, a sample goes back, and both ends merge what they got', () => {
    const { graph, member, peer } = makeOne('walk')
    const [ann, bob] = [peer('ann'), peer('bob')]
    const [near, far] = [ann.ask(member), bob.ask(member)]
    const named = Array.from({ length: 4 }, (_, index) => peer(`named${index}`))
    const [first, second, third, fourth] = named
    if (first === undefined || second === undefined || third === undefined || fourth === undefined) {
      throw new RangeError('there are four')
    }
    near.send({ kind: 'SHUFFLE', walk: 7, steps: 2, referrals: [referralTo(first)] })
    graph.world.runFor(100)
    expect(far.latest('SHUFFLE')).toEqual({ kind: 'SHUFFLE', walk: 7, steps: 1, referrals: [referralTo(first)] })
    // Who hands it on merges nothing; the reply goes back the same way.
    far.send({ kind: 'SHUFFLE_REPLY', walk: 7, referrals: [referralTo(second)] })
    graph.world.runFor(100)
    expect(near.latest('SHUFFLE_REPLY')).toEqual({ kind: 'SHUFFLE_REPLY', walk: 7, referrals: [referralTo(second)] })
    expect(passive(member)).toEqual([])
    // No step is left: here it ends.
    near.send({ kind: 'SHUFFLE', walk: 8, steps: 0, referrals: [referralTo(third)] })
    graph.world.runFor(30)
    expect(near.latest('SHUFFLE_REPLY')).toMatchObject({
      walk: 8,
      referrals: [{ publicKey: member.identity.keyPair.publicKey, addresses: [member.endpoint] }, referralTo(bob)],
    })
    expect(passive(member)).toEqual([third.key])
    // One that began here comes back.
    const own = (): readonly [ScriptedLink, Shuffle] | undefined =>
      [near, far]
        .map((link) => [link, link.all('SHUFFLE').find(({ steps }) => steps === LONGEST_SHUFFLE_WALK)] as const)
        .find((one): one is readonly [ScriptedLink, Shuffle] => one[1] !== undefined)
    graph.world.runUntil(() => own() !== undefined, 2 * MINUTE)
    const [link, shuffle] = own() ?? []
    link?.send({ kind: 'SHUFFLE_REPLY', walk: shuffle?.walk ?? 0, referrals: [referralTo(fourth)] })
    graph.world.runFor(30)
    expect(passive(member)).toContain(fourth.key)
    // A reply to no walk brings nothing.
    near.send({ kind: 'SHUFFLE_REPLY', walk: 99, referrals: [referralTo(first)] })
    graph.world.runFor(30)
    expect(passive(member)).not.toContain(first.key)
  })
})
