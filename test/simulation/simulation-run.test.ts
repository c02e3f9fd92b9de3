import { describe, expect, test, vi } from 'vitest'
import { PeerageError } from '../../src/runtime/peerage-error.ts'
import { SimulatedWorld } from '../../src/simulation/simulated-world.ts'
import { SimulationFailure } from '../../src/simulation/simulation-failure.ts'
import { SimulationRun } from '../../src/simulation/simulation-run.ts'

const HOUR = 3_600_000

function newRun() {
  const world = new SimulatedWorld({ seed: 'run' })
  return { world, run: new SimulationRun(world) }
}

/** A promise that something in the world resolves after a time. */
function eventAfter(world: SimulatedWorld, delay: number): Promise<void> {
  return new Promise((resolve) => world.after(delay, resolve))
}

/** What the run is rejected with. */
async function failureOf(promise: Promise<void>): Promise<SimulationFailure> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof SimulationFailure) return error
  throw new Error('it was not rejected with a SimulationFailure', { cause: error })
}

describe('time', () => {
  test('stands still while promises go on, however long their chain', async () => {
    const { world, run } = newRun()
    await run.drive(async () => {
      await run.advance(5)
      for (let count = 0; count < 20_000; count++) await Promise.resolve(count)
      await Promise.all(Array.from({ length: 100 }, async () => Promise.resolve()))
      expect(world.now).toBe(5)
    })
  })

  test('moves on for whatever the body waits for', async () => {
    const { world, run } = newRun()
    const times: number[] = []
    await run.drive(async () => {
      await eventAfter(world, 30)
      times.push(world.now)
      await Promise.all([eventAfter(world, 7), eventAfter(world, 4).then(() => times.push(world.now))])
      times.push(world.now)
    })
    expect(times).toEqual([30, 34, 37])
  })

  test('everything of an instant happens before the promises that follow from it go on', async () => {
    const { world, run } = newRun()
    const order: string[] = []
    await run.drive(async () => {
      const first = eventAfter(world, 10).then(() => order.push(`promise at ${world.now}`))
      world.after(10, () => order.push('second event'))
      world.after(10.5, () => order.push('later event'))
      await first
      await eventAfter(world, 5)
    })
    expect(order).toEqual(['second event', 'promise at 10', 'later event'])
  })

  test('advances by durations, several at once, each exactly', async () => {
    const { world, run } = newRun()
    const times: string[] = []
    const wait = async (name: string, ...durations: Parameters<typeof run.advance>[0][]): Promise<void> => {
      for (const duration of durations) {
        await run.advance(duration)
        times.push(`${name} ${world.now}`)
      }
    }
    await run.drive(async () => {
      await Promise.all([wait('a', '2s', 500), wait('b', 250, '1s', '30d'), wait('c', 0)])
    })
    expect(times).toEqual(['c 0', 'b 250', 'b 1250', 'a 2000', 'a 2500', `b ${1250 + 720 * HOUR}`])
  })

  test('does not need the timers of the platform, which a test may have replaced', async () => {
    vi.useFakeTimers()
    try {
      const { run } = newRun()
      await run.drive(() => run.advance('1h'))
    } finally {
      vi.useRealTimers()
    }
  })

  test.each([[-1], ['-5s' as const]])('does not run backwards: %s', async (duration) => {
    const { run } = newRun()
    const { cause } = await failureOf(run.drive(() => run.advance(duration)))
    expect(cause).toBeInstanceOf(RangeError)
  })

  test('is given in durations', async () => {
    const { run } = newRun()
    // @ts-expect-error: the type knows it too.
    const { cause } = await failureOf(run.drive(() => run.advance('a while')))
    expect(PeerageError.is(cause, 'invalid-argument')).toBe(true)
  })
})

describe('until', () => {
  test('looks at once, then at most every 10 ms, and goes on as soon as the condition holds', async () => {
    const { world, run } = newRun()
    const looks: number[] = []
    for (let time = 1; time <= 100; time++) world.after(time, () => undefined)
    await run.drive(async () => {
      await run.until(() => true, 0)
      await run.until(() => {
        looks.push(world.now)
        return world.now >= 35
      }, '1s')
    })
    expect(looks).toEqual([0, 10, 20, 30, 40])
  })

  test('waits for a condition that takes time itself', async () => {
    const { world, run } = newRun()
    await run.drive(() =>
      run.until(async () => {
        await run.advance(300)
        return world.now >= 800
      }, '2s'),
    )
    expect(world.now).toBeGreaterThanOrEqual(900)
  })

  test('looks a last time at the end, and then rejects', async () => {
    const { world, run } = newRun()
    await run.drive(async () => {
      await run.until(() => world.now === 50, 50)
      await expect(run.until(() => false, '20s')).rejects.toThrow('does not hold after 20s')
      expect(world.now).toBe(20_050)
    })
  })

  test('a condition that throws rejects with what it throws', async () => {
    const { run } = newRun()
    const problem = new Error('no such record')
    const reject = () => Promise.reject(problem)
    expect((await failureOf(run.drive(() => run.until(reject, '1s')))).cause).toBe(problem)
  })
})

describe('failure', () => {
  test('of the body, at once or later, comes with the seed, the time and the error itself', async () => {
    for (const later of [0, 90_000]) {
      const { run } = newRun()
      const problem = new TypeError('a defect in a test')
      const body = async (): Promise<void> => {
        if (later > 0) await run.advance(later)
        throw problem
      }
      const failure = await failureOf(run.drive(body))
      expect(failure.cause).toBe(problem)
      expect([failure.seed, failure.time]).toEqual(['run', later])
      expect(failure.message).toContain('a defect in a test')
      expect(failure.message).toContain('seed "run"')
    }
  })

  test('of something in the world ends the run, whatever the body does', async () => {
    const { world, run } = newRun()
    const problem = new Error('a defect in an engine')
    world.after(1000, () => {
      throw problem
    })
    const failure = await failureOf(run.drive(() => run.advance('1d')))
    expect([failure.cause, failure.time]).toEqual([problem, 1000])
  })

  test('is said when the body waits and nothing is left that could happen', async () => {
    const { run } = newRun()
    const failure = await failureOf(run.drive(() => new Promise(() => undefined)))
    expect(failure.message).toContain('nothing is left that could happen')
  })

  test('is said when the body waits for what does not happen in a day, while other things do', async () => {
    const { world, run } = newRun()
    const repeat = (): void => world.after(10_000, repeat)
    repeat()
    const failure = await failureOf(
      run.drive(async () => {
        await run.advance('50h')
        await run.until(() => world.now >= 100 * HOUR, '60h')
        await eventAfter(world, 20 * HOUR)
        run.noteAsked()
        await new Promise(() => undefined)
      }),
    )
    expect(failure.message).toContain('did not happen')
    expect(failure.time).toBeGreaterThan(144 * HOUR)
    expect(failure.time).toBeLessThan(144 * HOUR + 60_000)
  })
})
