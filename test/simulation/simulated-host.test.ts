import { describe, expect, test } from 'vitest'
import { expectCode, expectRejection } from '../../src/runtime/acceptance/acceptance.ts'
import { randomBelow, randomFraction } from '../../src/runtime/random.ts'
import type { ByteStream, ByteStreamHandler } from '../../src/runtime/streams.ts'
import { HostCrashed } from '../../src/simulation/host-crashed.ts'
import { TICK } from '../../src/simulation/scheduler.ts'
import type { SimulatedHost } from '../../src/simulation/simulated-host.ts'
import { SimulatedWorld } from '../../src/simulation/simulated-world.ts'
import { VIRTUAL_EPOCH } from '../../src/simulation/virtual-clock.ts'
import { openSocket, PORT } from './open-socket.ts'

const FOLDER = 'identities'
const HOUR = 3_600_000

function oneHost(options: Parameters<SimulatedWorld['addHost']>[1] = {}) {
  const world = new SimulatedWorld({ seed: 'host' })
  return { world, ann: world.addHost('ann', options) }
}

function filesOf(host: SimulatedHost): Record<string, string | undefined> {
  const storage = host.ports.storage(FOLDER)
  return Object.fromEntries(storage.list().map((name) => [name, storage.read(name, 100)?.join()]))
}

describe('clocks', () => {
  test('utc begins in 2030 on every host, whole milliseconds, and the monotonic clock where the seed says', () => {
    const { world, ann } = oneHost()
    const bob = world.addHost('bob')
    const first = ann.ports.clock.monotonic()
    expect(ann.ports.clock.utc()).toBe(VIRTUAL_EPOCH)
    expect(new Date(VIRTUAL_EPOCH).toISOString()).toBe('2030-01-01T00:00:00.000Z')
    expect(bob.ports.clock.monotonic()).not.toBe(first)
    expect(oneHost().ann.ports.clock.monotonic()).toBe(first)
    world.runFor(1.75)
    expect(ann.ports.clock.utc()).toBe(VIRTUAL_EPOCH + 1)
    expect(ann.ports.clock.monotonic()).toBe(first + 1.75)
  })

  test('skew moves utc, forward and back, adding up; timers and monotonic time do not notice', () => {
    const { world, ann } = oneHost()
    const { clock } = ann.ports
    const before = clock.monotonic()
    let fired = 0
    clock.setTimer(1000, () => fired++)
    ann.skewClock(5 * HOUR)
    expect(clock.utc()).toBe(VIRTUAL_EPOCH + 5 * HOUR)
    ann.skewClock(-7 * HOUR)
    expect(clock.utc()).toBe(VIRTUAL_EPOCH - 2 * HOUR)
    world.runFor(999)
    expect(fired).toBe(0)
    world.runFor(1)
    expect(fired).toBe(1)
    expect(clock.monotonic()).toBe(before + 1000)
    expect(() => ann.skewClock(Number.NaN)).toThrow(RangeError)
  })

  test('drift makes a clock and its timers run too fast or too slow', () => {
    const { world, ann } = oneHost({ clockDrift: 100 })
    const bob = world.addHost('bob', { clockDrift: -100 })
    const starts = [ann, bob].map(({ ports }) => ports.clock.monotonic())
    const fired: string[] = []
    for (const host of [bob, ann])
      host.ports.clock.setTimer(HOUR, () => fired.push(`${host.name} ${Math.round(world.now)}`))
    world.runFor(HOUR * 2)
    expect(fired).toEqual([`ann ${Math.round(HOUR / 1.0001)}`, `bob ${Math.round(HOUR / 0.9999)}`])
    expect(ann.ports.clock.utc() - VIRTUAL_EPOCH).toBe(2 * HOUR * 1.0001)
    expect(bob.ports.clock.monotonic() - (starts[1] ?? 0)).toBeCloseTo(2 * HOUR * 0.9999, 3)
    expect(() => world.addHost('eve', { clockDrift: 1_000_000 })).toThrow(RangeError)
  })

  test('whatever the drift and the delay, no timer fires before its clock shows the time, nor much after', () => {
    const world = new SimulatedWorld({ seed: 'drift' })
    const random = world.random('delays')
    let fired = 0
    const clocks = Array.from({ length: 100 }, (_, host) => {
      const clockDrift = randomBelow(random, 200_001) - 100_000
      return { rate: 1 + clockDrift / 1e6, clock: world.addHost(`${host}`, { clockDrift }).ports.clock }
    })
    world.runFor(1000.25)
    for (const { rate, clock } of clocks) {
      for (let timer = 0; timer < 50; timer++) {
        // Half of them end, but for rounding, exactly at a tick.
        const exact = randomBelow(random, 20_000) * TICK * rate
        const delay = timer % 2 === 0 ? exact : randomFraction(random) ** 4 * 1e6
        const due = clock.monotonic() + delay
        clock.setTimer(delay, () => {
          fired++
          expect(clock.monotonic()).toBeGreaterThanOrEqual(due)
          expect(clock.monotonic()).toBeLessThan(due + 3 * TICK)
        })
      }
    }
    world.runFor(2_000_000)
    expect(fired).toBe(5000)
  })
})

describe('a crash', () => {
  test('stops everything at that instant: timers, sockets, watchers, logs', () => {
    const { world, ann } = oneHost()
    const bob = openSocket(world.addHost('bob'))
    const { ports } = ann
    const { clock, log, networkInterfaces } = ports
    const happened: string[] = []
    clock.setTimer(5, () => happened.push('before'))
    clock.setTimer(50, () => happened.push('timer'))
    networkInterfaces.watch(() => happened.push('watcher'))
    const socket = openSocket(ann)
    bob.send(1, socket.local)
    world.runFor(5)
    const { ipv4 } = ann
    ann.crash()
    clock.setTimer(1, () => happened.push('timer of the dead'))
    socket.send(2, bob.local)
    log.error('the last words')
    ann.removeAddress(ipv4)
    world.runFor(1000)
    expect(happened).toEqual(['before'])
    expect([socket.numbers(), bob.numbers(), world.log]).toEqual([[], [], []])
  })

  test('nothing can be opened on the dead ports, and there are no others before a restart', async () => {
    const { ann } = oneHost()
    const { ports, ipv4 } = ann
    ann.crash()
    const local = { host: ipv4, port: PORT }
    expectCode('network-failed', () => ports.datagrams.open(local, { received: () => undefined }), 'a socket')
    await expectRejection('network-failed', ports.datagrams.bind(local, { received: () => undefined }), 'a socket')
    await expectRejection(
      'network-failed',
      ports.streams.listen(local, () => undefined),
      'a listener',
    )
    const { signal } = new AbortController()
    await expectRejection('network-failed', ports.streams.connect(local, { signal }), 'a stream')
    expect(() => ports.storage(FOLDER).write('a', new Uint8Array(1))).toThrow(HostCrashed)
    expect(() => ports.storage(FOLDER).read('a', 1)).toThrow(HostCrashed)
    expect(ann.isRunning).toBe(false)
    expect(() => ann.ports).toThrow(RangeError)
  })

  test('what the host had sent still arrives; what is sent to it is lost', () => {
    const { world, ann } = oneHost()
    const bob = openSocket(world.addHost('bob'))
    const socket = openSocket(ann)
    socket.send(1, bob.local)
    bob.send(2, socket.local)
    ann.crash()
    world.runFor(20)
    expect(bob.numbers()).toEqual([1])
    expect(world.network.fates['host-down']).toBe(1)
    ann.restart()
    bob.send(3, socket.local)
    world.runFor(20)
    expect(world.network.fates['no-socket']).toBe(1)
    const again = openSocket(ann)
    bob.send(4, again.local)
    world.runFor(20)
    expect(again.numbers()).toEqual([4])
    expect(socket.numbers()).toEqual([])
  })

  test('twice is once, and a host that runs can be restarted', () => {
    const { world, ann } = oneHost()
    const socket = openSocket(ann)
    ann.crash()
    ann.crash()
    ann.restart()
    ann.restart()
    expect(ann.isRunning).toBe(true)
    socket.send(1, socket.local)
    world.runFor(1)
    expect(world.network.fates).toMatchObject({ delivered: 0, 'no-socket': 0 })
  })

  test('a restarted host draws other random numbers than before, and its clock goes on', () => {
    const { world, ann } = oneHost()
    const draws = [ann.ports.random.uint32()]
    ann.skewClock(HOUR)
    for (let restart = 0; restart < 3; restart++) {
      world.runFor(1000)
      ann.restart()
      draws.push(ann.ports.random.uint32())
    }
    expect(new Set(draws).size).toBe(4)
    expect(ann.ports.clock.utc()).toBe(VIRTUAL_EPOCH + HOUR + 3000)
  })
})

describe('a machine that sleeps', () => {
  test.each([
    ['stands', 300, [60_250, 60_300, 60_900]],
    ['runs', 60_300, [60_200, 60_200, 60_200]],
  ] as const)('runs no timer meanwhile, and UTC goes on; the monotonic clock %s', (monotonic, passed, fired) => {
    const { world, ann } = oneHost()
    const { clock } = ann.ports
    const start = clock.monotonic()
    const times: number[] = []
    clock.setTimer(900, () => times.push(world.now))
    clock.setTimer(250, () => times.push(world.now))
    const cancelled = clock.setTimer(260, () => times.push(-1))
    world.runFor(200)
    ann.sleep(monotonic)
    ann.sleep(monotonic)
    clock.setTimer(100, () => times.push(world.now))
    cancelled.cancel()
    world.runFor(60_000)
    expect(times).toEqual([])
    ann.wake()
    ann.wake()
    world.runFor(100)
    expect(clock.utc()).toBe(VIRTUAL_EPOCH + 60_300)
    expect(clock.monotonic() - start).toBe(passed)
    world.runFor(1000)
    expect(times).toEqual(fired)
  })

  test('hears nothing, and answers nothing', () => {
    const { world, ann } = oneHost()
    const bob = openSocket(world.addHost('bob'))
    const socket = openSocket(ann)
    bob.send(1, socket.local)
    ann.sleep()
    bob.send(2, socket.local)
    world.runFor(1000)
    expect(world.network.fates['host-down']).toBe(2)
    ann.wake()
    bob.send(3, socket.local)
    world.runFor(1000)
    expect(socket.numbers()).toEqual([3])
  })

  test('finds its streams as they were: those are broken that others have given up meanwhile', () => {
    const { world, ann } = oneHost()
    const bob = world.addHost('bob')
    const told: string[] = []
    const handler = (who: string): ByteStreamHandler => ({
      received: (bytes) => told.push(`${who} got ${bytes.join()}`),
      drained: () => undefined,
      ended: () => told.push(`${who} ended`),
      closed: (reason) => told.push(`${who} ${reason} at ${Math.round(world.now / 1000)}`),
    })
    const pair = (port: number) => {
      const streams: ByteStream[] = []
      const take = (who: string) => (stream: ByteStream) => {
        stream.attach(handler(`${who} ${port}`))
        streams.push(stream)
      }
      bob.ports.streams.open({ host: bob.ipv4, port }, take('bob'))
      const failed = (error: Error): void => {
        throw error
      }
      ann.ports.streams.dial({ host: bob.ipv4, port }, { opened: take('ann'), failed })
      world.runFor(1000)
      const [fromAnn, fromBob] = streams
      if (fromAnn === undefined || fromBob === undefined) throw new Error('no stream')
      return { fromAnn, fromBob }
    }
    const [quiet, used, cut] = [pair(1), pair(2), pair(3)]
    cut.fromAnn.write(Uint8Array.of(7))
    ann.sleep()
    used.fromBob.write(Uint8Array.of(8))
    world.runFor(600_000)
    // Who gets no answer gives up; here nobody was told anything.
    expect(told).toEqual(['bob 2 broken at 33'])
    ann.wake()
    quiet.fromBob.write(Uint8Array.of(9))
    used.fromAnn.write(Uint8Array.of(10))
    world.runFor(10_000)
    expect(told.slice(1).sort()).toEqual(['ann 1 got 9', 'ann 2 broken at 603', 'bob 3 got 7'])
  })

  test('is told of a stream that it could not open only when it is awake', () => {
    const { world, ann } = oneHost()
    const bob = world.addHost('bob')
    const told: string[] = []
    const outcome = { opened: () => told.push('opened'), failed: () => told.push(`failed at ${world.now}`) }
    bob.crash()
    ann.ports.streams.dial({ host: bob.ipv4, port: 1 }, outcome)
    ann.sleep()
    world.runFor(60_000)
    expect(told).toEqual([])
    ann.wake()
    expect(told).toEqual(['failed at 60000'])
    ann.ports.streams.dial({ host: bob.ipv4, port: 1 }, outcome)
    ann.sleep()
    world.runFor(60_000)
    ann.crash()
    ann.wake()
    ann.restart()
    world.runFor(60_000)
    expect(told).toHaveLength(1)
  })
})

describe('the disk', () => {
  test('is kept through a crash, or lost, and belongs to one host', () => {
    const { world, ann } = oneHost()
    const bob = world.addHost('bob')
    ann.ports.storage(FOLDER).write('a', Uint8Array.of(1, 2))
    ann.ports.storage('other').write('a', Uint8Array.of(3))
    expect(bob.ports.storage(FOLDER).list()).toEqual([])
    ann.restart()
    expect(filesOf(ann)).toEqual({ a: '1,2' })
    ann.restart('lost')
    expect(filesOf(ann)).toEqual({})
    expect(ann.ports.storage('other').list()).toEqual([])
  })

  test('a kill in the middle of any change leaves the old file or the new one, never a part', () => {
    const script = (host: SimulatedHost) => {
      const storage = host.ports.storage(FOLDER)
      storage.exclusively(() => {
        storage.write('a', Uint8Array.of(1))
        storage.write('b', Uint8Array.of(2))
        storage.write('a', Uint8Array.of(3, 3))
        storage.remove('b')
      })
    }
    const states = [{}, { a: '1' }, { a: '1', b: '2' }, { a: '3,3', b: '2' }, { a: '3,3' }]
    for (let change = 1; change <= 4; change++) {
      for (const after of ['old', 'new'] as const) {
        const { world, ann } = oneHost()
        ann.disk.crashDuring(change, after)
        let went = 'on'
        ann.ports.clock.setTimer(1, () => {
          script(ann)
          went = 'too far'
        })
        world.runFor(10)
        expect(went).toBe('on')
        expect(ann.isRunning).toBe(false)
        ann.restart()
        expect(filesOf(ann)).toEqual(states[after === 'old' ? change - 1 : change])
        // The folder is free again, and the disk crashes nobody any more.
        script(ann)
        expect(filesOf(ann)).toEqual({ a: '3,3' })
      }
    }
  })

  test('a change that did not happen is not counted as one', () => {
    const { ann } = oneHost()
    const storage = ann.ports.storage(FOLDER)
    storage.remove('nothing')
    storage.write('a', Uint8Array.of(1))
    expect(ann.disk.changes).toBe(1)
    expect(() => ann.disk.crashDuring(0, 'old')).toThrow(RangeError)
    expect(() => ann.disk.expose(FOLDER, 'b')).toThrow(RangeError)
  })

  test('a full disk is disk-full, keeps what was there, and has room again after a removal', () => {
    const { ann } = oneHost()
    const storage = ann.ports.storage(FOLDER)
    ann.disk.capacity = 10
    storage.write('a', new Uint8Array(6))
    const error = expectCode('disk-full', () => storage.write('b', new Uint8Array(5)), 'another file')
    expect(error.details.path).toBe(storage.locate('b'))
    // Until it is in place, the new file lies beside the old one.
    expectCode('disk-full', () => storage.write('a', new Uint8Array(5)), 'the same file')
    storage.write('a', new Uint8Array(4).fill(1))
    expect(filesOf(ann)).toEqual({ a: '1,1,1,1' })
    storage.remove('a')
    storage.write('b', new Uint8Array(10))
    expect(storage.list()).toEqual(['b'])
  })

  test('a read-only disk refuses changes and is read', () => {
    const { ann } = oneHost()
    const storage = ann.ports.storage(FOLDER)
    storage.write('a', Uint8Array.of(1))
    ann.disk.readOnly = true
    expectCode('storage-not-accessible', () => storage.write('a', Uint8Array.of(2)), 'writing')
    expectCode('storage-not-accessible', () => storage.remove('a'), 'removing')
    expect(filesOf(ann)).toEqual({ a: '1' })
    ann.disk.readOnly = false
    storage.write('a', Uint8Array.of(2))
    expect(filesOf(ann)).toEqual({ a: '2' })
  })

  test('a folder that another process keeps busy is storage-busy', () => {
    const { ann } = oneHost()
    const storage = ann.ports.storage(FOLDER)
    ann.disk.busy = true
    expectCode('storage-busy', () => storage.exclusively(() => undefined), 'entering')
    ann.disk.busy = false
    expect(storage.exclusively(() => 'entered')).toBe('entered')
  })
})
