/**
 * Which programs use what of a node: a graph or a group is open as long as one of them uses it. A node that is there for its programs
 * alone, as `peerage up` runs it, uses by itself what any of them has opened, so that it stays online when they have gone.
 */
import type { Closing } from '../peer-node/closing.ts'

interface Shared<Thing> {
  readonly thing: Thing
  uses: number
  /** Whether one of the uses is the node's own. */
  isKept: boolean
}

/** The uses of all programs. */
export class SharedUses<Thing extends Closing> {
  readonly #keeps: boolean
  readonly #shared = new Map<string, Shared<Thing>>()

  /** @param keeps Whether the node keeps open what programs open */
  constructor(keeps: boolean) {
    this.#keeps = keeps
  }

  /** What is open under a key. */
  get(key: string): Thing | undefined {
    return this.#shared.get(key)?.thing
  }

  /** One more use of something that is open now. */
  use(key: string, opened: Thing): Thing {
    const present = this.#shared.get(key)
    const shared = present ?? { thing: opened, uses: this.#keeps ? 1 : 0, isKept: this.#keeps }
    this.#shared.set(key, shared)
    shared.uses++
    return shared.thing
  }

  /** A use has ended: the last one closes it. */
  async release(key: string): Promise<void> {
    const shared = this.#shared.get(key)
    if (shared === undefined) return
    shared.uses--
    if (shared.uses > 0) return
    this.#shared.delete(key)
    await shared.thing.close()
  }

  /** The node itself needs it no more. */
  async keepNoMore(key: string): Promise<void> {
    const shared = this.#shared.get(key)
    if (shared?.isKept !== true) return
    shared.isKept = false
    await this.release(key)
  }
}
