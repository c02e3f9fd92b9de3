/**
 * The other end of jobs/copy/hypercore.ts: the core that has all blocks.
 */
import { once } from 'node:events'
import { createServer } from 'node:net'
import SecretStream from '@hyperswarm/secret-stream'
import Hypercore from 'hypercore'
import { bePartner } from '../../partner.ts'
import { CHANGES, PAYLOAD } from './job.ts'

const BATCH = 100

const [size, folder = ''] = process.argv.slice(2)
const core = new Hypercore(folder)
await core.ready()
const server = createServer({ noDelay: true }, (socket) => {
  // The other end closes by a reset.
  core.replicate(new SecretStream(false, socket)).on('error', () => undefined)
})

bePartner({
  offer: async () => {
    for (let begin = 0; begin < Number(size); begin += BATCH) {
      await core.append(Array.from({ length: BATCH }, (_, index) => Buffer.alloc(PAYLOAD, begin + index)))
    }
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new TypeError('a listening TCP socket has a port')
    return { key: core.key.toString('hex'), port: String(address.port) }
  },
  change: async () => {
    for (let index = 0; index < CHANGES; index++) await core.append(Buffer.alloc(PAYLOAD, index))
    return {}
  },
})
