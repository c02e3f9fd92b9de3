import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { GraphMessage } from '../../src/graph/graph-message.ts'
import { PROGRESS_PERIOD } from '../../src/graph/reconciliation.ts'
import type { ReconciliationMessage } from '../../src/graph/reconciliation-message.ts'
import { HELD_BACK } from '../../src/graph/reconciliations.ts'
import { MOST_BATCHES } from '../../src/graph/record-sender.ts'
import type { TrieRange } from '../../src/graph/trie-range.ts'
import { toHex, toUtf8 } from '../../src/runtime/bytes.ts'
import {
  crypto,
  EPOCH,
  fill,
  makeRecord,
  many,
  ReconciledPair,
  type TestLink,
  type TestRecord,
} from './reconciled-pair.ts'

/** A victim with some records, and the other end of its link, which follows a script of its own. */
class Lie {
  readonly pair: ReconciledPair
  readonly link: TestLink
  readonly records: readonly TestRecord[]
  readonly said: GraphMessage[] = []
  session = 1

  constructor(count = 200) {
    // What the victim says reaches nobody.
    this.pair = new ReconciledPair({
      tamper: (message, from) => {
        if (from === 'other') return message
        this.said.push(message)
        return undefined
      },
    })
    this.link = this.pair.links[1]
    this.records = many(count)
    fill(this.pair.one, this.records)
  }

  get victim() {
    return this.pair.one
  }

  /** The liar begins; the victim describes what it has. */
  ask(): this {
    this.send(root(this.session))
    return this
  }

  /** The victim begins and the liar describes; the victim drives. */
  describe(ranges: readonly TrieRange[] = []): this {
    this.pair.begin()
    this.session = 2
    this.send(root(this.session))
    this.send({ kind: 'OPENING', session: this.session, types: [], ranges })
    return this
  }

  send(message: ReconciliationMessage): void {
    this.link.send(message)
    this.pair.time.runFor(50)
  }

  expectEnded(reason: string): void {
    expect(this.victim.end).toEqual({ kind: 'failed', reason })
    expect(this.pair.links[0].closing).toBe(reason === 'protocol' ? 'protocol' : undefined)
    expect(this.victim.held.size).toBe(this.records.length)
  }
}

function root(session: number): ReconciliationMessage {
  const hash = new Uint8Array(16).fill(7)
  return {
    ...{ kind: 'ROOT', session, minute: EPOCH, hash, count: 2 ** 32 - 1, nonce: new Uint8Array(8) },
    prioritized: [],
  }
}

const TYPE = toHex(crypto.sha256(toUtf8('chat')))
const hashes = Array.from({ length: 16 }, (_, index) => new Uint8Array(16).fill(index))

function node(prefix: string, path = prefix): TrieRange {
  return { prefix, path, below: { children: hashes } }
}

function batch(session: number, records: readonly TestRecord[], deliveries = 0): ReconciliationMessage {
  const sent = records.map((record) => ({ bytes: toUtf8(JSON.stringify(record)), isLongHeld: false }))
  return { kind: 'RECORDS', session, deliveries, left: 2 ** 32 - 1, records: sent }
}

describe('ends the session and its link, and nothing else:', () => {
  test('G-089: records before anything was compared', () => {
    const lie = new Lie()
    lie.pair.begin()
    lie.session = 2
    lie.send(root(2))
    lie.send(batch(2, []))
    lie.expectEnded('protocol')
  })

  test('G-089: a second description', () => {
    const lie = new Lie().describe([node('', TYPE)])
    lie.send({ kind: 'OPENING', session: 2, types: [], ranges: [] })
    lie.expectEnded('protocol')
  })

  test.each([
    ['to no question', { asks: 0, ranges: [], wants: [] }, [node('', TYPE)]],
    ['to more questions than there are', { asks: 32, ranges: [], wants: [] }, [node('', TYPE)]],
    ['about something else', { asks: 1, ranges: [node(`${'0'.repeat(64)}1`)], wants: [] }, [node('', TYPE)]],
    ['that is not below the question', { asks: 1, ranges: [node(TYPE)], wants: [] }, [node('', TYPE)]],
    [
      'that says a thing twice',
      { asks: 1, ranges: [node(`${TYPE}01`), node(`${TYPE}01`)], wants: [] },
      [node('', TYPE)],
    ],
    [
      'that wants a part of a part',
      { asks: 1, ranges: [node(`${TYPE}01`)], wants: [{ prefix: `${TYPE}012`, hasOther: false }] },
      [node('', TYPE)],
    ],
  ] as const)('an answer %s', (_what, answer, ranges) => {
    const lie = new Lie().describe(ranges)
    lie.send({ kind: 'ANSWER', session: 2, deliveries: 0, ...answer })
    lie.expectEnded('protocol')
  })

  test('G-089: an answer when nothing was asked', () => {
    const lie = new Lie(3).describe([{ prefix: '', path: TYPE, below: { leaves: ['0123456789abcdef01234567'] } }])
    expect(lie.victim.ends).toEqual([])
    lie.send({ kind: 'ANSWER', session: 2, asks: 1, deliveries: 0, ranges: [], wants: [] })
    lie.expectEnded('protocol')
  })

  test('G-089: questions from the end that describes, and answers from the one that drives', () => {
    const asking = new Lie().describe([node('', TYPE)])
    asking.send({ kind: 'ASK', session: 2, ranges: [node(TYPE)] })
    asking.expectEnded('protocol')
    const answering = new Lie().ask()
    answering.send({ kind: 'ANSWER', session: 1, asks: 1, deliveries: 0, ranges: [], wants: [] })
    answering.expectEnded('protocol')
  })

  test('G-089: questions without an end', () => {
    const lie = new Lie().ask()
    for (let round = 0; round < 100 && lie.victim.ends.length === 0; round++) {
      lie.send({ kind: 'ASK', session: 1, ranges: Array.from({ length: 32 }, () => node(TYPE)) })
    }
    lie.expectEnded('protocol')
    expect(lie.pair.traffic.kinds.filter((kind) => kind === 'ASK').length).toBeLessThan(60)
  })

  test('G-089: wants without an end', () => {
    const lie = new Lie().ask()
    for (let round = 0; round < 100 && lie.victim.ends.length === 0; round++) {
      lie.send({ kind: 'WANT', session: 1, wants: Array.from({ length: 32 }, () => ({ prefix: '', hasOther: false })) })
      lie.send({ kind: 'TAKEN', session: 1, batches: 1 })
    }
    lie.expectEnded('protocol')
    const sent = lie.said.flatMap((message) => (message.kind === 'RECORDS' ? message.records : []))
    expect(sent.length).toBeLessThan(2 * 200 + 1024 + 129)
  })

  test('G-089: records in vain without an end, however many are said to come', () => {
    const lie = new Lie().describe([node('', TYPE)])
    for (let round = 0; round < 200 && lie.victim.ends.length === 0; round++) {
      lie.send(batch(2, lie.records.slice(0, 100)))
    }
    lie.expectEnded('protocol')
    expect(lie.victim.arrivals.length).toBeLessThan(4096 + 200 + 200)
  })

  test('G-089: more batches than may be under way', () => {
    const lie = new Lie().describe([node('', TYPE)])
    lie.victim.judging = 10_000
    for (let round = 0; round < MOST_BATCHES; round++) lie.send(batch(2, [makeRecord()]))
    expect(lie.victim.ends).toEqual([])
    lie.send(batch(2, [makeRecord()]))
    lie.expectEnded('protocol')
  })

  test('G-089: deliveries that run backwards, and batches taken in that were not sent', () => {
    const backwards = new Lie().describe([node('', TYPE)])
    backwards.send(batch(2, [], 5))
    backwards.send(batch(2, [], 4))
    backwards.expectEnded('protocol')
    const taken = new Lie().ask()
    taken.send({ kind: 'TAKEN', session: 1, batches: 1 })
    taken.expectEnded('protocol')
  })

  test('G-089: anything after the last stage', () => {
    const lie = new Lie().ask()
    lie.send({ kind: 'COMPARED', session: 1, type: '', isLast: true, deliveries: 10 })
    lie.send({ kind: 'WANT', session: 1, wants: [] })
    lie.expectEnded('protocol')
  })
})

describe('ends the session, and holds that node back:', () => {
  test('G-089: silence', () => {
    for (const begin of [(lie: Lie) => lie.ask(), (lie: Lie) => lie.describe([node('', TYPE)])]) {
      const lie = begin(new Lie())
      lie.pair.time.runFor(PROGRESS_PERIOD)
      lie.expectEnded('stalled')
      expect(lie.said.at(-1)?.kind).toBe('END')
      expect(lie.pair.begin()).toBe(false)
      lie.send(root(9))
      expect(lie.said.at(-1)?.kind).toBe('END')
      lie.pair.time.runFor(HELD_BACK)
      expect(lie.pair.begin()).toBe(true)
    }
  })

  test('G-089: a trickle of next to nothing', () => {
    const lie = new Lie().describe([node('', TYPE)])
    for (let round = 0; round < 20 && lie.victim.ends.length === 0; round++) {
      lie.send(batch(2, lie.records.slice(0, 1)))
      lie.pair.time.runFor(PROGRESS_PERIOD / 3)
    }
    lie.expectEnded('stalled')
  })
})

test('G-089: hashes that never agree are gone through once', () => {
  const pair = new ReconciledPair({
    tamper: (message, from) => {
      if (from === 'one' || (message.kind !== 'OPENING' && message.kind !== 'ANSWER')) return message
      const ranges = message.ranges.map((range) => {
        if ('leaves' in range.below) return range
        return { ...range, below: { children: range.below.children.map((hash) => hash?.map((byte) => byte ^ 1)) } }
      })
      return { ...message, ranges }
    },
  })
  const records = many(20_000)
  fill(pair.one, records)
  fill(pair.other, records)
  pair.one.put(makeRecord())
  pair.reconcile()
  expect(pair.one.end).toEqual({ kind: 'reconciled', received: 0, sent: 1, wasCutOff: false })
  expect(pair.one.root()).toBe(pair.other.root())
  expect(pair.traffic.bytesBesideRecords).toBeLessThan(100 * 20_000)
})

test('G-089: whatever the other end says, the session ends and the records are as they were, or more', () => {
  const anyPrefix = fc
    .tuple(fc.constantFrom('', TYPE), fc.constantFrom('00', '01', '77', 'ff'), fc.nat(70))
    .map(([start, end, length]) => (start + end).slice(0, length))
  const anyRange = fc.tuple(anyPrefix, fc.boolean()).map(([prefix, isNode]): TrieRange => {
    const path = prefix.padEnd(64, TYPE.slice(prefix.length, 64))
    return isNode ? node(prefix, path) : { prefix, path, below: { leaves: ['0123456789abcdef01234567'] } }
  })
  const anyRanges = fc.array(anyRange, { maxLength: 4 })
  const anyWants = fc.array(fc.record({ prefix: anyPrefix, hasOther: fc.boolean() }), { maxLength: 4 })
  const small = fc.constantFrom(0, 1, 2, 7)
  const session = 2
  const anyMessage: fc.Arbitrary<ReconciliationMessage | undefined> = fc.oneof(
    fc.constant(undefined),
    anyRanges.map((ranges) => ({ kind: 'OPENING', session, types: [], ranges }) as const),
    anyRanges.map((ranges) => ({ kind: 'ASK', session, ranges }) as const),
    fc.tuple(small, small, anyRanges, anyWants).map(([asks, deliveries, ranges, wants]) => {
      return { kind: 'ANSWER', session, asks, deliveries, ranges, wants } as const
    }),
    anyWants.map((wants) => ({ kind: 'WANT', session, wants }) as const),
    fc.tuple(fc.boolean(), small).map(([isLast, deliveries]) => {
      return { kind: 'COMPARED', session, type: '', isLast, deliveries } as const
    }),
    small.map((deliveries) => batch(session, [makeRecord()], deliveries)),
    small.map((batches) => ({ kind: 'TAKEN', session, batches }) as const),
  )
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(6), anyMessage), { maxLength: 8 }),
      fc.boolean(),
      fc.integer({ min: 0, max: 300 }),
      (lies, isOwn, count) => {
        let index = 0
        const pending = lies.map(([place, message]) => ({ place, message }))
        const pair = new ReconciledPair({
          tamper: (message, from) => {
            if (from === 'one' || message.kind === 'ROOT') return message
            const lie = pending[0]
            if (lie === undefined || lie.place > index++ % 7) return message
            pending.shift()
            return lie.message
          },
        })
        const common = many(count)
        fill(pair.one, [...common, ...many(50)])
        fill(pair.other, [...common, ...many(150)])
        const before = [...pair.one.held.keys()]
        if (isOwn) pair.begin()
        else pair.other.sessions.begin(pair.links[1], undefined)
        expect(pair.time.runUntil(() => pair.one.ends.length > 0)).toBe(true)
        expect(before.every((id) => pair.one.held.has(id))).toBe(true)
        expect(pair.one.trie.size).toBe(pair.one.held.size)
        expect(pair.one.ends.length).toBe(1)
      },
    ),
    { numRuns: 150 },
  )
})
