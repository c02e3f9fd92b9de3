// Whatever is done to them, the database on disk and the one in memory show the same, and a search finds what a plain scan finds.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MOST_NOT_INDEXED } from '../../src/nodejs/type-index.ts'
import { SAMPLE_TIME, SampleRecords } from '../../src/records/acceptance/sample-records.ts'
import { MemoryRecordDatabases } from '../../src/records/memory-record-databases.ts'
import type { Query } from '../../src/records/query.ts'
import { queryMatcher } from '../../src/records/query-match.ts'
import type { GraphRecord } from '../../src/records/record.ts'
import type { RecordDatabase, Selection, StoredRecord } from '../../src/records/record-database.ts'
import type { RecordDatabases } from '../../src/records/record-databases.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import { crypto, random } from '../identity/platform.ts'
import { anyQuery } from '../records/any-query.ts'
import { anyAttributes, anyFirstVersion, anyVersionAfter } from '../records/any-record.ts'
import { newSqliteSubject } from './sqlite-subject.ts'

const OPTIONS = { survivesPowerLoss: false }
const NAME = 'graph'
const ALL = 1_000_000
const TYPES = ['a', 'b', 'c\u{1f40e}']

const anyPlace = fc.nat({ max: 30 })
/** After the time of the last of all versions. */
const anyExpiry = fc.integer({ min: 100, max: 109 })
const anySelection: fc.Arbitrary<Selection> = fc.record({
  type: fc.option(fc.constantFrom(...TYPES), { nil: undefined }),
  creator: fc.option(
    fc.nat({ max: 2 }).map((number) => new SampleRecords(crypto).author(number).publicKey),
    { nil: undefined },
  ),
  where: fc.option(anyQuery, { nil: undefined }),
  expiringAfter: fc.option(
    anyExpiry.map((expires) => SAMPLE_TIME + expires),
    { nil: undefined },
  ),
  newestFirst: fc.option(fc.boolean(), { nil: undefined }),
  after: fc.option(fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 3 * MOST_NOT_INDEXED })), { nil: undefined }),
  limit: fc.nat({ max: 6 }),
})

/** One thing that is done to both. Places point into what was made so far. */
const anyStep = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      draft: fc.record({
        type: fc.constantFrom(...TYPES),
        author: fc.nat({ max: 2 }),
        expires: anyExpiry,
        attributes: anyAttributes,
      }),
      refresh: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('update' as const),
      place: anyPlace,
      draft: fc.record({ author: fc.nat({ max: 2 }), attributes: anyAttributes }),
      deleted: fc.boolean(),
      refresh: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('remove' as const),
      place: anyPlace,
      reason: fc.constantFrom('expired' as const, 'revoked' as const),
      at: anyPlace,
    }),
  },
  fc.record({ do: fc.constant('return' as const), place: anyPlace }),
  fc.record({ do: fc.constant('fill' as const) }),
  fc.record({ do: fc.constant('mark' as const), place: anyPlace, refresh: fc.boolean() }),
  fc.record({
    do: fc.constant('set' as const),
    name: fc.constantFrom('one', 'two'),
    value: fc.option(fc.uint8Array({ maxLength: 3 }), { nil: undefined }),
  }),
  fc.record({ do: fc.constant('forget' as const), before: anyPlace }),
  fc.record({ do: fc.constantFrom('commit' as const, 'reopen' as const, 'crash' as const) }),
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('look' as const),
      selection: anySelection,
      types: fc.option(fc.subarray([...TYPES, 'd']), { nil: undefined }),
    }),
  },
)
type Step = typeof anyStep extends fc.Arbitrary<infer Value> ? Value : never

test('G-156: any operations, crashes and restarts leave both with the same records, changes, marks and numbers', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 60, size: 'max' }), (steps) => {
      const memory = new MemoryRecordDatabases({ crypto, random })
      const sqlite = newSqliteSubject()
      const one = new Run(memory, () => memory.crash())
      const other = new Run(sqlite.databases, () => sqlite.crash())
      for (const step of steps) expect(other.take(step)).toEqual(one.take(step))
      expect(other.show()).toEqual(one.show())
      one.end()
      other.end()
    }),
    { numRuns: 60 },
  )
})

test('G-072: for random records and queries, the search in SQL finds what a plain scan finds', () => {
  fc.assert(
    fc.property(
      fc.array(
        anyFirstVersion.chain((first) => fc.oneof(fc.constant(first), anyVersionAfter(first))),
        { maxLength: 30 },
      ),
      fc.array(anyQuery, { minLength: 20, maxLength: 20 }),
      (records, queries) => {
        const database = newSqliteSubject().databases.create(NAME, OPTIONS)
        for (const record of records) database.put(record, { refresh: false })
        for (const where of queries) expectScanned(database, records, where)
        database.close()
      },
    ),
    { numRuns: 40 },
  )
})

test('G-072: the same where so many records satisfy a clause that its index is left aside', () => {
  const samples = new SampleRecords(crypto)
  const database = newSqliteSubject().databases.create(NAME, OPTIONS)
  const records = Array.from({ length: 1_300 }, (_, index) => {
    const values = [index % 7, index].map((value) => ({ type: 'integer' as const, value }))
    const title = [{ type: 'string' as const, value: `title ${index}` }]
    const attributes = [
      { name: 'number', values },
      { name: 'title', values: title },
    ]
    return samples.first({ attributes, author: index % 2, type: TYPES[index % 3] ?? '' })
  })
  for (const record of records) database.put(record, { refresh: false })
  const number = (is: '=' | '!=' | '<' | '>=', value: number): Query => {
    return { name: 'number', is, value: { type: 'integer', value } }
  }
  const like = (value: string): Query => ({ name: 'title', is: 'like', value: { type: 'string', value } })
  const queries: readonly Query[] = [
    number('>=', 0),
    number('!=', 3),
    number('>=', 1_298),
    like('*'),
    like('title ?'),
    like('title 1*9'),
    { and: [number('>=', 0), like('*')] },
    { and: [number('>=', 0), like('title 77*')] },
    { or: [number('>=', 0), like('none')] },
    { or: [number('=', 1_299), number('=', 8), like('title 70?')] },
    { or: [number('<', 700), number('>=', 701)] },
    { name: 'peerrecordtype', is: '>=', value: { type: 'string', value: 'b' } },
  ]
  for (const where of queries) expectScanned(database, records, where)
})

function expectScanned(database: RecordDatabase, records: readonly GraphRecord[], where: Query): void {
  const matches = queryMatcher(crypto, where)
  const expected = records.filter((record) => !record.deleted && matches(record)).map(({ id }) => id)
  const found = database.list({ where, limit: ALL }).map(({ record }) => record.id)
  expect(found.toSorted()).toEqual([...new Set(expected)].toSorted())
}

/** One of the two, and what was made for it: the same for both, since samples repeat themselves. */
class Run {
  readonly #databases: RecordDatabases
  readonly #crash: () => void
  readonly #samples = new SampleRecords(crypto)
  readonly #made: GraphRecord[] = []
  #database: RecordDatabase

  constructor(databases: RecordDatabases, crash: () => void) {
    this.#databases = databases
    this.#crash = crash
    this.#database = databases.create(NAME, OPTIONS)
  }

  /** Does it, and says what can be seen of that. */
  take(step: Step): unknown {
    switch (step.do) {
      case 'put':
        return this.#put(this.#samples.first(step.draft), step.refresh)
      case 'update': {
        const former = this.#stored(step.place)
        if (former === undefined) return undefined
        const next = step.deleted ? this.#samples.tombstone(former) : this.#samples.next(former, step.draft)
        return this.#put(next, step.refresh)
      }
      case 'remove': {
        const former = this.#stored(step.place)
        return former && this.#database.remove(former.id, step.reason, step.at)
      }
      case 'return': {
        const former = this.#made[step.place]
        if (former === undefined || this.#database.get(former.id) !== undefined) return undefined
        return this.#put(former, false)
      }
      case 'fill': {
        const types = Array.from({ length: MOST_NOT_INDEXED / 2 }, (_, index) => TYPES[index % 3] ?? '')
        return types.map((type) => this.#database.put(this.#samples.first({ type, expires: 100 }), { refresh: false }))
      }
      case 'mark': {
        const former = this.#stored(step.place)
        return former && this.#database.setRefresh(former.id, step.refresh)
      }
      case 'set':
        return this.#database.setSetting(step.name, step.value)
      case 'forget':
        return this.#database.forgetRemovals(step.before)
      case 'commit':
        return this.#database.commit()
      case 'reopen':
        this.#database.close()
        return this.#reopen()
      case 'crash':
        this.#crash()
        return this.#reopen()
      case 'look':
        return this.#look(step.selection, step.types)
    }
  }

  /** Everything that can be read. */
  show(): unknown {
    const database = this.#database
    return {
      last: database.lastArrival,
      complete: database.firstComplete,
      leaves: [...database.leaves()].map((leaf) => ({ ...leaf, digest: toHex(leaf.digest) })),
      refreshed: shownAll([...database.refreshed()]),
      settings: ['one', 'two'].map((name) => String(database.setting(name))),
      ...this.#look({ limit: ALL }, undefined),
    }
  }

  end(): void {
    this.#database.close()
  }

  #look(selection: Selection, types: readonly string[] | undefined) {
    const after = selection.after ?? 0
    const changes = this.#database.changes(after, types, selection.limit)
    return {
      list: shownAll(this.#database.list(selection)),
      changes: changes.map((change) => {
        return change.kind === 'stored' ? { ...change, record: toHex(change.record.digest) } : change
      }),
    }
  }

  #put(record: GraphRecord, refresh: boolean): number {
    this.#made.push(record)
    return this.#database.put(record, { refresh })
  }

  /** The version that is there of what was made. */
  #stored(place: number): GraphRecord | undefined {
    const made = this.#made[place]
    return made && this.#database.get(made.id)?.record
  }

  #reopen(): void {
    this.#database = this.#databases.open(NAME, OPTIONS)
  }
}

function shownAll(records: readonly StoredRecord[]): unknown {
  return records.map(({ record, arrival, refresh }) => ({ digest: toHex(record.digest), arrival, refresh }))
}
