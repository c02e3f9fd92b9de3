import { describe, expect, test } from 'vitest'
import { expectCode } from '../../src/runtime/acceptance/acceptance.ts'
import { formatEndpoint, type IpAddress } from '../../src/runtime/endpoint.ts'
import { MOST_PLANNED_HOSTS, plannedAddresses, scopeOf } from '../../src/simulation/address-plan.ts'
import { SimulatedWorld } from '../../src/simulation/simulated-world.ts'
import { ip, openSocket, PORT } from './open-socket.ts'

function onSegment(segment: string, ...addresses: string[]) {
  return { interfaces: [{ name: 'eth0', segment, addresses }] }
}

describe('addresses that hosts get by themselves', () => {
  test('are routed, canonical, and each in a /24 or a /48 of its own', () => {
    const prefixes = new Set<string>()
    const hosts = [0, 1, 255, 256, 65_535, 65_536, 65_537, 1_000_000, MOST_PLANNED_HOSTS - 1]
    for (const host of hosts) {
      const [ipv4, ipv6] = plannedAddresses(host)
      if (ipv4 === undefined || ipv6 === undefined) throw new Error('a host has two addresses')
      expect(scopeOf(ipv4.address)).toBe('everywhere')
      expect(scopeOf(ipv6.address)).toBe('everywhere')
      prefixes.add(ipv4.address.slice(0, ipv4.address.lastIndexOf('.')))
      prefixes.add(ipv6.address.slice(0, ipv6.address.lastIndexOf('::')))
    }
    expect(prefixes.size).toBe(2 * hosts.length)
    expect(() => plannedAddresses(MOST_PLANNED_HOSTS)).toThrow(RangeError)
  })

  test.each([
    ['127.0.0.1', 'host'],
    ['::1', 'host'],
    ['169.254.7.7', 'segment'],
    ['fe80::1', 'segment'],
    ['febf::1', 'segment'],
    ['10.1.2.3', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.0.1', 'private'],
    ['fd00::1', 'private'],
    ['fc00::1', 'private'],
    ['172.32.0.1', 'everywhere'],
    ['192.169.0.1', 'everywhere'],
    ['fec0::1', 'everywhere'],
    ['2001:db8::1', 'everywhere'],
    ['0.0.0.0', 'none'],
    ['::', 'none'],
    ['::2', 'none'],
    ['224.0.0.251', 'none'],
    ['255.255.255.255', 'none'],
    ['ff02::fb', 'none'],
  ])('%s reaches: %s', (address, scope) => {
    expect(scopeOf(ip(address))).toBe(scope)
  })
})

describe('segments', () => {
  test('hosts of one segment reach each other at every kind of address, hosts of two only at routed ones', () => {
    const addresses = (digit: number) => [`10.0.0.${digit}`, `169.254.0.${digit}`, `fe80::${digit}`, `2600:1::${digit}`]
    const world = new SimulatedWorld({ seed: 'segments' })
    const ann = world.addHost('ann', onSegment('one', ...addresses(1)))
    const bob = world.addHost('bob', onSegment('one', ...addresses(2)))
    const eve = world.addHost('eve', onSegment('two', ...addresses(3)))
    for (const index of [0, 1, 2, 3]) {
      const at = (host: typeof ann) => openSocket(host, host.attachment.addresses[index]?.address)
      const [fromAnn, atBob, atEve] = [at(ann), at(bob), at(eve)]
      fromAnn.send(1, atBob.local)
      fromAnn.send(2, atEve.local)
      world.runFor(20)
      expect(atBob.numbers()).toEqual([1])
      expect(atEve.numbers()).toEqual(index === 3 ? [2] : [])
    }
  })

  test('two segments can have the same addresses, and what comes in on one never shows on the other', () => {
    const world = new SimulatedWorld({ seed: 'segments' })
    const ann = world.addHost('ann', {
      interfaces: [
        { name: 'eth0', segment: 'one', addresses: ['fe80::1', '192.168.1.1'] },
        { name: 'eth1', segment: 'two', addresses: ['fe80::1', '192.168.1.1'] },
      ],
    })
    const bobs = ['one', 'two'].map((segment) =>
      openSocket(world.addHost(segment, onSegment(segment, 'fe80::2')), ip('fe80::2')),
    )
    const received = new Map<string, number[]>()
    for (const zone of ['eth0', 'eth1']) {
      const numbers: number[] = []
      received.set(zone, numbers)
      const socket = ann.ports.datagrams.open(
        { host: ip('fe80::1'), port: PORT, zone },
        { received: (bytes) => numbers.push(bytes[3] ?? 0) },
      )
      expect(socket.local).toEqual({ host: 'fe80::1', port: PORT })
      socket.send(Uint8Array.of(0, 0, 0, zone === 'eth0' ? 10 : 20), { host: ip('fe80::2'), port: PORT })
    }
    for (const [index, bob] of bobs.entries()) bob.send(index + 1, { host: ip('fe80::1'), port: PORT })
    world.runFor(20)
    expect(bobs.map((bob) => bob.numbers())).toEqual([[10], [20]])
    expect(Object.fromEntries(received)).toEqual({ eth0: [1], eth1: [2] })
  })

  test('without a route a datagram is refused, to an address that nobody has it is lost', () => {
    const world = new SimulatedWorld({ seed: 'segments' })
    const ann = openSocket(world.addHost('ann', onSegment('one', '10.0.0.1')))
    const bob = openSocket(world.addHost('bob'))
    ann.send(1, bob.local)
    ann.send(2, { host: world.host('bob').ipv6, port: PORT })
    bob.send(3, { host: ip('10.0.0.1'), port: PORT })
    bob.send(4, { host: world.host('ann').ipv4, port: 0 })
    expect(ann.socket.refused).toBe(2)
    expect(bob.socket.refused).toBe(1)
    expect(world.network.fates).toMatchObject({ 'no-route': 3, 'no-host': 1 })
  })

  test('a socket of one family sends nothing to the other, routed or on a segment', () => {
    const world = new SimulatedWorld({ seed: 'segments' })
    const ann = world.addHost('ann', onSegment('one', '20.200.0.1', '2600:200::1'))
    const bob = world.addHost('bob', onSegment('one', '20.200.0.2', '2600:200::2'))
    const eve = world.addHost('eve')
    const sockets = [ann.ipv4, ann.ipv6].map((address) => openSocket(ann, address))
    const receivers = [bob, eve].map((host) => [openSocket(host, host.ipv4), openSocket(host, host.ipv6)])
    for (const socket of sockets) for (const receiver of receivers.flat()) socket.send(1, receiver.local)
    world.runFor(20)
    expect(sockets.map(({ socket }) => socket.refused)).toEqual([2, 2])
    expect(receivers.flat().map((one) => one.arrivals.length)).toEqual([1, 1, 1, 1])
  })

  test('an address that is taken, malformed or for no interface is a programming error', () => {
    const world = new SimulatedWorld({ seed: 'segments' })
    world.addHost('ann', onSegment('one', '10.0.0.1', '20.9.9.9'))
    expect(() => world.addHost('b', onSegment('one', '10.0.0.1'))).toThrow(RangeError)
    expect(() => world.addHost('c', onSegment('two', '20.9.9.9'))).toThrow(RangeError)
    for (const text of [
      '127.0.0.1',
      '224.0.0.1',
      '0.0.0.0',
      'ff02::1',
      'x',
      '10.0.0.1/33',
      '10.0.0.1/24/24',
      '::2/129',
    ]) {
      expect(() => world.addHost(`host of ${text}`, onSegment('three', text))).toThrow(RangeError)
    }
    world.addHost('d', onSegment('two', '10.0.0.1'))
  })
})

describe('changing addresses', () => {
  test('a socket hears nothing while its address is gone, and goes on when it comes back', () => {
    const world = new SimulatedWorld({ seed: 'addresses' })
    const host = world.addHost('ann')
    const ann = openSocket(host)
    const bob = openSocket(world.addHost('bob'))
    const { ipv4 } = host
    bob.send(1, ann.local)
    host.removeAddress(ipv4)
    ann.send(2, bob.local)
    bob.send(3, ann.local)
    world.runFor(20)
    expect(ann.socket.refused).toBe(1)
    host.addAddress(ipv4)
    bob.send(4, ann.local)
    ann.send(5, bob.local)
    world.runFor(20)
    expect(ann.numbers()).toEqual([4])
    expect(bob.numbers()).toEqual([5])
  })

  test('an address can move to another host, and what was under way does not follow it', () => {
    const world = new SimulatedWorld({ seed: 'addresses' })
    const ann = world.addHost('ann')
    const amy = world.addHost('amy', { interfaces: [] })
    const bob = openSocket(world.addHost('bob'))
    const moving: IpAddress = ann.ipv4
    const before = openSocket(ann)
    bob.send(1, before.local)
    ann.removeAddress(moving)
    amy.addAddress(moving)
    const after = openSocket(amy)
    bob.send(2, after.local)
    world.runFor(20)
    expect(before.numbers()).toEqual([])
    expect(after.numbers()).toEqual([2])
  })

  test('the list and those who watch it follow; a new interface comes with its first address', () => {
    const world = new SimulatedWorld({ seed: 'addresses' })
    const ann = world.addHost('ann', onSegment('one', '10.0.0.1/8', 'fe80::1'))
    const { networkInterfaces } = ann.ports
    const seen: string[] = []
    networkInterfaces.watch(() =>
      seen.push(
        networkInterfaces
          .list()
          .map((one) => `${one.interface} ${one.address}/${one.prefixLength}`)
          .join(),
      ),
    )
    expect(
      networkInterfaces
        .list()
        .filter(({ loopback }) => loopback)
        .map(({ address }) => address),
    ).toEqual(['127.0.0.1', '::1'])
    ann.removeAddress('10.0.0.1')
    ann.addAddress('10.0.0.2/8')
    world.runFor(0)
    ann.addAddress('20.1.1.1', 'wwan0')
    world.runFor(0)
    const lo = 'lo 127.0.0.1/8,lo ::1/128'
    expect(seen).toEqual([
      `${lo},eth0 fe80::1/64,eth0 10.0.0.2/8`,
      `${lo},eth0 fe80::1/64,eth0 10.0.0.2/8`,
      `${lo},eth0 fe80::1/64,eth0 10.0.0.2/8,wwan0 20.1.1.1/24`,
    ])
    expect(() => ann.removeAddress('10.0.0.1')).toThrow(RangeError)
    expect(() => ann.addAddress('10.0.0.2')).toThrow(RangeError)
  })
})

describe('loopback and unspecified addresses', () => {
  test('loopback reaches the same host only', () => {
    const world = new SimulatedWorld({ seed: 'loopback' })
    const [ann, bob] = ['ann', 'bob'].map((name) => openSocket(world.addHost(name), ip('127.0.0.1')))
    const other = openSocket(world.host('ann'), ip('127.0.0.1'), 4000)
    other.send(1, { host: ip('127.0.0.1'), port: PORT })
    const routed = openSocket(world.host('ann'))
    other.send(2, { host: world.host('bob').ipv4, port: PORT })
    other.send(3, routed.local)
    world.runFor(20)
    expect(ann?.arrivals).toMatchObject([{ number: 1, from: '127.0.0.1:4000' }])
    expect(bob?.numbers()).toEqual([])
    expect(routed.numbers()).toEqual([3])
    expect(other.socket.refused).toBe(1)
  })

  test('a socket on the unspecified address takes what comes to any of its family, and answers from one', () => {
    const world = new SimulatedWorld({ seed: 'unspecified' })
    const host = world.addHost('ann')
    const ann = openSocket(host, ip('0.0.0.0'))
    const bob = openSocket(world.addHost('bob'))
    const own = openSocket(host, ip('127.0.0.1'), 4000)
    bob.send(1, { host: host.ipv4, port: PORT })
    own.send(2, { host: ip('127.0.0.1'), port: PORT })
    openSocket(world.host('bob'), world.host('bob').ipv6).send(3, { host: host.ipv6, port: PORT })
    world.runFor(20)
    expect(ann.numbers()).toEqual([2, 1])
    ann.send(4, bob.local)
    ann.send(5, own.local)
    ann.send(6, { host: world.host('bob').ipv6, port: PORT })
    world.runFor(20)
    expect(bob.arrivals).toMatchObject([{ number: 4, from: `${host.ipv4}:${PORT}` }])
    expect(own.arrivals).toMatchObject([{ number: 5, from: `127.0.0.1:${PORT}` }])
    expect(ann.socket.refused).toBe(1)
    expect(world.network.fates['no-socket']).toBe(1)
  })

  test('it shares its port with no other socket of the family', () => {
    const world = new SimulatedWorld({ seed: 'unspecified' })
    const host = world.addHost('ann')
    const exact = openSocket(host)
    const error = expectCode('port-in-use', () => openSocket(host, ip('0.0.0.0')), 'every address')
    expect(error.details.endpoint).toBe(`0.0.0.0:${PORT}`)
    openSocket(host, ip('::'))
    expectCode('port-in-use', () => openSocket(host, host.ipv6), 'one address')
    expectCode('port-in-use', () => openSocket(host), formatEndpoint(exact.local))
    exact.socket.close()
    openSocket(host, ip('0.0.0.0'))
    expectCode('port-in-use', () => openSocket(host), formatEndpoint(exact.local))
    expectCode('address-not-available', () => openSocket(host, ip('224.0.0.251')), 'multicast')
  })
})
