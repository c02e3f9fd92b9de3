/**
 * Hypercore takes a copy: one core, on disk (RocksDB), over its own encrypted stream on TCP. It connects, learns of the length and
 * downloads all blocks as one range, which is how a whole core is to be fetched; then it disconnects, and connects
 * again with the core still open.
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import SecretStream from '@hyperswarm/secret-stream'
import Hypercore from 'hypercore'
import { contestant } from '../../contestant.ts'
import { startPartner } from '../../partner.ts'
import { countWireBytes } from '../../wire-bytes.ts'
import { CHANGES } from './job.ts'
import { measuresOf, requireCopied, transfer } from './measures.ts'

await contestant(async ({ size, folder }) => {
  const wireBytes = countWireBytes()
  const writer = startPartner(new URL('hypercore-writer.ts', import.meta.url), [String(size), join(folder, 'writer')])
  const offered = await writer.ask('offer')
  const core = new Hypercore(join(folder, 'taker'), Buffer.from(offered('key'), 'hex'))
  await core.ready()

  const download = async (): Promise<SecretStream> => {
    const socket = connect({ host: '127.0.0.1', port: Number(offered('port')), noDelay: true })
    const stream = core.replicate(new SecretStream(true, socket))
    await core.update({ wait: true })
    await core.download({ start: 0, end: core.length }).done()
    return stream
  }
  const { result: stream, ...first } = await transfer(wireBytes, download)
  const memory = process.resourceUsage().maxRSS
  requireCopied(core.contiguousLength, size)
  stream.destroy()
  await once(stream, 'close')

  await writer.ask('change')
  const later = await transfer(wireBytes, download)
  requireCopied(core.contiguousLength, size + CHANGES)
  return measuresOf(size, first, memory, later)
})
