/**
 * Peerage takes a copy: a graph of two nodes on TLS, with all defaults. Each record is signed, has two attributes by which it
 * can be searched, and is checked before it is stored in SQLite. It joins the graph, which ends when it is synchronized; then
 * it leaves, opens the graph again without going online, and goes online.
 */
import { join } from 'node:path'
import { openNode } from '../../../dist/index.js'
import { contestant } from '../../contestant.ts'
import { startPartner } from '../../partner.ts'
import { countWireBytes } from '../../wire-bytes.ts'
import { countMeasured } from '../measured-record.ts'
import { CHANGES } from './job.ts'
import { measuresOf, requireCopied, transfer } from './measures.ts'

await contestant(async ({ size, folder }) => {
  const wireBytes = countWireBytes()
  const writer = startPartner(new URL('peerage-writer.ts', import.meta.url), [String(size), join(folder, 'writer')])
  const offered = await writer.ask('offer')
  const node = await openNode({ dataDir: join(folder, 'taker'), friendlyName: 'taker' })
  const addresses = offered('addresses').split(' ')
  const { result: joined, ...first } = await transfer(wireBytes, () =>
    node.graphs.join(offered('graphId'), { addresses }),
  )
  const memory = process.resourceUsage().maxRSS
  requireCopied(await countMeasured(joined), size)
  await joined.close()

  await writer.ask('change')
  const again = await node.graphs.open(offered('graphId'), { offline: true })
  const later = await transfer(wireBytes, async () => {
    await again.goOnline()
    await again.synchronized()
  })
  requireCopied(await countMeasured(again), size + CHANGES)
  return measuresOf(size, first, memory, later)
})
