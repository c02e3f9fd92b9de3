import { describe, expect, test } from 'vitest'
import { formatEndpoint } from '../../src/runtime/endpoint.ts'
import { DEFAULT_GATEWAY_TIMEOUT } from '../../src/simulation/gateways.ts'
import { SimulatedWorld } from '../../src/simulation/simulated-world.ts'
import { ip, openSocket } from './open-socket.ts'

const NAT_ADDRESS = '198.18.0.7'

/** Ann and Amy behind a NAT, Bob and Eve outside. */
function withNat(timeout?: number) {
  const world = new SimulatedWorld({ seed: 'nat' })
  world.network.addNat({ segment: 'home', address: NAT_ADDRESS, ...(timeout !== undefined && { timeout }) })
  const inside = (name: string, addresses: string[]) =>
    world.addHost(name, { interfaces: [{ name: 'wlan0', segment: 'home', addresses }] })
  const ann = openSocket(inside('ann', ['192.168.1.10', '2600:ffff:1::10']))
  const amy = openSocket(inside('amy', ['192.168.1.11']))
  const bob = openSocket(world.addHost('bob'))
  const eve = openSocket(world.addHost('eve'))
  /** Where ann is seen from, after she has sent to Bob. */
  const showAnn = () => {
    ann.send(0, bob.local)
    world.runFor(20)
    const port = Number(bob.arrivals.at(-1)?.from.split(':').at(-1))
    return { host: ip(NAT_ADDRESS), port }
  }
  return { world, ann, amy, bob, eve, showAnn }
}

describe('NAT', () => {
  test('what comes from inside seems to come from the NAT, from one port for each socket', () => {
    const { world, ann, amy, bob, eve } = withNat()
    ann.send(1, bob.local)
    ann.send(2, eve.local)
    amy.send(3, bob.local)
    const second = openSocket(world.host('ann'), undefined, 4000)
    second.send(4, bob.local)
    world.runFor(20)
    const froms = [...bob.arrivals, ...eve.arrivals].sort((one, other) => one.number - other.number)
    expect(froms.map(({ from }) => from.startsWith(`${NAT_ADDRESS}:`))).toEqual([true, true, true, true])
    const [toBob, toEve, ofAmy, ofSecond] = froms.map(({ from }) => from)
    // The mapping does not depend on who is addressed (RFC 4787, endpoint-independent mapping).
    expect(toEve).toBe(toBob)
    expect(new Set([toBob, ofAmy, ofSecond]).size).toBe(3)
    expect(toBob).not.toBe(`${NAT_ADDRESS}:${ann.local.port}`)
  })

  test('an answer from where something was sent is let in', () => {
    const { world, ann, bob, showAnn } = withNat()
    bob.send(5, showAnn())
    world.runFor(20)
    expect(ann.arrivals).toMatchObject([{ number: 5, from: formatEndpoint(bob.local) }])
  })

  test('whoever was not sent to is not let in, not even from another port of the same host', () => {
    const { world, ann, bob, eve, showAnn } = withNat()
    const seen = showAnn()
    eve.send(1, seen)
    const other = openSocket(world.host('bob'), undefined, 9999)
    other.send(2, seen)
    world.runFor(20)
    expect(ann.numbers()).toEqual([])
    expect(world.network.fates.filtered).toBe(2)
    bob.send(3, seen)
    world.runFor(20)
    expect(ann.numbers()).toEqual([3])
  })

  test('a port that stands for nobody lets nothing in, and private addresses are reached from nowhere', () => {
    const { world, ann, bob } = withNat()
    bob.send(1, { host: ip(NAT_ADDRESS), port: 5000 })
    bob.send(2, ann.local)
    world.runFor(20)
    expect(ann.numbers()).toEqual([])
    expect(world.network.fates).toMatchObject({ filtered: 1, 'no-host': 1 })
  })

  test('answers are let in for two minutes after something was sent, and sending again begins them anew', () => {
    const { world, ann, bob, showAnn } = withNat()
    const seen = showAnn()
    world.runFor(DEFAULT_GATEWAY_TIMEOUT - 100)
    expect(showAnn()).toEqual(seen)
    world.runFor(DEFAULT_GATEWAY_TIMEOUT - 100)
    bob.send(1, seen)
    world.runFor(50)
    bob.send(2, seen)
    world.runFor(50)
    bob.send(3, seen)
    world.runFor(50)
    // What comes in does not begin them anew.
    expect(ann.numbers()).toEqual([1, 2])
    expect(world.network.fates.filtered).toBe(1)
  })

  test('a mapping that has expired is replaced by one with another port, and the old port is closed', () => {
    const { world, ann, bob, showAnn } = withNat(1000)
    const seen = showAnn()
    world.runFor(1001)
    const later = showAnn()
    expect(later.port).not.toBe(seen.port)
    bob.send(1, seen)
    bob.send(2, later)
    world.runFor(20)
    expect(ann.numbers()).toEqual([2])
  })

  test('hosts behind the NAT reach each other directly', () => {
    const { world, ann, amy } = withNat()
    amy.send(1, ann.local)
    world.runFor(20)
    expect(ann.arrivals).toMatchObject([{ number: 1, from: formatEndpoint(amy.local) }])
  })

  test('hosts behind the NAT reach each other by their public ports, once both have sent there', () => {
    const { world, ann, amy, bob, showAnn } = withNat()
    const seenAnn = showAnn()
    amy.send(0, bob.local)
    world.runFor(20)
    const seenAmy = { host: ip(NAT_ADDRESS), port: Number(bob.arrivals.at(-1)?.from.split(':').at(-1)) }
    ann.send(1, seenAmy)
    world.runFor(20)
    expect(amy.numbers()).toEqual([])
    amy.send(2, seenAnn)
    ann.send(3, seenAmy)
    world.runFor(20)
    expect(ann.arrivals).toMatchObject([{ number: 2, from: formatEndpoint(seenAmy) }])
    expect(amy.arrivals).toMatchObject([{ number: 3, from: formatEndpoint(seenAnn) }])
  })

  test('two hosts behind two NATs reach each other once both have sent: the first datagram opens the way back', () => {
    const { world, ann, bob, showAnn } = withNat()
    world.network.addNat({ segment: 'office', address: '198.18.0.8' })
    const joe = openSocket(
      world.addHost('joe', { interfaces: [{ name: 'eth0', segment: 'office', addresses: ['192.168.1.10'] }] }),
    )
    const seenAnn = showAnn()
    joe.send(0, bob.local)
    world.runFor(20)
    const seenJoe = { host: ip('198.18.0.8'), port: Number(bob.arrivals.at(-1)?.from.split(':').at(-1)) }
    ann.send(1, seenJoe)
    world.runFor(20)
    joe.send(2, seenAnn)
    world.runFor(20)
    ann.send(3, seenJoe)
    world.runFor(20)
    expect(joe.numbers()).toEqual([3])
    expect(ann.numbers()).toEqual([2])
  })

  test('partitions and conditions are those of the hosts, not of the NAT', () => {
    const { world, ann, amy, bob, showAnn } = withNat()
    const seen = showAnn()
    world.network.partition(['ann'], ['bob'])
    bob.send(1, seen)
    ann.send(2, bob.local)
    amy.send(3, bob.local)
    world.runFor(20)
    expect(ann.numbers()).toEqual([])
    expect(bob.numbers()).toEqual([0, 3])
    world.network.heal()
    world.network.setFromTo(['bob'], ['ann'], { latency: 400 })
    bob.send(4, seen)
    world.runFor(399)
    expect(ann.numbers()).toEqual([])
    world.runFor(1)
    expect(ann.numbers()).toEqual([4])
  })

  test('IPv6 is routed past the NAT, in both directions', () => {
    const { world } = withNat()
    const ann = openSocket(world.host('ann'), ip('2600:ffff:1::10'))
    const bob = openSocket(world.host('bob'), world.host('bob').ipv6)
    bob.send(1, ann.local)
    ann.send(2, bob.local)
    world.runFor(20)
    expect(ann.numbers()).toEqual([1])
    expect(bob.arrivals).toMatchObject([{ number: 2, from: formatEndpoint(ann.local) }])
  })

  test('a second NAT on a segment, and an address that is not routed or taken, are programming errors', () => {
    const { world } = withNat()
    expect(() => world.network.addNat({ segment: 'home', address: '198.18.0.9' })).toThrow(RangeError)
    expect(() => world.network.addNat({ segment: 'other', address: '10.0.0.1' })).toThrow(RangeError)
    expect(() => world.network.addNat({ segment: 'other', address: '2600::7' })).toThrow(RangeError)
    expect(() => world.network.addNat({ segment: 'other', address: world.host('bob').ipv4 })).toThrow(RangeError)
    expect(() => world.network.addNat({ segment: 'other', address: '198.18.0.9', timeout: 0 })).toThrow(RangeError)
  })
})

describe('firewall', () => {
  test('a host behind one is reached only by whom it has sent to, under its own address, for two minutes', () => {
    const world = new SimulatedWorld({ seed: 'firewall' })
    const ann = openSocket(world.addHost('ann', { firewall: true }))
    const bob = openSocket(world.addHost('bob'))
    const eve = openSocket(world.addHost('eve'))
    bob.send(1, ann.local)
    world.runFor(20)
    ann.send(2, bob.local)
    world.runFor(20)
    bob.send(3, ann.local)
    eve.send(4, ann.local)
    world.runFor(20)
    expect(bob.arrivals).toMatchObject([{ number: 2, from: formatEndpoint(ann.local) }])
    expect(ann.numbers()).toEqual([3])
    world.runFor(DEFAULT_GATEWAY_TIMEOUT)
    bob.send(5, ann.local)
    world.runFor(20)
    expect(ann.numbers()).toEqual([3])
    expect(world.network.fates.filtered).toBe(3)
  })

  test('it does not keep a host from itself', () => {
    const world = new SimulatedWorld({ seed: 'firewall' })
    const ann = openSocket(world.addHost('ann', { firewall: true }))
    ann.send(1, ann.local)
    world.runFor(20)
    expect(ann.numbers()).toEqual([1])
  })
})
