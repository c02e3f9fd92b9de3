import fc from 'fast-check'
import { expect, test } from 'vitest'
import { authorOf, type GraphRecord, type RecordAuthor } from '../../src/records/record.ts'
import { compareRecords } from '../../src/records/record-order.ts'
import { compareBytes, equalBytes, toHex } from '../../src/runtime/bytes.ts'
import { anyFirstVersion, anyVersionAfter } from './any-record.ts'
import { authorCalled, hex, recordFrom, recordVectors } from './record-vectors.ts'

const ascending = recordVectors.order.ascending.map(({ what, bytes }) => ({ what, record: recordFrom(hex(bytes)) }))
const administrators = recordVectors.order.administrators.map((name) => authorCalled(name).publicKey)
const nobody = (): boolean => false

function isAdministrator(author: RecordAuthor): boolean {
  return administrators.some((key) => equalBytes(key, author.publicKey))
}

/** The version that stands at the end, if each that comes is stored only where it wins. */
function winnerOf(versions: readonly GraphRecord[]): GraphRecord | undefined {
  let stored: GraphRecord | undefined
  for (const version of versions) {
    if (stored === undefined || compareRecords(version, stored, isAdministrator) > 0) stored = version
  }
  return stored
}

test('G-062: each version of the vectors wins over those before it', () => {
  expect(new Set(ascending.map(({ record }) => record.id)).size).toBe(1)
  for (const [place, { record: one }] of ascending.entries()) {
    for (const [otherPlace, { record: other }] of ascending.entries()) {
      expect(Math.sign(compareRecords(one, other, isAdministrator))).toBe(Math.sign(place - otherPlace))
    }
  }
})

test('G-062: where nobody is an administrator, the higher version of what is deleted wins', () => {
  const deleted = ascending.filter(({ record }) => record.deleted)
  const order = deleted.toSorted((one, other) => compareRecords(one.record, other.record, nobody))
  expect(order.map(({ what }) => what).at(-1)).toBe('deleted by ann in version 3')
})

test('G-062: a higher version loses to what is deleted, and equal ones go by their digests', () => {
  for (const { record: one } of ascending) {
    for (const { record: other } of ascending) {
      const order = Math.sign(compareRecords(one, other, nobody))
      if (one.deleted !== other.deleted) expect(order).toBe(one.deleted ? 1 : -1)
      else if (one.version !== other.version) expect(order).toBe(Math.sign(one.version - other.version))
      else expect(order).toBe(Math.sign(compareBytes(one.digest, other.digest)))
    }
  }
})

test('G-063: any order and repetition of versions, also without some that lose, gives one winner', () => {
  const anyVersions = anyFirstVersion.chain((first) =>
    fc.record({
      versions: fc
        .array(anyVersionAfter(first), { minLength: 1, maxLength: 6 })
        .chain((second) =>
          fc.tuple(fc.constant(second), fc.array(anyVersionAfter(second[0] ?? first), { maxLength: 3 })),
        )
        .map(([second, third]) => [first, ...second, ...third]),
      seed: fc.infiniteStream(fc.nat()),
    }),
  )
  fc.assert(
    fc.property(anyVersions, ({ versions, seed }) => {
      const winner = winnerOf(versions)
      const again = [...versions, ...versions]
        .map((version) => ({ version, place: seed.next().value ?? 0 }))
        .sort((one, other) => one.place - other.place)
        .map(({ version }) => version)
      expect(winnerOf(again)).toEqual(winner)
      expect(winnerOf(again.filter((version, place) => version === winner || place % 2 === 0))).toEqual(winner)
      for (const version of versions) {
        // Nothing but the four criteria counts.
        const isFinal = version.deleted && isAdministrator(authorOf(version))
        if (isFinal) expect(winner?.deleted && isAdministrator(authorOf(winner))).toBe(true)
        else if (version.deleted) expect(winner?.deleted).toBe(true)
      }
    }),
    { numRuns: 150 },
  )
})

test('G-063: 0 means an equal digest, hence the same bytes', () => {
  fc.assert(
    fc.property(
      anyFirstVersion.chain((first) => fc.tuple(anyVersionAfter(first), anyVersionAfter(first))),
      ([one, other]) => {
        expect(compareRecords(one, other, isAdministrator) === 0).toBe(toHex(one.bytes) === toHex(other.bytes))
        expect(compareRecords(one, recordFrom(new Uint8Array(one.bytes)), isAdministrator)).toBe(0)
      },
    ),
    { numRuns: 100 },
  )
})
