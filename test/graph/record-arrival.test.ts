/** What becomes of records that arrive over links or from files, good ones and others. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LARGEST_UNCHECKED, MOST_UNCHECKED } from '../../src/graph/record-arrival.ts'
import type { RecordVerifier } from '../../src/graph/record-verifier.ts'
import { graphKeys, parseGraphId } from '../../src/records/graph-id.ts'
import { readRecord } from '../../src/records/read-record.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import { LONGEST_RECORD_ENCODING } from '../../src/records/record-format.ts'
import { compareRecords } from '../../src/records/record-order.ts'
import { formProblems, signatureProblems } from '../../src/records/record-problem.ts'
import { verifyRecord } from '../../src/records/verify-record.ts'
import { fromHex, toHex } from '../../src/runtime/bytes.ts'
import { crypto as platform } from '../identity/platform.ts'
import { recordVectors } from '../records/record-vectors.ts'
import { crypto, HOUR, identityOf, keys, LoneRecords, MINUTE, madeRecord, providerWith } from './lone-records.ts'

describe('an arriving record', () => {
  test('G-074: that is new is stored, shown and passed on; that is present, or older, is not', () => {
    const node = new LoneRecords()
    const first = node.made()
    const second = node.made({ after: first, text: 'second' })
    expect(node.arrive(second)).toEqual(['new'])
    expect(node.arrive(second, 'another')).toEqual(['present'])
    expect(node.arrive(first)).toEqual(['old'])
    node.run()
    expect(node.texts()).toEqual(['second'])
    expect(node.arrived.map(({ record }) => toHex(record.digest))).toEqual([toHex(second.digest)])
    expect(node.changes).toHaveLength(1)
  })

  test('G-061: is dropped as invalid for each reason, which is counted, and the link stays', () => {
    const reasons = new Set<string>([...formProblems, ...signatureProblems])
    const vectors = recordVectors.refused.map(({ problem, bytes }) => ({ problem, bytes: fromHex(bytes) }))
    vectors.push({ problem: 'too-large', bytes: new Uint8Array(LONGEST_RECORD_ENCODING + 1) })
    expect(new Set(vectors.map(({ problem }) => problem))).toEqual(reasons)
    const others = graphKeys(platform, parseGraphId(recordVectors.graph.id))
    for (const { problem, bytes } of vectors) {
      const node = new LoneRecords({ crypto: platform, keys: others })
      const read = readRecord(platform, others, bytes ?? new Uint8Array())
      if (typeof read !== 'string') node.host.skewClock(read.modified - node.now)
      expect(node.arrive(bytes ?? new Uint8Array())).toEqual(['dropped'])
      expect(node.counters).toMatchObject({ [`dropped-record-${problem}`]: 1 })
      node.run()
      expect([node.records.store.trie.size, node.arrived.length, node.link('neighbor').ended]).toEqual([0, 0, false])
    }
  })

  test('G-056: that has expired is dropped, from the first whole minute that is not earlier than its expiration', () => {
    const node = new LoneRecords()
    node.run(30_000)
    const { now } = node
    const early = node.made({ created: now - HOUR, modified: now - HOUR, expires: now - 30_000, text: 'on the minute' })
    const late = node.made({ created: now - HOUR, modified: now - HOUR, expires: now - 29_999, text: 'after it' })
    for (const how of ['flood', 'bulk'] as const) {
      expect(node.arrive(early, 'neighbor', how)).toEqual(['dropped'])
    }
    expect(node.arrive(late)).toEqual(['new'])
    expect(node.texts()).toEqual(['after it'])
    node.run(30_000)
    expect(node.texts()).toEqual([])
    expect(node.counters['dropped-record-expired']).toBe(2)
  })

  test('of a type that this node does not keep is dropped, and an internal one is kept', () => {
    const node = new LoneRecords({ types: ['test.kept'] })
    expect(node.arrive(node.made({ type: 'test.kept' }))).toEqual(['new'])
    expect(node.arrive(node.made({ type: 'peerage.any' }))).toEqual(['new'])
    expect(node.arrive(node.made({ type: 'test.other' }))).toEqual(['dropped'])
    expect(node.counters['dropped-record-not-kept']).toBe(1)
  })
})

test('G-063: any order, loss and repetition of valid versions gives one winner, and equal digests are present', () => {
  const now = new LoneRecords().now
  const first = madeRecord(now)
  const anyVersion = fc.record({
    by: fc.constantFrom('ann', 'bob', 'carol'),
    version: fc.integer({ min: 2, max: 4 }),
    deleted: fc.boolean(),
    text: fc.constantFrom('one', 'two'),
    expires: fc.constantFrom(now + HOUR, now + 2 * HOUR, now + 5 * MINUTE),
  })
  fc.assert(
    fc.property(fc.array(anyVersion, { minLength: 1, maxLength: 6 }), fc.infiniteStream(fc.nat()), (made, picks) => {
      const versions = [first, ...made.map((one) => madeRecord(now, { ...one, after: first }))]
      const winner = versions.reduce((one, other) => (compareRecords(one, other, () => false) < 0 ? other : one))
      const node = new LoneRecords()
      const rest = [...versions]
      const seen = new Set<string>()
      for (const pick of picks) {
        if (rest.length === 0) break
        const version = pick % 3 === 0 ? rest[pick % rest.length] : rest.splice(pick % rest.length, 1)[0]
        if (version === undefined) continue
        const here = node.records.store.find(first.id)
        const [outcome] = node.arrive(version, pick % 2 === 0 ? 'one' : 'other', pick % 5 === 0 ? 'bulk' : 'flood')
        expect(outcome === 'present').toBe(here !== undefined && toHex(here.digest) === toHex(version.digest))
        seen.add(toHex(version.digest))
      }
      expect(toHex(node.records.store.find(first.id)?.digest ?? new Uint8Array())).toBe(toHex(winner.digest))
    }),
    { numRuns: 60 },
  )
})

test('G-079: any set of records gives the same database in any order, over any links, in floods and comparisons', () => {
  const { now } = new LoneRecords()
  const anyRecord = fc.record({
    type: fc.constantFrom('test.note', 'test.other', 'peerage.any', '~test.mood'),
    by: fc.constantFrom('ann', 'bob', 'mallory'),
    // Some have expired, and some are of a time that is still to come.
    created: fc.constantFrom(now - HOUR, now, now + 2 * MINUTE),
    expires: fc.constantFrom(now - MINUTE, now + HOUR, now + 2 * HOUR),
    later: fc.array(
      fc.record({
        by: fc.constantFrom('ann', 'bob', 'mallory'),
        version: fc.integer({ min: 2, max: 4 }),
        deleted: fc.boolean(),
        text: fc.constantFrom('one', 'two'),
        modified: fc.constantFrom(now, now + 2 * MINUTE),
        expires: fc.constantFrom(now + HOUR, now + 2 * HOUR),
      }),
      { maxLength: 3 },
    ),
  })
  const anySet = fc.array(anyRecord, { minLength: 1, maxLength: 8 }).chain((made) => {
    const all = made.flatMap(({ later, ...first }, index) => {
      const times = { modified: first.created, expires: Math.max(first.expires, first.created + MINUTE) }
      const record = madeRecord(now, { ...first, ...times, nonce: `${index}` })
      return [
        record,
        ...later.map((one) =>
          madeRecord(now, { ...one, modified: Math.max(one.modified, record.created), after: record }),
        ),
      ]
    })
    const anyOrder = fc.shuffledSubarray(all, { minLength: all.length })
    const anyWays = fc.array(fc.tuple(fc.constantFrom('one', 'other'), fc.constantFrom('bulk', 'flood')), {
      minLength: all.length,
      maxLength: all.length,
    } as const)
    return fc.tuple(anyOrder, anyWays, anyOrder, anyWays)
  })
  const provider = providerWith({
    validate: ({ creator, modifier }) => {
      const author = toHex((modifier ?? creator).publicKey)
      return author === toHex(identityOf('mallory').keyPair.publicKey) ? 'invalid' : 'valid'
    },
  })
  const databaseAfter = (order: readonly GraphRecord[], ways: readonly (readonly [string, 'bulk' | 'flood'])[]) => {
    const node = new LoneRecords({ provider })
    for (const [index, record] of order.entries()) {
      const [from, how] = ways[index] ?? ['one', 'flood']
      node.arrive(record, from, how)
      if (index % 3 === 0) node.run(1)
    }
    node.run(3 * MINUTE)
    const { database, ephemeral } = node.records.store
    const leaves = [...database.leaves()].map(({ id, digest }) => `${id} ${toHex(digest)}`).sort()
    const inMemory = [...ephemeral.all()].map(({ digest }) => toHex(digest)).sort()
    return { leaves, inMemory, root: node.root, texts: node.texts() }
  }
  fc.assert(
    fc.property(anySet, ([one, ways, other, otherWays]) => {
      expect(databaseAfter(one, ways)).toEqual(databaseAfter(other, otherWays))
    }),
    { numRuns: 60 },
  )
})

test('G-063: only what wins is asked: a shorter life, a gap in the versions or a change after deletion makes nothing invalid', () => {
  const node = new LoneRecords()
  const first = node.made({ expires: node.now + 10 * HOUR })
  node.arrive(first)
  const shorter = node.made({ after: first, expires: node.now + HOUR })
  const gap = node.made({ after: first, version: 9, text: 'gap' })
  const deleted = node.made({ after: first, version: 3, deleted: true })
  const after = node.made({ after: first, version: 4, text: 'after deletion' })
  for (const record of [shorter, gap, deleted]) expect(node.arrive(record)).toEqual(['new'])
  expect(node.arrive(after)).toEqual(['old'])
  expect(node.arrive(node.made({ after: first, version: 5, deleted: true, by: 'bob' }))).toEqual(['new'])
})

/** A verifier whose verdicts come when the test says so. */
class SlowVerifier implements RecordVerifier {
  readonly #waiting: (() => void)[] = []

  verify(...[record, done]: Parameters<RecordVerifier['verify']>): void {
    this.#waiting.push(() => done(verifyRecord(crypto, keys, record)))
  }

  close(): void {}

  get size(): number {
    return this.#waiting.length
  }

  answer(index = 0): void {
    for (const done of this.#waiting.splice(index, 1)) done()
  }
}

describe('while signatures are being checked', () => {
  test('records are stored in the order in which they came', () => {
    const verifier = new SlowVerifier()
    const node = new LoneRecords({ verifier: () => verifier })
    const records = ['one', 'two', 'three'].map((text) => node.made({ text }))
    for (const record of records) node.arrive(record)
    verifier.answer(2)
    verifier.answer(1)
    expect(node.arrived).toEqual([])
    verifier.answer()
    expect(node.arrived.map(({ record }) => record.id)).toEqual(records.map(({ id }) => id))
  })

  test('a record that expired, or came otherwise, meanwhile brings nothing', () => {
    const verifier = new SlowVerifier()
    const node = new LoneRecords({ verifier: () => verifier })
    const soon = node.made({ expires: node.now + 1 })
    const twice = node.made({ text: 'twice' })
    const outcomes = [node.arrive(soon), node.arrive(twice), node.arrive(twice, 'another')]
    node.run(MINUTE)
    for (let left = verifier.size; left > 0; left--) verifier.answer()
    expect(outcomes).toEqual([['dropped'], ['new'], ['present']])
  })

  test('too many of them, or of their bytes, hold back the links that they come over', () => {
    for (const size of [1, 60_000]) {
      const verifier = new SlowVerifier()
      const node = new LoneRecords({ verifier: () => verifier })
      const most = Math.min(MOST_UNCHECKED, Math.ceil(LARGEST_UNCHECKED / (size + 300)))
      for (let index = 0; index < most + 1; index++) {
        node.arrive(node.made({ text: 'x'.repeat(size), nonce: String(index) }), 'busy', 'bulk')
      }
      expect([node.link('busy').isPaused, node.link('idle').isPaused]).toEqual([true, false])
      while (verifier.size > most / 3) verifier.answer()
      expect(node.link('busy').isPaused).toBe(false)
    }
  })
})

describe('the provider', () => {
  const ways = [
    ['flood', 'flood'],
    ['bulk', 'bulk'],
  ] as const

  for (const [what, how] of ways) {
    test(`G-128: judges each record that arrives by ${what}, after its form and signatures`, () => {
      const asked: string[] = []
      const node = new LoneRecords({
        provider: providerWith({
          validate: ({ payload }) => {
            asked.push(String(payload.length))
            return payload.length === 3 ? 'invalid' : 'valid'
          },
        }),
      })
      const broken = node.made({ text: 'broken' }).bytes.slice()
      broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1
      expect(node.arrive(broken, 'neighbor', how)).toEqual(['dropped'])
      expect(asked).toEqual([])
      expect(node.arrive(node.made({ text: 'bad' }), 'neighbor', how)).toEqual(['dropped'])
      expect([node.arrived, node.records.store.trie.size]).toEqual([[], 0])
      expect(node.arrive(node.made({ text: 'good' }), 'neighbor', how)).toEqual(['new'])
      expect(asked).toEqual(['3', '4'])
      expect(node.counters).toMatchObject({ 'dropped-record-invalid': 1, 'dropped-record-wrong-creator-signature': 1 })
      expect(node.link('neighbor').ended).toBe(false)
    })
  }

  test('G-128: judges what is imported', () => {
    const node = new LoneRecords({ provider: providerWith({ validate: () => 'invalid' }) })
    const outcomes: string[] = []
    const { bytes } = node.made()
    node.records.arrival.take(bytes, { session: undefined, how: 'bulk' }, (outcome) => outcomes.push(outcome))
    expect(outcomes).toEqual(['dropped'])
  })
})
