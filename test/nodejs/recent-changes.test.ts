// What was stored last is told from memory, exactly as the file would tell it, or not at all.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MOST_RECENT_BYTES, MOST_RECENT_CHANGES, RecentChanges } from '../../src/nodejs/recent-changes.ts'
import { SampleRecords } from '../../src/records/acceptance/sample-records.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import { crypto } from '../identity/platform.ts'

const samples = new SampleRecords(crypto)
/** So few that many are stored again and again. */
const records = Array.from({ length: 30 }, (_, index) => samples.first({ type: index % 3 === 0 ? 'a' : 'b' }))

/** Arrivals of what is found after a number; undefined: that is to be read from the file. */
function arrivals(changes: RecentChanges, after: number, types?: string[], limit = 1_000_000): number[] | undefined {
  return changes.since(after, types, limit)?.map(({ arrival }) => arrival)
}

/** The first place from which on all is known. */
function firstKnown(changes: RecentChanges): number {
  let place = 0
  while (changes.since(place, undefined, 1) === undefined) place++
  return place
}

describe('recent changes', () => {
  test('of each record the last version is told, in the order of arrival, of the types asked for', () => {
    const anyPlaces = fc.array(fc.nat({ max: records.length - 1 }), { maxLength: 100 })
    fc.assert(
      fc.property(anyPlaces, fc.nat({ max: 110 }), fc.nat({ max: 40 }), (places, after, limit) => {
        const changes = new RecentChanges(0)
        const last = new Map<GraphRecord, number>()
        for (const [index, place] of places.entries()) {
          const record = records[place]
          if (record === undefined) continue
          changes.add({ arrival: index + 1, record, firstArrival: 1 })
          last.set(record, index + 1)
        }
        for (const types of [undefined, ['a'], ['a', 'b'], ['c']]) {
          const expected = [...last]
            .filter(([record, arrival]) => arrival > after && types?.includes(record.type) !== false)
            .map(([, arrival]) => arrival)
            .sort((one, other) => one - other)
          expect(arrivals(changes, after, types, limit)).toEqual(expected.slice(0, limit))
        }
      }),
    )
  })

  test('nothing is told from a place before the first change that is known', () => {
    const changes = new RecentChanges(7)
    expect(arrivals(changes, 6)).toBeUndefined()
    expect(arrivals(changes, 7)).toEqual([])
    const [record] = records
    if (record === undefined) throw new RangeError('there are records')
    changes.add({ arrival: 8, record, firstArrival: 8 })
    changes.forget(9)
    expect(arrivals(changes, 8)).toBeUndefined()
    expect(arrivals(changes, 9)).toEqual([])
  })

  test('the oldest are forgotten when there are too many, or too many bytes of them', () => {
    const changes = new RecentChanges(0)
    const small = Array.from({ length: MOST_RECENT_CHANGES + 5 }, () => samples.first({ type: 'a' }))
    for (const [index, record] of small.entries()) changes.add({ arrival: index + 1, record, firstArrival: index + 1 })
    const first = firstKnown(changes)
    expect(first).toBeGreaterThan(5)
    expect(arrivals(changes, first)).toEqual(small.slice(first).map((_, index) => first + 1 + index))
    expect(small.length - first).toBeGreaterThan(MOST_RECENT_CHANGES / 2)
    const large = Array.from({ length: 200 }, () => samples.first({ payload: new Uint8Array(60_000) }))
    for (const [index, record] of large.entries())
      changes.add({ arrival: small.length + index + 1, record, firstArrival: 1 })
    const known = small.length + large.length - firstKnown(changes)
    expect(known).toBeLessThanOrEqual(MOST_RECENT_BYTES / 60_000)
    expect(known).toBeGreaterThanOrEqual(Math.floor(MOST_RECENT_BYTES / 60_500 / 2))
  })
})
