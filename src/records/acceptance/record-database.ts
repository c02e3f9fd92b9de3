/**
 * The acceptance suite of the record database port: what a database of one graph does, and what it keeps. That search by an
 * index finds what a plain scan finds is up to a property test.
 */
import {
  type AcceptanceCheck,
  expectBytes,
  expectPlainBytes,
  expectRangeError,
  expectSame,
  expectThat,
} from '../../runtime/acceptance/acceptance.ts'
import type { Crypto } from '../../runtime/crypto.ts'
import type { RecordAttribute } from '../attribute.ts'
import type { GraphRecord } from '../record.ts'
import type { RecordDatabase, Selection, StoredChange, StoredLeaf, StoredRecord } from '../record-database.ts'
import type { RecordDatabases } from '../record-databases.ts'
import type { RecordId } from '../record-id.ts'
import { SAMPLE_LIFE, SAMPLE_TIME, SampleRecords } from './sample-records.ts'

/** An empty disk, and what can happen to it. */
export interface RecordDatabasesSubject {
  readonly crypto: Crypto
  readonly databases: RecordDatabases
  /** The process dies, and another one uses the same disk. */
  crash(): RecordDatabases
  /** Where a file may be written: another one each time. */
  newFile(): string
}

const NAME = 'graph'
const OPTIONS = { survivesPowerLoss: false }
const ONCE = { refresh: false }
const REFRESHED = { refresh: true }
const ALL = 1_000_000

export const recordDatabaseAcceptance: readonly AcceptanceCheck<RecordDatabasesSubject>[] = [
  {
    name: 'a new database is empty, says that it was made, and says otherwise when it is opened again',
    run(subject) {
      const made = subject.databases.create(NAME, OPTIONS)
      const { databaseId } = made
      expectSame(made.wasFound, false, 'wasFound of a new one')
      expectThat(databaseId.length >= 16, 'the ID is long enough to be random')
      expectEmpty(made)
      made.close()
      const opened = subject.databases.open(NAME, OPTIONS)
      expectSame(opened.wasFound, true, 'wasFound of one that was there')
      expectSame(opened.databaseId, databaseId, 'the ID')
      expectEmpty(opened)
      const other = subject.databases.create('other', OPTIONS)
      expectThat(other.databaseId !== databaseId, 'another one has another ID')
    },
  },
  {
    name: 'a version takes the place of the one before it, and is read as it was written, also after a restart',
    run(subject) {
      const samples = new SampleRecords(subject.crypto)
      const attributes: readonly RecordAttribute[] = [
        { name: 'title', values: [{ type: 'string', value: 'a \u{1f40e} b' }] },
        { name: 'year', values: [1999, -(2 ** 53 - 1), 2 ** 53 - 1, 0].map((value) => ({ type: 'integer', value })) },
      ]
      const first = samples.first({ attributes, payload: Uint8Array.of(0, 1, 255) })
      const next = samples.next(first, { author: 2, payload: Uint8Array.of(7) })
      const other = samples.first({ author: 3 })
      let database = subject.databases.create(NAME, OPTIONS)
      expectSame(database.get(first.id), undefined, 'a record that is not there')
      const arrivals = [database.put(first, ONCE), database.put(other, REFRESHED)]
      expectStored(database.get(first.id), { record: first, arrival: arrivals[0] ?? 0, refresh: false })
      arrivals.push(database.put(next, ONCE))
      expectThat(isAscending(arrivals), 'arrival numbers ascend')
      for (const restarted of [false, true]) {
        if (restarted) {
          database.close()
          database = subject.databases.open(NAME, OPTIONS)
        }
        expectStored(database.get(first.id), { record: next, arrival: arrivals[2] ?? 0, refresh: false })
        expectStored(database.get(other.id), { record: other, arrival: arrivals[1] ?? 0, refresh: true })
        expectSame(database.lastArrival, arrivals[2], 'the last arrival number')
        expectSame(idsOf(database.list({ limit: ALL })), ids(other, next), 'the list')
      }
    },
  },
  {
    name: 'encodings are read alone, and many of them at once, while nothing is changed',
    run({ crypto, databases }) {
      const samples = new SampleRecords(crypto)
      const database = databases.create(NAME, OPTIONS)
      const [one, other, absent] = [samples.first(), samples.first(), samples.first()]
      for (const record of [one, other]) database.put(record, ONCE)
      // With changes that are to be committed, and without.
      for (const isCommitted of [false, true]) {
        if (isCommitted) database.commit()
        const read = database.reading(() => {
          expectRangeError(() => database.put(absent, ONCE), 'a change while something is read')
          return [one, absent, other].map(({ id }) => database.reading(() => database.bytes(id)))
        })
        expectBytes(read[0], one.bytes, 'one')
        expectPlainBytes(read[0], 'one')
        expectSame(read[1], undefined, 'a record that is not there')
        expectBytes(read[2], other.bytes, 'the other one')
      }
      const fails = (): never => {
        throw new RangeError('the reader fails')
      }
      expectRangeError(() => database.reading(fails), 'a reader that fails')
      database.put(absent, ONCE)
      database.commit()
      expectBytes(database.bytes(absent.id), absent.bytes, 'what was put later')
    },
  },
  {
    name: 'records are listed by type, creator, expiration and query, in both orders, page by page, without tombstones',
    run({ crypto, databases }) {
      const samples = new SampleRecords(crypto)
      const database = databases.create(NAME, OPTIONS)
      const all: GraphRecord[] = []
      for (let index = 0; index < 24; index++) {
        const year = { name: 'year', values: [{ type: 'integer' as const, value: index }] }
        const draft = { type: `type.${index % 3}`, author: index % 2, expires: SAMPLE_LIFE + index, attributes: [year] }
        const record = samples.first(draft)
        all.push(record)
        database.put(record, ONCE)
      }
      const deleted = samples.tombstone(samples.first({ type: 'type.1' }))
      database.put(deleted, ONCE)
      const where = { name: 'year', is: '>=' as const, value: { type: 'integer' as const, value: 9 } }
      const selections: readonly [Omit<Selection, 'limit'>, (record: GraphRecord, index: number) => boolean][] = [
        [{}, () => true],
        [{ type: 'type.1' }, (_, index) => index % 3 === 1],
        [{ type: 'type.9' }, () => false],
        [{ creator: samples.author(1).publicKey }, (_, index) => index % 2 === 1],
        [{ creator: samples.author(1).publicKey, type: 'type.0' }, (_, index) => index % 6 === 3],
        [{ creator: samples.author(9).publicKey }, () => false],
        [{ expiringAfter: SAMPLE_TIME + SAMPLE_LIFE + 4 }, (_, index) => index > 4],
        [{ where }, (_, index) => index >= 9],
        [{ where, type: 'type.2' }, (_, index) => index >= 9 && index % 3 === 2],
      ]
      for (const [selection, isWanted] of selections) {
        const wanted = all.filter(isWanted)
        expectSame(idsOf(database.list({ ...selection, limit: ALL })), ids(...wanted), 'a list')
        for (const newestFirst of [false, true]) {
          const expected = newestFirst ? wanted.toReversed() : wanted
          expectSame(ids(...paged(database, { ...selection, newestFirst }, 5)), ids(...expected), 'pages')
        }
      }
      expectSame(database.list({ limit: 0 }).length, 0, 'a list of none')
    },
  },
  {
    name: 'while records are paged through, those that do not change are given once, whatever else changes',
    run({ crypto, databases }) {
      const samples = new SampleRecords(crypto)
      const database = databases.create(NAME, OPTIONS)
      const all = Array.from({ length: 12 }, () => samples.first())
      for (const record of all) database.put(record, ONCE)
      const seen: GraphRecord[] = []
      let after: number | undefined
      for (let page = 0; page < 4; page++) {
        const found = database.list({ limit: 3, after })
        after = found.at(-1)?.arrival
        seen.push(...found.map(({ record }) => record))
        const changed = all[page]
        if (changed !== undefined) database.put(samples.next(changed), ONCE)
      }
      const unchanged = all.slice(4)
      expectSame(
        ids(...seen.filter(({ version, id }) => version === 1 && unchanged.some((one) => one.id === id))),
        ids(...unchanged),
        'what did not change',
      )
    },
  },
  {
    name: 'G-150: who reads changes page by page from any number misses none and sees none twice, also after a restart',
    run(subject) {
      const samples = new SampleRecords(subject.crypto)
      let database = subject.databases.create(NAME, OPTIONS)
      const records = Array.from({ length: 10 }, (_, index) => samples.first({ type: `type.${index % 2}` }))
      const firstArrivals = records.map((record) => database.put(record, ONCE))
      const [one, two, three] = records
      if (one === undefined || two === undefined || three === undefined) throw new Error('there are ten')
      const updated = database.put(samples.next(one), ONCE)
      const removed = database.remove(two.id, 'revoked', SAMPLE_TIME)
      const deleted = database.put(samples.tombstone(three), ONCE)
      for (const restarted of [false, true]) {
        if (restarted) {
          database.close()
          database = subject.databases.open(NAME, OPTIONS)
        }
        const expected = [...firstArrivals.slice(3), updated, removed, deleted]
        expectSame(arrivalsOf(database.changes(0, undefined, ALL)), expected.join(), 'all changes')
        for (let after = 0; after <= deleted; after++) {
          const rest = expected.filter((arrival) => arrival > after)
          expectSame(pagedChanges(database, after, undefined, 2).join(), rest.join(), `changes after ${after}`)
        }
        const ofType = [...firstArrivals.filter((_, index) => index > 2 && index % 2 === 0), updated, deleted]
        expectSame(pagedChanges(database, 0, ['type.0', 'type.7'], 3).join(), ofType.join(), 'changes of a type')
        const ofBoth = pagedChanges(database, 0, ['type.1', 'type.0', 'type.1'], 3)
        expectSame(ofBoth.join(), expected.join(), 'changes of both types')
        expectSame(database.changes(0, [], ALL).length, 0, 'changes of no type')
        const [change] = database.changes(updated - 1, undefined, 1)
        expectThat(change?.kind === 'stored', 'an update is stored')
        expectSame(change.firstArrival, firstArrivals[0], 'where an updated record came first')
        expectSame(change.record.version, 2, 'the version')
        const [removal] = database.changes(removed - 1, undefined, 1)
        expectThat(removal?.kind === 'removed', 'a removal is noted')
        expectSame(`${removal.id} ${removal.type} ${removal.reason}`, `${two.id} type.1 revoked`, 'the removal')
        const [tombstone] = database.changes(deleted - 1, undefined, 1)
        expectThat(tombstone?.kind === 'stored' && tombstone.record.deleted, 'a deletion is stored')
        expectSame(tombstone.firstArrival, firstArrivals[2], 'where a deleted record came first')
      }
    },
  },
  {
    name: 'removals are kept until they are forgotten, and the first number that is complete says so',
    run(subject) {
      const samples = new SampleRecords(subject.crypto)
      let database = subject.databases.create(NAME, OPTIONS)
      const records = Array.from({ length: 6 }, () => samples.first())
      for (const record of records) database.put(record, ONCE)
      const removals = records.map(({ id }, index) => database.remove(id, 'expired', SAMPLE_TIME + index))
      database.forgetRemovals(SAMPLE_TIME)
      expectSame(database.firstComplete, 0, 'the first complete number before anything is forgotten')
      database.forgetRemovals(SAMPLE_TIME + 2)
      const [, forgotten, ...kept] = removals
      expectSame(database.firstComplete, forgotten, 'the first complete number')
      expectSame(arrivalsOf(database.changes(0, undefined, ALL)), kept.join(), 'the removals that are left')
      database.forgetRemovals(SAMPLE_TIME + 10)
      const last = removals.at(-1)
      for (const restarted of [false, true]) {
        if (restarted) {
          database.close()
          database = subject.databases.open(NAME, OPTIONS)
        }
        expectSame(database.firstComplete, last, 'the first complete number when all are forgotten')
        expectSame(database.lastArrival, last, 'the last number when all are forgotten')
        expectSame(database.changes(0, undefined, ALL).length, 0, 'changes')
      }
      const again = database.put(samples.first(), ONCE)
      expectThat(again > (last ?? 0), 'numbers go on after what was forgotten')
    },
  },
  {
    name: 'G-150: a record that was removed and is stored again is a change once, and new',
    run({ crypto, databases }) {
      const samples = new SampleRecords(crypto)
      const database = databases.create(NAME, OPTIONS)
      const record = samples.first()
      database.put(record, ONCE)
      database.remove(record.id, 'revoked', SAMPLE_TIME)
      expectSame(database.get(record.id), undefined, 'a removed record')
      const stored = database.put(record, ONCE)
      expectSame(arrivalsOf(database.changes(0, undefined, ALL)), `${stored}`, 'the change')
      const [change] = database.changes(0, undefined, 1)
      expectThat(change?.kind === 'stored' && change.firstArrival === stored, 'it is new')
      const removed = database.remove(record.id, 'expired', SAMPLE_TIME)
      expectSame(arrivalsOf(database.changes(0, undefined, ALL)), `${removed}`, 'the second removal')
    },
  },
  {
    name: 'all records, tombstones included, are gone through in the order of arrival, and may change meanwhile',
    run({ crypto, databases }) {
      const samples = new SampleRecords(crypto)
      const database = databases.create(NAME, OPTIONS)
      const records = Array.from({ length: 1_200 }, () => samples.first())
      for (const record of records) database.put(record, ONCE)
      const [first] = records
      if (first === undefined) throw new Error('there are some')
      const deleted = samples.tombstone(first)
      database.put(deleted, ONCE)
      const expected = [...records.slice(1), deleted]
      const leaves: StoredLeaf[] = []
      for (const leaf of database.leaves()) {
        leaves.push(leaf)
        if (leaves.length === 3) database.setSetting('changed', Uint8Array.of(1))
      }
      expectSame(ids(...leaves), ids(...expected), 'the leaves')
      for (const [index, { digest, type, expires }] of leaves.entries()) {
        const record = expected[index]
        if (record === undefined) throw new Error('there are as many')
        expectBytes(digest, record.digest, 'the digest of a leaf')
        expectPlainBytes(digest, 'the digest of a leaf')
        expectSame(`${type} ${expires}`, `${record.type} ${record.expires}`, 'type and expiration')
      }
    },
  },
  {
    name: 'marks of what is to be refreshed are no changes, and survive a restart',
    run(subject) {
      const samples = new SampleRecords(subject.crypto)
      let database = subject.databases.create(NAME, OPTIONS)
      const [one, two, three, four] = [samples.first(), samples.first(), samples.first(), samples.first()]
      database.put(one, REFRESHED)
      for (const record of [two, three]) database.put(record, ONCE)
      database.put(four, REFRESHED)
      database.commit()
      const { lastArrival } = database
      database.setRefresh(two.id, true)
      database.setRefresh(one.id, false)
      expectSame(database.lastArrival, lastArrival, 'the last number')
      database.put(samples.next(three), REFRESHED)
      database.put(samples.tombstone(four), REFRESHED)
      for (const restarted of [false, true]) {
        if (restarted) {
          database.close()
          database = subject.databases.open(NAME, OPTIONS)
        }
        expectSame(idsOf([...database.refreshed()]), ids(two, three), 'what is to be refreshed')
        expectSame(database.get(one.id)?.refresh, false, 'the mark that was taken away')
        expectSame(database.get(two.id)?.refresh, true, 'the mark that was set')
      }
    },
  },
  {
    name: 'settings are kept, replaced and taken away, and share no memory with anybody',
    run(subject) {
      let database = subject.databases.create(NAME, OPTIONS)
      const value = Uint8Array.of(1, 2, 3)
      database.setSetting('one', value)
      database.setSetting('two', new Uint8Array())
      database.setSetting('three', value)
      database.setSetting('three', undefined)
      database.setSetting('never', undefined)
      value.fill(0)
      for (const restarted of [false, true]) {
        if (restarted) {
          database.close()
          database = subject.databases.open(NAME, OPTIONS)
        }
        const read = database.setting('one')
        expectBytes(read, Uint8Array.of(1, 2, 3), 'a setting')
        expectPlainBytes(read, 'a setting')
        read.fill(9)
        expectBytes(database.setting('one'), Uint8Array.of(1, 2, 3), 'a setting that was changed after reading')
        expectBytes(database.setting('two'), new Uint8Array(), 'an empty setting')
        expectSame(database.setting('three'), undefined, 'a setting that was taken away')
      }
      database.setSetting('one', Uint8Array.of(4))
      expectBytes(database.setting('one'), Uint8Array.of(4), 'a setting that was replaced')
    },
  },
  {
    name: 'G-156: a crash loses what was not committed, all of it, and nothing else',
    run(subject) {
      const samples = new SampleRecords(subject.crypto)
      const database = subject.databases.create(NAME, OPTIONS)
      const [kept, changed, removed] = [samples.first(), samples.first(), samples.first()]
      for (const record of [kept, changed, removed]) database.put(record, ONCE)
      database.setSetting('setting', Uint8Array.of(1))
      const forgotten = samples.first()
      database.put(forgotten, ONCE)
      database.remove(forgotten.id, 'expired', SAMPLE_TIME)
      database.commit()
      const { lastArrival } = database
      const before = stateOf(database)
      database.put(samples.first(), ONCE)
      database.put(samples.next(changed), ONCE)
      database.remove(removed.id, 'expired', SAMPLE_TIME)
      database.setRefresh(kept.id, true)
      database.setSetting('setting', Uint8Array.of(2))
      database.setSetting('other', Uint8Array.of(3))
      database.forgetRemovals(SAMPLE_TIME + 1)
      expectThat(stateOf(database) !== before, 'the changes are seen before the commit')
      const opened = subject.crash().open(NAME, OPTIONS)
      expectSame(stateOf(opened), before, 'what is left')
      expectThat(opened.put(samples.first(), ONCE) > lastArrival, 'numbers go on')
      const after = stateOf(opened)
      opened.commit()
      opened.commit()
      expectSame(stateOf(subject.crash().open(NAME, OPTIONS)), after, 'what was committed after the first crash')
    },
  },
  {
    name: 'to close commits; to close twice does nothing; whoever goes on using it makes a programming error',
    run({ crypto, databases }) {
      const record = new SampleRecords(crypto).first()
      const database = databases.create(NAME, OPTIONS)
      database.put(record, ONCE)
      database.close()
      database.close()
      expectRangeError(() => database.get(record.id), 'reading')
      expectRangeError(() => database.put(record, ONCE), 'writing')
      expectRangeError(() => database.commit(), 'committing')
      expectRangeError(() => [...database.leaves()], 'going through all')
      expectSame(databases.open(NAME, OPTIONS).get(record.id)?.record.id, record.id, 'the record')
    },
  },
  {
    name: 'to remove or to mark a record that is not there is a programming error, and changes nothing',
    run({ crypto, databases }) {
      const samples = new SampleRecords(crypto)
      const database = databases.create(NAME, OPTIONS)
      const record = samples.first()
      expectRangeError(() => database.remove(record.id, 'expired', SAMPLE_TIME), 'removing')
      expectRangeError(() => database.setRefresh(record.id, true), 'marking')
      expectEmpty(database)
      database.put(record, ONCE)
      database.remove(record.id, 'expired', SAMPLE_TIME)
      expectRangeError(() => database.remove(record.id, 'expired', SAMPLE_TIME), 'removing twice')
    },
  },
]

function expectEmpty(database: RecordDatabase): void {
  expectSame(database.lastArrival, 0, 'the last arrival number')
  expectSame(database.firstComplete, 0, 'the first complete number')
  expectSame(database.list({ limit: ALL }).length, 0, 'records')
  expectSame(database.changes(0, undefined, ALL).length, 0, 'changes')
  expectSame([...database.leaves()].length, 0, 'leaves')
  expectSame([...database.refreshed()].length, 0, 'records to refresh')
  expectSame(database.setting('setting'), undefined, 'a setting')
}

function expectStored(actual: StoredRecord | undefined, expected: StoredRecord): void {
  expectThat(actual !== undefined, 'the record is there')
  expectBytes(actual.record.bytes, expected.record.bytes, 'the bytes of a record')
  expectBytes(actual.record.digest, expected.record.digest, 'the digest of a record')
  expectBytes(actual.record.payload, expected.record.payload, 'the payload of a record')
  expectPlainBytes(actual.record.bytes, 'the bytes of a record')
  const described = ({ record, arrival, refresh }: StoredRecord): string =>
    JSON.stringify([record.id, record.type, record.version, record.expires, record.attributes, arrival, refresh])
  expectSame(described(actual), described(expected), 'a stored record')
}

/** All that reading shows. */
function stateOf(database: RecordDatabase): string {
  return JSON.stringify([
    database.lastArrival,
    database.firstComplete,
    idsOf(database.list({ limit: ALL })),
    database.changes(0, undefined, ALL).map(({ arrival, kind }) => [arrival, kind]),
    idsOf([...database.refreshed()]),
    ids(...database.leaves()),
    ['setting', 'other'].map((name) => String(database.setting(name))),
  ])
}

function paged(database: RecordDatabase, selection: Omit<Selection, 'limit'>, limit: number): readonly GraphRecord[] {
  const all: GraphRecord[] = []
  for (let after = selection.after; ; ) {
    const page = database.list({ ...selection, after, limit })
    expectThat(page.length <= limit, 'a page has as much as is wanted at most')
    all.push(...page.map(({ record }) => record))
    after = page.at(-1)?.arrival
    if (after === undefined) return all
  }
}

function pagedChanges(
  database: RecordDatabase,
  after: number,
  types: readonly string[] | undefined,
  limit: number,
): readonly number[] {
  const all: number[] = []
  for (let cursor = after; ; ) {
    const page = database.changes(cursor, types, limit)
    expectThat(page.length <= limit, 'a page has as much as is wanted at most')
    all.push(...page.map(({ arrival }) => arrival))
    const last = page.at(-1)
    if (last === undefined) return all
    cursor = last.arrival
  }
}

function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => number > (numbers[index - 1] ?? 0))
}

function ids(...records: readonly ({ readonly id: RecordId } | undefined)[]): string {
  return records.map((record) => record?.id).join()
}

function idsOf(stored: readonly StoredRecord[]): string {
  return ids(...stored.map(({ record }) => record))
}

function arrivalsOf(changes: readonly StoredChange[]): string {
  return changes.map(({ arrival }) => arrival).join()
}
