/**
 * Keeps the cache true and evenly filled (MS-PNRP 3.1.6.2, appendix A note 6): asks the nodes in it again, those of
 * the leaf sets often, and looks for somebody in each slice that is empty.
 */
import type { CloudParts } from './cloud-parts.ts'
import type { EntryProof } from './entry-proof.ts'
import { PNRP_ID_BITS, type PnrpId } from './pnrp-id.ts'
import { RecentRows } from './recent-rows.ts'
import type { Resolve } from './resolve.ts'
import type { ResolveRequest } from './resolve-request.ts'
import { type CacheGap, LEVEL_SLICES, MOST_LEVELS } from './route-cache.ts'

/** How long a node of a leaf set may be silent before it is asked again, in milliseconds. A dead one is gone within two minutes. */
export const LEAF_SET_PROOF_INTERVAL = 60_000
/** The same for the other entries. */
export const LEVEL_PROOF_INTERVAL = 15 * 60_000
/** After so many losses within this time, in milliseconds, all entries are asked again as often as those of leaf sets. */
export const ALARMING_LOSSES = 3
export const ALARM_TIME = 120_000
/** Entries that are asked again in one round; or this share of those in leaf sets, if it is more. */
export const MOST_PROOFS_OF_ROUND = 8
const SHARE_OF_LEAVES_OF_ROUND = 0.4
/** Empty slices that are looked into in one round. */
export const MOST_LOOKUPS_OF_ROUND = 6
/** How long an empty slice in which nobody was found is left, at first and at most, in milliseconds. */
export const FIRST_GAP_PAUSE = 60_000
export const LONGEST_GAP_PAUSE = 60 * 60_000
/** A slice that holds fewer nodes than this, on average, may well be empty: it is not looked into. */
const FEWEST_EXPECTED_NODES = 2

/** By level and slice: how many pauses the slice has had, the present one included. */
const GAP_PAUSE = { keyLength: 2, valueLength: 1, most: MOST_LEVELS * LEVEL_SLICES }
/** After so many doublings the longest pause is reached; more are not counted. */
const MOST_GAP_PAUSES = 1 + Math.ceil(Math.log2(LONGEST_GAP_PAUSE / FIRST_GAP_PAUSE))

/** The upkeep of one cache. */
export class CacheMaintenance {
  readonly #parts: CloudParts
  readonly #proof: EntryProof
  readonly #resolve: (request: ResolveRequest, ended: () => void) => Resolve
  readonly #gapPauses = new RecentRows(GAP_PAUSE)
  /** When the latest entries were lost. */
  readonly #losses: number[] = []

  constructor(parts: CloudParts, proof: EntryProof, resolve: (request: ResolveRequest, ended: () => void) => Resolve) {
    this.#parts = parts
    this.#proof = proof
    this.#resolve = resolve
  }

  /** One round. @param estimatedIds How many IDs the cloud seems to have. */
  round(estimatedIds: number): void {
    this.#proveAgain()
    this.#fillGaps(estimatedIds)
  }

  /** A cached entry turned out to be gone: its slice is worth looking into, and others may be gone as well. */
  lost(): void {
    this.#gapPauses.clear()
    this.#losses.push(this.#parts.clock.monotonic())
    if (this.#losses.length > ALARMING_LOSSES) this.#losses.shift()
  }

  #isAlarmed(now: number): boolean {
    const [first] = this.#losses
    return first !== undefined && this.#losses.length === ALARMING_LOSSES && now - first < ALARM_TIME
  }

  #proveAgain(): void {
    const { cache, clock } = this.#parts
    const now = clock.monotonic()
    const due: { id: PnrpId; overdue: number }[] = []
    const levelInterval = this.#isAlarmed(now) ? LEAF_SET_PROOF_INTERVAL : LEVEL_PROOF_INTERVAL
    let leaves = 0
    for (const { entry, lastHeard, notAfter } of cache.entries()) {
      const isLeaf = cache.leafSetsWith(entry.id).length > 0
      if (isLeaf) leaves++
      const age = now - lastHeard
      const interval = isLeaf ? LEAF_SET_PROOF_INTERVAL : levelInterval
      if (age >= interval || notAfter < clock.utc()) due.push({ id: entry.id, overdue: age / interval })
    }
    due.sort((one, other) => other.overdue - one.overdue)
    const most = Math.max(MOST_PROOFS_OF_ROUND, Math.ceil(leaves * SHARE_OF_LEAVES_OF_ROUND))
    for (const { id } of due.slice(0, most)) this.#proof.proveAgain(id)
  }

  #fillGaps(estimatedIds: number): void {
    const { cache, clock } = this.#parts
    const now = clock.monotonic()
    let lookups = 0
    for (const gap of cache.gaps(FEWEST_EXPECTED_NODES / Math.max(estimatedIds, 1))) {
      if (lookups >= MOST_LOOKUPS_OF_ROUND) return
      const key = Uint8Array.of(gap.level, gap.slice)
      const pause = this.#gapPauses.get(key)
      const [pauses = 0] = pause?.value ?? []
      const pauseEnd = pause === undefined ? now : pause.time + gapPause(pauses)
      if (pauseEnd > now) continue
      lookups++
      this.#gapPauses.set(key, Uint8Array.of(Math.min(pauses + 1, MOST_GAP_PAUSES)), now)
      this.#lookInto(gap)
    }
  }

  /** What is found on the way is cached like anything else, so nothing needs to be done with the outcome. */
  #lookInto({ middle, width }: CacheGap): void {
    const precision = Math.min(Math.ceil(-Math.log2(width)), PNRP_ID_BITS)
    this.#resolve({ target: middle, criterion: 'upper-bits', precision, reason: 'cache-maintenance' }, () => {})
  }
}

/** How long so many pauses have made the present one, in milliseconds. */
function gapPause(pauses: number): number {
  return Math.min(FIRST_GAP_PAUSE * 2 ** (pauses - 1), LONGEST_GAP_PAUSE)
}
