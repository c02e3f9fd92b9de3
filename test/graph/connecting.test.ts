/** What CONNECT, WELCOME and DISCONNECT carry, and what they do at the other end (MS-PPGRH 2.2.2.2 to 2.2.2.5). */
import { describe, expect, test } from 'vitest'
import { type DisconnectReason, MOST_REFERRALS } from '../../src/graph/overlay-message.ts'
import { GUESTS, makeOne, passive, referralTo, remember, welcome } from './one-member.ts'
import type { ScriptedLink, ScriptedNode } from './scripted-node.ts'
import type { SimulatedGraph } from './simulated-graph.ts'

/** The first link to a scripted node over which something came. */
function firstLink(graph: SimulatedGraph, peer: ScriptedNode, within = 60_000): ScriptedLink {
  const asked = (): ScriptedLink | undefined => peer.accepted.find(({ messages }) => messages.length > 0)
  graph.world.runUntil(() => asked() !== undefined, within)
  const link = asked()
  if (link === undefined) throw new Error(`nobody asked ${peer.host.name}`)
  return link
}

describe('CONNECT', () => {
  test('G-024: names the types that are kept if these are not all', () => {
    const { graph, member, peer } = makeOne('types', { node: { types: ['test.note', 'test.other'] } })
    const ann = peer('ann')
    member.node.addAddresses([ann.endpoint])
    expect(firstLink(graph, ann).latest('CONNECT').types).toEqual(['test.note', 'test.other'])
  })

  test('G-024: sets D for a direct connection only, C for a comparison link only, and A for neither', () => {
    const { graph, member, peer } = makeOne('flags')
    const ann = peer('ann')
    member.node.addAddresses([ann.endpoint])
    const neighbor = firstLink(graph, ann)
    expect(neighbor.latest('CONNECT')).toMatchObject({ purpose: 'neighbor', alone: true, update: false })
    neighbor.send({ kind: 'REFUSE', code: 'duplicate-connection', referrals: [] })
    // Without a neighbor it asks for a comparison nevertheless, and says nothing of being alone.
    const bob = peer('bob')
    remember(member, bob)
    const asked = (): ScriptedLink | undefined => bob.accepted.find(({ messages }) => isFor(messages, 'comparison'))
    graph.world.runUntil(() => asked() !== undefined, 120_000)
    expect(asked()?.latest('CONNECT')).toMatchObject({ alone: false, update: false, addresses: [member.endpoint] })
    const others = bob.accepted.filter((link) => link !== asked())
    expect(others.every(({ messages }) => isFor(messages, 'neighbor'))).toBe(true)
    const cid = peer('cid')
    cid.ask(member)
    member.node.connectDirectly(cid.identity.name, 'chat', () => undefined)
    expect(firstLink(graph, cid).latest('CONNECT')).toMatchObject({
      ...{ purpose: 'direct', protocol: 'chat', alone: false, update: false, nodeId: member.node.parts.nodeId },
    })
  })

  test('G-024: its time is noted: half of the way to the answer is added to the peer time that this tells', () => {
    const { graph, member, peer } = makeOne('noted')
    const peers = ['ann', 'bob', 'cid'].map(peer)
    member.node.addAddresses(peers.map(({ endpoint }) => endpoint))
    const links = peers.map((one) => firstLink(graph, one))
    graph.world.runFor(4000)
    for (const link of links) link.send(welcome(member))
    graph.world.runFor(500)
    expect(member.node.parts.neighbors.count).toBe(3)
    expect(Math.abs(Number(member.node.parts.peerTime.median) - 2000)).toBeLessThan(100)
  })
})

describe('WELCOME', () => {
  test('G-029: names 10 nodes at most, neighbors and then entries of the passive view; over other links none', () => {
    const { graph, member, peer } = makeOne('ten')
    const guests = Array.from({ length: GUESTS - 1 }, (_, index) => peer(`guest${index}`))
    const [first] = guests.map((guest) => guest.ask(member))
    const named = Array.from({ length: 10 }, (_, index) => peer(`named${index}`))
    first?.send({ kind: 'SHUFFLE', walk: 1, steps: 0, referrals: named.map((one) => referralTo(one)) })
    graph.world.runFor(20)
    expect(passive(member).length).toBeGreaterThan(MOST_REFERRALS - guests.length)
    const ann = peer('ann')
    const link = ann.ask(member)
    const { referrals, nodeId, peerTime } = link.latest('WELCOME')
    expect(nodeId).toBe(member.node.parts.nodeId)
    expect(Math.abs(peerTime - member.node.now())).toBeLessThan(1000)
    expect(referrals.slice(0, guests.length)).toEqual(guests.map((guest) => referralTo(guest)))
    expect(referrals.length).toBe(MOST_REFERRALS)
    const rest = referrals.slice(guests.length).map(({ addresses }) => addresses[0])
    const known = named.map(({ endpoint }) => endpoint)
    expect(rest.filter((endpoint) => !known.some(({ host }) => host === endpoint?.host))).toEqual([])
    // The responder has the initiator in its list, and its side of the link is CONNECTED.
    const session = member.node.parts.neighbors.withKey(ann.key)?.session
    expect([session?.state, session?.nodeId, session?.addresses]).toEqual([
      'neighbor',
      ann.key.slice(0, 16),
      [ann.endpoint],
    ])
    expect(peer('bob').ask(member, { purpose: 'comparison' }).latest('WELCOME').referrals).toEqual([])
    expect(peer('cid').ask(member, { purpose: 'direct' }).latest('WELCOME').referrals).toEqual([])
  })
})

describe('DISCONNECT', () => {
  test('G-036: says why, and names up to 10 other neighbors, the earliest first, or none if there is no other', () => {
    const counts = { minimum: 3, ideal: 5, maximum: 24 }
    const { graph, member, peer } = makeOne('leave', { node: { counts } })
    const alone = peer('alone')
    const only = alone.ask(member)
    const { neighbors } = member.node.parts
    const drop = (peerKey: string, reason: DisconnectReason): void => {
      const neighbor = neighbors.withKey(peerKey)
      if (neighbor === undefined) throw new RangeError(peerKey)
      member.node.overlay.membership.disconnect(neighbor, reason)
      graph.world.runFor(500)
    }
    drop(alone.key, 'application')
    expect(only.latest('DISCONNECT')).toEqual({ kind: 'DISCONNECT', reason: 'application', referrals: [] })
    expect(only.closing).toBe('ended')
    const guests = Array.from({ length: MOST_REFERRALS + 2 }, (_, index) => peer(`guest${index}`))
    const links = guests.map((guest) => guest.ask(member))
    const [second, last] = [guests[1], links.at(-1)]
    drop(guests.at(-1)?.key ?? '', 'application')
    expect(last?.latest('DISCONNECT').referrals).toEqual(guests.slice(0, MOST_REFERRALS).map((one) => referralTo(one)))
    drop(second?.key ?? '', 'application')
    const others = guests.filter((guest) => guest !== second).slice(0, MOST_REFERRALS)
    expect(links[1]?.latest('DISCONNECT').referrals).toEqual(others.map((one) => referralTo(one)))
    member.close()
    graph.world.runFor(500)
    expect(links[0]?.latest('DISCONNECT').reason).toBe('leaving')
    expect(links[0]?.closing).toBe('ended')
  })

  test.each(['leaving', 'place-needed', 'application'] as const)(
    'G-036: with reason %s its referrals go into the passive view, the link ends, and another node takes the place',
    (reason) => {
      const counts = { minimum: 1, ideal: 1, maximum: 2 }
      const { graph, member, peer } = makeOne(`takes leave ${reason}`, { node: { counts } })
      const ann = peer('ann')
      const named = ['bob', 'cid', 'dan'].map(peer)
      const link = ann.ask(member)
      link.send({ kind: 'DISCONNECT', reason, referrals: named.map((one) => referralTo(one)) })
      graph.world.runFor(20)
      expect(passive(member)).toEqual(expect.arrayContaining(named.map(({ key }) => key)))
      graph.world.runUntil(
        () => named.some(({ accepted }) => accepted.some(({ messages }) => messages.length > 0)),
        1000,
      )
      expect(link.closing).toBeDefined()
      expect(member.events).toContain(`disconnected ${ann.identity.name} ${reason}`)
      const [asked] = named.flatMap(({ accepted }) => accepted)
      expect(asked?.messages).toMatchObject([{ kind: 'CONNECT', purpose: 'neighbor', alone: true }])
    },
  )
})

function isFor(messages: readonly { readonly kind: string }[], purpose: string): boolean {
  const [first] = messages
  return first !== undefined && first.kind === 'CONNECT' && 'purpose' in first && first.purpose === purpose
}
