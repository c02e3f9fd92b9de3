import { describe, expect, test } from 'vitest'
import {
  CONVERSATION_LIFE,
  ConversationTable,
  MOST_CONVERSATIONS,
  MOST_CONVERSATIONS_OF_PREFIX,
} from '../../src/pnrp/conversation-table.ts'
import { OWN_FEATURES } from '../../src/pnrp/conversations.ts'
import { Counters } from '../../src/pnrp/counters.ts'
import { AMPLIFICATION_LIMIT, DatagramTransport } from '../../src/pnrp/datagram-transport.ts'
import { NONCE_LENGTH, type Solicit } from '../../src/pnrp/message.ts'
import { NO_PNRP_ID, type PnrpId, placeDistance, placeOf } from '../../src/pnrp/pnrp-id.ts'
import { UNPROVEN_SOLICITS } from '../../src/pnrp/request-handler.ts'
import { type Endpoint, parseIpAddress } from '../../src/runtime/endpoint.ts'
import { randomBytes } from '../../src/runtime/random.ts'
import { drawPnrpId, ScriptedPeer } from './scripted-peer.ts'
import { type Member, PORT, SimulatedCloud } from './simulated-cloud.ts'

const LATENCY = 10
/** Long enough for an answer, and for what follows from it. */
const TURN = 4 * LATENCY + 5

function cloudOf(seed: string): SimulatedCloud {
  return new SimulatedCloud({ seed, conditions: { latency: LATENCY } })
}

/** Makes a node know entries that lie evenly on the circle, without asking anybody. */
function know(member: Member, count: number): PnrpId[] {
  const { cache, clock } = member.node.parts
  for (let index = 0; index < count; index++) {
    const id = drawPnrpId(member.cloud, `known ${index}`)
    const address = parseIpAddress(`10.9.${Math.floor(index / 250)}.${(index % 250) + 1}`)
    const entry = { id, port: 3540, addresses: address === undefined ? [] : [address] }
    const life = { notAfter: clock.utc() + 86_400_000, lastHeard: clock.monotonic() }
    cache.add({ entry, publicKey: new Uint8Array(32), ...life })
  }
  return [...cache.entries()].map(({ entry }) => entry.id)
}

function solicit(cloud: SimulatedCloud, nonce: Uint8Array, more: Partial<Solicit> = {}): Solicit {
  const hashedNonce = cloud.crypto.sha256(nonce)
  const usual = { solicitType: 'any', features: OWN_FEATURES, padding: 60 } as const
  return { type: 'SOLICIT', messageId: 11, hashedNonce, ...usual, ...more }
}

function drawNonce(cloud: SimulatedCloud, name: string): Uint8Array {
  return randomBytes(cloud.world.random(name), NONCE_LENGTH)
}

/** An endpoint in a network prefix of its own, at which nobody is. */
function forgedEndpoint(index: number): Endpoint {
  const host = parseIpAddress(`30.${index >> 8}.${index & 0xff}.9`)
  if (host === undefined) throw new RangeError('no address')
  return { host, port: PORT }
}

/** A SOLICIT comes that says it is from there. */
function solicitAs(node: Member, from: Endpoint, nonce: string, more: Partial<Solicit> = {}): void {
  const { cloud } = node
  const take = (bytes: Uint8Array): void => node.node.received(bytes, from, node.endpoint.host)
  const { crypto } = cloud
  const transport = new DatagramTransport({ cloud: cloud.cloud, crypto, counters: new Counters(), send: take })
  transport.send(solicit(cloud, drawNonce(cloud, nonce), more), node.endpoint)
}

/** Sends a SOLICIT and returns the ADVERTISE that answers it. */
function ask(peer: ScriptedPeer, node: Member, message: Solicit) {
  peer.send(message, node.endpoint)
  peer.cloud.world.runFor(TURN)
  const advertise = peer.heardOf('ADVERTISE').at(-1)?.message
  if (advertise?.ackedMessageId !== message.messageId) throw new Error('the SOLICIT was not answered')
  return advertise
}

describe('a node that joins', () => {
  /** A node whose seed is played by the test. */
  function joining(seed: string, resolveOnly = false) {
    const cloud = cloudOf(seed)
    const peer = new ScriptedPeer(cloud, 'peer')
    const node = cloud.add({ seeds: [peer.endpoint], resolveOnly, ports: { browse: () => undefined } })
    cloud.world.runFor(TURN)
    const [solicited] = peer.heardOf('SOLICIT')
    if (solicited === undefined) throw new Error('no SOLICIT came')
    return { cloud, peer, node, solicited }
  }

  test('N-22: sends the hash of a fresh nonce, and its route entry exactly if it has registered an ID', () => {
    const full = joining('full')
    expect(full.solicited.message.routeEntry).toEqual(full.node.node.parts.own.entryOf(full.node.ownId))
    expect(full.solicited.message.hashedNonce).toHaveLength(32)
    expect(joining('resolve-only', true).solicited.message.routeEntry).toBeUndefined()
    // Each conversation has a nonce of its own; the same SOLICIT sent again is unchanged.
    full.cloud.world.runFor(60_000)
    const byConversation = new Map<number, Set<string>>()
    for (const { message } of full.peer.heardOf('SOLICIT')) {
      const hashes = byConversation.get(message.messageId) ?? new Set()
      byConversation.set(message.messageId, hashes.add(message.hashedNonce.join()))
    }
    expect(byConversation.size).toBeGreaterThan(2)
    expect([...byConversation.values()].every((hashes) => hashes.size === 1)).toBe(true)
    expect(new Set([...byConversation.values()].flatMap((hashes) => [...hashes])).size).toBe(byConversation.size)
  })

  test('N-24: asks for all IDs that it is offered, and shows the nonce then', () => {
    const { cloud, peer, node, solicited } = joining('offered')
    const ids = [1, 2, 3, 4, 5].map((index) => drawPnrpId(cloud, `offered ${index}`))
    const { hashedNonce } = solicited.message
    const start = peer.replyTo(solicited.message, node.endpoint)
    peer.send({ type: 'ADVERTISE', ...start, ids, hashedNonce, features: 0 }, node.endpoint)
    cloud.world.runFor(TURN)
    const [request] = peer.heardOf('REQUEST')
    expect(request?.message.ids).toEqual(ids)
    expect(request?.message.nonce).toHaveLength(NONCE_LENGTH)
    expect(cloud.crypto.sha256(request?.message.nonce ?? new Uint8Array())).toEqual(hashedNonce)
    // N-99: with the cookie that came with the ADVERTISE.
    expect(request?.message.cookie).toEqual(start.cookie)
  })

  test('N-24: does not take an ADVERTISE with another hash, or of another SOLICIT, and still waits for the right one', () => {
    const { cloud, peer, node, solicited } = joining('others')
    const ids = [drawPnrpId(cloud, 'offered')]
    const { hashedNonce } = solicited.message
    const start = peer.replyTo(solicited.message, node.endpoint)
    const advertise = { type: 'ADVERTISE', ...start, ids, hashedNonce, features: 0 } as const
    const otherHash = new Uint8Array(hashedNonce).fill(1)
    peer.send({ ...advertise, hashedNonce: otherHash }, node.endpoint)
    peer.send({ ...advertise, ackedMessageId: (start.ackedMessageId ^ 1) >>> 0 }, node.endpoint)
    cloud.world.runFor(TURN)
    expect(peer.heardOf('REQUEST')).toEqual([])
    expect(node.node.counters()).toMatchObject({ 'dropped-wrong-nonce': 1, 'dropped-not-asked-for': 1 })
    peer.send(advertise, node.endpoint)
    cloud.world.runFor(TURN)
    expect(peer.heardOf('REQUEST')).toHaveLength(1)
  })

  test('N-24: asks no further after an empty ADVERTISE', () => {
    const { cloud, peer, node, solicited } = joining('empty')
    const { hashedNonce } = solicited.message
    const start = peer.replyTo(solicited.message, node.endpoint)
    peer.send({ type: 'ADVERTISE', ...start, ids: [], hashedNonce, features: 0 }, node.endpoint)
    // The conversation is over: this SOLICIT is not sent again, either.
    cloud.world.runFor(8000)
    expect(peer.heardOf('REQUEST')).toEqual([])
    const again = peer.heardOf('SOLICIT').filter(({ message }) => message.messageId === solicited.message.messageId)
    expect(again).toHaveLength(1)
  })
})

describe('a member that is asked', () => {
  function asked(seed: string, known: number) {
    const cloud = cloudOf(seed)
    const node = cloud.add({ seeds: [] })
    const peer = new ScriptedPeer(cloud, 'peer')
    return { cloud, node, peer, known: know(node, known) }
  }

  test('N-23: offers five IDs of its cache, spread evenly over the circle', () => {
    const { cloud, node, peer, known } = asked('spread', 400)
    for (let round = 0; round < 10; round++) {
      const { ids } = ask(peer, node, solicit(cloud, drawNonce(cloud, `nonce ${round}`), { messageId: round }))
      expect(new Set(ids).size).toBe(5)
      for (const id of ids) expect(known).toContain(id)
      const places = ids.map(placeOf).sort((one, other) => one - other)
      // A fifth of the circle apart, as well as 24 slices of a level can do that.
      for (const [index, place] of places.entries()) {
        const next = places[(index + 1) % places.length] ?? 0
        expect(Math.abs(placeDistance(place, next) - 0.2)).toBeLessThan(0.1)
      }
    }
  })

  test('N-23, N-21: offers its own IDs, too, if it knows fewer than five, and all there are if it knows nobody', () => {
    const { cloud, node, peer, known } = asked('few', 2)
    const registered = node.registerSecured('printer')
    const few = ask(peer, node, solicit(cloud, drawNonce(cloud, 'few')))
    expect([...few.ids].sort()).toEqual([...known, node.ownId, registered.id].sort())
    const lonely = asked('lonely', 0)
    const { ids } = ask(lonely.peer, lonely.node, solicit(lonely.cloud, drawNonce(cloud, 'lonely')))
    expect(ids).toEqual([lonely.node.ownId])
  })

  test('N-23: offers own IDs only to a SOLICIT of type LOCAL', () => {
    const { cloud, node, peer } = asked('local', 400)
    const registered = node.registerSecured('printer')
    const { ids } = ask(peer, node, solicit(cloud, drawNonce(cloud, 'nonce'), { solicitType: 'local' }))
    expect([...ids].sort()).toEqual([node.ownId, registered.id].sort())
  })

  test('N-22: keeps conversations apart by address, port and hash, and a repeat restarts its time', () => {
    const { cloud, node, peer } = asked('apart', 400)
    const one = drawNonce(cloud, 'one')
    const other = drawNonce(cloud, 'other')
    const first = ask(peer, node, solicit(cloud, one, { messageId: 1 }))
    const { cookie } = first
    ask(peer, node, solicit(cloud, other, { messageId: 2 }))
    cloud.world.runFor(CONVERSATION_LIFE - 5000)
    // The repeat is offered the same again.
    expect(ask(peer, node, solicit(cloud, one, { messageId: 3 })).ids).toEqual(first.ids)
    cloud.world.runFor(CONVERSATION_LIFE - 5000)
    const request = { type: 'REQUEST', cookie, ids: first.ids } as const
    peer.send({ ...request, messageId: 4, nonce: other }, node.endpoint)
    const elsewhere = new ScriptedPeer(cloud, 'elsewhere')
    elsewhere.send({ ...request, messageId: 5, nonce: one }, node.endpoint)
    cloud.world.runFor(TURN)
    expect(peer.heardOf('ACK')).toEqual([])
    expect(elsewhere.heard).toEqual([])
    expect(node.node.counters()['dropped-no-conversation']).toBe(2)
    peer.send({ ...request, messageId: 6, nonce: one }, node.endpoint)
    cloud.world.runFor(TURN)
    expect(peer.heardOf('FLOOD')).toHaveLength(5)
  })

  test('N-22, N-100: with its table full answers an empty ADVERTISE and keeps nothing, until there is room', () => {
    const { cloud, node, peer } = asked('full', 400)
    for (let index = 0; index < MOST_CONVERSATIONS; index++) solicitAs(node, forgedEndpoint(index), `filler ${index}`)
    expect(node.node.counters()['dropped-table-full']).toBeUndefined()
    const nonce = drawNonce(cloud, 'late')
    const late = ask(peer, node, solicit(cloud, nonce, { messageId: 1000 }))
    expect(late.ids).toEqual([])
    expect(node.node.counters()['dropped-table-full']).toBe(1)
    peer.send({ type: 'REQUEST', messageId: 1001, cookie: late.cookie, nonce, ids: [node.ownId] }, node.endpoint)
    cloud.world.runFor(TURN)
    expect(peer.heardOf('ACK')).toEqual([])
    cloud.world.runFor(CONVERSATION_LIFE)
    expect(ask(peer, node, solicit(cloud, nonce, { messageId: 1002 })).ids).toHaveLength(5)
  })

  test('N-100: one network prefix takes no more than its share of the table, and others find room', () => {
    const { cloud, node, peer } = asked('one prefix', 400)
    const flooder = { host: peer.endpoint.host, port: PORT + 1 }
    for (let index = 0; index < 3 * MOST_CONVERSATIONS; index++) solicitAs(node, flooder, `flood ${index}`)
    expect(node.node.counters()['dropped-table-full']).toBe(3 * MOST_CONVERSATIONS - MOST_CONVERSATIONS_OF_PREFIX)
    expect(ask(peer, node, solicit(cloud, drawNonce(cloud, 'same prefix'))).ids).toEqual([])
    const other = new ScriptedPeer(cloud, 'other')
    expect(ask(other, node, solicit(cloud, drawNonce(cloud, 'other prefix'))).ids).toHaveLength(5)
  })

  test('N-100, N-22: forged addresses fill the table, and whoever shows a cookie has the place of one of them', () => {
    const { cloud, node, peer } = asked('forged', 400)
    for (let index = 0; index < MOST_CONVERSATIONS; index++) solicitAs(node, forgedEndpoint(index), `${index}`)
    const nonce = drawNonce(cloud, 'honest')
    const { ids, cookie } = ask(peer, node, solicit(cloud, nonce))
    expect(ids).toEqual([])
    const again = ask(peer, node, solicit(cloud, nonce, { messageId: 12, cookie }))
    expect(again.ids).toHaveLength(5)
    // The next forged ones find no room again, and do not push it out.
    for (let index = 0; index < MOST_CONVERSATIONS; index++) solicitAs(node, forgedEndpoint(1000 + index), `${index}`)
    peer.send({ type: 'REQUEST', messageId: 13, cookie, nonce, ids: again.ids }, node.endpoint)
    cloud.world.runFor(TURN)
    expect(peer.heardOf('FLOOD')).toHaveLength(5)
  })

  test('N-100: even who fills the table with addresses of its own in a few prefixes makes room for others', () => {
    const cloud = cloudOf('few prefixes')
    const table = new ConversationTable(cloud.add({ seeds: [] }).host.ports.clock)
    const from = (prefix: string) => ({ prefix, isProven: true, offered: new Set<PnrpId>() })
    const prefixes = MOST_CONVERSATIONS / MOST_CONVERSATIONS_OF_PREFIX
    for (let index = 0; index < MOST_CONVERSATIONS; index++) {
      expect(table.put(`mass ${index}`, from(`mass ${index % prefixes}`))).toBe('added')
    }
    expect(table.put('unproven', { ...from('other'), isProven: false })).toBe('refused')
    expect(table.put('one too many', from('mass 1'))).toBe('refused')
    for (let index = 0; index < 20; index++) expect(table.put(`honest ${index}`, from('other'))).toBe('displaced')
    for (let index = 0; index < 20; index++) expect(table.get(`honest ${index}`)).toBeDefined()
    // Of several that hold the same, none has to make room for another of them.
    const full = new ConversationTable(cloud.world.addHost('second').ports.clock)
    for (let index = 0; index < MOST_CONVERSATIONS; index++) full.put(`${index}`, from(`${index}`))
    expect(full.put('one more', from('another'))).toBe('refused')
  })

  test('N-22: too busy with SOLICITs from anywhere answers an empty ADVERTISE and keeps nothing, but not to a cookie', () => {
    const { cloud, node, peer } = asked('busy', 400)
    // The same conversations again and again: the table has room.
    const flood = (): void => {
      for (let count = 0; count < UNPROVEN_SOLICITS.burst; count++)
        solicitAs(node, forgedEndpoint(count % 10), `${count % 10}`)
    }
    flood()
    solicitAs(node, peer.endpoint, 'honest', { routeEntry: peer.entry(drawPnrpId(cloud, 'honest')) })
    cloud.world.runFor(TURN)
    const [advertise] = peer.heardOf('ADVERTISE')
    expect(advertise?.message.ids).toEqual([])
    expect(node.node.counters()['dropped-table-full']).toBeUndefined()
    // Nor does it look at the entry.
    expect(peer.heardOf('INQUIRE')).toEqual([])
    const cookie = advertise?.message.cookie
    const nonce = drawNonce(cloud, 'honest')
    peer.send({ type: 'REQUEST', messageId: 12, cookie, nonce, ids: [node.ownId] }, node.endpoint)
    cloud.world.runFor(TURN)
    expect(node.node.counters()['dropped-no-conversation']).toBe(1)
    flood()
    solicitAs(node, peer.endpoint, 'honest', { cookie })
    cloud.world.runFor(TURN)
    expect(peer.heardOf('ADVERTISE')[1]?.message.ids).toHaveLength(5)
  })

  test('N-25, N-33: answers a REQUEST with a FLOOD for each ID that it offered and still knows, and only once', () => {
    const { cloud, node, peer } = asked('request', 400)
    const nonce = drawNonce(cloud, 'nonce')
    const { ids, cookie } = ask(peer, node, solicit(cloud, nonce))
    const [gone, ...still] = ids
    if (gone === undefined) throw new Error('nothing was offered')
    node.node.parts.cache.remove(gone)
    const request = { type: 'REQUEST', messageId: 12, cookie, nonce, ids: [...ids, node.ownId] } as const
    // A wrong nonce changes nothing and is not acknowledged.
    peer.send({ ...request, nonce: drawNonce(cloud, 'other') }, node.endpoint)
    cloud.world.runFor(TURN)
    expect(peer.heardOf('ACK')).toEqual([])
    expect(peer.heardOf('FLOOD')).toEqual([])
    peer.send(request, node.endpoint)
    cloud.world.runFor(TURN)
    expect(peer.heardOf('ACK').map(({ message }) => message.ackedMessageId)).toEqual([12])
    const floods = peer.heardOf('FLOOD').map(({ message }) => message)
    expect(floods.map(({ routeEntry }) => routeEntry?.id).sort()).toEqual([...still].sort())
    for (const flood of floods) expect(flood).toMatchObject({ withoutAck: true, validateId: NO_PNRP_ID })
    // The conversation is over.
    peer.send({ ...request, messageId: 13 }, node.endpoint)
    cloud.world.runFor(TURN)
    expect(peer.heardOf('ACK')).toHaveLength(1)
    expect(peer.heardOf('FLOOD')).toHaveLength(still.length)
  })

  test('N-99, N-98: sends no FLOOD to who knows the nonce and not the cookie, and at most three bytes for each byte', () => {
    const { cloud, node, peer } = asked('spoofed', 400)
    const nonce = drawNonce(cloud, 'nonce')
    // The shortest SOLICIT, with no padding: whoever spoofs an address sees no answer.
    const message = solicit(cloud, nonce, { padding: undefined })
    const { ids, cookie } = ask(peer, node, message)
    expect(ids.length).toBeLessThan(5)
    expect(peer.heard.map(({ length }) => length)).toEqual([expect.any(Number)])
    expect(peer.heard[0]?.length).toBeLessThanOrEqual(AMPLIFICATION_LIMIT * peer.lengthOf(message))
    peer.heard.length = 0
    const request = { type: 'REQUEST', messageId: 12, nonce, ids } as const
    for (const forged of [undefined, new Uint8Array(cookie).fill(7)]) {
      peer.send({ ...request, cookie: forged }, node.endpoint)
      cloud.world.runFor(TURN)
      expect(peer.heard.map(({ message: { type } }) => type)).toEqual(['ACK'])
      expect(peer.heardOf('ACK')[0]?.message.cookieNeeded).toBe(true)
      expect(peer.heard[0]?.length).toBeLessThanOrEqual(
        AMPLIFICATION_LIMIT * peer.lengthOf({ ...request, cookie: forged }),
      )
      peer.heard.length = 0
    }
    // The conversation was not used up by that.
    peer.send({ ...request, cookie }, node.endpoint)
    cloud.world.runFor(TURN)
    expect(peer.heardOf('FLOOD')).toHaveLength(ids.length)
  })
})

test('N-23, N-25, N-33: a node without IDs joins by one conversation and knows what it was offered', () => {
  const cloud = cloudOf('joins')
  cloud.grow(12)
  const resolver = cloud.add({ resolveOnly: true, ports: { browse: () => undefined } })
  cloud.world.runFor(2000)
  expect(resolver.node.parts.cache.size).toBeGreaterThanOrEqual(5)
  expect(resolver.node.status().state).toBe('active')
})

test('N-100: a node joins through a seed that is flooded with SOLICITs from forged addresses all the time', () => {
  const cloud = cloudOf('flooded seed')
  cloud.grow(8)
  const [seed] = cloud.members
  if (seed === undefined) throw new RangeError('there are eight')
  let count = 0
  const flood = (): void => {
    for (let index = 0; index < MOST_CONVERSATIONS / 4; index++)
      solicitAs(seed, forgedEndpoint(count++ % 4000), `${count}`)
  }
  const joining: Member[] = []
  for (let tenths = 0; tenths < 250; tenths++) {
    flood()
    if (tenths === 50)
      for (let index = 0; index < 3; index++)
        joining.push(cloud.add({ resolveOnly: true, ports: { browse: () => undefined } }))
    cloud.world.runFor(100)
  }
  expect(joining.map(({ node }) => node.status().state)).toEqual(['active', 'active', 'active'])
})

test.each(['a', 'b', 'c'])(
  'N-25, N-23: nodes join although a quarter of all datagrams, unacknowledged FLOODs too, is lost (%s)',
  (seed) => {
    const cloud = new SimulatedCloud({ seed, conditions: { latency: LATENCY, loss: 0.25 } })
    const nodes = [cloud.add({ seeds: [] })]
    let repeated = 0
    const seen = new Set<string>()
    const reader = new ScriptedPeer(cloud, 'reader')
    cloud.onSent = ({ member, bytes, to }) => {
      const message = reader.read(bytes)
      if (message?.type !== 'FLOOD' || !message.withoutAck) return
      const key = `${member.name} ${message.messageId} ${to.host}`
      if (seen.has(key)) repeated++
      seen.add(key)
    }
    for (let index = 0; index < 12; index++) {
      nodes.push(cloud.add({ ports: { browse: () => undefined } }))
      cloud.world.runFor(2000)
    }
    cloud.world.runFor(60_000)
    expect(seen.size).toBeGreaterThan(12)
    expect(repeated).toBe(0)
    expect(nodes.map(({ node }) => node.status().state)).toEqual(nodes.map(() => 'active'))
  },
)
