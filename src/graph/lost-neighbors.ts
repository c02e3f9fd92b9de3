/**
 * Neighbors whose links broke or fell silent, without a leave. Perhaps they have crashed; perhaps the network was cut, and
 * as long as nobody writes and no presence runs out, nothing in what two parts hold tells that they are apart (G-176). So a node
 * tries to compare with those that it has lost before all others, and whoever answers is its neighbor again.
 *
 * Only those count that this node had dialled itself. Others could break their own links to be dialled, and so get more
 * places than those who dial are given (G-144); each link has an end that dialled it.
 */
import type { Clock } from '../runtime/clock.ts'
import { type Random, randomChoice } from '../runtime/random.ts'
import { RecentMap } from '../runtime/recent-map.ts'
import { type KnownNode, knownNode } from './known-node.ts'
import type { LinkSession } from './link-session.ts'

/** Lost neighbors that are remembered: those lost last. */
export const MOST_LOST = 16
/** For how long, in milliseconds. */
export const LOST_KEPT = 24 * 60 * 60_000

interface Lost {
  readonly node: KnownNode
  readonly since: number
}

/** The lost neighbors of one node. */
export class LostNeighbors {
  readonly #clock: Clock
  readonly #random: Random
  /** By key. */
  readonly #lost = new RecentMap<Lost>(MOST_LOST)

  constructor({ clock, random }: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = clock
    this.#random = random
  }

  /** The link of a neighbor is gone. */
  add({ link, peer: { publicKey, key }, addresses }: LinkSession): void {
    if (!link.isDialler || addresses.length === 0) return
    this.#lost.set(key, { node: knownNode({ publicKey, addresses }), since: this.#clock.monotonic() })
  }

  /** It is a neighbor again. */
  remove(key: string): void {
    this.#lost.delete(key)
  }

  has(key: string): boolean {
    this.#forgetOld()
    return this.#lost.get(key) !== undefined
  }

  /** A random one that `accepts` takes. */
  draw(accepts: (node: KnownNode) => boolean): KnownNode | undefined {
    this.#forgetOld()
    const nodes = [...this.#lost.values()].map(({ node }) => node)
    return randomChoice(this.#random, nodes.filter(accepts))
  }

  #forgetOld(): void {
    const oldest = this.#clock.monotonic() - LOST_KEPT
    this.#lost.dropWhile(({ since }) => since < oldest)
  }
}
