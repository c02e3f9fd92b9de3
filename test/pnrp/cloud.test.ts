import { describe, expect, test } from 'vitest'
import { type Cloud, cloudSealKey, cloudTag, makeCloud, mayUse } from '../../src/pnrp/cloud.ts'
import { Counters } from '../../src/pnrp/counters.ts'
import { DatagramTransport } from '../../src/pnrp/datagram-transport.ts'
import { isInRanges, parseAddressRange } from '../../src/runtime/address-range.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import { type Endpoint, ipAddressBytes } from '../../src/runtime/endpoint.ts'
import { networkPrefix, networkPrefixes } from '../../src/runtime/network-prefix.ts'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { crypto } from '../identity/platform.ts'
import { address, cloudVectors, hex, messageCalled, messageVectors } from './pnrp-vectors.ts'

const HOST: Endpoint = { host: address('203.0.113.7'), port: 3540 }
const lookup = messageCalled('LOOKUP', ' without optional fields')

/** Why a cloud cannot be made, or undefined if it can. */
function problemOf(name: string, options: Parameters<typeof makeCloud>[1] = {}): string | undefined {
  try {
    makeCloud(name, options)
    return undefined
  } catch (error) {
    if (PeerageError.is(error, 'invalid-cloud')) return error.details.problem
    throw error
  }
}

/** One end of a cloud, which keeps what it sends. */
function transportOf(cloud: Cloud): {
  readonly transport: DatagramTransport
  readonly counters: Counters
  readonly sent: Uint8Array[]
} {
  const sent: Uint8Array[] = []
  const counters = new Counters()
  const transport = new DatagramTransport({ cloud, crypto, counters, send: (bytes) => sent.push(bytes) })
  return { transport, counters, sent }
}

/** What one cloud sends as seen by another: the type of the message, or why it was dropped. */
function seenBy(receiver: Cloud, sender: Cloud): string {
  const from = transportOf(sender)
  from.transport.send(lookup, HOST)
  const to = transportOf(receiver)
  const message = to.transport.receive(from.sent[0] ?? new Uint8Array(), HOST)
  return message?.type ?? Object.keys(to.counters.read()).find((name) => name.startsWith('dropped')) ?? 'nothing'
}

describe('names and scopes', () => {
  test.each(cloudVectors.clouds)('N-10, N-11: the tag of $name is $tag', ({ name, scope, tag }) => {
    const cloud = makeCloud(name)
    expect(cloud.scope).toBe(scope)
    expect(toHex(cloudTag(crypto, cloud))).toBe(tag)
  })

  test('N-10: a name has 1 to 256 characters, well-formed and without U+0000', () => {
    for (const name of ['a', 'x'.repeat(256), 'a b', ' a', 'é']) expect(problemOf(name)).toBeUndefined()
    for (const name of ['', 'x'.repeat(257), '\ud800', 'a\0b']) expect(problemOf(name)).toBeDefined()
  })

  test('N-10: names are compared exactly, and what looks like a standard cloud is none', () => {
    for (const name of [
      'Global',
      'GLOBAL_',
      'global_',
      'Global_1',
      'SiteLocal',
      'SiteLocal_',
      'LinkLocal_',
      'linklocal_eth0',
    ]) {
      expect(problemOf(name)).toBeDefined()
    }
    for (const name of ['Globals', 'My Global_', 'Site']) expect(makeCloud(name).scope).toBe('private')
    expect(makeCloud('SiteLocal_2')).toMatchObject({ scope: 'site-local', zone: '2' })
    expect(makeCloud('LinkLocal_eth0')).toMatchObject({ scope: 'link-local', interface: 'eth0' })
    expect(toHex(cloudTag(crypto, makeCloud('a')))).not.toBe(toHex(cloudTag(crypto, makeCloud('A'))))
  })

  test('N-10: only a private cloud lists its ranges', () => {
    expect(problemOf('Global_', { ranges: ['10.0.0.0/8'] })).toBeDefined()
    expect(problemOf('SiteLocal_1', { ranges: [] })).toBeDefined()
    expect(makeCloud('a', { ranges: ['10.0.0.0/8'] }).ranges).toHaveLength(1)
  })
})

describe('tags and seals', () => {
  const secret = new Uint8Array(16).fill(1)

  test('N-11: a datagram of another cloud is dropped, and counted as that', () => {
    expect(seenBy(makeCloud('a'), makeCloud('b'))).toBe('dropped-other-cloud')
    expect(seenBy(makeCloud('a'), makeCloud('Global_'))).toBe('dropped-other-cloud')
    expect(seenBy(makeCloud('a'), makeCloud('a'))).toBe('LOOKUP')
  })

  test('N-11: the tag is looked at before anything behind it', () => {
    const [first] = messageVectors.messages
    const { transport, counters } = transportOf(makeCloud('a'))
    transport.receive(hex((first?.bytes ?? '').slice(0, 40)), HOST)
    expect(counters.read()).toMatchObject({ 'dropped-other-cloud': 1 })
  })

  test.each(cloudVectors.seals)(
    'N-111: a datagram of $name is sealed with $secret',
    ({ name, secret: digits, key, message, sealed }) => {
      const cloud = makeCloud(name, { secret: hex(digits) })
      expect(toHex(cloudSealKey(crypto, cloud) ?? new Uint8Array())).toBe(key)
      const space = message.indexOf(' ')
      const { transport, sent } = transportOf(cloud)
      const [type, rest] = [message.slice(0, space), message.slice(space)]
      if (type !== 'SOLICIT' && type !== 'AUTHORITY') throw new Error(type)
      transport.send(messageCalled(type, rest), HOST)
      expect(sent.map(toHex)).toEqual([sealed])
      expect(transport.receive(hex(sealed), HOST)?.type).toBe(type)
    },
  )

  test('N-111: with any byte changed, or without its seal, a datagram is dropped', () => {
    const cloud = makeCloud('a', { secret })
    const { transport, counters, sent } = transportOf(cloud)
    transport.send(lookup, HOST)
    const bytes = sent[0] ?? new Uint8Array()
    for (let place = 0; place < bytes.length; place++) {
      const changed = new Uint8Array(bytes)
      changed[place] = (changed[place] ?? 0) ^ 1
      expect(transport.receive(changed, HOST)).toBeUndefined()
    }
    for (let length = 0; length < bytes.length; length++) {
      expect(transport.receive(bytes.subarray(0, length), HOST)).toBeUndefined()
    }
    expect(counters.read()['dropped-wrong-seal']).toBeGreaterThan(bytes.length)
  })

  test('N-111: clouds of one name with different secrets, or with none, do not mix', () => {
    const [open, one, other] = [
      makeCloud('a'),
      makeCloud('a', { secret }),
      makeCloud('a', { secret: new Uint8Array(16) }),
    ]
    for (const [receiver, sender] of [
      [one, open],
      [open, one],
      [one, other],
      [other, one],
    ] as const) {
      expect(seenBy(receiver, sender)).toBe('dropped-wrong-seal')
    }
    expect(seenBy(one, one)).toBe('LOOKUP')
  })

  test('N-111: a secret has at least 16 bytes and belongs to private clouds only', () => {
    expect(problemOf('a', { secret: new Uint8Array(15) })).toContain('15')
    expect(problemOf('a', { secret: new Uint8Array(16) })).toBeUndefined()
    for (const name of ['Global_', 'SiteLocal_1', 'LinkLocal_eth0']) {
      expect(problemOf(name, { secret })).toContain('private')
    }
  })

  test('N-111: the key depends on secret and name', () => {
    const key = (name: string, value: Uint8Array): string =>
      toHex(cloudSealKey(crypto, makeCloud(name, { secret: value })) ?? new Uint8Array())
    expect(new Set([key('a', secret), key('b', secret), key('a', new Uint8Array(16))]).size).toBe(3)
  })
})

describe('addresses', () => {
  const tables = Object.entries(cloudVectors.table).map(([name, { may, mayNot }]) => ({ name, may, mayNot }))

  test.each(tables)('N-13: what $name may use', ({ name, may, mayNot }) => {
    const cloud = makeCloud(name)
    expect(may.filter((text) => !mayUse(cloud, address(text)))).toEqual([])
    expect(mayNot.filter((text) => mayUse(cloud, address(text)))).toEqual([])
  })

  test('N-13: a link-local cloud also takes the subnets of its interface', () => {
    const cloud: Cloud = { ...makeCloud('LinkLocal_eth0'), subnets: [parseAddressRange('192.168.7.0/24')] }
    expect(mayUse(cloud, address('192.168.7.20'))).toBe(true)
    expect(mayUse(cloud, address('192.168.8.20'))).toBe(false)
  })

  test('N-13: a private cloud with ranges takes these, and still no multicast', () => {
    const cloud = makeCloud('a', { ranges: ['10.1.0.0/16', '0.0.0.0/0'] })
    expect(mayUse(cloud, address('10.1.2.3'))).toBe(true)
    expect(mayUse(cloud, address('2001:db8::1'))).toBe(false)
    expect(mayUse(cloud, address('224.0.0.1'))).toBe(false)
  })

  test.each(cloudVectors.ranges)('N-13: what is in $range', ({ range, in: inside, out }) => {
    const ranges = [parseAddressRange(range)]
    expect(inside.filter((text) => !isInRanges(ipAddressBytes(address(text)), ranges))).toEqual([])
    expect(out.filter((text) => isInRanges(ipAddressBytes(address(text)), ranges))).toEqual([])
  })

  test.each(cloudVectors.invalidRanges)('N-13: %j is no range', (text) => {
    expect(() => parseAddressRange(text)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })

  test('N-13, N-27: nothing is sent to, or taken from, an address outside the cloud, or a port up to 1024', () => {
    const { transport, counters, sent } = transportOf(makeCloud('Global_'))
    transport.send(lookup, { host: address('10.0.0.1'), port: 3540 })
    expect(sent).toEqual([])
    transport.send(lookup, HOST)
    const [bytes = new Uint8Array()] = sent
    expect(transport.receive(bytes, { host: address('10.0.0.1'), port: 3540 })).toBeUndefined()
    for (const port of [1, 53, 1024]) expect(transport.receive(bytes, { ...HOST, port })).toBeUndefined()
    expect(transport.receive(bytes, { ...HOST, port: 1025 })?.type).toBe('LOOKUP')
    expect(counters.read()).toMatchObject({
      'dropped-unsent-out-of-range': 1,
      'dropped-address-out-of-range': 1,
      'dropped-reserved-port': 3,
    })
  })

  test('the prefix of an address is its /24 or /48, and that of an IPv4 address for addresses that carry one', () => {
    const prefix = (text: string): string => networkPrefix(address(text))
    expect(prefix('203.0.113.7')).toBe(prefix('203.0.113.200'))
    expect(prefix('203.0.113.7')).not.toBe(prefix('203.0.114.7'))
    expect(prefix('2001:db8:1:2::3')).toBe(prefix('2001:db8:1:ffff::4'))
    expect(prefix('2001:db8:1::')).not.toBe(prefix('2001:db8:2::'))
    for (const carrier of ['2002:cb00:7107::1', '64:ff9b::cb00:7107', '::cb00:7107']) {
      expect(prefix(carrier)).toBe(prefix('203.0.113.7'))
    }
    expect(networkPrefixes(['203.0.113.7', '203.0.113.8', '198.51.100.1'].map(address))).toHaveLength(2)
  })
})

describe('what a datagram begins with', () => {
  const lookupBytes = (): Uint8Array => {
    const { transport, sent } = transportOf(makeCloud('Global_'))
    transport.send(lookup, HOST)
    return sent[0] ?? new Uint8Array()
  }
  const outcomeWith = (place: number, value: number): unknown => {
    const { transport, counters } = transportOf(makeCloud('Global_'))
    const bytes = lookupBytes()
    bytes[place] = value
    const message = transport.receive(bytes, HOST)
    return message?.type ?? Object.keys(counters.read()).find((name) => name.startsWith('dropped'))
  }

  test('N-26: another major version, and a type that is not known, are ignored and counted', () => {
    const [major, minor, type, identifier] = [5, 6, 7, 4]
    for (const version of [0, 4, 6, 255]) expect(outcomeWith(major, version)).toBe('dropped-other-version')
    for (const version of [1, 255]) expect(outcomeWith(minor, version)).toBe('LOOKUP')
    for (const unknown of [0, 5, 6, 0x0a, 0x0c, 255]) expect(outcomeWith(type, unknown)).toBe('dropped-unknown-type')
    expect(outcomeWith(identifier, 0x50)).toBe('dropped-malformed')
  })
})
