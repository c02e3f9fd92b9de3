/**
 * Which record may prune links: of those that were written in the first half second of a period of 2.3 s the one of lowest digest, for
 * everybody the same one.
 *
 * A record breaks each cycle of links at one place, and what is left of the links is a tree: each node keeps the link over which it came
 * first. If two records that are under way at the same time both did so, each would break the cycles elsewhere, and the tree with them.
 * When a record was written stands in it, and its digest is the same for all; when it comes differs from node to node, and says nothing. In the
 * rest of the period links are pruned, and nothing that is under way meanwhile may prune others.
 *
 * Where records are late, nodes can still take different ones for it. So PRUNE names the record, and is taken only by who goes by the
 * same one; and who has pruned by one goes by no other in that period.
 */
import type { GraphRecord } from '../records/record.ts'
import { compareBytes, equalBytes } from '../runtime/bytes.ts'
import type { Neighbor } from './neighbors.ts'

/**
 * How often another record may prune links, in milliseconds: a number in step with nothing, so that a program that writes every second, or
 * every minute, does not always write when no record may.
 */
export const PRUNING_PERIOD = 2311
/** For so long, from the beginning of each period, records are written that may be the one; in milliseconds. */
export const PRUNING_CANDIDACY = 500
/** How long others that were written by then may be under way, in milliseconds. */
export const PRUNE_DELAY = 200

/** The record that may prune links of one node. */
export class PruningRecord {
  #digest: Uint8Array | undefined
  #period = Number.NEGATIVE_INFINITY
  /** Over whose link it came first; `here`: it was written here; undefined: from somebody who is no neighbor. */
  #from: Neighbor | 'here' | undefined
  #hasPruned = false

  /** A record came to be known. @param now Peer time @returns whether it may prune, unless another one takes its place */
  came({ digest, modified }: GraphRecord, from: Neighbor | 'here' | undefined, now: number): boolean {
    const period = Math.floor(modified / PRUNING_PERIOD)
    if (modified - period * PRUNING_PERIOD >= PRUNING_CANDIDACY || period < this.#period) return false
    // Somebody whose clock is wrong would prune alone for as long as it is.
    if (Math.abs(now - modified) > PRUNING_PERIOD) return false
    if (period === this.#period && this.#digest !== undefined) {
      if (this.#hasPruned || compareBytes(this.#digest, digest) <= 0) return false
    }
    this.#digest = digest
    this.#period = period
    this.#from = from
    this.#hasPruned = false
    return true
  }

  is(digest: Uint8Array): boolean {
    return this.#digest !== undefined && equalBytes(this.#digest, digest)
  }

  /** How long to wait until it is certain that no other record may. @param now Peer time */
  delay(now: number): number {
    const rest = this.#period * PRUNING_PERIOD + PRUNING_CANDIDACY - now
    return Math.min(Math.max(rest, 0), PRUNING_CANDIDACY) + PRUNE_DELAY
  }

  /** Whether a link is none that the record needs: it came over another one, that still carries records in full. If so, it is pruned. */
  prunes(digest: Uint8Array, neighbor: Neighbor): boolean {
    const isNeeded = this.#from === undefined || this.#from === neighbor || (this.#from !== 'here' && !this.#from.eager)
    if (!this.is(digest) || isNeeded) return false
    this.#hasPruned = true
    return true
  }
}
