/**
 * All jobs, in the order in which they run.
 */
import type { Job } from './job.ts'
import { append } from './jobs/append/job.ts'
import { copy } from './jobs/copy/job.ts'
import { footprint } from './jobs/footprint/job.ts'
import { join } from './jobs/join/job.ts'
import { link } from './jobs/link/job.ts'

export const JOBS: readonly Job[] = [link, copy, append, join, footprint]
