import { describe, expect, test } from 'vitest'
import { FURTHEST_MINUTE } from '../../src/graph/reconciliation.ts'
import { expectEqual } from './expect-equal.ts'
import { EPOCH, fill, MINUTE, makeRecord, many, ReconciledPair, TestNode, Timeline } from './reconciled-pair.ts'

describe('the minute of a comparison', () => {
  test('G-161: is the later one: clocks up to 59 s apart exchange roots and nothing else, while 1,000 records expire', () => {
    for (const [skew, began] of [
      [59_000, 30_000],
      [-59_000, 30_000],
      [59_000, 60_000],
      [-1, 60_000],
      [1000, 59_500],
    ] as const) {
      const pair = new ReconciledPair()
      const records = [
        ...many(3000),
        ...many(1000, { expires: EPOCH + MINUTE }),
        ...many(50, { expires: EPOCH + MINUTE - 1 }),
      ]
      fill(pair.one, records)
      fill(pair.other, records)
      pair.other.skew = skew
      pair.time.runFor(began)
      pair.reconcile()
      expect(new Set(pair.traffic.kinds)).toEqual(new Set(['ROOT']))
      expect([pair.one.end, pair.other.end]).toEqual([{ kind: 'equal' }, { kind: 'equal' }])
      expect(pair.one.trie.minute).toBe(pair.other.trie.minute)
    }
  })

  test('G-161: leaves out what has expired by then when copies differ', () => {
    for (const skew of [59_000, -59_000]) {
      const pair = new ReconciledPair()
      fill(pair.one, many(100, { expires: EPOCH + MINUTE }))
      fill(pair.other, many(100, { expires: EPOCH + MINUTE }))
      fill(pair.one, many(10))
      pair.other.skew = skew
      pair.time.runFor(MINUTE + 500)
      pair.reconcile()
      expect(pair.traffic.records).toBe(10)
      expect(pair.one.root()).toBe(pair.other.root())
    }
  })

  test('G-161: is not followed if it is further ahead than a bound, by whichever end', () => {
    for (const skew of [FURTHEST_MINUTE + 2 * MINUTE, -FURTHEST_MINUTE - 2 * MINUTE]) {
      const pair = new ReconciledPair()
      fill(pair.one, many(10))
      pair.other.skew = skew
      const before = [pair.one.trie.size, pair.other.trie.size]
      pair.reconcile()
      const failed = { kind: 'failed', reason: 'minute' }
      expect([pair.one.end, pair.other.end]).toEqual([failed, failed])
      expect([pair.one.trie.size, pair.other.trie.size]).toEqual(before)
    }
  })
})

test('two ends that one of them was cut off from are told from two between which records are on their way', () => {
  const places = ['one', 'other', 'conflict', 'newer at one', 'newer at other'] as const
  for (const place of places) {
    for (const isLong of [true, false]) {
      const pair = new ReconciledPair()
      const common = many(300)
      fill(pair.one, common)
      fill(pair.other, common)
      pair.time.runFor(100_000)
      const stored = pair.time.now - (isLong ? 60_000 : 5000)
      const record = common[7] ?? makeRecord()
      if (place === 'one') pair.one.put(makeRecord(), stored)
      if (place === 'other') pair.other.put(makeRecord(), stored)
      if (place === 'conflict' || place === 'newer at one') pair.one.put({ ...record, version: 2, text: '1' }, stored)
      if (place === 'conflict' || place === 'newer at other')
        pair.other.put({ ...record, version: 2, text: '2' }, stored)
      pair.reconcile()
      expectEqual(pair)
      expect([place, pair.one.end, pair.other.end]).toMatchObject([place, { wasCutOff: isLong }, { wasCutOff: isLong }])
    }
  }
})

describe('a node that keeps some types', () => {
  function partial(types: readonly string[], otherTypes: readonly string[] | undefined): ReconciledPair {
    const pair = new ReconciledPair()
    pair.one.policy = { firstTypes: [], prioritized: [], types }
    pair.other.policy = { firstTypes: [], prioritized: [], types: otherTypes }
    pair.one.otherTypes = otherTypes
    pair.other.otherTypes = types
    return pair
  }

  test('compares these and those of Peerage only, and equal ones exchange roots', () => {
    for (const whoBegins of ['one', 'other'] as const) {
      const pair = partial(['kept'], undefined)
      const theirs = many(300, { type: 'not kept' })
      fill(pair.other, [...theirs, ...many(200, { type: 'kept' }), ...many(100, { type: 'peerage.new' })])
      fill(pair.one, many(100, { type: 'kept' }))
      if (whoBegins === 'one') pair.begin()
      else pair.other.sessions.begin(pair.links[1], pair.other.otherTypes)
      pair.time.runUntil(() => pair.one.ends.length > 0 && pair.other.ends.length > 0)
      expect([...pair.one.trie.types()].sort()).toEqual(['kept', 'peerage.new'])
      expect(pair.one.trie.size).toBe(400)
      expect(pair.other.trie.size).toBe(700)
      expect(pair.one.arrivals.length).toBe(300)
      const messages = pair.traffic.kinds.length
      pair.reconcile()
      expect(pair.traffic.kinds.slice(messages)).toEqual(['ROOT', 'ROOT'])
    }
  })

  test('shares with another one what both keep', () => {
    const pair = partial(['a', 'b'], ['b', 'c'])
    for (const type of ['a', 'b', 'peerage.x']) fill(pair.one, many(100, { type }))
    for (const type of ['b', 'c', 'peerage.x']) fill(pair.other, many(100, { type }))
    pair.reconcile()
    expect(pair.traffic.records).toBe(400)
    expect([pair.one.trie.size, pair.other.trie.size]).toEqual([500, 500])
  })
})

describe('sessions of one node', () => {
  test('G-179: that both ends begin at the same time become one', () => {
    const pair = new ReconciledPair()
    fill(pair.one, many(50))
    fill(pair.other, many(50))
    pair.begin()
    pair.other.sessions.begin(pair.links[1], undefined)
    pair.time.runUntil(() => pair.one.ends.length > 0 && pair.other.ends.length > 1)
    expectEqual(pair)
    expect(pair.one.ends.map(({ kind }) => kind)).toEqual(['reconciled'])
    expect(pair.other.ends).toMatchObject([{ kind: 'failed', reason: 'busy' }, { kind: 'reconciled' }])
  })

  test('G-179: are one at a time with the same node, and one more is answered as busy', () => {
    const pair = new ReconciledPair({ rate: 1000 })
    fill(pair.other, many(1000, { text: 'x'.repeat(1000) }))
    pair.begin()
    expect(pair.begin()).toBe(false)
    expect(pair.one.sessions.isUnderWay(pair.links[0])).toBe(true)
    pair.time.runUntil(() => pair.one.held.size > 0)
    pair.links[0].send({
      ...{ kind: 'ROOT', session: 500, minute: EPOCH, hash: new Uint8Array(16), count: 0, nonce: new Uint8Array(8) },
      prioritized: [],
    })
    pair.time.runUntil(() => pair.one.ends.length > 0 && pair.other.ends.length > 0)
    expectEqual(pair)
    expect(pair.traffic.kinds.filter((kind) => kind === 'END').length).toBe(1)
    expect(pair.other.ends.map(({ kind }) => kind)).toEqual(['reconciled'])
  })

  test('G-179: with a node that begins too often are answered as busy, and cost no record and no link', () => {
    const pair = new ReconciledPair()
    const outcomes: string[] = []
    for (let round = 0; round < 20; round++) {
      pair.begin()
      pair.time.runUntil(() => pair.one.ends.length > round)
      const { end } = pair.one
      outcomes.push(end?.kind === 'failed' ? end.reason : (end?.kind ?? ''))
    }
    expect(outcomes.slice(0, 8)).toEqual(Array(8).fill('equal'))
    expect(outcomes.slice(8)).toEqual(Array(12).fill('busy'))
    pair.time.runFor(60_000)
    fill(pair.other, many(5))
    pair.reconcile()
    expectEqual(pair)
    expect(pair.links[0].closing).toBeUndefined()
  })

  test('G-179: are a bounded number in all', () => {
    const time = new Timeline()
    const center = new TestNode('center', time)
    fill(center, many(2000))
    const pairs = Array.from({ length: 20 }, (_, index) => {
      return new ReconciledPair({ rate: 20 }, { time, one: new TestNode(`node ${index}`, time), other: center })
    })
    for (const pair of pairs) pair.begin()
    time.runFor(100)
    const busy = pairs.filter(({ one }) => one.end?.kind === 'failed' && one.end.reason === 'busy').length
    expect(busy).toBe(12)
    expect(pairs.filter((pair) => center.sessions.begin(pair.links[1], undefined)).length).toBe(4)
    const complete = (): number => pairs.filter(({ one }) => one.held.size === 2000).length
    expect(time.runUntil(() => complete() === 12)).toBe(true)
  })

  test('G-179: end when their node closes, and the other end hears of it', () => {
    const pair = new ReconciledPair({ rate: 1000 })
    fill(pair.other, many(1000, { text: 'x'.repeat(1000) }))
    pair.begin()
    pair.time.runUntil(() => pair.one.held.size > 0)
    pair.one.sessions.close()
    pair.time.runUntil(() => pair.other.ends.length > 0)
    expect(pair.one.end).toEqual({ kind: 'failed', reason: 'ended' })
    expect(pair.other.end).toEqual({ kind: 'failed', reason: 'given-up' })
    expect(pair.links[0].closing).toBeUndefined()
  })
})
