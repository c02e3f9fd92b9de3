import { describe, expect, test } from 'vitest'
import { expectEqual } from './expect-equal.ts'
import { fill, makeRecord, many, ReconciledPair } from './reconciled-pair.ts'

const ROUND_TRIP = 20

describe('comparing takes little', () => {
  test('G-084: two copies of 100,000 that differ in 10 are equal after 4 round trips and 10 KB', () => {
    const pair = new ReconciledPair({ delay: ROUND_TRIP / 2 })
    for (let index = 0; index < 100_000; index++) {
      const record = makeRecord({ type: index % 100 === 0 ? `kind ${index % 7}` : 'chat' })
      if (index % 20_000 !== 7) pair.one.put(record)
      if (index % 20_000 !== 10_007) pair.other.put(record)
    }
    const began = pair.time.now
    pair.reconcile()
    expectEqual(pair)
    expect(pair.one.end).toEqual({ kind: 'reconciled', received: 5, sent: 5, wasCutOff: false })
    expect(pair.other.end).toEqual({ kind: 'reconciled', received: 5, sent: 5, wasCutOff: false })
    expect(pair.traffic.records).toBe(10)
    expect((pair.time.now - began) / ROUND_TRIP).toBeLessThanOrEqual(4)
    expect(pair.traffic.bytesBesideRecords).toBeLessThanOrEqual(10_240)
  })

  test.each([
    ['of twenty types', (index: number) => `type ${index % 20}`, [], 0],
    ['of a thousand types', (index: number) => `type ${index % 1000}`, [], 0],
    ['of a type that one end wants first', () => 'chat', ['chat'], 0],
    ['at ends of which the second is a minute ahead', () => 'chat', [], 59_000],
    ['at ends of which the first is a minute ahead', () => 'chat', [], -59_000],
  ] as const)('so do copies %s', (_what, typeOf, prioritized, skew) => {
    const pair = new ReconciledPair({ delay: ROUND_TRIP / 2 })
    pair.one.policy = { firstTypes: ['peerage.revocation'], prioritized, types: undefined }
    pair.other.skew = skew
    pair.time.runFor(30_000)
    for (let index = 0; index < 10_000; index++) {
      const record = makeRecord({ type: typeOf(index) })
      if (index % 2003 !== 7) pair.one.put(record)
      if (index % 2003 !== 1003) pair.other.put(record)
    }
    const began = pair.time.now
    pair.reconcile()
    expectEqual(pair)
    expect(pair.traffic.records).toBe(10)
    expect((pair.time.now - began) / ROUND_TRIP).toBeLessThanOrEqual(4)
    expect(pair.traffic.bytesBesideRecords).toBeLessThanOrEqual(10_240)
  })

  test('G-084: two equal copies exchange roots and nothing else', () => {
    const pair = new ReconciledPair()
    const records = many(2000)
    fill(pair.one, records)
    fill(pair.other, [...records].reverse())
    pair.reconcile()
    expect(pair.traffic.kinds).toEqual(['ROOT', 'ROOT'])
    expect([pair.one.end, pair.other.end]).toEqual([{ kind: 'equal' }, { kind: 'equal' }])
  })

  test('G-084: so do two empty ones', () => {
    const pair = new ReconciledPair()
    pair.reconcile()
    expect(pair.traffic.kinds).toEqual(['ROOT', 'ROOT'])
  })
})
