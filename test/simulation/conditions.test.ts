import { describe, expect, test } from 'vitest'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import type { Conditions } from '../../src/simulation/conditions.ts'
import { SimulatedWorld } from '../../src/simulation/simulated-world.ts'
import { LOOPBACK_DELAY, QUEUE_LIMIT } from '../../src/simulation/virtual-network.ts'
import { openSocket } from './open-socket.ts'

/** So many datagrams that shares are exact to a few hundredths. */
const MANY = 20_000
/** A share that is further off than this many standard deviations is wrong. */
const DEVIATIONS = 8

function twoHosts(conditions: Conditions) {
  const world = new SimulatedWorld({ seed: 'conditions', conditions, checks: false })
  const ann = openSocket(world.addHost('ann'))
  const bob = openSocket(world.addHost('bob'))
  return { world, ann, bob }
}

function sendMany({ ann, bob, world }: ReturnType<typeof twoHosts>): void {
  for (let number = 0; number < MANY; number++) ann.send(number, bob.local)
  world.runFor(10_000)
}

function expectShare(count: number, share: number): void {
  const deviation = Math.sqrt(MANY * share * (1 - share))
  expect(Math.abs(count - MANY * share)).toBeLessThan(DEVIATIONS * deviation)
}

describe('latency and jitter', () => {
  test('a datagram takes exactly the latency, 10 ms unless told otherwise', () => {
    const { world, ann, bob } = twoHosts({})
    ann.send(1, bob.local)
    world.runFor(20)
    world.network.set({ latency: '1.5s' })
    ann.send(2, bob.local)
    world.runFor(1500)
    expect(bob.arrivals.map(({ time }) => time)).toEqual([10, 1520])
  })

  test('latency below a millisecond, and none, are kept, and nothing arrives inside the call that sent it', () => {
    const { world, ann, bob } = twoHosts({ latency: 0.25 })
    ann.send(1, bob.local)
    world.runFor(0.5)
    world.network.set({ latency: 0 })
    ann.send(2, bob.local)
    expect(bob.numbers()).toEqual([1])
    world.runFor(0)
    expect(bob.arrivals.map(({ time }) => time)).toEqual([0.25, 0.5])
  })

  test('jitter adds up to its value, evenly, and lets datagrams overtake each other', () => {
    const hosts = twoHosts({ latency: 20, jitter: 8 })
    sendMany(hosts)
    const times = hosts.bob.arrivals.map(({ time }) => time)
    expect(times.length).toBe(MANY)
    expect(Math.min(...times)).toBeGreaterThanOrEqual(20)
    expect(Math.max(...times)).toBeLessThanOrEqual(28)
    expectShare(times.filter((time) => time < 22).length, 1 / 4)
    expectShare(times.filter((time) => time < 26).length, 3 / 4)
    expect(hosts.bob.numbers()).not.toEqual(hosts.bob.numbers().sort((one, other) => one - other))
  })

  test('without jitter nothing overtakes anything', () => {
    const hosts = twoHosts({})
    sendMany(hosts)
    expect(hosts.bob.numbers()).toEqual(Array.from({ length: MANY }, (_, number) => number))
  })
})

describe('loss, duplication, reordering', () => {
  test.each([0.01, 0.05, 0.5])('a share of %d is lost', (loss) => {
    const hosts = twoHosts({ loss })
    sendMany(hosts)
    expectShare(MANY - hosts.bob.arrivals.length, loss)
    expect(hosts.world.network.fates).toMatchObject({
      lost: MANY - hosts.bob.arrivals.length,
      delivered: hosts.bob.arrivals.length,
    })
  })

  test('a loss of 1 loses everything, one of 0 nothing', () => {
    const hosts = twoHosts({ loss: 1 })
    sendMany(hosts)
    expect(hosts.bob.arrivals.length).toBe(0)
    hosts.world.network.set({ loss: 0 })
    sendMany(hosts)
    expect(hosts.bob.arrivals.length).toBe(MANY)
  })

  test('losses come one by one: what follows a lost datagram is lost as often as any', () => {
    const hosts = twoHosts({ loss: 0.2 })
    sendMany(hosts)
    const arrived = new Set(hosts.bob.numbers())
    const pairs = Array.from({ length: MANY - 1 }, (_, number) => number).filter(
      (number) => !arrived.has(number) && !arrived.has(number + 1),
    )
    expectShare(pairs.length, 0.04)
  })

  test('a share arrives twice, with the same bytes', () => {
    const hosts = twoHosts({ duplicate: 0.1, jitter: 5 })
    sendMany(hosts)
    const times = new Map<number, number>()
    for (const number of hosts.bob.numbers()) times.set(number, (times.get(number) ?? 0) + 1)
    expect(times.size).toBe(MANY)
    expect(Math.max(...times.values())).toBe(2)
    expectShare([...times.values()].filter((count) => count === 2).length, 0.1)
  })

  test('a share is held back until what was sent a latency later has overtaken it', () => {
    const { world, ann, bob } = twoHosts({ latency: 10, reorder: 0.1 })
    for (let number = 0; number < 4000; number++) {
      ann.send(number, bob.local)
      world.runFor(1)
    }
    world.runFor(100)
    const place = new Map(bob.numbers().map((number, index) => [number, index]))
    const late = bob.arrivals.filter(({ time, number }) => time - number > 10)
    expect(bob.arrivals.length).toBe(4000)
    expect(Math.abs(late.length - 400)).toBeLessThan(DEVIATIONS * Math.sqrt(4000 * 0.1 * 0.9))
    const lateNumbers = new Set(late.map(({ number }) => number))
    for (const number of lateNumbers) {
      if (number + 10 >= 4000 || lateNumbers.has(number + 10)) continue
      expect(place.get(number)).toBeGreaterThan(place.get(number + 10) ?? 0)
    }
    for (const { time, number } of late) expect(time - number).toBeLessThan(35)
  })
})

describe('bandwidth', () => {
  test('datagrams leave one after the other, at the rate', () => {
    const { world, ann, bob } = twoHosts({ latency: 5, bandwidth: 10_000 })
    for (let number = 0; number < 4; number++) ann.send(number, bob.local, 100)
    world.runFor(100)
    expect(bob.arrivals.map(({ time }) => Math.round(time))).toEqual([15, 25, 35, 45])
    ann.send(4, bob.local, 500)
    world.runFor(100)
    expect(Math.round(bob.arrivals.at(-1)?.time ?? 0)).toBe(155)
  })

  test('the queue is bounded: what does not fit is refused, and room comes back as the queue empties', () => {
    const { world, ann, bob } = twoHosts({ bandwidth: 100_000 })
    const fitting = Math.floor(QUEUE_LIMIT / 1000)
    for (let number = 0; number < fitting + 5; number++) ann.send(number, bob.local, 1000)
    expect(ann.socket.refused).toBe(5)
    expect(world.network.fates['queue-full']).toBe(5)
    world.runFor(100)
    for (let number = 100; number < 120; number++) ann.send(number, bob.local, 1000)
    expect(ann.socket.refused).toBe(15)
    world.runFor(5000)
    expect(bob.arrivals.length).toBe(fitting + 10)
  })

  test('each direction and each pair of hosts has a bandwidth of its own', () => {
    const { world, ann, bob } = twoHosts({ latency: 0, bandwidth: 1000 })
    const eve = openSocket(world.addHost('eve'))
    ann.send(1, bob.local, 100)
    ann.send(2, eve.local, 100)
    bob.send(3, ann.local, 100)
    world.runFor(101)
    expect([bob, eve, ann].map((one) => one.numbers())).toEqual([[1], [2], [3]])
  })
})

describe('setting conditions', () => {
  test('what is not named stays as it is', () => {
    const { world, ann, bob } = twoHosts({ latency: 30, loss: 1 })
    world.network.set({ loss: 0 })
    ann.send(1, bob.local)
    world.runFor(100)
    expect(bob.arrivals.map(({ time }) => time)).toEqual([30])
  })

  test('a pair of hosts can have its own, in one direction or both, and keeps them when the others change', () => {
    const { world, ann, bob } = twoHosts({ latency: 30 })
    const eve = openSocket(world.addHost('eve'))
    world.network.setBetween(['ann'], ['bob'], { latency: 5 })
    world.network.setFromTo(['eve'], ['ann', 'bob'], { latency: 7 })
    world.network.set({ latency: 50 })
    for (const sender of [ann, bob, eve]) {
      for (const receiver of [ann, bob, eve]) if (sender !== receiver) sender.send(1, receiver.local)
    }
    world.runFor(100)
    const seen = (at: typeof ann) => at.arrivals.map(({ time, from }) => `${from} ${time}`)
    const name = (one: typeof ann) => `${one.local.host}:${one.local.port}`
    expect(seen(ann)).toEqual([`${name(bob)} 5`, `${name(eve)} 7`])
    expect(seen(bob)).toEqual([`${name(ann)} 5`, `${name(eve)} 7`])
    expect(seen(eve)).toEqual([`${name(ann)} 50`, `${name(bob)} 50`])
  })

  test('a host reaches itself at once, whatever the conditions', () => {
    const { world, ann } = twoHosts({ latency: 500, loss: 1, bandwidth: 1 })
    ann.send(1, ann.local)
    world.runFor(1)
    expect(ann.arrivals.map(({ time }) => time)).toEqual([LOOPBACK_DELAY])
  })

  test.each([
    { latency: -1 },
    { latency: 3_600_001 },
    { jitter: '-1ms' as const },
    { loss: 1.01 },
    { loss: -0.1 },
    { duplicate: 2 },
    { reorder: Number.NaN },
    { bandwidth: 0 },
    { bandwidth: -5 },
  ])('%o is a programming error, and changes nothing', (conditions) => {
    const { world, ann, bob } = twoHosts({})
    expect(() => world.network.set(conditions)).toThrow(RangeError)
    ann.send(1, bob.local)
    world.runFor(10)
    expect(bob.numbers()).toEqual([1])
  })

  test('a text that is no duration is refused as an argument', () => {
    const { world } = twoHosts({})
    // @ts-expect-error: the type knows it too.
    const set = () => world.network.set({ latency: 'soon' })
    expect(set).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    expect(set).toThrow(PeerageError)
  })
})
