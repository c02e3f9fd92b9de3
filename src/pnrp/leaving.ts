/**
 * How a node leaves its cloud: it has revoked what was registered, answers a little longer, and is gone when its
 * neighbours have confirmed the revocations, or after a while without them.
 */
import type { CloudParts } from './cloud-parts.ts'
import type { AnyRequest } from './request-handler.ts'

/** How long a node that leaves waits for its neighbours to confirm that, in milliseconds. */
export const LONGEST_LEAVING = 2000

/** A node's last seconds in its cloud. */
export class Leaving {
  readonly #parts: CloudParts
  readonly #left: () => void
  #isOver = false

  /** Begins. @param left Called once, maybe before this returns. */
  constructor(parts: CloudParts, left: () => void) {
    this.#parts = parts
    this.#left = left
    parts.deadlines.set(LONGEST_LEAVING, () => this.#end())
    this.confirmed()
  }

  /** A confirmation came. */
  confirmed(): void {
    if (this.#parts.exchange.size === 0) this.#end()
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#left()
  }
}

/**
 * What a node that leaves still answers, so that others learn that it is gone and do not wait for it: INQUIREs, and
 * FLOODs without what they tell. undefined if it is nothing of the request.
 */
export function answeredWhileLeaving(request: AnyRequest): AnyRequest | undefined {
  if (request.type === 'FLOOD') return { ...request, routeEntry: undefined }
  return request.type === 'INQUIRE' ? request : undefined
}
