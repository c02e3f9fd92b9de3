/**
 * What a long wait tells of its steps.
 */
import type { Log } from '../runtime/log.ts'
import type { Waiting } from './waiting.ts'

/** A long wait, which tells what it does. */
export interface Dialing extends Waiting {
  /** Called with each step; what it throws goes to the log. */
  readonly onProgress?: ((step: Progress) => void) | undefined
}

/** A step of a long wait. */
export interface Progress {
  /** What is being done: addresses are looked for, dialled, who is who is proven, records are copied. */
  readonly phase: 'resolving' | 'dialing' | 'authenticating' | 'synchronizing'
  /** For people: an address, or what was found. */
  readonly detail: string
  /** So many of {@link Progress.total} are done, where that is known. */
  readonly done?: number
  /** How many there are in all, where that is known. */
  readonly total?: number
}

/** Tells an application of steps. What it throws goes to the log. */
export function progressTeller(onProgress: (step: Progress) => void, log: Log): (step: Progress) => void {
  return (step) => {
    try {
      onProgress(step)
    } catch (error) {
      log.warn('onProgress failed', { reason: String(error) })
    }
  }
}
