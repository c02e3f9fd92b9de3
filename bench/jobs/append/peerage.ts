/**
 * Peerage appends: records of a graph, with all defaults. Each one is signed, gets an ID of its own and two attributes by which it can
 * be searched, and goes into SQLite. It has no call for a batch: the calls of a batch are made without waiting, and it
 * stores what comes together together.
 */
import { join } from 'node:path'
import { openNode } from '../../../dist/index.js'
import { contestant } from '../../contestant.ts'
import { addMeasured } from '../measured-record.ts'
import { measureAppending } from './appending.ts'

await contestant(async ({ size, folder }) => {
  const node = await openNode({ dataDir: join(folder, 'data'), friendlyName: 'writer' })
  const graph = await node.graphs.create()
  return measureAppending(size, {
    one: (index) => addMeasured(graph, index, size),
    batch: (indexes) => Promise.all(indexes.map((index) => addMeasured(graph, index, size))),
  })
})
