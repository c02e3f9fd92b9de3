/**
 * Hypercore appends: blocks of one core in RocksDB, with all defaults. Each call signs the core's new state once, for one block
 * or for all of the batch.
 */
import Hypercore from 'hypercore'
import { contestant } from '../../contestant.ts'
import { measureAppending } from './appending.ts'

await contestant(async ({ size, folder }) => {
  const core = new Hypercore(folder)
  await core.ready()
  return measureAppending(size, {
    one: (index) => core.append(Buffer.alloc(size, index)),
    batch: (indexes) => core.append(indexes.map((index) => Buffer.alloc(size, index))),
  })
})
