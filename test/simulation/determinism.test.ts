import { describe, expect, test } from 'vitest'
import type { Endpoint } from '../../src/runtime/endpoint.ts'
import { randomBelow, randomBytes } from '../../src/runtime/random.ts'
import { SimulatedWorld, type WorldOptions } from '../../src/simulation/simulated-world.ts'
import { PORT } from './open-socket.ts'

/** What every host of the eventful world does, and what can be changed about it. */
interface Behavior {
  /** Draws once more at the beginning. */
  readonly drawsMore?: string
  /** Sends one bit otherwise, once. */
  readonly sendsOtherwise?: string
}

const HOSTS = 8
const DURATION = 20_000

/** Runs a world in which everything happens that can: datagrams, streams, timers, logs, faults of every kind. */
function runEventfulWorld(options: WorldOptions, behavior: Behavior = {}): SimulatedWorld {
  const world = new SimulatedWorld({
    conditions: { latency: 15, jitter: 20, loss: 0.03, duplicate: 0.02, reorder: 0.05, bandwidth: 200_000 },
    ...options,
  })
  world.network.addNat({ segment: 'home', address: '198.18.0.7', timeout: 5000 })
  const interfaces = [{ name: 'wlan0', segment: 'home', addresses: ['192.168.1.10'] }]
  const names = Array.from({ length: HOSTS }, (_, index) => `host-${index}`)
  for (const [index, name] of names.entries()) {
    world.addHost(name, index === 0 ? { interfaces } : { clockDrift: index * 20, firewall: index === 1 })
  }
  const endpoints = names.map((name): Endpoint => ({ host: world.host(name).ipv4, port: PORT }))

  const begin = (name: string): void => {
    const { clock, random, datagrams, streams, log, networkInterfaces, storage } = begun(name)
    if (behavior.drawsMore === name) random.uint32()
    const anybody = (): Endpoint => endpoints[randomBelow(random, HOSTS)] ?? { host: world.host(name).ipv4, port: PORT }
    let alters = behavior.sendsOtherwise === name
    const socket = datagrams.open(
      { host: world.host(name).ipv4, port: PORT },
      {
        received(bytes, from) {
          if (bytes.length > 3) socket.send(bytes.slice(0, bytes.length >> 1), from)
        },
      },
    )
    const tick = (): void => {
      const bytes = randomBytes(random, 1 + randomBelow(random, 1000))
      if (alters) bytes[0] = (bytes[0] ?? 0) ^ 1
      alters = false
      socket.send(bytes, anybody())
      log.info('sent', { bytes: bytes.length, refused: socket.refused })
      clock.setTimer(randomBelow(random, 400), tick)
    }
    tick()
    streams.open({ host: world.host(name).ipv4, port: PORT }, (stream) => {
      stream.attach({
        received: (bytes) => {
          if (randomBelow(random, 10) === 0) stream.destroy()
          else stream.write(bytes)
        },
        drained: () => undefined,
        ended: () => stream.end(),
        closed: (reason) => log.debug('closed', { reason }),
      })
    })
    const dial = (): void => {
      streams.dial(anybody(), {
        opened(stream) {
          stream.attach({
            received: () => undefined,
            drained: () => undefined,
            ended: () => undefined,
            closed: (reason) => log.debug('closed', { reason }),
          })
          stream.write(randomBytes(random, 20_000))
          stream.end()
        },
        failed: ({ details }) => log.warn('failed', { reason: 'reason' in details ? details.reason : '' }),
      })
      clock.setTimer(200 + randomBelow(random, 600), dial)
    }
    dial()
    networkInterfaces.watch(() => log.info('interfaces', { count: networkInterfaces.list().length }))
    storage('state').write('file', randomBytes(random, 10))
  }
  const begun = (name: string) => {
    const { ports } = world.host(name)
    const { clock, random, datagrams, streams, log, networkInterfaces } = ports
    return {
      clock,
      random,
      datagrams,
      streams,
      log,
      networkInterfaces,
      storage: (folder: string) => ports.storage(folder),
    }
  }
  for (const name of names) begin(name)

  world.after(2000, () => world.network.partition(names.slice(0, 4), names.slice(4)))
  world.after(5000, () => world.network.heal())
  world.after(6000, () => world.host('host-3').crash())
  world.after(7000, () => world.host('host-4').crash('process'))
  world.after(8000, () => world.network.block(['host-5'], ['host-6']))
  world.after(9000, () => {
    world.host('host-3').restart()
    begin('host-3')
  })
  world.after(10_000, () => world.network.setBetween(['host-1'], ['host-2'], { loss: 0.5 }))
  world.after(11_000, () => world.host('host-2').skewClock(-100_000))
  world.after(12_000, () => world.host('host-6').addAddress('20.99.0.1'))
  world.runFor(DURATION)
  return world
}

/** A run with its whole trace. */
function traced(options: WorldOptions, behavior: Behavior = {}): { lines: string[]; digest: string } {
  const lines: string[] = []
  const { digest } = runEventfulWorld({ ...options, trace: (line) => lines.push(line) }, behavior)
  return { lines, digest }
}

/** What the eventful world is full of. */
const EVENTS = [
  ...['delivered', 'lost', 'partitioned', 'host-down', 'filtered', 'no-socket', 'no-host'].map(
    (fate) => `datagram ${fate}`,
  ),
  ...['opened', 'accepted', 'delivered', 'stalled', 'goes on', 'ended', 'broken'].map((what) => `stream ${what}`),
  ...['partition', 'heal', 'crash power', 'crash process', 'block', 'restart', 'clock', 'address'].map(
    (what) => `fault ${what}`,
  ),
  'timer',
  'log info',
]

function firstDifference(one: readonly string[], other: readonly string[]): string | undefined {
  if (one.length !== other.length) return `${one.length} and ${other.length} lines`
  return one.find((line, index) => line !== other[index])
}

describe('the same seed', () => {
  test('gives the same trace, byte for byte', () => {
    const one = traced({ seed: 'a' })
    const other = traced({ seed: 'a' })
    expect(firstDifference(one.lines, other.lines)).toBeUndefined()
    expect(other.digest).toBe(one.digest)
    expect(one.lines.length).toBeGreaterThan(5000)
    const text = one.lines.join('\n')
    expect(EVENTS.filter((event) => !text.includes(event))).toEqual([])
  })

  test('gives the same digest whether the text is kept or not', () => {
    const { digest } = traced({ seed: 'a' })
    expect(runEventfulWorld({ seed: 'a', trace: 'digest' }).digest).toBe(digest)
  })

  test('gives the same run without any trace, and without checks', () => {
    const logOf = (options: Partial<WorldOptions>) =>
      runEventfulWorld({ seed: 'a', ...options }).log.map(({ time, host, message }) => `${time} ${host} ${message}`)
    expect(firstDifference(logOf({}), logOf({ trace: 'digest' }))).toBeUndefined()
    expect(firstDifference(logOf({ checks: false }), logOf({ checks: false }))).toBeUndefined()
  })
})

describe('another seed', () => {
  test('gives another trace', () => {
    expect(firstDifference(traced({ seed: 'b' }).lines, traced({ seed: 'a' }).lines)).toBeDefined()
    const seeds = ['a', 'b', 'c', 'a ', 'A', ''].map((seed) => runEventfulWorld({ seed, trace: 'digest' }).digest)
    expect(new Set(seeds).size).toBe(seeds.length)
  })
})

describe('the trace', () => {
  test('shows a single bit that was sent otherwise', () => {
    const usual = traced({ seed: 'a' })
    const otherwise = traced({ seed: 'a' }, { sendsOtherwise: 'host-7' })
    expect(otherwise.digest).not.toBe(usual.digest)
    expect(firstDifference(usual.lines, otherwise.lines)).toContain('host-7 datagram')
  })
})

describe('independent streams', () => {
  test('what one host draws moves nothing of what others draw', () => {
    const draws = (behavior: Behavior) => {
      const world = new SimulatedWorld({ seed: 'a' })
      const [ann, bob] = ['ann', 'bob'].map((name) => world.addHost(name).ports.random)
      if (behavior.drawsMore === 'ann') ann?.uint32()
      return { ann: ann?.uint32(), bob: bob?.uint32() }
    }
    const usual = draws({})
    const more = draws({ drawsMore: 'ann' })
    expect(more.bob).toBe(usual.bob)
    expect(more.ann).not.toBe(usual.ann)
    expect(usual.ann).not.toBe(usual.bob)
  })

  /** What arrives at Eve of what Ann and Bob send, with the time. */
  const luck = (annSends: number) => {
    const world = new SimulatedWorld({ seed: 'a', conditions: { loss: 0.3, jitter: 5 } })
    const arrivals: string[] = []
    const sockets = ['ann', 'bob', 'eve'].map((name) => {
      const host = world.addHost(name)
      const received = (bytes: Uint8Array): number => arrivals.push(`${bytes[0]}: ${bytes[1]} at ${world.now}`)
      return host.ports.datagrams.open({ host: host.ipv4, port: PORT }, { received })
    })
    const [ann, bob, eve] = sockets
    if (ann === undefined || bob === undefined || eve === undefined) throw new Error('three sockets')
    for (let count = 0; count < annSends; count++) ann.send(Uint8Array.of(0, count), eve.local)
    for (let count = 0; count < 50; count++) bob.send(Uint8Array.of(1, count), eve.local)
    world.runFor(100)
    const from = (sender: number) =>
      arrivals.filter((line) => line.startsWith(`${sender}:`)).map((line) => line.slice(3))
    return { ann: from(0), bob: from(1) }
  }

  test('what one host sends does not change the luck of what another one sends', () => {
    expect(luck(7).bob).toEqual(luck(0).bob)
    expect(luck(0).bob.length).toBeGreaterThan(20)
  })

  test('two hosts that do the same have different luck', () => {
    const { ann, bob } = luck(50)
    expect(ann).not.toEqual(bob)
  })
})
