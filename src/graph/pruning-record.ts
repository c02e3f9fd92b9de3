/**
 * Which record may prune links: of those that were written in the first quarter of a period of two seconds the one of lowest ID, for
 * everybody the same one.
 *
 * A record breaks each cycle of links at one place, and what is left of the links is a tree. If two records that are under way at the same time
 * both did so, each would break the cycles elsewhere, and the tree with them. When a record was written stands in it, and its ID is known to
 * all; when it comes differs from node to node, and says nothing. In the rest of the period links are pruned, and nothing that is
 * under way meanwhile may prune others.
 */
import type { GraphRecord } from '../records/record.ts'
import type { RecordId } from '../records/record-id.ts'

/** How often another record may prune links, in milliseconds. */
export const PRUNING_PERIOD = 2000
/** For so long, from the beginning of each period, records are written that may be the one; in milliseconds. */
export const PRUNING_CANDIDACY = 500
/** How long others that were written by then may be under way, in milliseconds. */
export const PRUNE_DELAY = 200

/** The record that may prune links of one node. */
export class PruningRecord {
  #id: RecordId | undefined
  #period = Number.NEGATIVE_INFINITY

  /** A record came to be known. @param now Peer time */
  came({ id, modified }: GraphRecord, now: number): void {
    const period = Math.floor(modified / PRUNING_PERIOD)
    if (modified - period * PRUNING_PERIOD >= PRUNING_CANDIDACY || period < this.#period) return
    // Somebody whose clock is wrong would prune alone for as long as it is.
    if (Math.abs(now - modified) > PRUNING_PERIOD) return
    if (period === this.#period && this.#id !== undefined && this.#id <= id) return
    this.#id = id
    this.#period = period
  }

  is(id: RecordId): boolean {
    return this.#id === id
  }

  /** How long to wait until it is certain that no other record may. @param now Peer time */
  delay(now: number): number {
    const rest = this.#period * PRUNING_PERIOD + PRUNING_CANDIDACY - now
    return Math.min(Math.max(rest, 0), PRUNING_CANDIDACY) + PRUNE_DELAY
  }
}
