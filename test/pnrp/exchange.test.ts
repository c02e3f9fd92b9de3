import { describe, expect, test } from 'vitest'
import type { AuthorityBuffer } from '../../src/pnrp/authority-buffer.ts'
import { MOST_PENDING_REQUESTS, MOST_TRIES } from '../../src/pnrp/exchange.ts'
import { type Message, NONCE_LENGTH } from '../../src/pnrp/message.ts'
import { NO_PNRP_ID } from '../../src/pnrp/pnrp-id.ts'
import { FIRST_TIMEOUT, LONGEST_TIMEOUT, RoundTrips, SHORTEST_TIMEOUT } from '../../src/pnrp/round-trips.ts'
import type { Endpoint } from '../../src/runtime/endpoint.ts'
import { drawPnrpId, ScriptedPeer } from './scripted-peer.ts'
import { type Member, SimulatedCloud } from './simulated-cloud.ts'

interface Asked {
  readonly answers: AuthorityBuffer[]
  failures: number
  expiries: number
}

function setUp(seed: string): { cloud: SimulatedCloud; node: Member; peer: ScriptedPeer } {
  const cloud = new SimulatedCloud({ seed, conditions: { latency: 10 } })
  const node = cloud.add({ seeds: [] })
  const peer = new ScriptedPeer(cloud, 'peer')
  return { cloud, node, peer }
}

/** Sends an INQUIRE of the node, and notes what becomes of it. */
function inquire({ node, cloud }: { node: Member; cloud: SimulatedCloud }, to: Endpoint, tries?: number): Asked {
  const asked: Asked = { answers: [], failures: 0, expiries: 0 }
  const flags = { wantsCpa: true, wantsPayload: true, wantsChain: true }
  node.node.parts.exchange.inquire(
    to,
    { type: 'INQUIRE', ...flags, validateId: drawPnrpId(cloud, 'asked for'), nonce: new Uint8Array(NONCE_LENGTH) },
    {
      answered: (buffer) => asked.answers.push(buffer),
      expired: () => {
        asked.expiries++
      },
      failed: () => {
        asked.failures++
      },
    },
    tries,
  )
  return asked
}

describe('a request', () => {
  test('N-93, N-94: is sent again unchanged, twice at most, and then given up', () => {
    const { cloud, node, peer } = setUp('given up')
    const asked = inquire({ node, cloud }, peer.endpoint)
    cloud.world.runFor(20_000)
    expect(peer.heard).toHaveLength(MOST_TRIES)
    for (const { message } of peer.heard) expect(message).toEqual(peer.heard[0]?.message)
    expect(asked).toEqual({ answers: [], failures: 1, expiries: 1 })
    expect(node.node.parts.exchange.size).toBe(0)
  })

  test.each(['SOLICIT', 'REQUEST', 'LOOKUP', 'FLOOD'] as const)(
    'N-93: %s is sent three times, as one message',
    (type) => {
      const { cloud, node, peer } = setUp(`repeated ${type}`)
      const { exchange } = node.node.parts
      let failures = 0
      const asker = { answered: () => {}, failed: () => failures++ }
      const id = drawPnrpId(cloud, 'id')
      if (type === 'SOLICIT') {
        const hashedNonce = new Uint8Array(32)
        exchange.solicit(peer.endpoint, { type, solicitType: 'any', hashedNonce, features: 0 }, asker)
      } else if (type === 'REQUEST') {
        exchange.confirm(peer.endpoint, { type, nonce: new Uint8Array(NONCE_LENGTH), ids: [id] }, asker)
      } else if (type === 'FLOOD') {
        const routeEntry = peer.entry(id)
        exchange.confirm(
          peer.endpoint,
          { type, withoutAck: false, validateId: id, routeEntry, alreadyFlooded: [] },
          asker,
        )
      } else {
        const rest = { criterion: 'none', precision: 0, reason: 'application', acceptsFarther: false } as const
        const flaggedPath = [node.endpoint]
        exchange.inquire(peer.endpoint, { type, target: id, validateId: NO_PNRP_ID, ...rest, flaggedPath }, asker)
      }
      cloud.world.runFor(20_000)
      const ids = peer.heardOf(type).map(({ message }) => message.messageId)
      expect(ids).toHaveLength(3)
      expect(new Set(ids).size).toBe(1)
      expect(failures).toBe(1)
    },
  )

  test('N-93: that is a probe is sent once', () => {
    const { cloud, node, peer } = setUp('probe')
    const asked = inquire({ node, cloud }, peer.endpoint, 1)
    cloud.world.runFor(20_000)
    expect(peer.heard).toHaveLength(1)
    expect(asked.failures).toBe(1)
  })

  test('N-93, N-119: goes out again at once with the cookie that was demanded, which is no try', () => {
    const { cloud, node, peer } = setUp('cookie')
    const asked = inquire({ node, cloud }, peer.endpoint)
    peer.onHeard = (heard) => {
      if (!('cookie' in heard.message) || heard.message.cookie === undefined) peer.answer(heard, { cookieNeeded: true })
    }
    cloud.world.runFor(20_000)
    // One without the cookie, then three with it: all tries are left.
    const cookies = peer.heardOf('INQUIRE').map(({ message }) => message.cookie !== undefined)
    expect(cookies).toEqual([false, true, true, true])
    expect((peer.heard[1]?.time ?? 0) - (peer.heard[0]?.time ?? 0)).toBeCloseTo(20, 1)
    expect(asked.failures).toBe(1)
  })

  test('N-119: is not sent for ever to a node that demands a cookie again and again', () => {
    const { cloud, node, peer } = setUp('greedy')
    const asked = inquire({ node, cloud }, peer.endpoint)
    peer.onHeard = (heard) => peer.answer(heard, { cookieNeeded: true })
    cloud.world.runFor(20_000)
    expect(peer.heard).toHaveLength(2)
    expect(asked.answers).toHaveLength(1)
  })

  test('N-100: beyond the most that can wait fails at once and is not sent', () => {
    const { cloud, node, peer } = setUp('full')
    const all = Array.from({ length: MOST_PENDING_REQUESTS + 3 }, () => inquire({ node, cloud }, peer.endpoint, 1))
    cloud.world.runFor(20)
    expect(peer.heard).toHaveLength(MOST_PENDING_REQUESTS)
    expect(all.filter(({ failures }) => failures === 1)).toHaveLength(3)
    expect(node.node.counters()['dropped-table-full']).toBe(3)
  })
})

describe('a reply', () => {
  test('N-32: counts if it names a pending request, fits its type, and comes from the endpoint that was asked', () => {
    const { cloud, node, peer } = setUp('forged')
    const forger = new ScriptedPeer(cloud, 'forger')
    const asked = inquire({ node, cloud }, peer.endpoint)
    cloud.world.runFor(11)
    const [heard] = peer.heard
    if (heard === undefined) throw new RangeError('the peer was asked')
    // From elsewhere; of another type; for another request.
    forger.answer(heard, { notFound: true })
    peer.send(
      { type: 'ACK', ...peer.replyTo(heard.message, heard.from), notFound: true, cookieNeeded: false },
      heard.from,
    )
    peer.answer(
      { ...heard, message: { ...heard.message, messageId: (heard.message.messageId ^ 1) >>> 0 } },
      { notFound: true },
    )
    cloud.world.runFor(15)
    expect(asked.answers).toEqual([])
    expect(node.node.counters()).toMatchObject({ 'dropped-other-endpoint': 1, 'dropped-not-asked-for': 2 })
    peer.answer(heard, {})
    cloud.world.runFor(15)
    expect(asked.answers).toHaveLength(1)
    // A second answer to the same request counts no more.
    peer.answer(heard, { notFound: true })
    cloud.world.runFor(15)
    expect(asked.answers).toHaveLength(1)
    expect(node.node.counters()['dropped-not-asked-for']).toBe(3)
  })

  test('N-32: of another host changes no result of any resolve', () => {
    const cloud = new SimulatedCloud({ seed: 'forged replies', conditions: { latency: 10, jitter: 5 } })
    cloud.grow(12)
    const forger = new ScriptedPeer(cloud, 'forger')
    const registrations = cloud.members.map((member, index) => member.registerSecured(`name ${index}`))
    cloud.world.runFor(20_000)
    let forged = 0
    // The forger sees every request and answers it first, from where it is.
    cloud.onSent = ({ member, bytes, to }) => {
      const message = forger.read(bytes)
      if (message === undefined || (message.type !== 'LOOKUP' && message.type !== 'INQUIRE')) return
      forged++
      forger.answer({ message, from: member.endpoint, length: bytes.length, time: 0 }, lie(message))
      expect(to.host).not.toBe(forger.endpoint.host)
    }
    for (const [index, { id, name }] of registrations.entries()) {
      const resolver = cloud.members[(index + 5) % cloud.members.length]
      if (resolver === undefined) throw new RangeError('there are twelve')
      expect(cloud.resolve(resolver, name).map((result) => result.id)).toEqual([id])
    }
    expect(forged).toBeGreaterThan(20)
  })
})

function lie(message: Message): Partial<AuthorityBuffer> {
  return message.type === 'LOOKUP' ? { notFound: true, leafSet: true } : { notFound: true }
}

describe('the retransmission timeout', () => {
  const endpoint = { host: '20.0.0.1', port: 3540 } as Endpoint

  test('N-92: is a second at most before anything was measured, and more after each expiry, up to a bound', () => {
    const roundTrips = new RoundTrips()
    expect(FIRST_TIMEOUT).toBeLessThanOrEqual(1000)
    expect(roundTrips.timeout(endpoint, 0)).toBe(FIRST_TIMEOUT)
    expect(roundTrips.timeout(endpoint, 1)).toBe(FIRST_TIMEOUT * 2)
    expect(roundTrips.timeout(endpoint, 20)).toBe(LONGEST_TIMEOUT)
  })

  test('N-92: follows the measured round trips of each endpoint by itself, between two bounds', () => {
    const roundTrips = new RoundTrips()
    const other = { ...endpoint, port: 4000 }
    for (let count = 0; count < 100; count++) {
      roundTrips.measured(endpoint, 0.2)
      roundTrips.measured(other, 800)
    }
    expect(roundTrips.timeout(endpoint, 0)).toBe(SHORTEST_TIMEOUT)
    expect(roundTrips.timeout(other, 0)).toBeGreaterThanOrEqual(800)
    expect(roundTrips.timeout(other, 0)).toBeLessThan(1000)
    for (let count = 0; count < 100; count++) roundTrips.measured(other, 100_000)
    expect(roundTrips.timeout(other, 0)).toBe(LONGEST_TIMEOUT)
  })

  test('N-92: remembers the endpoint that was measured last, whoever was before, and most of as many as a cache has', () => {
    const roundTrips = new RoundTrips()
    const endpoints = Array.from({ length: 100 }, (_, index) => ({ ...endpoint, port: 2000 + index }))
    const isKnown = (one: Endpoint): boolean => roundTrips.timeout(one, 0) !== FIRST_TIMEOUT
    for (const one of endpoints) {
      roundTrips.measured(one, 1000)
      expect(isKnown(one)).toBe(true)
    }
    expect(endpoints.filter(isKnown).length).toBeGreaterThan(90)
    for (let port = 4000; port < 8000; port++) {
      roundTrips.measured({ ...endpoint, port }, 1000)
      expect(isKnown({ ...endpoint, port })).toBe(true)
    }
    roundTrips.clear()
    expect(endpoints.filter(isKnown)).toEqual([])
  })

  test('N-92: is never measured on a message that was sent twice', () => {
    const { cloud, node, peer } = setUp('twice')
    peer.onHeard = (heard) => {
      if (peer.heard.length === 2) peer.answer(heard, {})
    }
    const first = inquire({ node, cloud }, peer.endpoint)
    cloud.world.runFor(5000)
    expect(first.answers).toHaveLength(1)
    // The next one still waits as if nothing had been measured.
    peer.onHeard = undefined
    peer.heard.length = 0
    inquire({ node, cloud }, peer.endpoint)
    cloud.world.runFor(5000)
    expect((peer.heard[1]?.time ?? 0) - (peer.heard[0]?.time ?? 0)).toBeGreaterThanOrEqual(FIRST_TIMEOUT)
  })
})
