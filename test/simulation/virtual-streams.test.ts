import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/runtime/bytes.ts'
import { STREAM_WRITE_LIMIT } from '../../src/runtime/streams.ts'
import type { Conditions } from '../../src/simulation/conditions.ts'
import { SimulatedWorld } from '../../src/simulation/simulated-world.ts'
import { DIAL_LIMIT } from '../../src/simulation/stream-dial.ts'
import { STALL_LIMIT, STREAM_WINDOW } from '../../src/simulation/stream-sender.ts'
import { ip, PORT } from './open-socket.ts'
import { dialFrom, listenAt, openPair } from './stream-pair.ts'

function twoHosts(conditions: Conditions = {}, seed = 'streams') {
  const world = new SimulatedWorld({ seed, conditions })
  return { world, ann: world.addHost('ann'), bob: world.addHost('bob') }
}

describe('opening', () => {
  test('takes two round trips at the dialling end, and half a one more at the other', () => {
    const { world, ann, bob } = twoHosts({ latency: 100 })
    const { listener, taken } = listenAt(bob)
    const dialled = dialFrom(ann, listener.local)
    world.runFor(399)
    expect(dialled.end).toBeUndefined()
    world.runFor(1)
    expect(dialled.end).toBeDefined()
    world.runFor(99)
    expect(taken.length).toBe(0)
    world.runFor(1)
    expect(taken.length).toBe(1)
  })

  test('both ends have one channel binding, which the seed decides and no other stream has', () => {
    const bindings = ['a', 'a', 'b'].map((seed) => {
      const { world, ann, bob } = twoHosts({}, seed)
      return [openPair(world, ann, bob), openPair(world, ann, bob), openPair(world, bob, ann)].map(({ near, far }) => {
        expect(toHex(far.stream.channelBinding)).toBe(toHex(near.stream.channelBinding))
        return toHex(near.stream.channelBinding)
      })
    })
    expect(bindings[1]).toEqual(bindings[0])
    expect(new Set([...(bindings[0] ?? []), ...(bindings[2] ?? [])]).size).toBe(6)
  })

  test('a closed port fails after one round trip', () => {
    const { world, ann, bob } = twoHosts({ latency: 50 })
    const dialled = dialFrom(ann, { host: bob.ipv4, port: PORT })
    world.runFor(99)
    expect(dialled.error).toBeUndefined()
    world.runFor(1)
    expect(dialled.error).toMatchObject({
      code: 'connection-failed',
      details: { endpoint: `${bob.ipv4}:${PORT}`, reason: expect.stringContaining('refused') },
    })
  })

  test.each([
    ['an address that nobody has', 'x'],
    ['a host without power', 'down'],
    ['a host behind a partition', 'partition'],
    ['a path that loses everything', 'loss'],
  ])('%s does not answer, and the attempt fails after the limit', (_, what) => {
    const { world, ann, bob } = twoHosts()
    listenAt(bob)
    if (what === 'down') bob.crash()
    if (what === 'partition') world.network.partition(['ann'], ['bob'])
    if (what === 'loss') world.network.set({ loss: 1 })
    const dialled = dialFrom(ann, {
      host: what === 'x' ? ip('20.99.99.99') : (bob.attachment.addresses[0]?.address ?? ann.ipv4),
      port: PORT,
    })
    world.runFor(DIAL_LIMIT - 1)
    expect(dialled.error).toBeUndefined()
    world.runFor(1)
    expect(dialled.error).toMatchObject({ code: 'connection-failed', details: { reason: 'no answer' } })
  })

  test('the zone says on which link a link-local address is meant, also if another interface of the host has the same', () => {
    const world = new SimulatedWorld({ seed: 'zones' })
    const on = (segment: string, ...addresses: string[]) => ({ name: `to ${segment}`, segment, addresses })
    const both = [on('one', '2600:9::1', 'fe80::1'), on('two', 'fe80::2')]
    const ann = world.addHost('ann', { interfaces: both })
    const taken = ['one', 'two'].map((segment) => {
      const ends: string[] = []
      const host = world.addHost(segment, { interfaces: [on(segment, `fe80::${segment === 'one' ? 2 : 1}`)] })
      for (const { address, on } of host.attachment.addresses) {
        const local = { host: address, port: PORT, zone: on.name }
        host.ports.streams.open(local, ({ remote }) => ends.push(remote.host))
      }
      return ends
    })
    const dials = [
      ['fe80::2', 'to one'],
      ['fe80::1', 'to two'],
      ['fe80::2', 'to two'],
      ['fe80::2', undefined],
      ['fe80::3', 'to one'],
    ] as const
    const outcomes = dials.map(([host, zone]) =>
      dialFrom(ann, { host: ip(host), port: PORT, ...(zone !== undefined && { zone }) }),
    )
    world.runFor(1000)
    expect(taken).toEqual([['fe80::1'], ['fe80::2']])
    expect(outcomes.map(({ end, error }) => end?.stream.remote ?? error?.details)).toEqual([
      { host: 'fe80::2', port: PORT },
      { host: 'fe80::1', port: PORT },
      // Its own address, where nobody listens.
      { endpoint: `[fe80::2]:${PORT}`, reason: 'refused: nothing listens there' },
      { endpoint: `[fe80::2]:${PORT}`, reason: 'no route' },
      { endpoint: `[fe80::3]:${PORT}`, reason: 'no route' },
    ])
  })

  test('without a route, and to port 0, it fails at once, but never inside the call', () => {
    const { world, ann, bob } = twoHosts()
    bob.removeAddress(bob.ipv6)
    const noRoute = dialFrom(bob, { host: ann.ipv6, port: PORT })
    const noPort = dialFrom(ann, { host: bob.ipv4, port: 0 })
    expect([noRoute.error, noPort.error]).toEqual([undefined, undefined])
    world.runFor(0)
    for (const { error } of [noRoute, noPort]) {
      expect(error).toMatchObject({ code: 'connection-failed', details: { reason: 'no route' } })
    }
  })

  test('an attempt that a partition interrupts goes on after it', () => {
    const { world, ann, bob } = twoHosts()
    const { listener, taken } = listenAt(bob)
    const dialled = dialFrom(ann, listener.local)
    world.runFor(15)
    world.network.partition(['ann'], ['bob'])
    world.runFor(5000)
    world.network.heal()
    world.runFor(5000)
    expect(dialled.end).toBeDefined()
    expect(taken.length).toBe(1)
  })

  test('an attempt that was given up never tells anything, at whatever moment', () => {
    for (let moment = 0; moment <= 60; moment += 5) {
      const { world, ann, bob } = twoHosts({ latency: 10 })
      const { listener } = listenAt(bob)
      const dialled = dialFrom(ann, listener.local)
      world.runFor(moment)
      dialled.cancel()
      dialled.cancel()
      const known = dialled.end
      expect(known !== undefined).toBe(moment >= 40)
      world.runFor(DIAL_LIMIT)
      expect(dialled.end).toBe(known)
      expect(dialled.error).toBeUndefined()
    }
  })

  test('a listener that closes while a stream opens takes no more: refused early, broken late', () => {
    for (const [moment, refused] of [
      [15, true],
      [35, true],
      [45, false],
    ] as const) {
      const { world, ann, bob } = twoHosts({ latency: 10 })
      const { listener, taken } = listenAt(bob)
      const dialled = dialFrom(ann, listener.local)
      world.runFor(moment)
      listener.close()
      world.runFor(1000)
      expect(taken.length).toBe(0)
      if (moment === 35) expect(dialled.end?.closings ?? ['broken']).toEqual(['broken'])
      else if (refused) expect(dialled.error?.code).toBe('connection-failed')
      else expect(dialled.end?.closings).toEqual(['broken'])
    }
  })
})

describe('NAT and firewall', () => {
  test('a stream goes out through a NAT, which shows its own address, and never in', () => {
    const { world, bob } = twoHosts()
    world.network.addNat({ segment: 'home', address: '198.18.0.7' })
    const amy = world.addHost('amy', { interfaces: [{ name: 'eth0', segment: 'home', addresses: ['10.0.0.1'] }] })
    const { near, far } = openPair(world, amy, bob)
    expect(far.stream.remote.host).toBe('198.18.0.7')
    expect(near.stream.remote).toEqual({ host: bob.ipv4, port: PORT })
    far.send(1000)
    near.send(1000)
    world.runFor(100)
    expect([near.bytesReceived, far.bytesReceived]).toEqual([1000, 1000])
    listenAt(amy)
    const inwards = [dialFrom(bob, far.stream.remote), dialFrom(bob, { host: amy.ipv4, port: PORT })]
    world.runFor(DIAL_LIMIT)
    for (const { error } of inwards) expect(error?.details).toMatchObject({ reason: 'no answer' })
  })

  test('a firewall lets no stream in, and its own host out', () => {
    const { world, bob } = twoHosts()
    const amy = world.addHost('amy', { firewall: true })
    listenAt(amy)
    const inwards = dialFrom(bob, { host: amy.ipv4, port: PORT })
    const { far } = openPair(world, amy, bob)
    world.runFor(DIAL_LIMIT)
    expect(inwards.error?.details).toMatchObject({ reason: 'no answer' })
    expect(far.closings).toEqual([])
  })
})

/** A window is not filled to the last byte, but to the last segment. */
function expectWindows(bytes: number, windows: number): void {
  expect(bytes).toBeLessThanOrEqual(windows * STREAM_WINDOW)
  expect(bytes).toBeGreaterThan(windows * (STREAM_WINDOW - 16_384))
}

describe('speed', () => {
  test('bytes take the latency, and the window bounds how many come in one round trip', () => {
    const { world, ann, bob } = twoHosts({ latency: 100 })
    const { near, far } = openPair(world, ann, bob)
    near.send(3 * STREAM_WINDOW)
    world.runFor(99)
    expect(far.bytesReceived).toBe(0)
    world.runFor(2)
    expectWindows(far.bytesReceived, 1)
    world.runFor(198)
    expectWindows(far.bytesReceived, 1)
    world.runFor(2)
    expectWindows(far.bytesReceived, 2)
    expect(far.problems.concat(near.problems)).toEqual([])
  })

  test('bandwidth bounds the rate and loses nothing', () => {
    const { world, ann, bob } = twoHosts({ latency: 10, bandwidth: 100_000 })
    const { near, far } = openPair(world, ann, bob)
    near.send(1_000_000)
    world.runFor(5000)
    expect(far.bytesReceived).toBeGreaterThan(480_000)
    expect(far.bytesReceived).toBeLessThanOrEqual(500_000)
    world.runFor(5200)
    expect(far.bytesReceived).toBe(1_000_000)
    expect(far.problems).toEqual([])
  })

  test('loss and jitter delay, and nothing is lost, doubled or out of order', () => {
    const { world, ann, bob } = twoHosts({ latency: 10, jitter: 30, loss: 0.2, duplicate: 0.5, reorder: 0.5 })
    const { near, far } = openPair(world, ann, bob)
    const start = world.now
    for (let count = 0; count < 300; count++) {
      near.send(700)
      world.runFor(10)
    }
    world.runUntil(() => far.bytesReceived === 210_000, 60_000)
    expect(world.now - start).toBeGreaterThan(3200)
    expect(far.problems).toEqual([])
  })

  test('a reader that pauses stops its writer at the window and the write limit, and what waits is counted', () => {
    const { world, ann, bob } = twoHosts()
    const { near, far } = openPair(world, ann, bob)
    far.stream.pause()
    near.send(10_000_000)
    world.runFor(60_000)
    expect(far.bytesReceived).toBe(0)
    expect(near.sent).toBeLessThan(STREAM_WINDOW + STREAM_WRITE_LIMIT + 20_000)
    expectWindows(near.sent - near.stream.waiting, 1)
    far.stream.resume()
    world.runUntil(() => far.bytesReceived === 10_000_000, 60_000)
    expect(far.problems.concat(near.problems)).toEqual([])
  })

  test('what a host sends and receives is counted, datagrams and streams together', () => {
    const { world, ann, bob } = twoHosts()
    const { near } = openPair(world, ann, bob)
    near.send(5000)
    world.runFor(100)
    expect(ann.attachment.bytesSent).toBe(5000)
    expect(bob.attachment.bytesReceived).toBe(5000)
  })
})

describe('partitions', () => {
  test('a stream stalls and goes on when the network is back, with nothing lost, doubled or out of order', () => {
    const { world, ann, bob } = twoHosts({ latency: 20, jitter: 10 })
    const { near, far } = openPair(world, ann, bob)
    near.send(2_000_000)
    far.send(2_000_000)
    for (let round = 0; round < 5; round++) {
      world.runFor(33)
      world.network.partition(['ann'], ['bob'])
      const received = [near.bytesReceived, far.bytesReceived]
      world.runFor(5000)
      expect([near.bytesReceived, far.bytesReceived]).toEqual(received)
      world.network.heal()
      world.runFor(3100)
    }
    world.runUntil(() => near.bytesReceived === 2_000_000 && far.bytesReceived === 2_000_000, 10_000)
    expect(near.problems.concat(far.problems)).toEqual([])
    expect(near.closings.concat(far.closings)).toEqual([])
  })

  test('it breaks after the limit at the end that sends; the other one notices when it sends', () => {
    const { world, ann, bob } = twoHosts()
    const { near, far } = openPair(world, ann, bob)
    world.network.partition(['ann'], ['bob'])
    near.send(100)
    world.runFor(STALL_LIMIT - 1)
    expect(near.closings).toEqual([])
    world.runFor(2)
    expect(near.closings).toEqual(['broken'])
    world.network.heal()
    world.runFor(3_600_000)
    expect(far.closings).toEqual([])
    far.send(1)
    world.runFor(100)
    expect(far.closings).toEqual(['broken'])
    expect(far.bytesReceived).toBe(0)
  })

  test('a stream over which nothing goes survives a partition of any length', () => {
    const { world, ann, bob } = twoHosts()
    const { near, far } = openPair(world, ann, bob)
    world.network.partition(['ann'], ['bob'])
    world.runFor(86_400_000)
    world.network.heal()
    near.send(100)
    world.runFor(100)
    expect(far.bytesReceived).toBe(100)
  })

  test('where only the way back is blocked, it breaks as well, though everything arrived', () => {
    const { world, ann, bob } = twoHosts()
    const { near, far } = openPair(world, ann, bob)
    world.network.block(['bob'], ['ann'])
    near.send(100)
    world.runFor(STALL_LIMIT + 100)
    expect(far.bytesReceived).toBe(100)
    expect(near.closings).toEqual(['broken'])
  })

  test('an address that is taken away stalls its streams, and breaks them after the limit', () => {
    const { world, ann, bob } = twoHosts()
    const { near, far } = openPair(world, ann, bob)
    const address = bob.ipv4
    bob.removeAddress(address)
    near.send(100)
    world.runFor(10_000)
    bob.addAddress(address)
    world.runFor(5000)
    expect(far.bytesReceived).toBe(100)
    bob.removeAddress(address)
    near.send(100)
    world.runFor(STALL_LIMIT + 100)
    expect(near.closings).toEqual(['broken'])
  })
})

describe('crashes', () => {
  test('without power the other end hears nothing, stalls when it sends, and is reset when the host is back', () => {
    const { world, ann, bob } = twoHosts()
    const { near, far } = openPair(world, ann, bob)
    const idle = openPair(world, ann, bob).near
    bob.crash()
    near.send(100)
    world.runFor(10_000)
    expect([near.closings, idle.closings]).toEqual([[], []])
    bob.restart()
    world.runFor(5000)
    expect([near.closings, idle.closings]).toEqual([['broken'], []])
    expect([far.closings, far.bytesReceived]).toEqual([[], 0])
  })

  test('a host that stays without power breaks streams after the limit', () => {
    const { world, ann, bob } = twoHosts()
    const { near } = openPair(world, ann, bob)
    bob.crash()
    near.send(100)
    world.runFor(STALL_LIMIT + 100)
    expect(near.closings).toEqual(['broken'])
  })

  test('where only the process is gone, its system resets every stream at once and refuses new ones', () => {
    const { world, ann, bob } = twoHosts()
    const { near, far } = openPair(world, ann, bob)
    bob.crash('process')
    world.runFor(10)
    expect(near.closings).toEqual(['broken'])
    expect(far.closings).toEqual([])
    const dialled = dialFrom(ann, { host: bob.ipv4, port: PORT })
    world.runFor(20)
    expect(dialled.error?.details).toMatchObject({ reason: expect.stringContaining('refused') })
  })

  test('what a host wrote before it ended a stream well is sent by its system, and lost with its power', () => {
    for (const crash of ['process', 'power'] as const) {
      const { world, ann, bob } = twoHosts()
      const { near, far } = openPair(world, ann, bob)
      far.stream.end()
      world.runFor(50)
      near.send(100)
      near.stream.end()
      world.runFor(0)
      expect(near.closings).toEqual(['ended'])
      world.network.partition(['ann'], ['bob'])
      world.runFor(100)
      ann.crash(crash)
      world.runFor(100)
      if (crash === 'power') ann.restart()
      world.network.heal()
      world.runFor(STALL_LIMIT)
      expect(far.bytesReceived).toBe(crash === 'power' ? 0 : 100)
      expect(far.closings).toEqual(crash === 'power' ? [] : ['ended'])
    }
  })

  test('what is written to a host that was restarted in the meantime is refused by a reset, never taken', () => {
    const { world, ann, bob } = twoHosts()
    const { near, far } = openPair(world, ann, bob)
    bob.restart()
    listenAt(bob)
    near.send(100)
    world.runFor(19)
    expect(near.closings).toEqual([])
    world.runFor(1)
    expect(near.closings).toEqual(['broken'])
    expect(far.bytesReceived).toBe(0)
  })
})
