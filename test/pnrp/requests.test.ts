import { describe, expect, test } from 'vitest'
import { readAuthorityBuffer } from '../../src/pnrp/authority-buffer.ts'
import { MOST_CONVERSATIONS } from '../../src/pnrp/conversation-table.ts'
import { type Flood, type Inquire, NONCE_LENGTH } from '../../src/pnrp/message.ts'
import { NO_PNRP_ID } from '../../src/pnrp/pnrp-id.ts'
import { Reassembly } from '../../src/pnrp/reassembly.ts'
import { REQUESTS_OF_PREFIX } from '../../src/pnrp/request-admission.ts'
import { TokenBuckets } from '../../src/runtime/token-buckets.ts'
import { SimulatedWorld } from '../../src/simulation/simulated-world.ts'
import { drawPnrpId, ScriptedPeer } from './scripted-peer.ts'
import { type Member, PORT, SimulatedCloud } from './simulated-cloud.ts'

function setUp(seed: string): { cloud: SimulatedCloud; node: Member; peer: ScriptedPeer } {
  const cloud = new SimulatedCloud({ seed, conditions: { latency: 10 } })
  const node = cloud.add({ seeds: [] })
  const peer = new ScriptedPeer(cloud, 'peer')
  return { cloud, node, peer }
}

describe('an INQUIRE', () => {
  const bare = { wantsCpa: false, wantsPayload: false, wantsChain: false }

  /** What the node answers to a peer that has echoed its cookie. */
  function answer(
    { cloud, node, peer }: ReturnType<typeof setUp>,
    inquire: Pick<Inquire, 'validateId' | 'wantsCpa' | 'wantsPayload' | 'wantsChain'>,
  ): ReturnType<typeof readAuthorityBuffer> {
    peer.heard.length = 0
    peer.send({ type: 'INQUIRE', messageId: 1, ...bare, validateId: NO_PNRP_ID }, node.endpoint)
    cloud.world.runFor(50)
    const cookie = peer.heardOf('AUTHORITY')[0]?.message.cookie
    peer.heard.length = 0
    const nonce = new Uint8Array(NONCE_LENGTH).fill(1)
    peer.send({ type: 'INQUIRE', messageId: 2, ...inquire, nonce, cookie }, node.endpoint)
    cloud.world.runFor(50)
    const reassembly = new Reassembly()
    for (const { message } of peer.heardOf('AUTHORITY')) {
      const whole = reassembly.take(message)
      if (typeof whole !== 'string') return readAuthorityBuffer(whole)
    }
    throw new RangeError('no whole answer came')
  }

  test('N-36: for an ID that is not registered is answered with N and nothing else', () => {
    const parties = setUp('not registered')
    const wanted = { wantsCpa: true, wantsPayload: true, wantsChain: true }
    const buffer = answer(parties, { validateId: drawPnrpId(parties.cloud, 'nobody'), ...wanted })
    expect(buffer).toMatchObject({ notFound: true, leafSet: false, busy: false, cookieNeeded: false })
    expect([buffer.cpa, buffer.certificateChain, buffer.extendedPayload, buffer.routeEntry]).toEqual(
      Array(4).fill(undefined),
    )
  })

  test.each([
    [false, false, false],
    [true, false, false],
    [false, true, false],
    [true, true, true],
  ])('N-36: with A %s, X %s and C %s is answered with just that', (wantsCpa, wantsPayload, wantsChain) => {
    const parties = setUp('registered')
    const certificateChain = new Uint8Array(100).fill(3)
    const registration = parties.node.registerSecured('name', { payload: 'text' })
    const delegated = { ...registration, id: drawPnrpId(parties.cloud, 'delegated'), certificateChain }
    parties.node.node.parts.registrations.add(delegated)
    const withoutChain = answer(parties, { validateId: registration.id, wantsCpa, wantsPayload, wantsChain })
    expect(withoutChain.notFound).toBe(false)
    expect(withoutChain.cpa !== undefined).toBe(wantsCpa)
    expect(withoutChain.extendedPayload !== undefined).toBe(wantsPayload)
    expect(withoutChain.certificateChain).toBeUndefined()
    const withChain = answer(parties, { validateId: delegated.id, wantsCpa, wantsPayload, wantsChain })
    expect(withChain.certificateChain !== undefined).toBe(wantsChain)
  })
})

describe('a FLOOD', () => {
  function flood(peer: ScriptedPeer, node: Member, more: Partial<Flood>): void {
    const start = {
      type: 'FLOOD',
      messageId: 9,
      withoutAck: false,
      validateId: NO_PNRP_ID,
      alreadyFlooded: [],
    } as const
    peer.send({ ...start, routeEntry: peer.entry(drawPnrpId(peer.cloud, 'told')), ...more }, node.endpoint)
  }

  test('N-33: is confirmed with N exactly if its Validate PNRP ID is not zero and not registered there', () => {
    const { cloud, node, peer } = setUp('validated')
    flood(peer, node, {})
    flood(peer, node, { validateId: node.ownId })
    flood(peer, node, { validateId: drawPnrpId(cloud, 'other') })
    flood(peer, node, { validateId: drawPnrpId(cloud, 'other'), withoutAck: true })
    cloud.world.runFor(50)
    expect(peer.heardOf('ACK').map(({ message }) => message.notFound)).toEqual([false, false, true])
  })

  test.each([
    ['N-33, N-46: whose ACK has N removes that ID from the cache', true],
    ['N-46: whose retries are used up removes its destination from the cache', false],
  ])('%s', (_, answers) => {
    const { cloud, node, peer } = setUp(`removed ${answers}`)
    // The peer holds a place in the cache; then a node comes that the first one tells it of.
    const id = drawPnrpId(cloud, 'cached')
    const { clock } = node.host.ports
    const cached = { publicKey: new Uint8Array(32), notAfter: clock.utc() + 1e9, lastHeard: clock.monotonic() }
    node.node.parts.cache.add({ entry: peer.entry(id), ...cached })
    peer.onHeard = ({ message, from }) => {
      if (message.type !== 'FLOOD' || !answers) return
      expect(message.validateId).toBe(id)
      peer.send({ type: 'ACK', ...peer.replyTo(message, from), notFound: true, cookieNeeded: false }, from)
    }
    cloud.add()
    cloud.world.runFor(8000)
    expect(peer.heardOf('FLOOD')).toHaveLength(answers ? 1 : 3)
    expect(node.node.parts.cache.get(id)).toBeUndefined()
  })
})

test('N-46: an answer with N to a LOOKUP or an INQUIRE removes an entry, and nothing that was not asked for does', () => {
  const { cloud, node, peer } = setUp('unasked')
  const other = cloud.add()
  cloud.world.runFor(10_000)
  const { ownId } = other
  expect(node.node.parts.cache.get(ownId)).toBeDefined()
  // Whatever a stranger says of it unasked, it stays.
  const lie = { messageId: 5, ackedMessageId: 77, observed: node.endpoint, cookie: new Uint8Array(16) }
  peer.send({ type: 'ACK', ...lie, notFound: true, cookieNeeded: false }, node.endpoint)
  peer.answer(
    {
      message: {
        type: 'INQUIRE',
        messageId: 77,
        wantsCpa: true,
        wantsPayload: false,
        wantsChain: false,
        validateId: ownId,
      },
      from: node.endpoint,
      length: 0,
      time: 0,
    },
    { notFound: true },
  )
  const revoke = { type: 'FLOOD', messageId: 6, withoutAck: true, validateId: NO_PNRP_ID, alreadyFlooded: [] } as const
  peer.send({ ...revoke, revokeCpa: new Uint8Array(200) }, node.endpoint)
  peer.send({ ...revoke, routeEntry: peer.entry(ownId) }, node.endpoint)
  cloud.world.runFor(5000)
  expect(node.node.parts.cache.get(ownId)).toBeDefined()
  // It is there no more, and says so when it is asked.
  other.restart('lost')
  node.node.parts.exchange.clear()
  cloud.world.runFor(90_000)
  expect(node.node.parts.cache.get(ownId)).toBeUndefined()
})

describe('requests are limited', () => {
  test('N-100: by network prefix: a flood from one does not keep the node from serving another', () => {
    const { cloud, node } = setUp('rates')
    const interfaces = (index: number) => [{ name: 'eth0', segment: 'lan', addresses: [`30.0.0.${index}/24`] }]
    const crowd = Array.from(
      { length: 4 },
      (_, index) => new ScriptedPeer(cloud, `${index}`, PORT, { interfaces: interfaces(index + 1) }),
    )
    const flags = { wantsCpa: false, wantsPayload: false, wantsChain: false }
    const ask = (peer: ScriptedPeer): void =>
      peer.send({ type: 'INQUIRE', messageId: 1, ...flags, validateId: node.ownId }, node.endpoint)
    for (let count = 0; count < REQUESTS_OF_PREFIX.burst; count++) for (const peer of crowd) ask(peer)
    const honest = new ScriptedPeer(cloud, 'honest')
    ask(honest)
    cloud.world.runFor(50)
    expect(honest.heard).toHaveLength(1)
    const served = crowd.reduce((sum, { heard }) => sum + heard.length, 0)
    expect(served).toBe(REQUESTS_OF_PREFIX.burst)
    expect(node.node.counters()['dropped-rate-of-prefix']).toBe(3 * REQUESTS_OF_PREFIX.burst)
  })

  test('N-100: forged addresses do not use up what their prefix may ask with a cookie', () => {
    const { cloud, node, peer } = setUp('forged rates')
    const flags = { wantsCpa: false, wantsPayload: false, wantsChain: false }
    const inquire = { type: 'INQUIRE', messageId: 1, ...flags, validateId: node.ownId } as const
    peer.send(inquire, node.endpoint)
    cloud.world.runFor(50)
    const cookie = peer.heardOf('AUTHORITY')[0]?.message.cookie
    for (let count = 0; count < 2 * REQUESTS_OF_PREFIX.burst; count++) peer.send(inquire, node.endpoint)
    for (let count = 0; count < 10; count++) peer.send({ ...inquire, messageId: 2, cookie }, node.endpoint)
    cloud.world.runFor(50)
    expect(peer.heardOf('AUTHORITY').filter(({ message }) => message.ackedMessageId === 2)).toHaveLength(10)
    expect(node.node.counters()['dropped-rate-of-prefix']).toBeGreaterThanOrEqual(REQUESTS_OF_PREFIX.burst)
  })

  test('N-100: in a bounded table of prefixes, in which the full ones make room', () => {
    const world = new SimulatedWorld({ seed: 'buckets' })
    const buckets = new TokenBuckets(world.addHost('node').ports.clock, { perSecond: 1, burst: 2 }, 3)
    const take = (key: string): boolean => buckets.take(key)
    expect([take('a'), take('a'), take('a')]).toEqual([true, true, false])
    expect([take('b'), take('c'), take('d'), take('a')]).toEqual([true, true, true, true])
    world.runFor(10_000)
    expect([take('a'), take('a'), take('a')]).toEqual([true, true, false])
    world.runFor(1000)
    expect([take('a'), take('a')]).toEqual([true, false])
  })

  test('N-100: and conversations: beyond the most, a SOLICIT is offered nothing and nothing is kept for it', () => {
    const { cloud, node } = setUp('conversations')
    const nonce = new Uint8Array(NONCE_LENGTH)
    const solicit = { type: 'SOLICIT', messageId: 1, solicitType: 'any', features: 0, padding: 100 } as const
    const hashedNonce = cloud.crypto.sha256(nonce)
    const peers = Array.from({ length: MOST_CONVERSATIONS + 2 }, (_, index) => new ScriptedPeer(cloud, `${index}`))
    for (const peer of peers) peer.send({ ...solicit, hashedNonce }, node.endpoint)
    cloud.world.runFor(50)
    const offered = peers.map((peer) => peer.heardOf('ADVERTISE')[0]?.message.ids.length)
    expect(offered.slice(0, MOST_CONVERSATIONS).every((count) => count === 1)).toBe(true)
    expect(offered.slice(MOST_CONVERSATIONS)).toEqual([0, 0])
    expect(node.node.counters()['dropped-table-full']).toBe(2)
  })
})
