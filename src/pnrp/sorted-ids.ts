/**
 * PNRP IDs in the order of the circle, for finding neighbours: a sorted list and binary search. A cache holds
 * a few hundred at most, so moving the rest of the list at an insertion costs less than any tree.
 */
import { P2P_ID_LENGTH } from './p2p-id.ts'
import { isCloser, type PnrpId, sameP2pId } from './pnrp-id.ts'

/** A set of IDs that knows who stands beside whom. */
export class SortedIds {
  readonly #ids: PnrpId[] = []

  get size(): number {
    return this.#ids.length
  }

  /** All of them, in ascending order. Not to be kept over a change. */
  get all(): readonly PnrpId[] {
    return this.#ids
  }

  has(id: PnrpId): boolean {
    return this.#ids[this.#indexFrom(id)] === id
  }

  /** @returns false if it was there. */
  add(id: PnrpId): boolean {
    const index = this.#indexFrom(id)
    if (this.#ids[index] === id) return false
    this.#ids.splice(index, 0, id)
    return true
  }

  /** @returns false if it was not there. */
  delete(id: PnrpId): boolean {
    const index = this.#indexFrom(id)
    if (this.#ids[index] !== id) return false
    this.#ids.splice(index, 1)
    return true
  }

  /** Walks upwards round the circle from the first ID after `id`, each once; `id` itself is left out. */
  *above(id: PnrpId): Generator<PnrpId> {
    const ids = this.#ids
    const start = this.#indexFrom(id)
    for (let step = 0; step < ids.length; step++) {
      const found = ids[(start + step) % ids.length]
      if (found !== undefined && found !== id) yield found
    }
  }

  /** Walks downwards round the circle from the first ID before `id`, each once; `id` itself is left out. */
  *below(id: PnrpId): Generator<PnrpId> {
    const ids = this.#ids
    const start = this.#indexFrom(id) - 1 + ids.length
    for (let step = 0; step < ids.length; step++) {
      const found = ids[(start - step) % ids.length]
      if (found !== undefined && found !== id) yield found
    }
  }

  /** Those with the P2P ID of `target`, in ascending order: they stand side by side. */
  withP2pIdOf(target: PnrpId): PnrpId[] {
    const ids = this.#ids
    // Half an ID comes right before all that begin with it.
    const first = this.#indexFrom(target.slice(0, P2P_ID_LENGTH))
    let end = first
    for (let id = ids[end]; id !== undefined && sameP2pId(id, target); id = ids[end]) end++
    return ids.slice(first, end)
  }

  /**
   * The `count` IDs closest to `target` that `accepts` takes, the closest first; `target` itself counts, too.
   *
   * @param bound Only IDs that are closer than this one count: the walk ends at the first that is not.
   */
  nearest(target: PnrpId, count: number, accepts: (id: PnrpId) => boolean, bound?: PnrpId): PnrpId[] {
    const ids = this.#ids
    const size = ids.length
    const found: PnrpId[] = []
    if (size === 0) return found
    let up = this.#indexFrom(target)
    let down = up - 1
    // Two fingers move apart from the target; together they pass each ID once.
    for (let passed = 0; passed < size && found.length < count; passed++) {
      const above = ids[up % size]
      const below = ids[(down + size) % size]
      if (above === undefined || below === undefined) break
      const takesAbove = above === below || isCloser(target, above, below)
      const next = takesAbove ? above : below
      if (takesAbove) up++
      else down--
      if (bound !== undefined && !isCloser(target, next, bound)) break
      if (accepts(next)) found.push(next)
    }
    return found
  }

  /** Where the first ID that is not below `id`, or the beginning of one, stands. */
  #indexFrom(id: string): number {
    let low = 0
    let high = this.#ids.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#ids[middle] ?? id) < id) low = middle + 1
      else high = middle
    }
    return low
  }
}
