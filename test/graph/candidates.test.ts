/** Who is dialled for a place, and in which order (G-032, G-033, G-041). */
import { describe, expect, test } from 'vitest'
import { DIALS_OF_HOST } from '../../src/graph/dialer.ts'
import type { Referral } from '../../src/graph/overlay-message.ts'
import { MOST_NAMED_BY_ONE, PASSIVE_VIEW_SIZE } from '../../src/graph/passive-view.ts'
import { ADDRESS_LENGTH, type Endpoint } from '../../src/runtime/endpoint.ts'
import { WireReader } from '../../src/wire/wire-reader.ts'
import {
  answering,
  at,
  GUESTS,
  makeOne,
  ONE,
  passive,
  referralsTo,
  referralTo,
  remember,
  welcome,
} from './one-member.ts'
import { SimulatedGraph } from './simulated-graph.ts'

const MINUTE = 60_000

describe('addresses from others', () => {
  test('G-032: are not stored if they are unspecified, multicast, outside the scope or of port 0, whatever brings them', () => {
    const { graph, member, peer } = makeOne('not stored', {}, 'site-local')
    const zoe = peer('zoe')
    const bad = ['0.0.0.0', '224.0.0.1', '255.255.255.255', '::', 'ff02::1', '198.51.100.7', '2001:db8::1'].map(
      (host) => at(host),
    )
    const good = at('10.0.0.9')
    const guests = Array.from({ length: GUESTS }, (_, index) => peer(`guest${index}`))
    const links = guests.map((guest) => guest.ask(member))
    const bringing = (endpoint: Endpoint): readonly Referral[] => [referralTo(zoe, endpoint)]
    const refusing = peer('refusing')
    for (const endpoint of bad) {
      links[0]?.send({ kind: 'SHUFFLE', walk: 1, steps: 0, referrals: bringing(endpoint) })
      member.node.overlay.membership.learn(bringing(endpoint), undefined)
    }
    links[1]?.send({ kind: 'DISCONNECT', reason: 'leaving', referrals: bad.map((one) => referralTo(zoe, one)) })
    member.node.addAddresses([refusing.endpoint])
    const answers = answering(graph, [refusing], (link) => {
      link.send({ kind: 'REFUSE', code: 'busy', referrals: bad.map((one) => referralTo(zoe, one)) })
    })
    answers.runFor(500)
    // Port 0 cannot even be said: a message with it is malformed.
    member.node.overlay.membership.learn(bringing(at('10.0.0.9', 0)), undefined)
    expect(() =>
      new WireReader(new Uint8Array(ADDRESS_LENGTH + 2).fill(1, 0, ADDRESS_LENGTH), 'it').endpoint(),
    ).toThrow()
    expect(passive(member)).not.toContain(zoe.key)
    links[0]?.send({ kind: 'SHUFFLE', walk: 2, steps: 0, referrals: bringing(good) })
    graph.world.runFor(40)
    expect(passive(member)).toContain(zoe.key)
  })

  test('G-032: those from one neighbor fill a share of the passive view at most, and it does not get more by other addresses for known nodes', () => {
    const { graph, member, peer } = makeOne('share', { node: { counts: ONE } })
    const [honest, liar] = [peer('honest'), peer('liar')]
    const known = Array.from({ length: 10 }, (_, index) => peer(`known${index}`))
    const first = honest.ask(member)
    first.send({ kind: 'SHUFFLE', walk: 1, steps: 0, referrals: referralsTo(known) })
    // All places for links of others are taken by now: the honest one makes room.
    first.send({ kind: 'DISCONNECT', reason: 'application', referrals: [] })
    const victim = graph.world.addHost('victim')
    const link = liar.ask(member, { alone: true })
    for (let walk = 0; walk < 20; walk++) {
      const invented = Array.from({ length: 10 }, (_, index) => ({
        publicKey: new Uint8Array(32).fill(walk * 10 + index + 1),
        addresses: [{ host: victim.ipv4, port: 1000 + walk * 10 + index }],
      }))
      link.send({ kind: 'SHUFFLE', walk, steps: 0, referrals: invented })
      const moved = known.map((one) => referralTo(one, { host: victim.ipv4, port: 900 + walk }))
      link.send({ kind: 'SHUFFLE', walk: 100 + walk, steps: 0, referrals: moved })
    }
    graph.world.runFor(300)
    const { overlay } = member.node
    const lied = overlay.passive.nodes().filter(({ addresses }) => addresses.some(({ host }) => host === victim.ipv4))
    expect(lied.length).toBeGreaterThan(0)
    expect(lied.length).toBeLessThanOrEqual(MOST_NAMED_BY_ONE)
  })
})

test('G-032: dialing is limited to a named rate for each host; what has to wait for it stays known', () => {
  const { graph, member } = makeOne('rate', { node: { counts: ONE } })
  const { ipv4: host } = graph.world.addHost('of many')
  const ports = Array.from({ length: PASSIVE_VIEW_SIZE }, (_, index) => ({ host, port: 1000 + index }))
  for (const [index, endpoint] of ports.entries()) {
    const publicKey = new Uint8Array(32).fill(index + 1)
    member.node.overlay.membership.learn([{ publicKey, addresses: [endpoint] }], undefined)
  }
  const dialled = (): number => member.events.filter((event) => event.startsWith(`attempted ${host}:`)).length
  graph.world.runFor(4000)
  expect(dialled()).toBeGreaterThanOrEqual(DIALS_OF_HOST.burst)
  expect(dialled()).toBeLessThanOrEqual(DIALS_OF_HOST.burst + DIALS_OF_HOST.perSecond * 4)
  expect(passive(member).length).toBe(ports.length - dialled())
  graph.world.runFor(MINUTE)
  expect(passive(member)).toEqual([])
  expect(dialled()).toBe(ports.length)
})

describe('after a refusal', () => {
  test('G-033: a node asks one of those it was referred to, then others that it knows, none twice, and neither itself nor neighbors', () => {
    for (let round = 0; round < 4; round++) {
      const { graph, member, peer } = makeOne(`refused ${round}`, { node: { counts: ONE } })
      const referring = peer('referring')
      const referred = Array.from({ length: 4 }, (_, index) => peer(`referred${index}`))
      const others = Array.from({ length: 3 }, (_, index) => peer(`other${index}`))
      for (const node of referralsTo(others)) member.node.overlay.membership.learn([node], undefined)
      // The first of them refers to the others; which one that is, chance tells.
      const everybody = [...others, ...referred, referring]
      let isReferred = false
      const answers = answering(graph, everybody, (link) => {
        const own = referralTo(referring, member.endpoint)
        link.send({ kind: 'REFUSE', code: 'busy', referrals: isReferred ? [] : [...referralsTo(referred), own] })
        isReferred = true
      })
      answers.runFor(1500)
      const asked = answers.asked.map(({ host }) => host.name)
      expect(asked.length).toBe(others.length + referred.length)
      expect(new Set(asked).size).toBe(asked.length)
      expect(asked[1]).toMatch(/^referred/)
      expect(asked).not.toContain(referring.host.name)
      expect(member.node.counters()['links-opened']).toBe(asked.length)
    }
  })

  test('G-033: a node without a place is not asked again before the others were tried, however long that takes', () => {
    for (let round = 0; round < 6; round++) {
      const { graph, member, peer } = makeOne(`slow ${round}`, { node: { counts: ONE } })
      const busy = peer('busy')
      const dark = Array.from({ length: 4 }, (_, index) => peer(`dark${index}`))
      for (const { host } of dark) host.crash('power')
      for (const node of referralsTo([busy, ...dark])) member.node.overlay.membership.learn([node], undefined)
      const answers = answering(graph, [busy], (link) => link.send({ kind: 'REFUSE', code: 'busy', referrals: [] }))
      const left = (): number => passive(member).filter((name) => name !== busy.key).length
      answers.runUntil(() => left() === 0, 2 * MINUTE)
      expect(answers.asked.length).toBeLessThanOrEqual(1)
      answers.runUntil(() => answers.asked.length > 1, MINUTE)
    }
  })

  test('G-033: which of those it was referred to is drawn at random, and the first that accepts is the last that is asked', () => {
    const firsts = new Set<string>()
    for (let round = 0; round < 8; round++) {
      const { graph, member, peer } = makeOne(`random ${round}`, { node: { counts: ONE } })
      const referring = peer('referring')
      const referred = Array.from({ length: 4 }, (_, index) => peer(`referred${index}`))
      const answers = answering(graph, [referring, ...referred], (link) => {
        const isFirst = referring.accepted.includes(link)
        link.send(isFirst ? { kind: 'REFUSE', code: 'busy', referrals: referralsTo(referred) } : welcome(member))
      })
      member.node.addAddresses([referring.endpoint])
      answers.runFor(10_000)
      expect(answers.asked.length).toBe(2)
      firsts.add(answers.asked[1]?.host.name ?? '')
    }
    expect(firsts.size).toBeGreaterThan(1)
  })
})

describe('a candidate', () => {
  test('G-041: comes from the passive view, at random, and when that has none left from memory', () => {
    const firsts = new Set<string>()
    for (let round = 0; round < 8; round++) {
      const { graph, member, peer } = makeOne(`candidates ${round}`, { node: { counts: ONE } })
      const viewed = Array.from({ length: 4 }, (_, index) => peer(`viewed${index}`))
      const remembered = Array.from({ length: 3 }, (_, index) => peer(`remembered${index}`))
      for (const one of remembered) remember(member, one)
      const answers = answering(graph, [...viewed, ...remembered], (link) => {
        link.send({ kind: 'REFUSE', code: 'busy', referrals: [] })
      })
      member.node.overlay.membership.learn(referralsTo(viewed), undefined)
      answers.runFor(1500)
      const asked = answers.asked.map(({ host }) => host.name)
      expect(asked.slice(0, viewed.length).sort()).toEqual(viewed.map(({ host }) => host.name))
      expect(asked.slice(viewed.length).sort()).toEqual(remembered.map(({ host }) => host.name))
      firsts.add(asked[0] ?? '')
    }
    expect(firsts.size).toBeGreaterThan(1)
  })

  test('G-033, G-041: comes from presence, too; it is never the node itself nor a neighbor; with nobody left, a connection is required', () => {
    const graph = new SimulatedGraph({ seed: 'presence', checks: false })
    const [one, other] = graph.grow(2)
    if (one === undefined || other === undefined) throw new RangeError('there are two')
    graph.world.runFor(5000)
    const { overlay, parts } = one.node
    expect(overlay.nodes.get(other.key)).toBeDefined()
    one.events.length = 0
    // It has one neighbor of three, and knows itself and the other one, from presence, memory and referrals.
    const publicKeys = [one, other].map(({ identity }) => identity.keyPair.publicKey)
    for (const [index, { endpoint }] of [one, other].entries()) {
      overlay.membership.learn([{ publicKey: publicKeys[index], addresses: [endpoint] }], undefined)
    }
    graph.world.runFor(10_000)
    expect(one.events.filter((event) => event.startsWith('attempted'))).toEqual([])
    expect(one.events).not.toContain('connection required')
    // The links break; only presence and memory tell where the other one is.
    overlay.memory.forget(other.endpoint, other.key)
    overlay.passive.remove(other.key)
    graph.world.network.partition([one.name], [other.name])
    for (const { session } of parts.neighbors.all()) session.link.destroy('closed')
    graph.world.network.heal()
    graph.world.runUntil(() => parts.neighbors.count === 1, MINUTE)
    other.crash()
    graph.world.runFor(2 * MINUTE)
    expect(parts.neighbors.count).toBe(0)
    expect(one.events).toContain('connection required')
  })
})
