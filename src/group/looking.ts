/**
 * When a node of a group looks at what has changed: soon after it was told of a change, once for many, and when time alone changes
 * something. Never from inside a call: whoever looks may call the graph.
 */
import type { Deadline } from '../runtime/deadlines.ts'
import type { GroupParts } from './group-parts.ts'

/** How long after a look the next one comes at the latest, in milliseconds: clocks can be set, and timers are not that long. */
export const LOOKING_INTERVAL = 600_000

/** Looks at one node. */
export class Looking {
  readonly #parts: Pick<GroupParts, 'deadlines' | 'now' | 'isAttached'>
  readonly #look: (keys: ReadonlySet<string> | 'any') => number
  #changed: Set<string> | 'any' = new Set()
  #soon: Deadline | undefined
  #later: Deadline | undefined
  #isStopped = false

  /** @param look Looks at these members, or at all. @returns when time alone will change something, in milliseconds since 1970 */
  constructor(
    parts: Pick<GroupParts, 'deadlines' | 'now' | 'isAttached'>,
    look: (keys: ReadonlySet<string> | 'any') => number,
  ) {
    this.#parts = parts
    this.#look = look
  }

  /** Something has changed about these members, or about any. */
  soon(keys: Iterable<string> | 'any'): void {
    if (keys === 'any') this.#changed = 'any'
    else if (this.#changed !== 'any') for (const key of keys) this.#changed.add(key)
    // What is found when the graph is opened is no news.
    if (!this.#parts.isAttached || this.#soon !== undefined || this.#isStopped) return
    this.#soon = this.#parts.deadlines.set(0, () => {
      this.#soon = undefined
      this.#now()
    })
  }

  /** Looks no more, until {@link Looking.resume}. */
  stop(): void {
    this.#isStopped = true
    for (const deadline of [this.#soon, this.#later]) if (deadline !== undefined) this.#parts.deadlines.cancel(deadline)
    this.#soon = undefined
    this.#later = undefined
  }

  resume(): void {
    this.#isStopped = false
    this.soon('any')
  }

  #now(): void {
    const changed = this.#changed
    this.#changed = new Set()
    const next = this.#look(changed)
    const wait = Math.min(LOOKING_INTERVAL, Math.max(0, next - this.#parts.now) + 1)
    if (this.#later !== undefined) this.#parts.deadlines.cancel(this.#later)
    this.#later = this.#parts.deadlines.set(wait, () => {
      this.#later = undefined
      this.soon('any')
    })
  }
}
