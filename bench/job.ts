/**
 * A job: the same work for several contestants. What a contestant does is a program, `jobs/<job>/<contestant>.ts`, which runs
 * as a process of its own for each size and each round.
 */
export const CONTESTANTS = [
  'peerage',
  'hyperdht',
  'kad-dht',
  'gossipsub',
  'hypercore',
  'orbitdb',
  'node-tls',
  'libp2p',
] as const

export type ContestantName = (typeof CONTESTANTS)[number]

export interface Job {
  readonly name: string
  /** What everybody has to do, for the heading of the table. */
  readonly title: string
  /** What a size counts. */
  readonly sizeOf: string
  /** How often each contestant does it. */
  readonly rounds: number
  /** Seconds that one process may take. One that takes longer is ended, and reported as absent. */
  readonly limit: number
  /** Flags for Node.js, the same for all contestants. */
  readonly flags: readonly string[]
  readonly contestants: readonly { readonly name: ContestantName; readonly sizes: readonly number[] }[]
  /** Who does not take part at a size, and why. */
  readonly absent: readonly { readonly contestant: ContestantName; readonly size: number; readonly reason: string }[]
}

export function isContestantName(text: string): text is ContestantName {
  return CONTESTANTS.some((name) => name === text)
}
