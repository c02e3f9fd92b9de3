/** What a diagnosis looks at: the ports of the node, and its parts. */
import type { IdentityStore } from '../identity/identity-store.ts'
import type { Clock } from '../runtime/clock.ts'
import type { DataDirectory } from '../runtime/data-directory.ts'
import type { Storage } from '../runtime/storage.ts'
import type { GraphHost } from './graph-host.ts'
import type { Graphs } from './graphs.ts'
import type { NodeNames } from './node-names.ts'
import type { OpenClouds, OpenCloudsPorts } from './open-clouds.ts'
import type { OpenGraphsPorts } from './open-graphs.ts'
import type { OpenGroups, OpenGroupsPorts } from './open-groups.ts'
import { abortable } from './waiting.ts'

/** The ports of a node. */
export interface DiagnosisPorts extends OpenCloudsPorts, OpenGraphsPorts, OpenGroupsPorts {
  /** Where the identities are kept, and nothing else. */
  readonly identityStorage: Storage
  /** The place of all that is kept. */
  readonly dataDirectory: DataDirectory
}

/** The parts of a node. */
export interface DiagnosisParts {
  readonly ports: DiagnosisPorts
  readonly identities: IdentityStore
  readonly clouds: OpenClouds
  readonly names: NodeNames
  readonly host: GraphHost
  readonly graphs: Pick<Graphs, 'list'>
  readonly groups: OpenGroups
}

/** Why a wait has ended whose time is over. */
const OVER = Symbol('over')

/**
 * Waits for something, but no longer than a time.
 *
 * @returns whether it came
 */
export async function within(
  clock: Clock,
  limit: number,
  ended: AbortSignal,
  wait: (signal: AbortSignal) => Promise<unknown>,
): Promise<boolean> {
  ended.throwIfAborted()
  const over = new AbortController()
  const abort = (): void => over.abort(ended.reason)
  ended.addEventListener('abort', abort, { once: true })
  const timer = clock.setTimer(limit, () => over.abort(OVER))
  try {
    await wait(over.signal)
    return true
  } catch (error) {
    if (error !== OVER) throw error
    return false
  } finally {
    timer.cancel()
    ended.removeEventListener('abort', abort)
  }
}

/** Lets a time pass, in milliseconds. */
export function pause(clock: Clock, length: number, ended: AbortSignal): Promise<void> {
  return abortable<void>(ended, (resolve) => {
    const timer = clock.setTimer(length, () => resolve())
    return () => timer.cancel()
  })
}
