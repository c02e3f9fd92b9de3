/** Who becomes a neighbor, and who does not (MS-PPGRH 3.1.5.2.1 to 3.1.5.2.4; HyParView), seen from the other end of the link. */
import { describe, expect, test } from 'vitest'
import { LONGEST_CONNECT_WAIT } from '../../src/graph/link-session.ts'
import { LONGEST_PROOF_OF_LIFE } from '../../src/graph/membership.ts'
import { DEFAULT_NEIGHBOR_COUNTS } from '../../src/graph/neighbors.ts'
import { MOST_REFERRALS } from '../../src/graph/overlay-message.ts'
import { parseIpAddress } from '../../src/runtime/endpoint.ts'
import { type ScriptedLink, ScriptedNode } from './scripted-node.ts'
import { type Member, SimulatedGraph } from './simulated-graph.ts'

const GUESTS = DEFAULT_NEIGHBOR_COUNTS.maximum / 2

/** A graph of one node, and scripted ones around it. */
function makeOne(seed: string): { graph: SimulatedGraph; member: Member; peer: (name: string) => ScriptedNode } {
  const graph = new SimulatedGraph({ seed, properties: { maxPresenceRecords: 0 } })
  const member = graph.add()
  graph.world.runFor(1000)
  return { graph, member, peer: (name) => new ScriptedNode(graph, name) }
}

function neighborKeys(member: Member): string[] {
  return member.node.parts.neighbors.all().map(({ session }) => session.peer.key)
}

describe('CONNECT', () => {
  test('G-024: says who asks, where it listens and what for; silence ends the link', () => {
    const { graph, member, peer } = makeOne('connect')
    const ann = peer('ann')
    member.node.addAddresses([ann.endpoint])
    graph.world.runUntil(() => ann.accepted.some(({ messages }) => messages.length > 0), 10_000)
    const [link] = ann.accepted
    expect(ann.accepted.length).toBe(1)
    expect(link?.messages).toEqual([
      {
        ...{ kind: 'CONNECT', nodeId: member.node.parts.nodeId, peerTime: expect.any(Number), update: false },
        ...{ purpose: 'neighbor', alone: true, addresses: [member.endpoint], types: undefined, protocol: '' },
      },
    ])
    expect(Math.abs(Number(link?.latest('CONNECT').peerTime) - member.node.now())).toBeLessThan(1000)
    graph.world.runFor(LONGEST_CONNECT_WAIT - 1000)
    expect(link?.closing).toBeUndefined()
    graph.world.runFor(1500)
    expect(link?.closing).toBeDefined()
    expect(LONGEST_CONNECT_WAIT).toBeLessThanOrEqual(10_000)
  })

  test('G-024: a node that does not listen names no address, and one with a neighbor is not alone', () => {
    const { graph, peer } = makeOne('deaf')
    const deaf = graph.add({ listens: false })
    graph.world.runFor(5000)
    const ann = peer('ann')
    deaf.node.addAddresses([ann.endpoint])
    graph.world.runUntil(() => ann.accepted.some(({ messages }) => messages.length > 0), 10_000)
    expect(ann.accepted[0]?.latest('CONNECT')).toMatchObject({ addresses: [], alone: false })
  })

  test('G-025: is judged in order: own node, direct, comparison, second link, place', () => {
    const { member, peer } = makeOne('order')
    const ann = peer('ann')
    const { nodeId } = member.node.parts
    for (const purpose of ['neighbor', 'direct', 'comparison'] as const) {
      expect(ann.ask(member, { nodeId, purpose }).messages[0]).toMatchObject({ kind: 'REFUSE', code: 'own-node' })
    }
    const first = ann.ask(member)
    expect(first.messages[0]).toMatchObject({ kind: 'WELCOME' })
    expect(ann.ask(member, { purpose: 'direct', protocol: 'none' }).messages[0]).toMatchObject({
      code: 'direct-disallowed',
    })
    expect(ann.ask(member, { purpose: 'comparison' }).messages[0]).toMatchObject({ kind: 'WELCOME', referrals: [] })
    expect(ann.ask(member).messages[0]).toMatchObject({ code: 'duplicate-connection', referrals: [] })
    expect(first.closing).toBeUndefined()
    for (let guest = 1; guest < GUESTS; guest++) peer(`guest${guest}`).ask(member)
    expect(peer('late').ask(member).messages[0]).toMatchObject({ code: 'busy' })
    // Places count after everything else: a second link is one even where no place is left, and direct ones need none.
    expect(ann.ask(member).messages[0]).toMatchObject({ code: 'duplicate-connection' })
    expect(peer('other').ask(member, { purpose: 'comparison' }).messages[0]).toMatchObject({ kind: 'WELCOME' })
  })

  test('G-026: over a link that is connected, with U it replaces addresses, without U it is refused and changes nothing', () => {
    const { graph, member, peer } = makeOne('update')
    const ann = peer('ann')
    const link = ann.ask(member)
    const moved = { host: ann.host.ipv4, port: 4000 }
    link.send(ann.connect({ update: true, addresses: [moved] }))
    graph.world.runFor(500)
    expect(member.node.parts.neighbors.all()[0]?.session.addresses).toEqual([moved])
    expect(link.all('REFUSE')).toEqual([])
    link.send(ann.connect())
    graph.world.runFor(500)
    expect(link.latest('REFUSE')).toMatchObject({ code: 'already-connected', referrals: [] })
    expect(member.node.parts.neighbors.all()[0]?.session.addresses).toEqual([moved])
    expect(link.closing).toBeUndefined()
    // On any other link U is ignored.
    expect(peer('bob').ask(member, { update: true }).messages[0]).toMatchObject({ kind: 'WELCOME' })
  })
})

describe('one link an identity', () => {
  test('G-027: a node that was started anew gets the place of its former life, which does not answer', () => {
    const { graph, member, peer } = makeOne('again')
    const ann = peer('ann')
    const former = ann.ask(member)
    expect(former.messages[0]).toMatchObject({ kind: 'WELCOME' })
    ann.host.crash('power')
    graph.world.runFor(100)
    const again = new ScriptedNode(graph, 'ann again', ann.identity)
    const started = graph.world.now
    const link = again.ask(member, { nodeId: '0123456789abcdef' })
    expect(link.messages[0]).toMatchObject({ kind: 'WELCOME' })
    expect(graph.world.now - started).toBeLessThanOrEqual(LONGEST_PROOF_OF_LIFE + 500)
    expect(neighborKeys(member)).toEqual([ann.key])
  })

  test('G-027: a former life that answers keeps its place; a second link of one life is refused, too', () => {
    const { member, peer, graph } = makeOne('alive')
    const ann = peer('ann')
    const former = ann.ask(member)
    const again = new ScriptedNode(graph, 'ann again', ann.identity)
    const link = again.ask(member, { nodeId: '0123456789abcdef' })
    expect(link.messages[0]).toMatchObject({ kind: 'REFUSE', code: 'duplicate-connection', referrals: [] })
    const twice = ann.ask(member)
    expect(twice.messages).toEqual([{ kind: 'REFUSE', code: 'duplicate-connection', referrals: [] }])
    graph.world.runFor(1000)
    expect([former.closing, link.closing, twice.closing]).toEqual([undefined, 'ended', 'ended'])
    expect(LONGEST_PROOF_OF_LIFE).toBeLessThanOrEqual(5000)
  })

  test('G-027: one that has gone again meanwhile is not taken for a neighbor', () => {
    const { member, peer, graph } = makeOne('gone')
    const ann = peer('ann')
    ann.ask(member)
    ann.host.crash('power')
    const again = new ScriptedNode(graph, 'ann again', ann.identity)
    const link = again.dial(member)
    link.send(again.connect({ nodeId: '0123456789abcdef' }))
    graph.world.runFor(1000)
    link.port.destroy('closed')
    graph.world.runFor(2 * LONGEST_PROOF_OF_LIFE)
    expect(neighborKeys(member)).toEqual([])
  })

  test('G-027: of two nodes that dial each other at the same time the link of the lower key survives', () => {
    for (let round = 0; round < 8; round++) {
      const graph = new SimulatedGraph({ seed: `crossing ${round}`, properties: { maxPresenceRecords: 0 } })
      const one = graph.add()
      graph.world.runFor(1000)
      const other = graph.add({ at: [] })
      one.node.addAddresses([other.endpoint])
      other.node.addAddresses([one.endpoint])
      graph.world.runFor(1000)
      // Both have asked.
      for (const { node } of [one, other]) expect(node.counters()['links-opened']).toBe(2)
      graph.world.runFor(60_000)
      expect([neighborKeys(one), neighborKeys(other)]).toEqual([[other.key], [one.key]])
      const dialled = [one, other].map(({ node }) => node.parts.neighbors.all()[0]?.session.link.isDialler)
      expect(dialled).toEqual([one.key < other.key, other.key < one.key])
    }
  })
})

describe('places', () => {
  test('G-028: without a place a node refers to its neighbors; one without neighbors is let in at the cost of another', () => {
    const { graph, member, peer } = makeOne('places')
    const guests = Array.from({ length: GUESTS }, (_, index) => peer(`guest${index}`))
    const links: ScriptedLink[] = guests.map((guest) => guest.ask(member))
    const late = peer('late').ask(member)
    const refusal = late.latest('REFUSE')
    expect(refusal.code).toBe('busy')
    expect(refusal.referrals.map(({ addresses }) => addresses[0])).toEqual(guests.map(({ endpoint }) => endpoint))
    graph.world.runFor(500)
    expect(late.closing).toBe('ended')
    const lonely = peer('lonely').ask(member, { alone: true })
    expect(lonely.messages[0]).toMatchObject({ kind: 'WELCOME' })
    graph.world.runFor(500)
    const left = links.filter(({ messages }) => messages.some(({ kind }) => kind === 'DISCONNECT'))
    expect(left.length).toBe(1)
    expect(left[0]?.latest('DISCONNECT').reason).toBe('place-needed')
    expect(left[0]?.latest('DISCONNECT').referrals.length).toBeGreaterThan(0)
    expect(left[0]?.closing).toBe('ended')
    expect(member.node.parts.neighbors.count).toBe(GUESTS)
    // Not as often as somebody likes.
    const answers = Array.from({ length: 12 }, (_, index) => peer(`more${index}`).ask(member, { alone: true }))
    expect(answers.filter(({ messages }) => messages[0]?.kind === 'WELCOME').length).toBeLessThan(8)
    expect(answers.at(-1)?.messages[0]).toMatchObject({ code: 'busy' })
    expect(peer('direct').ask(member, { purpose: 'direct' }).messages[0]).toMatchObject({ kind: 'WELCOME' })
  })

  test('G-029, G-036: WELCOME and DISCONNECT name other nodes, the earliest neighbors first, and the leave is said', () => {
    const { graph, member, peer } = makeOne('welcome')
    const ann = peer('ann')
    const first = ann.ask(member)
    expect(first.latest('WELCOME')).toMatchObject({ nodeId: member.node.parts.nodeId, referrals: [], types: undefined })
    const second = peer('bob').ask(member)
    const { referrals, peerTime } = second.latest('WELCOME')
    expect(referrals).toEqual([{ publicKey: ann.identity.keyPair.publicKey, addresses: [ann.endpoint] }])
    expect(Math.abs(peerTime - member.node.now())).toBeLessThan(1000)
    expect(neighborKeys(member).length).toBe(2)
    const cid = peer('cid').ask(member)
    member.close()
    graph.world.runFor(500)
    expect(first.latest('DISCONNECT')).toMatchObject({ reason: 'leaving' })
    const named = cid.latest('DISCONNECT').referrals
    expect(named.length).toBeLessThanOrEqual(MOST_REFERRALS)
    expect(named[0]?.addresses).toEqual([ann.endpoint])
    expect([first, second, cid].map(({ closing }) => closing)).toEqual(['ended', 'ended', 'ended'])
  })

  test('G-030: who dialled puts what WELCOME names into its passive view, and begins to compare; who was dialled waits', () => {
    const { graph, member, peer } = makeOne('begins')
    const ann = peer('ann')
    member.node.addAddresses([ann.endpoint])
    graph.world.runUntil(() => ann.accepted.some(({ messages }) => messages.length > 0), 10_000)
    const [link] = ann.accepted
    const named = { publicKey: peer('zoe').identity.keyPair.publicKey, addresses: [{ host: ann.host.ipv4, port: 9 }] }
    link?.send({
      kind: 'WELCOME',
      nodeId: '00000000000000aa',
      peerTime: member.node.now(),
      referrals: [named],
      types: undefined,
    })
    graph.world.runFor(200)
    expect(neighborKeys(member)).toEqual([ann.key])
    expect(link?.all('ROOT').length).toBe(1)
    const bob = peer('bob').ask(member)
    graph.world.runFor(200)
    expect(bob.all('ROOT')).toEqual([])
  })
})

describe('replacing neighbors', () => {
  test('a DISCONNECT names the next ones to dial, and a neighbor that goes is replaced at once', () => {
    const { graph, member, peer } = makeOne('replace')
    const [ann, bob, cid] = [peer('ann'), peer('bob'), peer('cid')]
    const link = ann.ask(member)
    const referrals = [bob, cid].map(({ identity, endpoint }) => ({
      ...{ publicKey: identity.keyPair.publicKey, addresses: [endpoint] },
    }))
    link.send({ kind: 'DISCONNECT', reason: 'leaving', referrals })
    graph.world.runFor(1000)
    expect(link.closing).toBeDefined()
    expect(member.events).toContain(`disconnected ${ann.identity.name} leaving`)
    expect([bob, cid].map(({ accepted }) => accepted[0]?.messages[0]?.kind)).toEqual(['CONNECT', 'CONNECT'])
  })

  test('own addresses, those of neighbors, and addresses that no graph uses are not dialled', () => {
    const { graph, member, peer } = makeOne('not dialled')
    const ann = peer('ann')
    const link = ann.ask(member)
    const { publicKey } = peer('zoe').identity.keyPair
    const hosts = ['0.0.0.0', '224.0.0.1', '255.255.255.255', '::', 'ff02::1'].flatMap(
      (text) => parseIpAddress(text) ?? [],
    )
    const addresses = [member.endpoint, ...hosts.map((host) => ({ host, port: 3587 }))]
    for (const address of addresses) {
      // A walk that ends here brings what it carries into the passive view.
      link.send({ kind: 'SHUFFLE', walk: 1, steps: 0, referrals: [{ publicKey, addresses: [address] }] })
    }
    link.send({
      kind: 'SHUFFLE',
      walk: 2,
      steps: 0,
      referrals: [{ publicKey: ann.identity.keyPair.publicKey, addresses: [{ host: ann.host.ipv4, port: 99 }] }],
    })
    graph.world.runFor(10_000)
    expect(member.node.overlay.passive.size).toBe(0)
    expect(link.all('SHUFFLE_REPLY').length).toBe(addresses.length + 1)
    expect(member.events.filter((event) => event.startsWith('attempted'))).toEqual([])
  })
})

describe('attackers', () => {
  test('G-144: however many identities dial a node, they get half of its places, and none that it filled itself', () => {
    const graph = new SimulatedGraph({ seed: 'attackers', checks: false, properties: { maxPresenceRecords: 0 } })
    graph.grow(12)
    graph.world.runFor(30_000)
    const victim = graph.add()
    graph.world.runFor(200)
    const attackers = Array.from({ length: 12 }, (_, index) => new ScriptedNode(graph, `attacker${index}`))
    const keys = new Set(attackers.map(({ key }) => key))
    const taken = (): number => neighborKeys(victim).filter((key) => keys.has(key)).length
    for (let round = 0; round < 6; round++) {
      for (const attacker of attackers) {
        attacker.ask(victim, { nodeId: `${round}`.padStart(16, '0'), alone: true, addresses: [] })
        expect(taken()).toBeLessThanOrEqual(GUESTS)
      }
    }
    graph.world.runFor(30_000)
    const dialled = victim.node.parts.neighbors.all().filter(({ session }) => session.link.isDialler)
    expect(dialled.length).toBeGreaterThan(0)
    expect(dialled.filter(({ session }) => keys.has(session.peer.key))).toEqual([])
    expect(graph.isConnected()).toBe(true)
  })
})
