/** Peer time: UTC with a bounded correction. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  LARGEST_CORRECTION,
  LONGEST_SAMPLED_ROUND_TRIP,
  MOST_SAMPLES,
  PeerTime,
  SAMPLE_LIFE,
  SLEW_RATE,
} from '../../src/graph/peer-time.ts'
import type { Clock } from '../../src/runtime/clock.ts'
import { LoneRecords } from './lone-records.ts'

const MINUTE = 60_000
const SECOND = 1000
const EPOCH = 1_800_000_000_000

interface Vectors {
  readonly samples: readonly {
    readonly told: number
    readonly roundTrip: number
    readonly localUtc: number
    readonly offset: number | null
  }[]
  readonly medians: readonly { readonly offsets: readonly number[]; readonly median: number | null }[]
  readonly corrections: readonly {
    readonly before: number
    readonly median: number | null
    readonly passes: number
    readonly after: number
  }[]
}

/** A clock that stands where it is put. */
class HandClock implements Clock {
  passed = 0
  skew = 0

  utc(): number {
    return EPOCH + this.passed + this.skew
  }

  monotonic(): number {
    return this.passed
  }

  setTimer(): { cancel(): void } {
    throw new Error('peer time sets no timer')
  }
}

/** Gives samples that are so far ahead of local UTC, from as many identities. */
function give(time: PeerTime, clock: Clock, offsets: readonly number[]): void {
  for (const [index, offset] of offsets.entries()) time.sample(`node ${index}`, clock.utc() + offset, 0)
}

test('G-110: peer time is local UTC and a correction of at most 5 minutes either way, at first what was stored', () => {
  const clock = new HandClock()
  for (const [stored, correction] of [
    [0, 0],
    [1234, 1234],
    [-LARGEST_CORRECTION, -5 * MINUTE],
    [10 * MINUTE, 5 * MINUTE],
  ] as const) {
    const time = new PeerTime(clock, stored)
    expect([time.correction, time.now()]).toEqual([correction, EPOCH + correction])
  }
  const time = new PeerTime(clock, 30 * SECOND)
  expect(time.minute()).toBe(Math.floor((EPOCH + 30 * SECOND) / MINUTE) * MINUTE)
})

test('G-111: a sample is the time in the message and half the round trip; one that took too long is none', () => {
  const clock = new HandClock()
  const time = new PeerTime(clock, 0)
  for (const key of ['a', 'b', 'c']) time.sample(key, EPOCH + 1000, 400)
  expect(time.median).toBe(1200)
  for (const key of ['a', 'b', 'c']) time.sample(key, EPOCH + 9000, LONGEST_SAMPLED_ROUND_TRIP + 1)
  expect(time.median).toBe(1200)
  for (const key of ['a', 'b', 'c']) time.sample(key, EPOCH, LONGEST_SAMPLED_ROUND_TRIP)
  expect(time.median).toBe(LONGEST_SAMPLED_ROUND_TRIP / 2)
})

test('G-111: the latest sample of each identity counts, for an hour, and of so many identities', () => {
  const clock = new HandClock()
  const time = new PeerTime(clock, 0)
  give(time, clock, [1000, 2000, 3000])
  time.sample('node 0', clock.utc() + 2500, 0)
  expect(time.median).toBe(2500)
  clock.passed += SAMPLE_LIFE
  expect(time.median).toBe(2500)
  clock.passed += 1
  expect(time.median).toBe(undefined)
  for (let index = 0; index < MOST_SAMPLES; index++) time.sample(`early ${index}`, clock.utc(), 0)
  for (let index = 0; index < MOST_SAMPLES; index++) time.sample(`late ${index}`, clock.utc() + 5000, 0)
  expect(time.median).toBe(5000)
})

describe('vectors', () => {
  const file = new URL('../../docs/protocol/vectors/peer-time.json', import.meta.url)
  const { samples, medians, corrections }: Vectors = JSON.parse(readFileSync(file, 'utf8'))

  test.each(samples)('G-111: a sample: $what', ({ told, roundTrip, localUtc, offset }) => {
    const clock = new HandClock()
    clock.skew = localUtc - EPOCH
    const time = new PeerTime(clock, 0)
    for (const key of ['a', 'b', 'c']) time.sample(key, told, roundTrip)
    expect(time.median ?? null).toBe(offset)
  })

  test.each(medians)('G-112: the median of $offsets', ({ offsets, median }) => {
    const clock = new HandClock()
    const time = new PeerTime(clock, 0)
    give(time, clock, offsets)
    expect(time.median ?? null).toBe(median)
  })

  test.each(corrections)('G-112: the correction moves $what', ({ before, median, passes, after }) => {
    const clock = new HandClock()
    const time = new PeerTime(clock, before)
    if (median !== null) give(time, clock, [median, median, median])
    clock.passed += passes
    expect(time.correction).toBe(after)
  })
})

test('G-112: samples 10 s behind and 2 s, 4 s and 600 s ahead of local UTC aim at 3 s ahead', () => {
  const clock = new HandClock()
  const time = new PeerTime(clock, 0)
  give(time, clock, [-10 * SECOND, 2 * SECOND, 4 * SECOND, 600 * SECOND])
  expect(time.median).toBe(3 * SECOND)
  clock.passed += 59 * SECOND
  expect(time.correction).toBe(59 * SECOND * SLEW_RATE)
  clock.passed += MINUTE
  expect([time.correction, time.now()]).toEqual([3 * SECOND, clock.utc() + 3 * SECOND])
})

test('G-112: with fewer than three samples the correction stays', () => {
  const clock = new HandClock()
  const time = new PeerTime(clock, 700)
  give(time, clock, [10 * SECOND, 20 * SECOND])
  clock.passed += 10 * MINUTE
  expect(time.correction).toBe(700)
  give(time, clock, [10 * SECOND, 20 * SECOND, 30 * SECOND])
  clock.passed += 10 * MINUTE
  expect(time.correction).toBe(20 * SECOND)
  clock.passed += 2 * SAMPLE_LIFE
  expect(time.correction).toBe(20 * SECOND)
})

test('G-112: peer time neither jumps nor runs back, whatever the samples say', () => {
  const anyStep = fc.record({
    passes: fc.integer({ min: 0, max: 10 * MINUTE }),
    offset: fc.integer({ min: -20 * MINUTE, max: 20 * MINUTE }),
    key: fc.integer({ min: 0, max: 9 }),
    isRead: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 60 }), (steps) => {
      const clock = new HandClock()
      const time = new PeerTime(clock, 0)
      let [before, passed] = [time.now(), 0]
      for (const { passes, offset, key, isRead } of steps) {
        clock.passed += passes
        passed += passes
        time.sample(`node ${key}`, clock.utc() + offset, 0)
        if (!isRead) continue
        const now = time.now()
        // The times that are told are whole milliseconds.
        expect(Math.abs(now - before - passed)).toBeLessThanOrEqual(passed * SLEW_RATE + 1)
        expect(now).toBeGreaterThanOrEqual(before)
        expect(Math.abs(now - clock.utc())).toBeLessThanOrEqual(LARGEST_CORRECTION)
        ;[before, passed] = [now, 0]
      }
    }),
  )
})

test('a clock that is further off stays at the limit, and the log says so, once', () => {
  const clock = new HandClock()
  const time = new PeerTime(clock, 0)
  for (let hour = 0; hour < 2; hour++) {
    give(time, clock, [400 * SECOND, 400 * SECOND, 400 * SECOND])
    clock.passed += SAMPLE_LIFE - 1
    time.now()
  }
  expect([time.correction, time.outOfReach]).toEqual([LARGEST_CORRECTION, 400 * SECOND])
  give(time, clock, [200 * SECOND, 200 * SECOND, 200 * SECOND])
  expect(time.outOfReach).toBe(undefined)

  const node = new LoneRecords()
  const warnings = (): unknown[] =>
    node.world.log.filter(({ message }) => message.includes('clock')).map(({ details }) => details)
  give(node.parts.peerTime, node.host.ports.clock, [-400 * SECOND, -400 * SECOND, -400 * SECOND])
  node.run(10 * MINUTE)
  expect(warnings()).toEqual([{ seconds: -400 }])
})

test('G-180: while fewer than half of the samples are false, the aim lies among the honest ones', () => {
  const anyOffset = fc.integer({ min: -LARGEST_CORRECTION, max: LARGEST_CORRECTION })
  const anyLie = fc.integer({ min: -(10 ** 12), max: 10 ** 12 })
  fc.assert(
    fc.property(
      fc.array(anyOffset, { minLength: 2, maxLength: 30 }),
      fc.array(anyLie, { maxLength: 29 }),
      (honest, lies) => {
        const told = lies.slice(0, honest.length - 1)
        const clock = new HandClock()
        const time = new PeerTime(clock, 0)
        for (const [index, offset] of honest.entries()) time.sample(`honest ${index}`, clock.utc() + offset, 0)
        for (const [index, offset] of told.entries()) time.sample(`liar ${index}`, clock.utc() + offset, 0)
        const { median } = time
        if (honest.length + told.length < 3) return
        expect(median).toBeGreaterThanOrEqual(Math.min(...honest))
        expect(median).toBeLessThanOrEqual(Math.max(...honest))
      },
    ),
  )
})

test('G-180: no number of liars moves peer time further than 5 minutes', () => {
  const clock = new HandClock()
  const time = new PeerTime(clock, 0)
  for (let hour = 0; hour < 24; hour++) {
    for (let index = 0; index < 300; index++) time.sample(`liar ${index}`, clock.utc() + 10 ** 11, 0)
    clock.passed += SAMPLE_LIFE - 1
    expect(time.now() - clock.utc()).toBeLessThanOrEqual(LARGEST_CORRECTION)
  }
})
