/**
 * Finds out whether the cloud has fallen apart, by resolving one's own neighbourhood as somebody else sees it
 * (MS-PNRP 3.2.6.2.1, 3.2.5.11.1). It begins at nodes that may be in the other part: remembered ones, ones that
 * were dropped, seeds. What is found there is cached like any entry, and that heals the split.
 */
import type { Endpoint } from '../runtime/endpoint.ts'
import { randomChoice, randomFraction } from '../runtime/random.ts'
import type { CloudParts } from './cloud-parts.ts'
import { isCloser, nextPnrpId, type PnrpId } from './pnrp-id.ts'
import type { Resolve, ResolveOutcome, ResolveRequest } from './resolve.ts'
import type { RouteEntry } from './route-entry.ts'

/** In the whole cloud, at each tick, about this many nodes test. */
export const TESTS_OF_TICK = 1
/** What a test showed. */
export type SplitVerdict = 'no-split' | 'larger-part' | 'smaller-part'

/** Who may be in another part of the cloud. */
export interface Elsewhere {
  /** In turn: a remembered node that is not cached, one that was dropped, a seed. undefined if there is none. */
  next(): Endpoint | undefined
}

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
    this.#resolve({ target, criterion: 'none', reason: 'split-detection', firstHop, announcing }, (outcome) => {
      const closest = outcome.kind === 'ended' ? outcome.closest : undefined
      if (closest === undefined || judgeSplit(this.#parts, target, closest) !== 'smaller-part' || !repeats) return
      for (const { id } of this.#parts.registrations.all()) if (id !== localId) this.test(id, false)
    })
  }
}

/** What the closest node that was found tells (N-89). */
export function judgeSplit({ cache }: CloudParts, target: PnrpId, found: RouteEntry): SplitVerdict {
  const [closestCached] = cache.nearest(target, 1, () => true)
  if (closestCached === undefined || closestCached.id === found.id) return 'no-split'
  if (isCloser(target, closestCached.id, found.id)) return 'larger-part'
  return cache.get(found.id) === undefined ? 'smaller-part' : 'no-split'
}
