import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type EventId, LATEST_TIME, Scheduler, TICK } from '../../src/simulation/scheduler.ts'

/** Schedules something that notes its name in a list. */
function noting(scheduler: Scheduler, fired: string[]): (time: number, name: string) => EventId {
  return (time, name) => scheduler.schedule(time, { fire: () => fired.push(name) })
}

function fireAll(scheduler: Scheduler): void {
  while (scheduler.fireNext()) {}
}

describe('order', () => {
  test('events fire by time, and at equal times in the order in which they were scheduled', () => {
    const scheduler = new Scheduler()
    const fired: string[] = []
    const note = noting(scheduler, fired)
    for (const time of [5, 3, 5, 0, 3, 5_000_000, 3.5, 0]) note(time, `${time} #${fired.length}`)
    note(3, '3 last')
    fireAll(scheduler)
    expect(fired).toEqual(['0 #0', '0 #0', '3 #0', '3 #0', '3 last', '3.5 #0', '5 #0', '5 #0', '5000000 #0'])
  })

  test('what an event schedules for now comes after everything that was scheduled for now before', () => {
    const scheduler = new Scheduler()
    const fired: string[] = []
    const note = noting(scheduler, fired)
    scheduler.schedule(7, {
      fire: () => {
        fired.push('first')
        note(7, 'third')
      },
    })
    note(7, 'second')
    fireAll(scheduler)
    expect(fired).toEqual(['first', 'second', 'third'])
    expect(scheduler.now).toBe(7)
  })

  test('an event gets the number that it was scheduled with', () => {
    const scheduler = new Scheduler()
    const given: number[] = []
    const target = { fire: (argument: number) => given.push(argument) }
    for (const argument of [4, 2 ** 52, -1.5]) scheduler.schedule(1, target, argument)
    scheduler.schedule(1, target)
    fireAll(scheduler)
    expect(given).toEqual([4, 2 ** 52, -1.5, 0])
  })

  test('whatever is scheduled, cancelled and fired, all of it is as in a sorted list', () => {
    const delays = fc.oneof(
      fc.integer({ min: 0, max: 40 }).map((ticks) => ticks * TICK),
      fc.integer({ min: 0, max: 5000 }),
      // Around the edges of the wheels, and as far as an event may lie.
      fc.constantFrom(
        4095,
        4096,
        4097,
        2 ** 24 - 1,
        2 ** 24,
        2 ** 24 + 4096,
        2 ** 31 - 1,
        2 ** 35,
        2 ** 36 - 1,
        2 ** 36,
        2 ** 38,
      ),
    )
    const steps = fc.array(
      fc.oneof(
        { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('schedule' as const), delay: delays }) },
        {
          weight: 1,
          arbitrary: fc.record({ kind: fc.constantFrom('cancel' as const), which: fc.integer({ min: 0, max: 50 }) }),
        },
        { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('fire' as const), delay: delays }) },
        { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('move' as const), delay: delays }) },
      ),
      { maxLength: 200 },
    )
    fc.assert(
      fc.property(steps, (script) => {
        const scheduler = new Scheduler()
        const fired: number[] = []
        const expected: number[] = []
        let model: { id: EventId; time: number; name: number }[] = []
        let now = 0
        const firstUntil = (limit: number) => {
          const [next] = model
          if (next === undefined || next.time > limit) return false
          model = model.slice(1)
          now = next.time
          expected.push(next.name)
          return true
        }
        for (const [name, step] of script.entries()) {
          if (step.kind === 'schedule') {
            const time = now + step.delay
            const id = scheduler.schedule(time, { fire: () => fired.push(name) })
            const place = model.findIndex((entry) => entry.time > time)
            model.splice(place < 0 ? model.length : place, 0, { id, time, name })
          } else if (step.kind === 'cancel') {
            const [cancelled] = model.splice(step.which, 1)
            if (cancelled !== undefined) scheduler.cancel(cancelled.id)
          } else if (step.kind === 'fire') {
            expect(scheduler.fireNext(now + step.delay)).toBe(firstUntil(now + step.delay))
          } else {
            const end = now + step.delay
            while (firstUntil(end)) {}
            while (scheduler.fireNext(end)) {}
            scheduler.moveTo(end)
            now = end
          }
          expect(scheduler.now).toBe(now)
          expect(scheduler.pending).toBe(model.length)
        }
        while (firstUntil(Number.POSITIVE_INFINITY)) {}
        fireAll(scheduler)
        expect(fired).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })

  test('a hundred thousand events over years, half of them cancelled, fire in order', () => {
    const scheduler = new Scheduler()
    const fired: number[] = []
    const target = { fire: (time: number) => fired.push(time) }
    const kept: number[] = []
    let state = 1
    for (let count = 0; count < 100_000; count++) {
      state = (state * 48_271) % 2_147_483_647
      const time = Math.floor((state / 2_147_483_647) ** 6 * LATEST_TIME * 1024) / 1024
      const id = scheduler.schedule(time, target, time)
      if (count % 2 === 0) scheduler.cancel(id)
      else kept.push(time)
    }
    expect(scheduler.pending).toBe(50_000)
    fireAll(scheduler)
    expect(fired.length).toBe(50_000)
    expect(fired).toEqual(kept.sort((one, other) => one - other))
  })
})

describe('cancelling', () => {
  test('a cancelled event never fires, wherever it was waiting', () => {
    const scheduler = new Scheduler()
    const fired: string[] = []
    const note = noting(scheduler, fired)
    const ids = [0, 0.5, 3, 3, 3, 5000, 2 ** 25].map((time) => note(time, `${time}`))
    note(3, 'kept')
    for (const id of ids) scheduler.cancel(id)
    expect(scheduler.pending).toBe(1)
    fireAll(scheduler)
    expect(fired).toEqual(['kept'])
  })

  test('an event can cancel one that is due at the same time', () => {
    const scheduler = new Scheduler()
    const fired: string[] = []
    const note = noting(scheduler, fired)
    scheduler.schedule(1, { fire: () => scheduler.cancel(second) })
    const second = note(1, 'second')
    note(1, 'third')
    fireAll(scheduler)
    expect(fired).toEqual(['third'])
  })

  test('cancelling what fired or was cancelled is a programming error', () => {
    const scheduler = new Scheduler()
    const fired = scheduler.schedule(0, { fire: () => undefined })
    fireAll(scheduler)
    expect(() => scheduler.cancel(fired)).toThrow(RangeError)
    const cancelled = scheduler.schedule(100, { fire: () => undefined })
    scheduler.cancel(cancelled)
    expect(() => scheduler.cancel(cancelled)).toThrow(RangeError)
    expect(() => scheduler.cancel(-1)).toThrow(RangeError)
    expect(() => scheduler.cancel(10_000)).toThrow(RangeError)
  })

  test('setting and cancelling timers for ever takes no more memory than the timers that wait', () => {
    const scheduler = new Scheduler()
    const ids = new Set<EventId>()
    scheduler.schedule(2 ** 30, { fire: () => undefined })
    for (let count = 0; count < 100_000; count++) {
      const id = scheduler.schedule(scheduler.now + 1_000_000, { fire: () => undefined })
      ids.add(id)
      scheduler.cancel(id)
      if (count % 1000 === 0) scheduler.moveTo(scheduler.now + 0.5)
    }
    expect(ids.size).toBe(1)
  })
})

describe('time', () => {
  test('stands still until an event fires or it is moved, and never passes an event', () => {
    const scheduler = new Scheduler()
    scheduler.schedule(10, { fire: () => undefined })
    expect(scheduler.fireNext(9.999)).toBe(false)
    expect(scheduler.now).toBe(0)
    scheduler.moveTo(9)
    expect(scheduler.now).toBe(9)
    expect(() => scheduler.moveTo(10.5)).toThrow(RangeError)
    expect(() => scheduler.moveTo(8)).toThrow(RangeError)
    scheduler.moveTo(10)
    expect(scheduler.fireNext()).toBe(true)
    expect(scheduler.fireNext()).toBe(false)
    expect(scheduler.now).toBe(10)
  })

  test('is exact: any time is rounded up to a tick, and sums of ticks are not rounded', () => {
    const scheduler = new Scheduler()
    const times: number[] = []
    for (const time of [0.1, 0.3, 1.0000001, 2 ** 35 + 0.1]) {
      scheduler.schedule(time, { fire: () => times.push(scheduler.now) })
    }
    fireAll(scheduler)
    expect(times).toEqual([103 * TICK, 308 * TICK, 1 + TICK, 2 ** 35 + 103 * TICK])
  })

  test('an event in the past, too far ahead or at no time is a programming error', () => {
    const scheduler = new Scheduler()
    scheduler.moveTo(100)
    const target = { fire: () => undefined }
    for (const time of [99.5, -1, LATEST_TIME + 1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => scheduler.schedule(time, target)).toThrow(RangeError)
    }
    expect(scheduler.pending).toBe(0)
  })
})
