/**
 * Waiting for a group that is still to be found: as long as nothing of it is here, a search that finds nobody ends the wait, though
 * another one will follow (P-053).
 */
import type { PeerageError } from '../runtime/peerage-error.ts'
import type { OpenGraph } from './open-graph.ts'
import type { Dialing } from './progress.ts'
import type { Wakeups } from './waiting.ts'

/** What is known of a group and of the search for its members. */
export interface SearchedGroup {
  readonly graph: OpenGraph
  /** Woken when a search has failed. */
  readonly changes: Wakeups
  /** What the last search came to, if it found nobody. */
  readonly failure: PeerageError | undefined
}

/** @throws PeerageError why the search has failed: `no-members-found`, `no-member-reachable`, `not-let-in`, `cloud-not-found` */
export async function orNobody(
  group: SearchedGroup,
  options: Dialing,
  wait: (options: Dialing) => Promise<void>,
): Promise<void> {
  if (group.graph.engine.isReady) return wait(options)
  const over = new AbortController()
  const abort = (): void => over.abort(options.signal?.reason)
  options.signal?.throwIfAborted()
  options.signal?.addEventListener('abort', abort, { once: true })
  const former = group.failure
  const nobody = group.changes
    .until(() => group.failure !== former, over.signal)
    .then(() => {
      throw group.failure
    })
  try {
    await Promise.race([wait({ ...options, signal: over.signal }), nobody])
  } finally {
    options.signal?.removeEventListener('abort', abort)
    over.abort()
  }
}
