/**
 * Counts the failures of sockets that are nobody's error, by what failed and why: a datagram that could not be sent, a
 * stranger's handshake that broke. The names are `send-enetunreach`, `handshake-econnreset` and the like: what was done,
 * and the platform's own code. There are as many of them as the platform has codes.
 */
import type { FailureCounts } from '../runtime/failure-counts.ts'

/** The failures of one socket. */
export class FailureCounter {
  readonly #counts = new Map<string, number>()

  count(what: 'send' | 'receive' | 'accept' | 'handshake', reason: string): void {
    const name = `${what}-${reason}`
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
  }

  read(): FailureCounts {
    return Object.fromEntries(this.#counts)
  }
}

/** The code of an error of the platform in the form of a counter's name: `enetunreach`; `other` if it has none. */
export function failureReason(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'other'
  return code.toLowerCase().replaceAll('_', '-')
}
