import { describe, expect, test } from 'vitest'
import { authorityOf } from '../../src/identity/authority.ts'
import { makePeerName } from '../../src/identity/peer-name.ts'
import { signCpa } from '../../src/pnrp/certified-peer-address.ts'
import { GLOBAL_CLOUD, makeCloud } from '../../src/pnrp/cloud.ts'
import type { PnrpId } from '../../src/pnrp/pnrp-id.ts'
import { NO_PNRP_ID } from '../../src/pnrp/pnrp-id.ts'
import { drawRegistration } from '../../src/pnrp/publishing.ts'
import type { Registration } from '../../src/pnrp/registration.ts'
import {
  MOST_LEVELS,
  MOST_PLACES_OF_PREFIX_IN_LEVEL,
  MOST_PLACES_OF_PREFIX_ON_LEAF_SIDE,
} from '../../src/pnrp/route-cache.ts'
import type { Endpoint } from '../../src/runtime/endpoint.ts'
import { networkPrefix } from '../../src/runtime/network-prefix.ts'
import { randomBytes } from '../../src/runtime/random.ts'
import { ScriptedPeer } from './scripted-peer.ts'
import { PORT, SimulatedCloud } from './simulated-cloud.ts'

describe.each([
  ['a private cloud', makeCloud('test')],
  ['Global_, within the places of a prefix', makeCloud(GLOBAL_CLOUD)],
])('the leaf sets in %s', (_, cloud) => {
  test('N-39, N-115: are the true neighbours of every local ID once churn has stopped', () => {
    const simulated = new SimulatedCloud({ seed: `leaf sets ${cloud.name}`, cloud })
    simulated.grow(22)
    for (const [index, member] of simulated.members.entries()) if (index % 3 === 0) member.registerSecured(`${index}`)
    // A third crash, some restart as others, some close, and new ones come, all within some seconds.
    for (const [index, member] of simulated.members.entries()) {
      if (index % 3 === 1) member.crash()
      if (index % 6 === 4) member.restart()
      if (index % 10 === 9 && member.isRunning) member.close()
      simulated.world.runFor(200)
    }
    simulated.grow(8)
    simulated.world.runFor(60_000)
    expect(simulated.running.length).toBeGreaterThan(15)
    expect(simulated.wrongLeafSets()).toEqual([])
  })
})

test.each([4, 8, 11])('N-39: in a cloud of %i IDs, everybody is in every leaf set', (count) => {
  const cloud = new SimulatedCloud({ seed: `small ${count}` })
  cloud.grow(count)
  expect(cloud.wrongLeafSets()).toEqual([])
  for (const { node, ownId } of cloud.members) {
    const { below, above } = node.parts.cache.leafSet(ownId)
    expect(new Set([...below, ...above]).size).toBe(Math.min(count - 1, 10))
  }
})

test('N-39: the leaf sets of 20 names that one node registers are right, too', () => {
  const cloud = new SimulatedCloud({ seed: 'many names' })
  cloud.grow(25)
  const [, member] = cloud.members
  for (let index = 0; index < 20; index++) member?.registerSecured(`name ${index}`)
  cloud.world.runFor(120_000)
  expect(cloud.wrongLeafSets()).toEqual([])
})

test('N-38: beside the leaf sets a cache holds ten entries spread over the circle, or the whole cloud', () => {
  const small = new SimulatedCloud({ seed: 'all known' })
  small.grow(9)
  for (const { node } of small.members) expect(node.status().cachedEntries).toBe(8)
  const cloud = new SimulatedCloud({ seed: 'spread' })
  cloud.grow(60)
  cloud.world.runFor(60_000)
  for (const { node, ownId } of cloud.members) {
    const { below, above } = node.parts.cache.leafSet(ownId)
    const others = [...node.entries()].map(({ entry }) => entry.id).filter((id) => ![...below, ...above].includes(id))
    expect(others.length).toBeGreaterThanOrEqual(10)
    // No third of the circle is without one.
    for (const third of [0, 1, 2])
      expect(others.some((id) => Math.floor((id.charCodeAt(0) * 3) / 256) === third)).toBe(true)
  }
})

test('N-115: 1,000 IDs from one /24 hold one place on a side of a leaf set and two in a level', () => {
  const simulated = new SimulatedCloud({ seed: 'one prefix', cloud: makeCloud(GLOBAL_CLOUD) })
  simulated.grow(12)
  const random = simulated.world.random('crowd')
  const proven = new Set<PnrpId>()
  for (let index = 0; index < 10; index++) {
    const address = `99.9.9.${index + 1}`
    const interfaces = [{ name: 'eth0', segment: 'crowd', addresses: [`${address}/24`] }]
    const peer = new ScriptedPeer(simulated, address, PORT, { interfaces })
    const { host } = peer.endpoint
    const registrations = new Map<PnrpId, Registration>()
    while (registrations.size < 100) {
      const keyPair = simulated.crypto.signingKeyPair(randomBytes(random, 32))
      const name = makePeerName(authorityOf(simulated.crypto, keyPair.publicKey), '')
      const content = { endpoints: [], comment: '', payload: 'crowd' }
      const registration = drawRegistration({ crypto: simulated.crypto, random }, { name, keyPair, ...content }, host)
      registrations.set(registration.id, registration)
    }
    // Each of the crowd proves what it says of itself, and confirms every flood.
    peer.onHeard = ({ message, from, length, time }) => {
      if (message.type === 'FLOOD' && !message.withoutAck) {
        peer.send({ type: 'ACK', ...peer.replyTo(message, from), notFound: false, cookieNeeded: false }, from)
      }
      if (message.type === 'LOOKUP') peer.answer({ message, from, length, time }, {})
      if (message.type !== 'INQUIRE') return
      const registration = registrations.get(message.validateId)
      const notAfter = simulated.members[0]?.host.ports.clock.utc() ?? 0
      const cpa =
        registration === undefined || message.nonce === undefined
          ? undefined
          : makeCpaAt(simulated, registration, peer.endpoint, { nonce: message.nonce, notAfter: notAfter + 2 * DAY })
      if (cpa !== undefined) proven.add(message.validateId)
      peer.answer({ message, from, length, time }, { notFound: registration === undefined, cpa })
    }
    for (const id of registrations.keys()) {
      for (const { endpoint } of simulated.members) {
        const flood = { type: 'FLOOD', messageId: 1, withoutAck: true, validateId: NO_PNRP_ID } as const
        peer.send({ ...flood, routeEntry: peer.entry(id), alreadyFlooded: [] }, endpoint)
      }
      simulated.world.runFor(100)
    }
  }
  simulated.world.runFor(20_000)
  expect(proven.size).toBeGreaterThan(20)
  for (const { node, ownId } of simulated.members.slice(0, 12)) {
    const { cache } = node.parts
    const isOfCrowd = (id: PnrpId): boolean => {
      const [address] = cache.get(id)?.entry.addresses ?? []
      return address !== undefined && networkPrefix(address) === '99.9.9'
    }
    const { below, above } = cache.leafSet(ownId)
    for (const side of [below, above]) {
      expect(side.filter(isOfCrowd).length).toBeLessThanOrEqual(MOST_PLACES_OF_PREFIX_ON_LEAF_SIDE)
      // The others are not crowded out.
      expect(side.length).toBeGreaterThanOrEqual(5)
    }
    const ids = [...node.entries()].map(({ entry }) => entry.id)
    expect(ids.filter(isOfCrowd).length).toBeLessThanOrEqual(
      2 * MOST_PLACES_OF_PREFIX_ON_LEAF_SIDE + MOST_LEVELS * MOST_PLACES_OF_PREFIX_IN_LEVEL,
    )
  }
})

const DAY = 24 * 3_600_000

/** What a node at that endpoint shows for a registration. */
function makeCpaAt(
  { crypto }: SimulatedCloud,
  { serviceLocation, authority, classifierHash, keyPair, content }: Registration,
  { host, port }: Endpoint,
  { nonce, notAfter }: { nonce: Uint8Array; notAfter: number },
): Uint8Array {
  const { endpoints, comment } = content
  const claim = {
    revoked: false,
    hasPayload: true,
    notAfter,
    serviceLocation,
    nonce,
    authority,
    classifierHash,
    comment,
  }
  const { publicKey, secretKey } = keyPair
  return signCpa(crypto, { ...claim, servicePort: port, serviceAddresses: [host], endpoints, publicKey }, secretKey)
}
