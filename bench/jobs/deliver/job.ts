/**
 * Delivering a signed message of 256 random bytes from one node to all others: in one process, each with encrypted links to a few
 * others on loopback. Every node checks the signature of every message itself; none shares a check with another one. A
 * message counts as delivered when the application there has it. With Peerage it is a record then, and on that node's disk;
 * gossipsub keeps nothing, so a node that was away has missed it.
 */
import type { Job } from '../../job.ts'

export const deliver: Job = {
  name: 'deliver',
  title: 'a signed message of 256 bytes to all nodes, in one process on loopback',
  sizeOf: 'nodes',
  rounds: 3,
  limit: 60,
  flags: [],
  contestants: [
    { name: 'peerage', sizes: [20, 50] },
    { name: 'gossipsub', sizes: [20, 50] },
  ],
  absent: [],
}
