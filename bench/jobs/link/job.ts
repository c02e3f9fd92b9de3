/**
 * An encrypted link between two nodes of one process on loopback: opening it, a round trip of 256 bytes, and how much goes
 * through.
 */
import type { Job } from '../../job.ts'

export const link: Job = {
  name: 'link',
  title: 'an encrypted link between two nodes of one process on loopback',
  sizeOf: 'bytes',
  rounds: 5,
  limit: 60,
  flags: [],
  contestants: [
    { name: 'peerage', sizes: [256] },
    { name: 'node-tls', sizes: [256] },
    { name: 'libp2p', sizes: [256] },
  ],
  absent: [],
}
