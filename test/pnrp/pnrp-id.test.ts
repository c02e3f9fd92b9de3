import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addToPnrpId,
  circleDistance,
  formatPnrpId,
  isBetween,
  isCloser,
  makePnrpId,
  nextPnrpId,
  type PnrpId,
  placeOf,
  pnrpIdAt,
  pnrpIdBytes,
  pnrpIdFromBytes,
  sameP2pId,
  sameUpperBits,
  upwardDistance,
} from '../../src/pnrp/pnrp-id.ts'
import { estimateIds } from '../../src/pnrp/size-estimate.ts'
import { SortedIds } from '../../src/pnrp/sorted-ids.ts'
import { id, idVectors } from './pnrp-vectors.ts'

const CIRCLE = 1n << 256n
/** Any ID, also such as are next to each other or to zero. */
const anyNumber = fc.oneof(
  fc.bigInt({ min: 0n, max: CIRCLE - 1n }),
  fc.bigInt({ min: 0n, max: 4n }),
  fc.bigInt({ min: CIRCLE - 4n, max: CIRCLE - 1n }),
)

function idOf(number: bigint): PnrpId {
  return id(modulo(number).toString(16).padStart(64, '0'))
}

function numberOf(one: PnrpId): bigint {
  return BigInt(`0x${formatPnrpId(one)}`)
}

function modulo(number: bigint): bigint {
  return ((number % CIRCLE) + CIRCLE) % CIRCLE
}

function distance(one: bigint, other: bigint): bigint {
  const upward = modulo(other - one)
  return upward < CIRCLE - upward ? upward : CIRCLE - upward
}

test('N-06: an ID is 32 bytes, and its order is that of the numbers', () => {
  fc.assert(
    fc.property(anyNumber, anyNumber, (one, other) => {
      expect(pnrpIdFromBytes(pnrpIdBytes(idOf(one)))).toBe(idOf(one))
      expect(idOf(one) < idOf(other)).toBe(one < other)
      expect(idOf(one) === idOf(other)).toBe(one === other)
    }),
  )
  expect(() => pnrpIdFromBytes(new Uint8Array(31))).toThrow(RangeError)
})

test('N-06: the P2P ID is the upper half and the service location the lower one', () => {
  const made = makePnrpId(new Uint8Array(16).fill(0xaa), new Uint8Array(16).fill(0xbb))
  expect(formatPnrpId(made)).toBe('aa'.repeat(16) + 'bb'.repeat(16))
  expect(sameP2pId(made, makePnrpId(new Uint8Array(16).fill(0xaa), new Uint8Array(16)))).toBe(true)
  expect(sameP2pId(made, makePnrpId(new Uint8Array(16), new Uint8Array(16).fill(0xbb)))).toBe(false)
})

test.each(idVectors.distances)('N-06: from $one to $other', ({ one, other, upward, distance: shorter }) => {
  expect(formatPnrpId(upwardDistance(id(one), id(other)))).toBe(upward)
  expect(formatPnrpId(circleDistance(id(one), id(other)))).toBe(shorter)
})

test.each(idVectors.closer)('N-06: which is closer to $target', ({ target, one, other, closer }) => {
  expect(isCloser(id(target), id(one), id(other))).toBe(closer === 'one')
  expect(isCloser(id(target), id(other), id(one))).toBe(closer === 'other')
})

test('N-06: distances and sums are those of numbers on a circle', () => {
  fc.assert(
    fc.property(anyNumber, anyNumber, (one, other) => {
      expect(numberOf(upwardDistance(idOf(one), idOf(other)))).toBe(modulo(other - one))
      expect(numberOf(circleDistance(idOf(one), idOf(other)))).toBe(distance(one, other))
      expect(numberOf(addToPnrpId(idOf(one), idOf(other)))).toBe(modulo(one + other))
      expect(numberOf(nextPnrpId(idOf(one)))).toBe(modulo(one + 1n))
    }),
  )
})

test('N-06: closer is by distance, then by number, and one of two different IDs is always closer', () => {
  // Also where the difference is too small to be seen in the places that are compared first.
  const anyOffset = fc.integer({ min: 0, max: 255 }).chain((bits) => fc.bigInt({ min: 0n, max: 1n << BigInt(bits) }))
  fc.assert(
    fc.property(anyNumber, anyOffset, anyOffset, (target, up, down) => {
      const [one, other] = [modulo(target + up), modulo(target - down)]
      const [near, far] = [distance(target, one), distance(target, other)]
      expect(isCloser(idOf(target), idOf(one), idOf(other))).toBe(near < far || (near === far && one < other))
    }),
    { numRuns: 500 },
  )
})

test('N-06: what is between two IDs is what one meets when one walks upwards', () => {
  fc.assert(
    fc.property(anyNumber, anyNumber, anyNumber, (from, between, to) => {
      const way = from === to ? CIRCLE : modulo(to - from)
      const met = modulo(between - from)
      expect(isBetween(idOf(from), idOf(between), idOf(to))).toBe(met > 0n && met < way)
    }),
  )
})

test('N-65: upper bits agree exactly where the numbers say so', () => {
  fc.assert(
    fc.property(anyNumber, fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 256 }), (one, bit, bits) => {
      const other = one ^ (1n << BigInt(255 - bit))
      expect(sameUpperBits(idOf(one), idOf(other), bits)).toBe(bits <= bit)
      expect(sameUpperBits(idOf(one), idOf(one), bits)).toBe(true)
    }),
  )
})

test('the place of an ID is its share of the circle', () => {
  for (const place of [0, 0.25, 0.5, 0.999, 1 / 3]) expect(placeOf(pnrpIdAt(place))).toBeCloseTo(place, 12)
  expect(placeOf(pnrpIdAt(1.25))).toBe(0.25)
  expect(placeOf(pnrpIdAt(-0.25))).toBe(0.75)
})

describe('sorted IDs', () => {
  const anySet = fc.uniqueArray(anyNumber, { maxLength: 30 })

  test('N-06: they are found in the order of their distance, and walked in the order of the circle', () => {
    fc.assert(
      fc.property(anySet, anyNumber, (numbers, target) => {
        const sorted = new SortedIds()
        for (const number of numbers) expect(sorted.add(idOf(number))).toBe(true)
        const byDistance = [...numbers].sort((one, other) => {
          const [near, far] = [distance(target, one), distance(target, other)]
          return near === far ? (one < other ? -1 : 1) : near < far ? -1 : 1
        })
        expect(sorted.nearest(idOf(target), numbers.length, () => true).map(numberOf)).toEqual(byDistance)
        const others = numbers.filter((number) => number !== target)
        const upwards = [...others].sort((one, other) => (modulo(one - target) < modulo(other - target) ? -1 : 1))
        expect([...sorted.above(idOf(target))].map(numberOf)).toEqual(upwards)
        expect([...sorted.below(idOf(target))].map(numberOf)).toEqual(upwards.toReversed())
      }),
    )
  })

  test('they hold what was added and not taken out', () => {
    fc.assert(
      fc.property(anySet, fc.uniqueArray(fc.nat(29)), (numbers, places) => {
        const sorted = new SortedIds()
        for (const number of numbers) sorted.add(idOf(number))
        const kept = new Set(numbers)
        for (const place of places) {
          const number = numbers[place]
          if (number === undefined) continue
          expect(sorted.delete(idOf(number))).toBe(true)
          expect(sorted.delete(idOf(number))).toBe(false)
          kept.delete(number)
        }
        expect(sorted.size).toBe(kept.size)
        expect(sorted.all.map(numberOf)).toEqual([...kept].sort((one, other) => (one < other ? -1 : 1)))
        for (const number of numbers) expect(sorted.has(idOf(number))).toBe(kept.has(number))
        for (const number of kept) expect(sorted.add(idOf(number))).toBe(false)
      }),
    )
  })
})

test.each(idVectors.sizeEstimates)('N-91: $what: $ids IDs', ({ leaves, knownIds, ids }) => {
  const leafSets = leaves.map(({ below, above }) => ({ below: [id(below)], above: [id(above)] }))
  expect(estimateIds(leafSets, knownIds)).toBe(ids)
})

test('N-91: a local ID without leaves gives no estimate', () => {
  expect(estimateIds([{ below: [], above: [] }], 1)).toBe(1)
})
