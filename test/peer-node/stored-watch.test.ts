/** Where a watch of stored records stands between what is on disk and what is not yet. */
import { expect, test } from 'vitest'
import { StoredWatch } from '../../src/peer-node/stored-watch.ts'
import { SampleRecords } from '../../src/records/acceptance/sample-records.ts'
import { MemoryRecordDatabases } from '../../src/records/memory-record-databases.ts'
import { SeededRandom } from '../../src/simulation/seeded-random.ts'
import { crypto } from '../identity/platform.ts'

test('G-151: a page that goes on beyond what is on disk ends there, also where the last change on disk is of another type', () => {
  const databases = new MemoryRecordDatabases({ crypto, random: new SeededRandom('watched') })
  const database = databases.create('watched', { survivesPowerLoss: false })
  const samples = new SampleRecords(crypto)
  const put = (type: string): string => {
    const record = samples.first({ type })
    database.put(record, { refresh: false })
    return record.id
  }
  const first = put('a')
  put('b')
  database.commit()
  let committed = database.lastArrival
  // More than a page, which may still be taken back.
  const later = Array.from({ length: 250 }, () => put('a'))
  const watch = new StoredWatch(database, 'a', 'stored', () => committed)
  const read = (): readonly string[] => {
    const ids: string[] = []
    for (let change = watch.next(); change !== undefined; change = watch.next()) {
      if (change.kind === 'added') ids.push(change.record.id)
    }
    return ids
  }
  expect(read()).toEqual([first])
  expect(read()).toEqual([])
  database.commit()
  committed = database.lastArrival
  expect(read()).toEqual(later)
  expect(read()).toEqual([])
})
