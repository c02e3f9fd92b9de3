/**
 * Joining a group of 10 on loopback, from the text of an invitation until all records are here: real sockets and files, the members in
 * one other process, and the one who joins in this one, each time a new node with a data directory of its own.
 * Nobody else offers the same, so this is ours alone, by phase.
 */
import type { Job } from '../../job.ts'

export const WAYS = ['link', 'identity', 'password'] as const
export type Way = (typeof WAYS)[number]
/** How often somebody joins in each way. Members count guesses of a password, so this must stay well below that. */
export const JOINS = 5
export const RECORDS = 100
export const RECORD_LENGTH = 256
export const PASSWORD = 'open, I say'

export const join: Job = {
  name: 'join',
  title: `joining a group that has ${RECORDS} records of ${RECORD_LENGTH} bytes, until it is synchronized`,
  sizeOf: 'members',
  rounds: 3,
  limit: 120,
  flags: [],
  contestants: [{ name: 'peerage', sizes: [10] }],
  absent: [],
}
