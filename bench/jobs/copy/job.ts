/**
 * The first copy of many records into a new replica on disk, in another process, over an encrypted connection on loopback; then what
 * it takes to catch up with ten records that were added while the two were apart.
 *
 * The third contestant is OrbitDB and not automerge-repo, because it does the nearer thing: an entry there is signed by
 * whoever writes it, many may write, and each replica checks each signature before it keeps the entry. An Automerge document signs nothing,
 * and is one value that many edit and not a set of records. Hypercore has one writer, and one signature for all
 * blocks that come together, which the hash of each block leads to.
 */
import type { Job } from '../../job.ts'

/** The bytes of a record's payload. */
export const PAYLOAD = 300
/** Added while the two are apart. */
export const CHANGES = 10

const FEW = 1_000
const MANY = 100_000

export const copy: Job = {
  name: 'copy',
  title: `the first copy of records of ${PAYLOAD} bytes into a new replica on disk, then catching up with ${CHANGES} new ones`,
  sizeOf: 'records',
  rounds: 3,
  limit: 240,
  flags: [],
  contestants: [
    { name: 'peerage', sizes: [FEW, MANY] },
    { name: 'hypercore', sizes: [FEW, MANY] },
    { name: 'orbitdb', sizes: [FEW] },
  ],
  absent: [
    {
      contestant: 'orbitdb',
      size: MANY,
      reason:
        'at the rate of the smaller size, writing and copying that many takes longer than all other jobs together',
    },
  ],
}
