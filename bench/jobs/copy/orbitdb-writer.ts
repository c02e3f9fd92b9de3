/**
 * The other end of jobs/copy/orbitdb.ts: the log that has all entries.
 */
import { IPFSAccessController } from '@orbitdb/core'
import { bePartner } from '../../partner.ts'
import { CHANGES, PAYLOAD } from './job.ts'
import { openOrbit } from './orbitdb-node.ts'

const [size, folder = ''] = process.argv.slice(2)
const { libp2p, orbitdb } = await openOrbit(folder)
const log = await orbitdb.open('measured', { AccessController: IPFSAccessController({ write: ['*'] }) })

async function add(count: number): Promise<void> {
  for (let index = 0; index < count; index++) await log.add(new Uint8Array(PAYLOAD).fill(index))
}

bePartner({
  offer: async () => {
    await add(Number(size))
    const [address] = libp2p.getMultiaddrs()
    if (address === undefined) throw new Error('a listening node has an address')
    return { log: log.address, address: address.toString() }
  },
  change: async () => {
    await add(CHANGES)
    return {}
  },
})
