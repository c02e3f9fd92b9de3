/**
 * What one node costs before it does anything. Start-up is the time from the start of its process until others can reach it, with an empty
 * folder: the key is made, files are created, ports are open. Memory is what the system counts for the process some seconds later, after
 * a garbage collection, so that it is what is held and not what happened to be left. Size and number of packages are those that npm
 * puts into an empty folder, all in all, with the compiled code for every platform that a package brings along.
 */
import type { Job } from '../../job.ts'

export const footprint: Job = {
  name: 'footprint',
  title: 'what one idle node costs',
  sizeOf: 'nodes',
  rounds: 3,
  limit: 120,
  flags: ['--expose-gc'],
  contestants: [
    { name: 'peerage', sizes: [1] },
    { name: 'hyperdht', sizes: [1] },
    { name: 'libp2p', sizes: [1] },
    { name: 'hypercore', sizes: [1] },
    { name: 'node-tls', sizes: [1] },
  ],
  absent: [],
}
