import { describe, expect, test } from 'vitest'
import { COOKIE_SECRET_LIFE, CookieJar, CookieMint, MOST_COOKIES } from '../../src/pnrp/cookies.ts'
import { AMPLIFICATION_LIMIT } from '../../src/pnrp/datagram-transport.ts'
import { type Inquire, type Lookup, type Message, NONCE_LENGTH, type Solicit } from '../../src/pnrp/message.ts'
import { NO_PNRP_ID, type PnrpId } from '../../src/pnrp/pnrp-id.ts'
import { LONGEST_DATAGRAM } from '../../src/runtime/datagrams.ts'
import type { Endpoint } from '../../src/runtime/endpoint.ts'
import { randomBytes } from '../../src/runtime/random.ts'
import { drawPnrpId, ScriptedPeer } from './scripted-peer.ts'
import { type Member, SimulatedCloud } from './simulated-cloud.ts'

const LARGE_PAYLOAD = new Uint8Array(4096).fill(1)

function setUp(seed: string, members = 8): { cloud: SimulatedCloud; node: Member; peer: ScriptedPeer } {
  const cloud = new SimulatedCloud({ seed, conditions: { latency: 10 } })
  const node = cloud.add({ seeds: [] })
  if (members > 1) cloud.grow(members - 1)
  return { cloud, node, peer: new ScriptedPeer(cloud, 'peer') }
}

/** Any message without what was drawn for it. */
function inquire(validateId: PnrpId, more: Partial<Inquire> = {}): Inquire {
  const flags = { wantsCpa: true, wantsPayload: true, wantsChain: true }
  return { type: 'INQUIRE', messageId: 5, ...flags, validateId, nonce: new Uint8Array(NONCE_LENGTH), ...more }
}

function lookup(target: PnrpId, from: Endpoint): Lookup {
  const rest = { criterion: 'none', precision: 0, reason: 'application', acceptsFarther: true } as const
  return { type: 'LOOKUP', messageId: 5, target, validateId: NO_PNRP_ID, ...rest, flaggedPath: [from] }
}

function solicit(cloud: SimulatedCloud, nonce: Uint8Array, padding?: number): Solicit {
  const hashedNonce = cloud.crypto.sha256(nonce)
  return { type: 'SOLICIT', messageId: 5, solicitType: 'any', hashedNonce, features: 0, padding }
}

describe('to an address that has not echoed a cookie', () => {
  test('N-98: no request of any type brings more than three bytes for each byte sent', () => {
    const { cloud, node, peer } = setUp('ratio')
    const registration = node.registerSecured('large', { payload: LARGE_PAYLOAD })
    cloud.world.runFor(5000)
    const nonce = new Uint8Array(NONCE_LENGTH)
    const offered = node.node.parts.cache.entries().next().value?.entry.id ?? NO_PNRP_ID
    const requests: Message[] = [
      inquire(registration.id),
      inquire(registration.id, { wantsCpa: false, wantsChain: false }),
      inquire(registration.id, { wantsCpa: false, wantsChain: false, wantsPayload: false, nonce: undefined }),
      inquire(drawPnrpId(cloud, 'nobody')),
      inquire(registration.id, { cookie: new Uint8Array(16) }),
      lookup(registration.id, peer.endpoint),
      solicit(cloud, nonce),
      solicit(cloud, nonce, 200),
      { type: 'REQUEST', messageId: 5, nonce, ids: [offered] },
      {
        type: 'REQUEST',
        messageId: 5,
        nonce,
        ids: [node.ownId, ...[...node.node.entries()].map(({ entry }) => entry.id)],
      },
      {
        type: 'FLOOD',
        messageId: 5,
        withoutAck: false,
        validateId: node.ownId,
        routeEntry: peer.entry(drawPnrpId(cloud, 'teller')),
        alreadyFlooded: [],
      },
    ]
    for (const request of requests) {
      peer.heard.length = 0
      peer.send(request, node.endpoint)
      cloud.world.runFor(3000)
      const received = peer.heard.reduce((sum, { length }) => sum + length, 0)
      const ratio = received / peer.lengthOf(request)
      expect({ type: request.type, ratio, isWithin: ratio <= AMPLIFICATION_LIMIT }).toMatchObject({ isWithin: true })
    }
  })

  test('N-98, N-119: a full answer is held back, and comes once the cookie is echoed', () => {
    const { cloud, node, peer } = setUp('held back', 1)
    const { id } = node.registerSecured('large', { payload: LARGE_PAYLOAD })
    peer.send(inquire(id), node.endpoint)
    cloud.world.runFor(100)
    expect(peer.heard).toHaveLength(1)
    const [first] = peer.heardOf('AUTHORITY')
    peer.send(inquire(id, { cookie: first?.message.cookie }), node.endpoint)
    cloud.world.runFor(100)
    const fragments = peer.heardOf('AUTHORITY').slice(1)
    expect(fragments.reduce((sum, { message }) => sum + message.fragment.length, 0)).toBeGreaterThan(4096)
    expect(new Set(fragments.map(({ message }) => message.size)).size).toBe(1)
  })

  test('N-99: the padding of a request counts as received', () => {
    const { cloud, node, peer } = setUp('padding')
    const short = solicit(cloud, randomBytes(cloud.world.random('one'), NONCE_LENGTH))
    peer.send(short, node.endpoint)
    cloud.world.runFor(100)
    const padding = LONGEST_DATAGRAM - peer.lengthOf(short) - 4
    peer.send(solicit(cloud, randomBytes(cloud.world.random('two'), NONCE_LENGTH), padding), node.endpoint)
    cloud.world.runFor(100)
    const [first, second] = peer.heardOf('ADVERTISE')
    expect(first?.message.ids.length).toBeLessThan(5)
    expect(second?.message.ids).toHaveLength(5)
  })

  test('N-99: a spoofed SOLICIT and REQUEST bring no FLOODs; with the cookie of the ADVERTISE they do', () => {
    const { cloud, node, peer } = setUp('spoofed')
    const nonce = randomBytes(cloud.world.random('nonce'), NONCE_LENGTH)
    peer.send(solicit(cloud, nonce, 100), node.endpoint)
    cloud.world.runFor(100)
    const [advertise] = peer.heardOf('ADVERTISE')
    const request = { type: 'REQUEST', messageId: 6, nonce, ids: advertise?.message.ids ?? [] } as const
    peer.send(request, node.endpoint)
    cloud.world.runFor(100)
    expect(peer.heardOf('FLOOD')).toEqual([])
    peer.send({ ...request, cookie: advertise?.message.cookie }, node.endpoint)
    cloud.world.runFor(100)
    expect(peer.heardOf('FLOOD')).toHaveLength(request.ids.length)
    expect(request.ids.length).toBeGreaterThan(0)
  })
})

describe('a cookie', () => {
  const { cloud, node } = setUp('cookies', 1)
  const ports = {
    ...node.host.ports,
    crypto: cloud.crypto,
    clock: node.host.ports.clock,
    random: node.host.ports.random,
  }
  const endpoint: Endpoint = { ...node.endpoint, port: 4000 }

  test('N-118: is good at its endpoint, and nowhere else, and to no other node', () => {
    const mint = new CookieMint(ports)
    const cookie = mint.cookieFor(endpoint)
    expect(mint.isValid(cookie, endpoint)).toBe(true)
    expect(mint.isValid(cookie, { ...endpoint, port: 4001 })).toBe(false)
    const peer = new ScriptedPeer(cloud, 'elsewhere', 4000)
    expect(mint.isValid(cookie, peer.endpoint)).toBe(false)
    expect(new CookieMint(ports).isValid(cookie, endpoint)).toBe(false)
  })

  test('N-118: is none once a bit of it is altered', () => {
    const mint = new CookieMint(ports)
    for (let bit = 0; bit < 128; bit++) {
      const cookie = Uint8Array.from(mint.cookieFor(endpoint))
      cookie[bit >> 3] = (cookie[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(mint.isValid(cookie, endpoint)).toBe(false)
    }
  })

  test('N-118: is good for one to two lives of the secret', () => {
    const mint = new CookieMint(ports)
    const cookie = mint.cookieFor(endpoint)
    cloud.world.runFor(COOKIE_SECRET_LIFE - 1)
    expect(mint.isValid(cookie, endpoint)).toBe(true)
    cloud.world.runFor(2)
    // The secret changed, and the former one still counts.
    expect(mint.isValid(cookie, endpoint)).toBe(true)
    const second = mint.cookieFor(endpoint)
    expect(second).not.toEqual(cookie)
    cloud.world.runFor(COOKIE_SECRET_LIFE)
    expect(mint.isValid(cookie, endpoint)).toBe(false)
    expect(mint.isValid(second, endpoint)).toBe(true)
    // After a long silence neither does.
    cloud.world.runFor(5 * COOKIE_SECRET_LIFE)
    expect(mint.isValid(second, endpoint)).toBe(false)
  })

  test('N-100: of another node is kept in a bounded table, for as long as it is good', () => {
    const jar = new CookieJar(ports.clock)
    const first = { ...endpoint, port: 2000 }
    const bytes = new Uint8Array(16).fill(3)
    for (let port = 2000; port <= 2000 + MOST_COOKIES; port++) jar.put({ ...endpoint, port }, bytes)
    expect(jar.get(first)).toBeUndefined()
    expect(jar.get({ ...endpoint, port: 2000 + MOST_COOKIES })).toEqual(bytes)
    // It is a copy: what was handed in belongs to a datagram.
    bytes.fill(4)
    expect(jar.get({ ...endpoint, port: 2001 })).toEqual(new Uint8Array(16).fill(3))
    cloud.world.runFor(COOKIE_SECRET_LIFE)
    expect(jar.get({ ...endpoint, port: 2001 })).toBeUndefined()
  })

  test('N-118: of too long ago, or of elsewhere, is treated as none in a request', () => {
    const simulated = setUp('echoed', 1)
    const { id } = simulated.node.registerSecured('large', { payload: LARGE_PAYLOAD })
    const { peer, node: answering } = simulated
    peer.send(inquire(id), answering.endpoint)
    simulated.cloud.world.runFor(100)
    const cookie = peer.heardOf('AUTHORITY')[0]?.message.cookie
    const other = new ScriptedPeer(simulated.cloud, 'other')
    other.send(inquire(id, { cookie }), answering.endpoint)
    simulated.cloud.world.runFor(100)
    expect(other.heard).toHaveLength(1)
    simulated.cloud.world.runFor(2 * COOKIE_SECRET_LIFE)
    peer.heard.length = 0
    peer.send(inquire(id, { cookie }), answering.endpoint)
    simulated.cloud.world.runFor(100)
    expect(peer.heard).toHaveLength(1)
  })
})

test('N-119: a full payload takes no round trip more than none', () => {
  const { cloud, node } = setUp('round trips', 6)
  const bare = node.registerSecured('bare')
  const full = node.registerSecured('full', { payload: LARGE_PAYLOAD })
  cloud.world.runFor(5000)
  const resolver = cloud.members[5]
  if (resolver === undefined) throw new RangeError('there are six')
  const took = ({ name }: typeof bare): number => {
    const began = cloud.world.now
    const [result] = cloud.resolve(resolver, name, { includesOwn: false })
    expect(result?.payload).toEqual(name === full.name ? LARGE_PAYLOAD : undefined)
    return cloud.world.now - began
  }
  // What is looked at each few milliseconds is no more exact than that; a round trip takes twenty.
  expect(Math.abs(took(full) - took(bare))).toBeLessThan(20)
})
