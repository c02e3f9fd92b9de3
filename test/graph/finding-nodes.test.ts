/** How nodes find each other: candidates, comparisons, and what liars get out of it. */
import { describe, expect, test } from 'vitest'
import { MOST_TRIED_IN_ROUND } from '../../src/graph/comparisons.ts'
import { MOST_TRIED_IN_REQUEST } from '../../src/graph/connect-request.ts'
import type { DialOutcome } from '../../src/graph/dialer.ts'
import { DIALS_OF_ADDRESS, DIALS_OF_HOST, LONGEST_OPENING } from '../../src/graph/dialer.ts'
import type { LinkOpener } from '../../src/graph/link-opener.ts'
import { Overlay, type OverlayOwner } from '../../src/graph/overlay.ts'
import type { Referral } from '../../src/graph/overlay-message.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import { type Endpoint, formatEndpoint } from '../../src/runtime/endpoint.ts'
import { identityOf, LoneRecords } from './lone-records.ts'
import { answering, at, makeOne, ONE, referralTo, welcome } from './one-member.ts'
import { ScriptedNode } from './scripted-node.ts'
import { type Member, PORT, SimulatedGraph } from './simulated-graph.ts'

const MINUTE = 60_000

function member(graph: SimulatedGraph, index: number): Member {
  const found = graph.members[index]
  if (found === undefined) throw new RangeError(`there is no member ${index}`)
  return found
}

function namesOf(nodes: readonly ScriptedNode[]): string[] {
  return nodes.map(({ host }) => host.name)
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

  test('G-034: follows referrals from node to node, each of which is a referral and no failure, and tells once', () => {
    const { graph, member: one, peer } = makeOne('referred')
    one.node.overlay.membership.stop()
    const chain = Array.from({ length: 5 }, (_, index) => peer(`link${index}`))
    const answers = answering(graph, chain, (link) => {
      const next = chain[chain.findIndex(({ accepted }) => accepted.includes(link)) + 1]
      if (next === undefined) link.send(welcome(one))
      else link.send({ kind: 'REFUSE', code: 'busy', referrals: [referralTo(next)] })
    })
    const told: DialOutcome[] = []
    one.node.connect(chain[0]?.endpoint ?? one.endpoint, (outcome) => told.push(outcome))
    answers.runFor(MINUTE)
    expect(told.map(({ kind }) => kind)).toEqual(['connected'])
    expect(namesOf(answers.asked)).toEqual(namesOf(chain))
    const attempts = one.events.filter((event) => event.startsWith('attempted') && !event.endsWith('connection-failed'))
    expect(attempts.map((event) => event.split(' ').at(-1))).toEqual([
      ...chain.slice(1).map(() => 'referred'),
      'connected',
    ])
  })

  test('G-034: gives up after a named number of attempts, and tells the reason of each', () => {
    const { graph, member: one, peer } = makeOne('in vain', { node: { counts: ONE } })
    one.node.overlay.membership.stop()
    const chain = Array.from({ length: MOST_TRIED_IN_REQUEST + 4 }, (_, index) => peer(`link${index}`))
    const answers = answering(graph, chain, (link) => {
      const next = chain[chain.findIndex(({ accepted }) => accepted.includes(link)) + 1]
      link.send({ kind: 'REFUSE', code: 'busy', referrals: next === undefined ? [] : [referralTo(next)] })
    })
    const told: DialOutcome[] = []
    one.node.connect(chain[0]?.endpoint ?? one.endpoint, (outcome) => told.push(outcome))
    answers.runFor(MINUTE)
    const tried = chain.slice(0, MOST_TRIED_IN_REQUEST)
    const failures = tried.map(({ endpoint }) => ({ endpoint, code: 'referred', reason: 'busy' }))
    expect(told).toEqual([{ kind: 'failed', failures }])
    expect(namesOf(answers.asked)).toEqual(namesOf(tried))
  })

  test('G-034: tells why no attempt led anywhere', () => {
    const lonely = new SimulatedGraph({ seed: 'lonely', properties: { maxPresenceRecords: 0 } })
    const alone = lonely.add()
    const nowhere = { host: lonely.world.addHost('dark').ipv4, port: PORT }
    expect(connect(alone, nowhere)).toMatchObject({
      ...{ kind: 'failed', failures: [{ endpoint: nowhere, code: 'connection-failed' }] },
    })
  })
})

test('the dialer knows which addresses it is trying, and which come next, until it is done with them', () => {
  const graph = new SimulatedGraph({ seed: 'trying', properties: { maxPresenceRecords: 0 } })
  const alone = graph.add()
  const [first, second] = ['dark', 'darker'].map((name) => ({ host: graph.world.addHost(name).ipv4, port: PORT }))
  if (first === undefined || second === undefined) throw new Error('two hosts')
  const { dialer } = alone.node.overlay
  const trying = (): boolean[] => [first, second].map((endpoint) => dialer.isTrying(endpoint))
  expect(trying()).toEqual([false, false])
  const node = { name: 'somebody', publicKey: undefined, addresses: [first, second] }
  dialer.connect(node, { purpose: 'neighbor', protocol: '' }, true, () => {})
  expect(trying()).toEqual([true, true])
  graph.world.runUntil(() => !dialer.isTrying(first), MINUTE)
  expect(trying()).toEqual([false, true])
  graph.world.runFor(MINUTE)
  expect(trying()).toEqual([false, false])
})

describe('comparisons', () => {
  test('G-106: an address that does not answer is followed by the next at once, five in a round, from presence and memory in turn', () => {
    const graph = new SimulatedGraph({ seed: 'dark', checks: false })
    const one = graph.add({ node: { counts: { minimum: 1, ideal: 1, maximum: 8 } } })
    const others = graph.grow(8, { at: [one.endpoint] })
    graph.world.runFor(MINUTE)
    const peer = new ScriptedNode(graph, 'peer')
    one.node.connect(peer.endpoint, () => undefined)
    graph.world.runUntil(() => peer.accepted.some(({ messages }) => messages.length > 0), MINUTE)
    const peerTime = one.node.now()
    peer.accepted
      .at(-1)
      ?.send({ kind: 'WELCOME', nodeId: '00000000000000aa', peerTime, referrals: [], types: undefined })
    for (const other of others) other.crash()
    // What answers nothing: eight nodes that only presence knows, and as many that only memory does.
    const { nodes, memory, passive, lost } = one.node.overlay
    const remembered = Array.from({ length: 8 }, (_, index) => new ScriptedNode(graph, `remembered${index}`))
    for (const { endpoint, key, identity, host } of remembered) {
      host.crash('power')
      const { publicKey } = identity.keyPair
      memory.confirm({ endpoint, publicKey, key, confirmed: one.node.now(), isProven: true })
    }
    for (const { endpoint, key } of others) {
      expect(nodes.get(key)?.addresses).toEqual([endpoint])
      memory.forget(endpoint, key)
      passive.remove(key)
      lost.remove(key)
    }
    graph.world.runUntil(() => one.node.parts.neighbors.count === 1, MINUTE)
    memory.forget(peer.endpoint, peer.key)
    const attempts = attemptsUntilAsked(graph, one)
    expect(attempts.length % MOST_TRIED_IN_ROUND).toBe(0)
    const round = attempts.slice(-MOST_TRIED_IN_ROUND)
    expect(new Set(round.map(({ host }) => host)).size).toBe(MOST_TRIED_IN_ROUND)
    for (const [index, { time }] of round.entries()) {
      expect(time - Number(round[index - 1]?.time ?? time)).toBeLessThanOrEqual(LONGEST_OPENING + 100)
    }
    const isRemembered = round.map(({ host }) => remembered.some((node) => node.host.ipv4 === host))
    expect(isRemembered.slice(1)).toEqual(isRemembered.slice(0, -1).map((was) => !was))
    expect(one.events.at(-1)).toBe('connection required')
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

  test('two parts that know no address of each other are one again once the application has told one', () => {
    const graph = new SimulatedGraph({ seed: 'told', checks: false, properties: { maxPresenceRecords: 0 } })
    graph.grow(2)
    const parts = [graph.members.slice(0, 2), graph.grow(2, { at: [] })]
    member(graph, 2).node.addAddresses([member(graph, 3).endpoint])
    graph.world.runFor(MINUTE)
    for (const [index, part] of parts.entries()) part[0]?.write(`of part ${index}`)
    graph.world.runFor(10 * MINUTE)
    // In the second part both were asked, and one never answered: it has lost nothing but this.
    expect(member(graph, 3).events).toContain('connection required')
    for (const { node } of graph.members) expect(node.status().state).toBe('synchronized')
    expect(graph.differences().length).toBeGreaterThan(0)
    member(graph, 0).node.addAddresses([member(graph, 3).endpoint])
    graph.world.runFor(MINUTE)
    expect(graph.differences()).toEqual([])
    expect(graph.isConnected()).toBe(true)
  })

  test('G-106: ask the application when nobody is there, at most once a minute, and try what it answers', () => {
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

/** What a member tries between two times at which it asks for addresses, if no address has to be paused with. */
function attemptsUntilAsked(graph: SimulatedGraph, one: Member): readonly Attempt[] {
  const hasAsked = (): boolean => one.events.includes('connection required')
  one.events.length = 0
  graph.world.runUntil(hasAsked, 10 * MINUTE)
  one.events.length = 0
  const attempts: Attempt[] = []
  for (let seen = 0, end = graph.world.now + 10 * MINUTE; !hasAsked() && graph.world.now < end; ) {
    one.node.overlay.dialer.forgetPauses()
    graph.world.runFor(10)
    for (const event of one.events.slice(seen)) {
      const [, host] = /^attempted (.*):\d+ connection-failed$/.exec(event) ?? []
      if (host !== undefined) attempts.push({ host, time: graph.world.now })
    }
    seen = one.events.length
  }
  return attempts
}

interface Attempt {
  readonly host: string
  readonly time: number
}

describe('liars', () => {
  test('G-032, G-178: a node that names a victim again and again makes no other dial it more often than the named rate', () => {
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

  test('G-178: a node that publishes a thousand addresses of a victim makes no other dial it more often than the named rate', () => {
    const graph = new SimulatedGraph({ seed: 'thousand', checks: false })
    graph.grow(16)
    graph.world.runFor(20_000)
    const liar = member(graph, 3)
    const messenger = new ScriptedNode(graph, 'messenger')
    const victim = graph.world.addHost('victim')
    const dials = new Map<string, number>()
    const ports = Array.from({ length: 1000 }, (_, index) => ({ host: victim.ipv4, port: 1000 + index }))
    for (const endpoint of ports) {
      victim.ports.streams.open(endpoint, (stream) => {
        dials.set(stream.remote.host, (dials.get(stream.remote.host) ?? 0) + 1)
        stream.destroy()
      })
    }
    const begun = graph.world.now
    const invented = (endpoint: Endpoint): Referral => {
      const publicKey = new Uint8Array(32)
      new DataView(publicKey.buffer).setUint16(0, endpoint.port)
      return { publicKey, addresses: [endpoint] }
    }
    const told = [1, 5, 9].map((index) => member(graph, index))
    const links = told.map((one) => messenger.ask(one, { alone: true }))
    // They lose neighbors, and look for others.
    for (const { node } of told) {
      for (const { session } of node.parts.neighbors.all().slice(0, -1)) session.link.destroy('closed')
    }
    for (let first = 0; first < ports.length; first += 8) {
      const published = ports.slice(first, first + 8)
      liar.node.listen(published)
      // And somebody invents identities that are all to be there.
      const referrals = published.map((endpoint) => invented(endpoint))
      for (const link of links) link.send({ kind: 'SHUFFLE', walk: first, steps: 0, referrals })
      graph.world.runFor(200)
    }
    graph.world.runFor(MINUTE)
    const seconds = (graph.world.now - begun) / 1000
    expect(Math.max(...dials.values())).toBeGreaterThan(3)
    for (const count of dials.values()) {
      expect(count).toBeLessThanOrEqual(DIALS_OF_HOST.burst + DIALS_OF_HOST.perSecond * seconds)
    }
  })

  test('G-178: an address where another identity proves itself is forgotten for the one that was expected, not for the other', () => {
    const { parts, world } = new LoneRecords()
    const failure = { code: 'not-authenticated', reason: 'another identity is there', otherIdentity: true } as const
    const [zoe, ann] = ['zoe', 'ann'].map((name) => {
      const { publicKey } = identityOf(name).keyPair
      return { publicKey, key: toHex(publicKey), confirmed: parts.peerTime.now(), isProven: true }
    })
    const dialled: string[] = []
    const opener: LinkOpener = {
      open: (to, expected, done) => {
        dialled.push(`${formatEndpoint(to)} for ${expected === zoe?.publicKey ? 'zoe' : 'ann'}`)
        // Whoever dials for ann gets no answer at this time.
        if (expected === zoe?.publicKey) parts.deadlines.set(10, () => done(failure))
        return { cancel: () => undefined }
      },
    }
    const overlay = new Overlay(parts, { opener, counts: ONE }, lonelyOwner)
    const [here, there] = [at('10.0.0.1'), at('10.0.0.2')]
    if (zoe === undefined || ann === undefined) throw new RangeError('there are two')
    overlay.memory.confirm({ ...zoe, endpoint: here })
    overlay.memory.confirm({ ...ann, endpoint: there })
    overlay.start()
    world.runFor(MINUTE)
    expect(dialled).toContain('10.0.0.1:3587 for zoe')
    expect(overlay.memory.of(zoe.key, parts.peerTime.now())).toEqual([])
    // A liar says that zoe is where ann is.
    overlay.membership.learn([{ publicKey: zoe.publicKey, addresses: [there] }], 'liar')
    world.runFor(MINUTE)
    expect(dialled).toContain('10.0.0.2:3587 for zoe')
    expect(overlay.passive.size).toBe(0)
    const now = parts.peerTime.now()
    expect(overlay.memory.of(zoe.key, now)).toEqual([])
    expect(overlay.memory.of(ann.key, now).map(({ endpoint }) => endpoint)).toEqual([there])
    overlay.stop()
  })

  test('G-178: what is outside the scope of the graph is not dialled, whoever names it', () => {
    const { graph, member: one, peer } = makeOne('scope', {}, 'site-local')
    const liar = peer('liar')
    const link = liar.ask(one)
    const zoe = peer('zoe')
    for (const text of ['198.51.100.7', '2001:db8::1', '0.0.0.0', '::', '224.0.0.1', 'ff02::1']) {
      const referrals = [referralTo(zoe, at(text))]
      link.send({ kind: 'SHUFFLE', walk: 1, steps: 0, referrals })
      one.node.addAddresses([at(text), at('10.1.1.1', 0)])
    }
    link.send(liar.connect({ update: true, addresses: [at('198.51.100.7'), at('ff02::1')] }))
    graph.world.runFor(3 * MINUTE)
    expect(one.events.filter((event) => event.startsWith('attempted'))).toEqual([])
  })
})

/** Of an overlay that never gets a link. */
const lonelyOwner: OverlayOwner = {
  router: () => {
    throw new Error('no link is opened')
  },
  compare: () => undefined,
  neighborAdded: () => undefined,
  neighborRemoved: () => undefined,
  changed: () => undefined,
}
