/**
 * OrbitDB takes a copy: an event log that everybody may write, on LevelDB (the stores that its own quick start uses), over
 * js-libp2p with TCP, Noise and Yamux. It connects, opens the log, fetches and checks each entry, and is done with its first event `update`;
 * then it disconnects, and connects again with the log still open.
 */
import { once } from 'node:events'
import { join } from 'node:path'
import { multiaddr } from '@multiformats/multiaddr'
import { contestant } from '../../contestant.ts'
import { startPartner } from '../../partner.ts'
import { countWireBytes } from '../../wire-bytes.ts'
import { CHANGES } from './job.ts'
import { measuresOf, requireCopied, transfer } from './measures.ts'
import { countEntries, openOrbit } from './orbitdb-node.ts'

await contestant(async ({ size, folder }) => {
  const wireBytes = countWireBytes()
  const writer = startPartner(new URL('orbitdb-writer.ts', import.meta.url), [String(size), join(folder, 'writer')])
  const offered = await writer.ask('offer')
  const { libp2p, orbitdb } = await openOrbit(join(folder, 'taker'))
  const address = multiaddr(offered('address'))

  const { result: log, ...first } = await transfer(wireBytes, async () => {
    await libp2p.dial(address)
    const opened = await orbitdb.open(offered('log'))
    await once(opened.events, 'update')
    return opened
  })
  const memory = process.resourceUsage().maxRSS
  requireCopied(await countEntries(log), size)
  await libp2p.hangUp(address)

  await writer.ask('change')
  const later = await transfer(wireBytes, async () => {
    const updated = once(log.events, 'update')
    await libp2p.dial(address)
    await updated
  })
  requireCopied(await countEntries(log), size + CHANGES)
  return measuresOf(size, first, memory, later)
})
