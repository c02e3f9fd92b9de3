/**
 * Finds out whether the cloud has fallen apart, by resolving one's own neighbourhood as somebody else sees it
 * (MS-PNRP 3.2.6.2.1, 3.2.5.11.1). It begins at nodes that may be in the other part: remembered ones, ones that
 * were dropped, seeds. What is found there is cached like any entry, and that heals the split.
 */
import { randomChoice, randomFraction } from '../runtime/random.ts'
import type { CloudParts } from './cloud-parts.ts'
import type { Elsewhere } from './elsewhere.ts'
import { isCloser, nextPnrpId, type PnrpId } from './pnrp-id.ts'
import type { Resolve } from './resolve.ts'
import type { ResolveOutcome } from './resolve-outcome.ts'
import type { ResolveRequest } from './resolve-request.ts'

/** In the whole cloud, at each tick, about this many nodes test: two parts that meet again are one in a minute. */
export const TESTS_OF_TICK = 2
/** What a test showed. */
export type SplitVerdict = 'no-split' | 'larger-part' | 'smaller-part'

/** The tests of one node. */
export class SplitDetection {
  readonly #parts: CloudParts
  readonly #elsewhere: Elsewhere
  readonly #resolve: (request: ResolveRequest, ended: (outcome: ResolveOutcome) => void) => Resolve

  constructor(
    parts: CloudParts,
    elsewhere: Elsewhere,
    resolve: (request: ResolveRequest, ended: (outcome: ResolveOutcome) => void) => Resolve,
  ) {
    this.#parts = parts
    this.#elsewhere = elsewhere
    this.#resolve = resolve
  }

  /** At each tick: tests with a probability that keeps the rate of the whole cloud the same (N-87). */
  tick(estimatedNodes: number): void {
    const { random, registrations } = this.#parts
    if (randomFraction(random) * Math.max(estimatedNodes, 1) >= TESTS_OF_TICK) return
    const registration = randomChoice(random, registrations.all())
    if (registration !== undefined) this.test(registration.id, true)
  }

  /** Tests around one local ID. @param repeats Whether to test all others if this node is in the smaller part. */
  test(localId: PnrpId, repeats: boolean): void {
    const firstHop = this.#elsewhere.next()
    if (firstHop === undefined) return
    const target = nextPnrpId(localId)
    const announcing = this.#parts.own.entryOf(localId)
    // What the test comes across is cached, too: only what was there before says where this node belongs.
    const cachedBefore = [...this.#parts.cache.entries()].map(({ entry }) => entry.id)
    this.#resolve(
      { target, criterion: 'none', reason: 'split-detection', firstHops: [firstHop], announcing },
      (outcome) => {
        const closest = outcome.kind === 'ended' ? outcome.closest : undefined
        if (closest === undefined || !repeats) return
        if (judgeSplit(cachedBefore, target, closest.id) !== 'smaller-part') return
        for (const { id } of this.#parts.registrations.all()) if (id !== localId) this.test(id, false)
      },
    )
  }
}

/** What the closest node that was found around a target tells (N-89). @param cached The IDs that were cached before. */
export function judgeSplit(cached: readonly PnrpId[], target: PnrpId, found: PnrpId): SplitVerdict {
  const isBetween = cached.some((id) => id !== found && isCloser(target, id, found))
  if (cached.includes(found)) return isBetween ? 'larger-part' : 'no-split'
  return isBetween ? 'larger-part' : 'smaller-part'
}
