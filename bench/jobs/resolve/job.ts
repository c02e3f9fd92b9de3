/**
 * Registering and resolving signed names: many nodes of one process on loopback, each of them a full member of the cloud or
 * table. A resolve goes from a random node to the name of a random other one and counts when an answer with a right
 * signature is there. Whoever resolves keeps no results. hyperdht and kad-dht answer from copies at the nodes nearest to the
 * key, whether or not the publisher is still there; with Peerage the publisher itself answers, each time anew.
 */
import type { Job } from '../../job.ts'

export const resolve: Job = {
  name: 'resolve',
  title: 'register and resolve a signed name, all nodes in one process on loopback',
  sizeOf: 'nodes',
  rounds: 3,
  limit: 120,
  flags: [],
  contestants: [
    { name: 'peerage', sizes: [20, 100, 300] },
    { name: 'hyperdht', sizes: [20, 100, 300] },
    { name: 'kad-dht', sizes: [20] },
    // It takes a minute and more until so many of its nodes are connected.
    { name: 'kad-dht', sizes: [100], rounds: 1 },
  ],
  absent: [
    {
      ...{ contestant: 'kad-dht', size: 300 },
      reason: 'nearly every node connects to every other one, which took too long for 100 nodes already',
    },
  ],
}
