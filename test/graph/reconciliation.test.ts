import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LONGEST_RECORD_TYPE } from '../../src/records/record-type.ts'
import { expectEqual } from './expect-equal.ts'
import { EPOCH, fill, MINUTE, makeRecord, many, ReconciledPair, type TestNode } from './reconciled-pair.ts'

test('G-083: different records under one ID and version are found, and the same one wins on both ends', () => {
  const pair = new ReconciledPair()
  const common = many(500)
  fill(pair.one, common)
  fill(pair.other, common)
  for (const record of common.slice(0, 40)) {
    pair.one.put({ ...record, version: 2, text: 'of one' })
    pair.other.put({ ...record, version: 2, text: 'of other' })
  }
  expect(pair.one.root()).not.toBe(pair.other.root())
  pair.reconcile()
  expectEqual(pair)
  const winners = common.slice(0, 40).map(({ id }) => pair.one.held.get(id)?.record.text)
  expect(new Set(winners)).toEqual(new Set(['of one', 'of other']))
})

test('G-082: both ends end with the greater version of everything that either had, whoever began', () => {
  const anyPlace = fc.record({
    type: fc.constantFrom('a', 'b', 'peerage.c', 'peerage.first', 'd'.repeat(LONGEST_RECORD_TYPE)),
    place: fc.constantFrom('one', 'other', 'both', 'newer at one', 'newer at other', 'in conflict'),
    weight: fc.constantFrom(1, 1, 1, 30, 200),
  })
  fc.assert(
    fc.property(
      fc.array(anyPlace, { maxLength: 30 }),
      fc.record({ prioritized: fc.subarray(['a', 'b']), first: fc.boolean(), judging: fc.constantFrom(0, 1) }),
      (places, { prioritized, first, judging }) => {
        const pair = new ReconciledPair({ delay: 5, rate: 1000 })
        pair.one.policy = { firstTypes: first ? ['peerage.first'] : [], prioritized, types: undefined }
        pair.other.policy = { firstTypes: first ? ['peerage.first'] : [], prioritized: ['b'], types: undefined }
        pair.one.judging = judging
        let differing = 0
        for (const { type, place, weight } of places) {
          for (const record of many(weight, { type })) {
            if (place !== 'other') pair.one.put(record)
            if (place !== 'one') pair.other.put(record)
            if (place === 'newer at one' || place === 'in conflict')
              pair.one.put({ ...record, version: 2, text: 'one' })
            if (place === 'newer at other' || place === 'in conflict')
              pair.other.put({ ...record, version: 2, text: 'other' })
          }
          differing += place === 'both' ? 0 : place === 'one' || place === 'other' ? weight : 2 * weight
        }
        pair.reconcile()
        expectEqual(pair)
        expect(pair.traffic.records).toBe(differing)
        expect(pair.one.end?.kind).toBe(differing === 0 ? 'equal' : 'reconciled')
        expect(pair.other.end?.kind).toBe(pair.one.end?.kind)
      },
    ),
    { numRuns: 50 },
  )
})

describe('a first copy', () => {
  const types = ['other', 'peerage.graph-info', 'late', 'early', 'peerage.revocation', 'another']

  function newcomer(delay = 10): ReconciledPair {
    const pair = new ReconciledPair({ delay, rate: 500 })
    for (const type of types) fill(pair.other, many(700, { type, text: 'x'.repeat(200) }))
    pair.one.policy = { firstTypes: ['peerage.revocation'], prioritized: ['early', 'late'], types: undefined }
    pair.other.policy = { firstTypes: ['peerage.revocation'], prioritized: ['another'], types: undefined }
    return pair
  }

  test.each(['newcomer', 'other'])(
    'is one stream of each record once, in the order of priority, when the %s begins',
    (who) => {
      const pair = newcomer()
      if (who === 'other') pair.other.sessions.begin(pair.links[1], undefined)
      else pair.begin()
      pair.time.runUntil(() => pair.one.ends.length > 0 && pair.other.ends.length > 0)
      expectEqual(pair)
      expect(pair.one.arrivals.length).toBe(700 * types.length)
      const order = pair.one.arrivals.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1])
      expect(order).toEqual(['peerage.revocation', 'peerage.graph-info', 'early', 'late', 'another', 'other'])
    },
  )

  test('G-081: says how far it is, and when each prioritized type is complete', () => {
    const pair = newcomer()
    const completed = new Map<string, number>()
    const lateOnes: string[] = []
    pair.one.onArrival = ({ type }) => {
      for (const complete of pair.one.completed.splice(0)) completed.set(complete, pair.one.arrivals.length)
      if (completed.has(type)) lateOnes.push(type)
    }
    pair.reconcile()
    expect([...completed.keys()]).toEqual(['early', 'late', 'another'])
    // Each is told while others still come, and nothing of it comes afterwards.
    expect([...completed.values()].every((arrived) => arrived < pair.one.arrivals.length)).toBe(true)
    expect(lateOnes).toEqual([])
    const received = pair.one.progress.map((progress) => progress.received)
    expect([...received].sort((one, other) => one - other)).toEqual(received)
    expect(pair.one.progress.at(-1)).toEqual({ received: 4200, expected: 4200 })
    expect(pair.one.progress.every((progress) => progress.expected >= progress.received)).toBe(true)
  })

  test('G-081: is cut off anywhere and goes on without sending again what was stored', () => {
    for (const cutAfter of [1, 3, 5, 9, 17, 33]) {
      const pair = newcomer()
      let messages = 0
      pair.begin()
      pair.time.runUntil(() => pair.traffic.kinds.length - messages > cutAfter)
      pair.links[0].destroy('broken')
      pair.time.runFor(1000)
      expect(pair.one.end).toEqual({ kind: 'failed', reason: 'link' })
      const stored = pair.one.held.size
      pair.connect()
      messages = pair.one.arrivals.length
      pair.reconcile()
      expectEqual(pair)
      expect(pair.one.arrivals.length - messages).toBe(700 * types.length - stored)
    }
  })

  test('G-081: does not hold more than the link and the receiver take', () => {
    const pair = newcomer(200)
    pair.one.judging = 2
    pair.begin()
    let most = 0
    pair.time.runUntil(() => {
      most = Math.max(most, pair.links[1].waiting('bulk'))
      return pair.one.ends.length > 0
    })
    expectEqual(pair)
    expect(most).toBeLessThan(600 * 1024)
  })
})

test('G-165: types that the provider names are complete before the first other record comes, in every reconciliation', () => {
  const pair = new ReconciledPair({ rate: 1000 })
  const policy = { firstTypes: ['peerage.revocation'], prioritized: [], types: undefined }
  pair.one.policy = policy
  pair.other.policy = policy
  const common = [...many(2000), ...many(500, { type: 'peerage.revocation' })]
  fill(pair.one, common)
  fill(pair.other, common)
  for (const node of [pair.one, pair.other]) {
    fill(node, many(100))
    fill(node, many(100, { type: 'peerage.revocation' }))
    fill(node, many(100, { type: 'peerage.member' }))
  }
  pair.reconcile()
  expectEqual(pair)
  for (const node of [pair.one, pair.other]) {
    const order = node.arrivals.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1])
    expect(order).toEqual(['peerage.revocation', 'peerage.member', 'chat'])
  }
})

test('what is published, updated and removed while it runs is neither lost nor undone', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(999), { minLength: 40, maxLength: 120 }),
      fc.integer({ min: 1, max: 40 }),
      (drawn, pause) => {
        const pair = new ReconciledPair({ delay: 8, rate: 200 })
        const common = many(600)
        const ofOne = many(400)
        const ofOther = many(400)
        fill(pair.one, [...common, ...ofOne])
        fill(pair.other, [...common, ...ofOther])
        const all = [...common, ...ofOne, ...ofOther]
        const removed = new Set<string>()
        for (const [index, number] of drawn.entries()) {
          pair.time.setTimer(index * pause, () => {
            const node = index % 2 === 0 ? pair.one : pair.other
            const record = all[number % all.length] ?? makeRecord()
            if (index % 5 === 0) node.put(makeRecord())
            else if (index % 5 < 3) node.put({ ...record, version: 2 + index, text: `change ${index}` })
            else if (removed.add(record.id)) node.remove(record)
          })
        }
        pair.reconcile()
        expect([pair.one.end?.kind, pair.other.end?.kind]).toEqual(['reconciled', 'reconciled'])
        pair.time.runFor(drawn.length * pause + 1000)
        const held = (node: TestNode): readonly [string, number][] =>
          [...node.held.values()].map(({ record }) => [record.id, record.version])
        const before = [...held(pair.one), ...held(pair.other)]
        // What came too late for it is left to the next one.
        pair.reconcile()
        expectEqual(pair)
        for (const [id, version] of before) {
          expect(
            [...pair.one.held.values()].find(({ record }) => record.id === id)?.record.version,
          ).toBeGreaterThanOrEqual(version)
        }
        for (const { id } of all) if (!removed.has(id)) expect(pair.one.held.has(id)).toBe(true)
      },
    ),
    { numRuns: 10 },
  )
})

test('records that expire while it runs are passed over', () => {
  const pair = new ReconciledPair({ rate: 20 })
  fill(pair.one, many(500, { expires: EPOCH + MINUTE }))
  fill(pair.other, [...many(500, { expires: EPOCH + MINUTE }), ...many(500)])
  pair.time.runFor(MINUTE - 2000)
  pair.begin()
  pair.time.runFor(2000)
  for (const node of [pair.one, pair.other]) {
    node.trie.advance(node.minute())
    for (const { record } of [...node.held.values()]) if (record.expires <= node.minute()) node.held.delete(record.id)
  }
  pair.time.runUntil(() => pair.one.ends.length > 0 && pair.other.ends.length > 0)
  expect([pair.one.end?.kind, pair.other.end?.kind]).toEqual(['reconciled', 'reconciled'])
  pair.reconcile()
  expectEqual(pair)
})
