/**
 * A finding of the diagnosis: what was looked at, how it is, and what to do about it. `docs/troubleshooting.md` explains each.
 */
import type { PeerageError } from '../runtime/peerage-error.ts'

/** What a diagnosis has found out about one thing. */
export interface Finding {
  /** What was looked at, one of `docs/troubleshooting.md`. Several findings can be of one check. */
  readonly check: string
  /** `warning`: it works, but not for everybody or not for long, or that cannot be told from here. */
  readonly outcome: 'ok' | 'warning' | 'failed'
  /** What was found, a clause for people. */
  readonly found: string
  /** What to do about it, in sentences. Absent where it is `ok`. */
  readonly advice?: string
}

/** All checks, in the order in which they are made. The first is made by `peerage doctor`, which a node cannot do for itself. */
export const CHECKS = [
  'running-node' as const,
  ...(['data-directory', 'crypto', 'identity', 'network', 'multicast', 'tcp-port', 'udp-port'] as const),
  ...(['invitation', 'cloud', 'seed', 'reachability', 'database', 'graph', 'group', 'membership'] as const),
  ...(['member', 'name', 'address', 'clock'] as const),
]
export type Check = (typeof CHECKS)[number]

/** Nothing is wrong with it. */
export function ok(check: Check, found: string): Finding {
  return { check, outcome: 'ok', found }
}

/** It may be what is wrong. */
export function warning(check: Check, found: string, advice: string): Finding {
  return { check, outcome: 'warning', found, advice }
}

/** It is wrong. */
export function failed(check: Check, found: string, advice: string): Finding {
  return { check, outcome: 'failed', found, advice }
}

/** It is wrong, as an error says. */
export function failedBy(check: Check, { message, advice }: PeerageError): Finding {
  return failed(check, message, advice)
}
