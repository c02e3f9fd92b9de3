import { describe, expect, test } from 'vitest'
import { authorityOf } from '../../src/identity/authority.ts'
import { makePeerName, type PeerName, parsePeerName, UNSECURED_AUTHORITY } from '../../src/identity/peer-name.ts'
import { type ApplicationEndpoint, LONGEST_COMMENT } from '../../src/pnrp/certified-peer-address.ts'
import { Counters } from '../../src/pnrp/counters.ts'
import type { ChainValidator } from '../../src/pnrp/cpa-validation.ts'
import { DatagramTransport } from '../../src/pnrp/datagram-transport.ts'
import { LONGEST_EXTENDED_PAYLOAD } from '../../src/pnrp/extended-payload.ts'
import { makeCpa } from '../../src/pnrp/lookup-answer.ts'
import { type Lookup, NO_NONCE } from '../../src/pnrp/message.ts'
import { nextPnrpId } from '../../src/pnrp/pnrp-id.ts'
import { REFRESH_INTERVAL, type RegistrationRequest } from '../../src/pnrp/publishing.ts'
import type { IpAddress } from '../../src/runtime/endpoint.ts'
import { parseIpAddress } from '../../src/runtime/endpoint.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { type Member, SimulatedCloud } from './simulated-cloud.ts'

const TCP = 6
const UNSECURED = makePeerName(UNSECURED_AUTHORITY, 'printer')

function cloudOf(seed: string): SimulatedCloud {
  return new SimulatedCloud({ seed, conditions: { latency: 10, jitter: 5 } })
}

function memberAt(cloud: SimulatedCloud, index: number): Member {
  const member = cloud.members[index]
  if (member === undefined) throw new RangeError(`there is no member ${index}`)
  return member
}

function address(text: string): IpAddress {
  const parsed = parseIpAddress(text)
  if (parsed === undefined) throw new RangeError(`${text} is no address`)
  return parsed
}

function endpoint(host: string, port: number, protocol = TCP): ApplicationEndpoint {
  return { host: address(host), port, protocol }
}

/** A pair of nodes that know each other. */
function pair(seed: string, chains?: ChainValidator): { cloud: SimulatedCloud; member: Member; other: Member } {
  const cloud = cloudOf(seed)
  const member = cloud.add({ seeds: [], ...(chains === undefined ? {} : { ports: { chains } }) })
  const other = cloud.add({ seeds: [member.endpoint], ports: { browse: () => undefined } })
  cloud.world.runFor(20_000)
  return { cloud, member, other }
}

/** The LOOKUPs of registrations that are sent from now on. */
function recordRegistering(cloud: SimulatedCloud): Lookup[] {
  const lookups: Lookup[] = []
  const transport = new DatagramTransport({ ...cloud, counters: new Counters(), send: () => {} })
  cloud.onSent = ({ member, bytes }) => {
    const message = transport.receive(bytes, member.endpoint)
    if (message?.type === 'LOOKUP' && message.reason === 'registration') lookups.push(message)
  }
  return lookups
}

function codeOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof PeerageError) return error.code
    throw error
  }
  return 'no error'
}

describe('registering', () => {
  test('N-47: takes an unsecured name under any key, a secured one under its own, a delegated one with its chain', () => {
    const chains: ChainValidator = { problem: (chain) => (chain[0] === 1 ? undefined : 'it is not signed') }
    const { cloud, member, other } = pair('owners', chains)
    const owner = member.drawKeyPair()
    const thief = member.drawKeyPair()
    const secured = makePeerName(authorityOf(cloud.crypto, owner.publicKey), 'printer')
    const register = (name: PeerName, more: Partial<RegistrationRequest>) => codeOf(() => member.register(name, more))
    expect(register(UNSECURED, { keyPair: thief })).toBe('no error')
    expect(register(secured, { keyPair: thief })).toBe('name-not-owned')
    expect(register(secured, { keyPair: thief, certificateChain: Uint8Array.of(0) })).toBe('name-not-owned')
    expect(register(secured, { keyPair: thief, certificateChain: Uint8Array.of(1) })).toBe('no error')
    expect(register(secured, { keyPair: owner, endpoints: [endpoint('10.0.0.1', 1)] })).toBe('no error')
    expect(member.ids).toHaveLength(4)
    expect(other.ids).toHaveLength(1)
  })

  test('N-47: refuses what cannot be registered, each with its own error, and leaves no trace', () => {
    const { cloud, member } = pair('refused')
    const owned = member.registerSecured('owned')
    cloud.world.runFor(20_000)
    const many = Array.from({ length: 11 }, (_, index) => endpoint('10.0.0.1', index + 1))
    const refused: readonly (readonly [string, () => unknown])[] = [
      ['invalid-peer-name', () => member.register(parsePeerName('printer'))],
      ['name-not-owned', () => member.register(owned.name, { keyPair: member.drawKeyPair() })],
      ['nothing-to-register', () => member.register(UNSECURED, { endpoints: [] })],
      ['too-many-endpoints', () => member.register(UNSECURED, { endpoints: many })],
      ['invalid-comment', () => member.register(UNSECURED, { comment: 'c'.repeat(LONGEST_COMMENT + 1) })],
      ['payload-too-long', () => member.register(UNSECURED, { payload: new Uint8Array(LONGEST_EXTENDED_PAYLOAD + 1) })],
      ['payload-too-long', () => member.register(UNSECURED, { payload: new Uint8Array(0) })],
      ['already-registered', () => member.register(owned.name, { keyPair: owned.keyPair })],
    ]
    let sent = 0
    cloud.onSent = () => sent++
    const before = { ids: member.ids, pending: member.node.parts.exchange.size }
    for (const [code, register] of refused) expect(codeOf(register)).toBe(code)
    expect({ ids: member.ids, pending: member.node.parts.exchange.size }).toEqual(before)
    expect(sent).toBe(0)
    member.node.addressesChanged([])
    sent = 0
    const endpoints = [endpoint('10.0.0.1', 80)]
    const keyPair = member.drawKeyPair()
    const withoutNetwork = { name: UNSECURED, keyPair, endpoints, comment: '', payload: undefined }
    expect(codeOf(() => member.node.register(withoutNetwork))).toBe('no-network')
    expect(member.ids).toEqual(before.ids)
    expect(sent).toBe(0)
    // And what is enough is taken: ten endpoints, or none beside a payload.
    member.node.addressesChanged(member.addresses)
    expect(codeOf(() => member.register(UNSECURED, { endpoints: many.slice(0, 10) }))).toBe('no error')
    expect(codeOf(() => member.register(UNSECURED, { endpoints: [], payload: 'text' }))).toBe('no error')
  })

  test('N-48: asks for the next ID above with criterion NONE and shows the new entry, and then everybody finds the name', () => {
    const cloud = cloudOf('announced')
    cloud.grow(20)
    const lookups = recordRegistering(cloud)
    const member = memberAt(cloud, 11)
    const keyPair = member.drawKeyPair()
    const name = makePeerName(authorityOf(cloud.crypto, keyPair.publicKey), 'printer')
    const content = { endpoints: [endpoint('192.0.2.7', 631)], comment: '', payload: undefined }
    let isAnnounced = false
    const registration = member.node.register({ name, keyPair, ...content }, () => {
      isAnnounced = true
    })
    expect(isAnnounced).toBe(false)
    cloud.world.runUntil(() => isAnnounced, 10_000)
    expect(lookups.length).toBeGreaterThan(0)
    for (const lookup of lookups) {
      expect(lookup).toMatchObject({ target: nextPnrpId(registration.id), criterion: 'none' })
      expect(lookup.bestMatch).toEqual(member.node.parts.own.entryOf(registration.id))
    }
    // At this very instant.
    const results = cloud.members.map((from) => cloud.resolve(from, name))
    expect(results.map((found) => found.map(({ id }) => id))).toEqual(cloud.members.map(() => [registration.id]))
  })
})

describe('what is registered', () => {
  test('N-49: endpoints of both families, any port and any protocol come back in the order given', () => {
    const { cloud, member, other } = pair('endpoints')
    const endpoints = [
      endpoint('2001:db8::7', 65_535, 17),
      endpoint('192.0.2.7', 1, 6),
      endpoint('192.0.2.7', 1024, 132),
      endpoint('fe80::1', 80, 255),
      endpoint('10.0.0.1', 443, 0),
    ]
    const { name } = member.registerSecured('printer', { endpoints })
    cloud.world.runFor(2000)
    expect(cloud.resolve(other, name).map((found) => found.endpoints)).toEqual([endpoints])
  })

  test.each([
    ['of the longest characters', '\u{FFFD}'.repeat(LONGEST_COMMENT)],
    ['with surrogates', `${'\u{1F5A8}'.repeat(19)}x`],
    ['with controls and spaces', ' a\0b\r\n '],
    ['of one character', 'x'],
  ])('N-50: a comment %s comes back unchanged', (_, comment) => {
    const { cloud, member, other } = pair(`comment ${comment.length}`)
    const { name } = member.registerSecured('printer', { comment })
    cloud.world.runFor(2000)
    expect(cloud.resolve(other, name).map((found) => found.comment)).toEqual([comment])
  })

  test('N-50: an empty comment is no field, and half of a surrogate pair is refused like the 40th character', () => {
    const { cloud, member, other } = pair('no comment')
    const registration = member.registerSecured('printer')
    const lengthWith = (comment: string): number => {
      registration.content = { ...registration.content, comment }
      const asked = { nonce: NO_NONCE, notAfter: 1e12, revoked: false }
      return makeCpa(member.node.parts, registration, asked).length
    }
    // A length of two bytes, and the character.
    expect(lengthWith('x') - lengthWith('')).toBe(3)
    cloud.world.runFor(2000)
    expect(cloud.resolve(other, registration.name).map((found) => found.comment)).toEqual([''])
    for (const comment of ['x'.repeat(LONGEST_COMMENT + 1), '\u{1F5A8}'.repeat(20), '\uD83D']) {
      expect(codeOf(() => member.registerSecured('other', { comment }))).toBe('invalid-comment')
      expect(codeOf(() => member.node.update(registration, { ...registration.content, comment }))).toBe(
        'invalid-comment',
      )
    }
  })

  test('N-51: an update keeps the ID, is told to nobody, and is seen by the next resolve', () => {
    const { cloud, member, other } = pair('update')
    const registration = member.registerSecured('printer', { comment: 'before' })
    cloud.world.runFor(2000)
    const content = { endpoints: [endpoint('192.0.2.8', 8080)], comment: 'after', payload: 'paper is out' }
    let sent = 0
    cloud.onSent = () => sent++
    member.node.update(registration, content)
    expect(sent).toBe(0)
    const [found] = cloud.resolve(other, registration.name)
    expect(found).toMatchObject({ id: registration.id, ...content })
    // What is wrong changes nothing.
    const wrong = { endpoints: [], comment: 'wrong', payload: undefined }
    expect(codeOf(() => member.node.update(registration, wrong))).toBe('nothing-to-register')
    expect(cloud.resolve(other, registration.name)[0]).toMatchObject(content)
  })

  test('N-51: is announced again once a day', () => {
    const { cloud, member } = pair('refresh')
    const registration = member.registerSecured('printer')
    cloud.world.runFor(60_000)
    const lookups = recordRegistering(cloud)
    cloud.world.runFor(REFRESH_INTERVAL - 120_000)
    expect(lookups).toEqual([])
    cloud.world.runFor(60_000)
    const targets = new Set(
      lookups.filter(({ bestMatch }) => bestMatch?.id === registration.id).map(({ target }) => target),
    )
    expect(targets).toEqual(new Set([nextPnrpId(registration.id)]))
  })
})
