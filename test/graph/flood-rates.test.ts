/** Rates at which floods are taken in. */
import { expect, test } from 'vitest'
import {
  FloodRates,
  LARGEST_DELAYED,
  MOST_DELAYED,
  MOST_DELAYED_OF_CREATOR,
  RECORDS_OF_CREATOR,
  RECORDS_OF_NEIGHBOR,
} from '../../src/graph/flood-rates.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import { LoneRecords, madeRecord } from './lone-records.ts'

const rates = { ofCreator: RECORDS_OF_CREATOR, ofNeighbor: RECORDS_OF_NEIGHBOR }
const SECOND = 1000

test('G-158: what a creator floods above its rate is delayed, in order, and the records of others are not', () => {
  const node = new LoneRecords()
  const floods = new FloodRates(node.parts, rates)
  const passed: string[] = []
  const fast = madeRecord(node.now, { by: 'fast' })
  const calm = madeRecord(node.now, { by: 'calm' })
  for (let index = 0; index < RECORDS_OF_CREATOR.burst + 100; index++) {
    expect(floods.takeChecked(fast, () => passed.push(`fast ${index}`))).toBe(true)
  }
  expect(passed).toHaveLength(RECORDS_OF_CREATOR.burst)
  expect(floods.takeChecked(calm, () => passed.push('calm'))).toBe(true)
  expect(passed.at(-1)).toBe('calm')
  node.run(SECOND)
  expect([passed.length, floods.size]).toEqual([RECORDS_OF_CREATOR.burst + 101, 0])
  const fastOnes = passed.filter((one) => one !== 'calm')
  expect(fastOnes).toEqual(fastOnes.map((_, index) => `fast ${index}`))
})

test('G-158: what waits passes at the rate of its creator', () => {
  const node = new LoneRecords()
  const floods = new FloodRates(node.parts, { ...rates, ofCreator: { perSecond: 100, burst: 10 } })
  let passed = 0
  for (let index = 0; index < 310; index++) floods.takeChecked(madeRecord(node.now), () => passed++)
  for (const second of [1, 2, 3]) {
    node.run(SECOND)
    expect(passed).toBe(10 + 100 * second)
  }
})

test('G-158: a neighbor has a rate of its own, whatever creators it names', () => {
  const node = new LoneRecords()
  const ofNeighbor = { perSecond: 100, burst: 50 }
  const floods = new FloodRates(node.parts, { ...rates, ofNeighbor })
  let passed = 0
  const makers = Array.from({ length: 60 }, (_, index) => madeRecord(node.now, { by: `maker ${index}` }))
  for (const record of makers) floods.takeUnchecked(record, 'busy', () => passed++)
  expect(passed).toBe(50)
  for (const record of makers.slice(0, 30)) floods.takeUnchecked(record, 'calm', () => passed++)
  expect(passed).toBe(80)
  node.run(SECOND)
  expect([passed, floods.size]).toEqual([90, 0])
})

test('G-158: forged records of a creator use up no rate but that of the neighbor that sends them', () => {
  const node = new LoneRecords()
  const real = node.made({ by: 'victim', text: 'real' })
  for (let index = 0; index < RECORDS_OF_CREATOR.burst + 50; index++) {
    const forged = node.made({ by: 'victim', nonce: String(index) }).bytes.slice()
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
    node.arrive(forged, 'liar')
  }
  expect(node.counters['records-delayed']).toBe(50)
  expect(node.arrive(real, 'honest')).toEqual(['new'])
})

test('G-158: a delayed record that came otherwise meanwhile is not checked again', () => {
  let checked = 0
  const verifier = {
    verify: (_: GraphRecord, done: (problem: undefined) => void) => done(void checked++),
    close: () => undefined,
  }
  const node = new LoneRecords({ verifier: () => verifier })
  for (let index = 0; index < RECORDS_OF_CREATOR.burst; index++) node.arrive(node.made({ nonce: String(index) }))
  const record = node.made({ nonce: 'late', text: 'late' })
  const outcomes = [node.arrive(record), node.arrive(record, 'neighbor', 'bulk')]
  expect(outcomes).toEqual([[], ['new']])
  node.run(SECOND)
  expect(outcomes).toEqual([['present'], ['new']])
  expect(checked).toBe(RECORDS_OF_CREATOR.burst + 1)
})

test('G-158: each record takes a token of its creator, whether it waits for its neighbor or not', () => {
  const node = new LoneRecords()
  const ofNeighbor = { perSecond: 100, burst: 1 }
  const floods = new FloodRates(node.parts, { ofCreator: { perSecond: 10, burst: 3 }, ofNeighbor })
  let passed = 0
  for (let index = 0; index < 30; index++) floods.takeUnchecked(madeRecord(node.now), 'busy', () => passed++)
  node.run(SECOND)
  expect(passed).toBe(3 + 10)
})

test('G-158: the queues are bounded in number and bytes; what does not fit is dropped and counted', () => {
  const node = new LoneRecords()
  const floods = new FloodRates(node.parts, { ...rates, ofCreator: { perSecond: 1, burst: 1 } })
  const pass = (): void => undefined
  let refused = 0
  for (let index = 0; index < MOST_DELAYED_OF_CREATOR + 11; index++) {
    if (!floods.takeChecked(madeRecord(node.now), pass)) refused++
  }
  expect([floods.size, refused, node.counters['dropped-record-over-rate']]).toEqual([MOST_DELAYED_OF_CREATOR, 10, 10])
  for (let maker = 0; maker < 30; maker++) {
    const record = madeRecord(node.now, { by: `maker ${maker}` })
    for (let index = 0; index < MOST_DELAYED_OF_CREATOR; index++) floods.takeChecked(record, pass)
  }
  expect(floods.size).toBe(MOST_DELAYED)
  floods.clear()
  for (let maker = 0; maker < 30; maker++) {
    const record = madeRecord(node.now, { by: `large ${maker}`, text: 'x'.repeat(60_000) })
    for (let index = 0; index < MOST_DELAYED_OF_CREATOR; index++) floods.takeChecked(record, pass)
  }
  expect(floods.size).toBeLessThanOrEqual(LARGEST_DELAYED / 60_000)
  expect(floods.size).toBeGreaterThan(LARGEST_DELAYED / 60_000 / 2)
})
