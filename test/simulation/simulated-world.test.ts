import { describe, expect, test } from 'vitest'
import { SimulatedWorld } from '../../src/simulation/simulated-world.ts'
import { SimulationFailure } from '../../src/simulation/simulation-failure.ts'
import { MOST_LOG_ENTRIES } from '../../src/simulation/virtual-log.ts'

function ticking(): { world: SimulatedWorld; ticks: () => number } {
  const world = new SimulatedWorld({ seed: 'world', trace: 'digest' })
  const { clock } = world.addHost('ann').ports
  let ticks = 0
  const tick = (): void => {
    ticks++
    clock.setTimer(100, tick)
  }
  clock.setTimer(100, tick)
  return { world, ticks: () => ticks }
}

/** What a run throws. */
function failureOf(run: () => void): SimulationFailure {
  try {
    run()
  } catch (error) {
    if (error instanceof SimulationFailure) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('running', () => {
  test('runs for a time, exactly, with everything that happens in it, the end included', () => {
    const { world, ticks } = ticking()
    world.runFor(299.5)
    expect([world.now, ticks()]).toEqual([299.5, 2])
    world.runFor(0.5)
    expect([world.now, ticks()]).toEqual([300, 3])
    world.runFor(0)
    expect(ticks()).toBe(3)
  })

  test('runs until a condition holds, and says so if it never does', () => {
    const { world, ticks } = ticking()
    world.runUntil(() => ticks() === 5, 10_000)
    expect(world.now).toBe(500)
    world.runUntil(() => true, 0)
    expect(world.now).toBe(500)
    const failure = failureOf(() => world.runUntil(() => false, 250))
    expect(failure.message).toContain('does not hold after 250 ms')
    expect([failure.time, world.now, ticks()]).toEqual([750, 750, 7])
  })

  test('runs event by event, and instant by instant', () => {
    const world = new SimulatedWorld({ seed: 'world' })
    const happened: string[] = []
    for (const [delay, name] of [
      [5, 'a'],
      [5, 'b'],
      [7, 'c'],
    ] as const) {
      world.after(delay, () => happened.push(name))
    }
    expect(world.step(4)).toBe(false)
    expect(world.step(5)).toBe(true)
    expect(happened).toEqual(['a'])
    world.after(0, () => world.after(0, () => happened.push('d')))
    expect(world.stepInstant()).toBe(true)
    expect(happened).toEqual(['a', 'b', 'd'])
    expect(world.now).toBe(5)
    expect(world.stepInstant()).toBe(true)
    expect(world.stepInstant()).toBe(false)
    expect(happened).toEqual(['a', 'b', 'd', 'c'])
  })

  test('an error in an event ends the run, with the seed, the time and the error itself', () => {
    const { world } = ticking()
    const problem = new TypeError('a defect in an engine')
    world.after(123, () => {
      throw problem
    })
    const failure = failureOf(() => world.runFor(1000))
    expect(failure.cause).toBe(problem)
    expect([failure.seed, failure.time]).toEqual(['world', 123])
    expect(failure.message).toContain('a defect in an engine')
    expect(failure.message).toContain('seed "world"')
    // Whoever catches it can go on.
    world.runFor(1000)
  })

  test('two hosts with one name, and a host that is not there, are programming errors', () => {
    const { world } = ticking()
    expect(() => world.addHost('ann')).toThrow(RangeError)
    expect(() => world.host('zoe')).toThrow(RangeError)
    expect(() => new SimulatedWorld({ seed: 'a' }).digest).toThrow(RangeError)
  })
})

describe('invariants', () => {
  test('are checked after each event, and the first one that is violated ends the run there', () => {
    const { world, ticks } = ticking()
    let checks = 0
    world.addInvariant(() => {
      checks++
      if (ticks() > 3) throw new Error('too many ticks')
    })
    world.runFor(300)
    expect(checks).toBe(3)
    const failure = failureOf(() => world.runFor(1000))
    expect(failure.message).toContain('too many ticks')
    expect(failure.time).toBe(400)
  })

  test('are checked at an interval, and change nothing about the run', () => {
    const one = ticking()
    const other = ticking()
    const times: number[] = []
    other.world.addInvariant(() => times.push(other.world.now), 250)
    one.world.runFor(1000)
    other.world.runFor(1000)
    expect(times).toEqual([250, 500, 750, 1000])
    expect(other.world.digest).toBe(one.world.digest)
    other.world.addInvariant(() => {
      throw new Error('violated')
    }, 10)
    expect(failureOf(() => other.world.runFor(1000)).time).toBe(1010)
    expect(() => other.world.addInvariant(() => undefined, 0)).toThrow(RangeError)
  })
})

describe('the log', () => {
  test('keeps what hosts log, with time and host, as it was then', () => {
    const world = new SimulatedWorld({ seed: 'world' })
    const [ann, bob] = ['ann', 'bob'].map((name) => world.addHost(name).ports.log)
    ann?.info('one', { count: 1 })
    world.runFor(5)
    bob?.warn('two')
    expect(world.log).toEqual([
      { time: 0, host: 'ann', level: 'info', message: 'one', details: { count: 1 } },
      { time: 5, host: 'bob', level: 'warn', message: 'two', details: {} },
    ])
  })

  test('is bounded, and forgets the oldest first', () => {
    const world = new SimulatedWorld({ seed: 'world' })
    const { log } = world.addHost('ann').ports
    const count = 3 * MOST_LOG_ENTRIES + 7
    for (let number = 0; number < count; number++) log.debug(`${number}`)
    expect(world.log.length).toBe(MOST_LOG_ENTRIES)
    expect(world.log.at(0)?.message).toBe(`${count - MOST_LOG_ENTRIES}`)
    expect(world.log.at(-1)?.message).toBe(`${count - 1}`)
  })
})

describe('random numbers of the test', () => {
  test('have a stream for each name, apart from those of hosts', () => {
    const draw = (seed: string, name: string) => new SimulatedWorld({ seed }).random(name).uint32()
    expect(draw('a', 'workload')).toBe(draw('a', 'workload'))
    expect(new Set([draw('a', 'workload'), draw('a', 'faults'), draw('b', 'workload')]).size).toBe(3)
  })
})
