/**
 * The acceptance suite of the port that keeps the databases of records. What needs a second process, a damaged file or a full disk
 * is up to the tests of each implementation.
 */
import {
  type AcceptanceCheck,
  expectBytes,
  expectCode,
  expectPlainBytes,
  expectRangeError,
  expectSame,
  expectThat,
} from '../../runtime/acceptance/acceptance.ts'
import { DATABASE_NAME } from '../record-databases.ts'
import type { RecordDatabasesSubject } from './record-database.ts'
import { SAMPLE_TIME, SampleRecords } from './sample-records.ts'

const OPTIONS = { survivesPowerLoss: false }
const ONCE = { refresh: false }

export const recordDatabasesAcceptance: readonly AcceptanceCheck<RecordDatabasesSubject>[] = [
  {
    name: 'databases are listed by name, and each keeps what is its own',
    run({ crypto, databases }) {
      expectSame(databases.names().length, 0, 'names at first')
      const samples = new SampleRecords(crypto)
      const names = ['b', 'a-1', '0', 'a', 'x'.repeat(80)]
      const records = names.map((name) => {
        const record = samples.first()
        const database = databases.create(name, OPTIONS)
        database.put(record, ONCE)
        database.close()
        return record
      })
      expectSame(databases.names().join(), [...names].sort().join(), 'the names')
      for (const [index, name] of names.entries()) {
        const list = databases.open(name, OPTIONS).list({ limit: 10 })
        expectSame(list.map(({ record }) => record.id).join(), records[index]?.id, `the records of ${name}`)
      }
      expectSame(databases.names().join(), [...names].sort().join(), 'the names while all are open')
    },
  },
  {
    name: 'to make one that is there is database-already-present, and it stays as it is',
    run({ crypto, databases }) {
      const record = new SampleRecords(crypto).first()
      const database = databases.create('graph', OPTIONS)
      database.put(record, ONCE)
      expectCode('graph-in-use', () => databases.create('graph', OPTIONS), 'making one that is open')
      database.close()
      const error = expectCode('database-already-present', () => databases.create('graph', OPTIONS), 'making it again')
      expectSame(error.details.graph, 'graph', 'the name in the error')
      const opened = databases.open('graph', OPTIONS)
      expectSame(opened.get(record.id)?.record.id, record.id, 'the record')
    },
  },
  {
    name: 'one that is open is graph-in-use to whoever opens or deletes it, and free when it is closed',
    run({ databases }) {
      const database = databases.create('graph', OPTIONS)
      const error = expectCode('graph-in-use', () => databases.open('graph', OPTIONS), 'opening it twice')
      expectSame(error.details.graph, 'graph', 'the name in the error')
      expectCode('graph-in-use', () => databases.delete('graph'), 'deleting it')
      database.setSetting('still', Uint8Array.of(1))
      database.close()
      const opened = databases.open('graph', OPTIONS)
      expectBytes(opened.setting('still'), Uint8Array.of(1), 'what was written after the attempts')
      opened.close()
      databases.delete('graph')
      expectSame(databases.names().length, 0, 'names')
    },
  },
  {
    name: 'one that is deleted is gone, and another one can have its name',
    run({ crypto, databases }) {
      expectCode('database-not-present', () => databases.open('graph', OPTIONS), 'opening none')
      expectCode('database-not-present', () => databases.delete('graph'), 'deleting none')
      const samples = new SampleRecords(crypto)
      const database = databases.create('graph', OPTIONS)
      database.put(samples.first(), ONCE)
      database.close()
      databases.delete('graph')
      const error = expectCode(
        'database-not-present',
        () => databases.open('graph', OPTIONS),
        'opening what was deleted',
      )
      expectSame(error.details.graph, 'graph', 'the name in the error')
      const again = databases.create('graph', OPTIONS)
      expectSame(again.list({ limit: 10 }).length, 0, 'records of the new one')
      expectThat(again.databaseId !== database.databaseId, 'it is another one')
    },
  },
  {
    name: 'a name that is not legal on every platform is a programming error',
    run({ databases }) {
      for (const name of ['', '.', '..', '-a', 'A', 'a.b', 'a/b', '../a', 'a b', 'a\n', 'ä', 'x'.repeat(81)]) {
        expectThat(!DATABASE_NAME.test(name), 'the name is illegal')
        expectRangeError(() => databases.create(name, OPTIONS), `making ${JSON.stringify(name)}`)
        expectRangeError(() => databases.open(name, OPTIONS), `opening ${JSON.stringify(name)}`)
        expectRangeError(() => databases.delete(name), `deleting ${JSON.stringify(name)}`)
      }
      expectSame(databases.names().length, 0, 'names')
    },
  },
  {
    name: 'an export has all that is committed, tombstones too, and of settings those that were named',
    run(subject) {
      const { crypto, databases } = subject
      const samples = new SampleRecords(crypto)
      const database = databases.create('graph', OPTIONS)
      const [one, two, three, four] = [samples.first(), samples.first(), samples.first(), samples.first()]
      const tombstone = samples.tombstone(three)
      for (const record of [one, two, tombstone, four]) database.put(record, { refresh: true })
      for (const [index, name] of ['kept', 'left', 'changed'].entries()) database.setSetting(name, Uint8Array.of(index))
      database.commit()
      database.put(samples.next(one), ONCE)
      database.remove(two.id, 'revoked', SAMPLE_TIME)
      database.put(samples.first(), ONCE)
      database.setSetting('changed', Uint8Array.of(9))
      database.setSetting('added', Uint8Array.of(9))
      const file = subject.newFile()
      databases.exportTo(database, file, ['kept', 'changed', 'added', 'none'])
      database.close()
      databases.delete('graph')
      const opened = databases.openExport(file)
      const found = [...opened.records()].map(String).sort()
      expectSame(
        found.join('\n'),
        [one, two, tombstone, four]
          .map(({ bytes }) => String(bytes))
          .sort()
          .join('\n'),
        'records',
      )
      for (const bytes of opened.records()) expectPlainBytes(bytes, 'a record')
      const kept = opened.setting('kept')
      expectBytes(kept, Uint8Array.of(0), 'a setting that was named')
      expectPlainBytes(kept, 'a setting')
      expectBytes(opened.setting('changed'), Uint8Array.of(2), 'a setting that was changed after the commit')
      expectSame(opened.setting('added'), undefined, 'a setting that was added after the commit')
      expectSame(opened.setting('left'), undefined, 'a setting that was not named')
      expectSame(opened.setting('none'), undefined, 'a setting that never was')
      opened.close()
      opened.close()
    },
  },
  {
    name: 'an export is never written over another file, and one that is not there cannot be read',
    run(subject) {
      const { databases } = subject
      const database = databases.create('graph', OPTIONS)
      const file = subject.newFile()
      const missing = expectCode('input-not-readable', () => databases.openExport(file), 'reading none')
      expectSame(missing.details.file, file, 'the file in the error')
      databases.exportTo(database, file, [])
      const error = expectCode('input-not-readable', () => databases.exportTo(database, file, []), 'writing it again')
      expectSame(error.details.file, file, 'the file in the error')
      expectSame([...databases.openExport(file).records()].length, 0, 'records of an empty database')
    },
  },
]
