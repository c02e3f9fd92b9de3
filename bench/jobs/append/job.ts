/**
 * Appending to a database on disk that nobody else has: one record at a time, each call after the one before is acknowledged, and
 * then in batches. Both contestants acknowledge what the end of the process cannot undo, and neither waits until the
 * disk survives a loss of power.
 */
import type { Job } from '../../job.ts'

/** Nothing of this is measured. */
export const WARM_UP = 500
export const ONE_AT_A_TIME = 5_000
export const BATCHES = 200
export const BATCH = 100

export const append: Job = {
  name: 'append',
  title: 'appending records to a database on disk',
  sizeOf: 'bytes',
  rounds: 5,
  limit: 60,
  flags: [],
  contestants: [
    { name: 'peerage', sizes: [300] },
    { name: 'hypercore', sizes: [300] },
  ],
  absent: [],
}
