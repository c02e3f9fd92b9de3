/**
 * How many nodes a cloud has, judged by how close the neighbours are (MS-PNRP 3.2.6.2.1.1).
 */
import { type PnrpId, placeOf, upwardDistance } from './pnrp-id.ts'
import type { LeafSet } from './route-cache.ts'

/** Estimates of so many IDs or more come from names that are registered many times, and are left out. */
export const LARGEST_ESTIMATE = 2 ** 32

/** The estimated number of IDs: the mean over the local IDs, or how many are known if none gives an estimate. */
export function estimateIds(leafSets: readonly LeafSet[], knownIds: number): number {
  const estimates = leafSets.flatMap(({ below, above }) => {
    const [nextBelow] = below
    const [nextAbove] = above
    if (nextBelow === undefined || nextAbove === undefined) return []
    const estimate = 2 / shareOfCircle(nextBelow, nextAbove)
    return estimate < LARGEST_ESTIMATE ? [estimate] : []
  })
  if (estimates.length === 0) return knownIds
  return estimates.reduce((sum, estimate) => sum + estimate, 0) / estimates.length
}

/** How much of the circle lies between two IDs, upwards; all of it if they are the same. */
function shareOfCircle(below: PnrpId, above: PnrpId): number {
  return below === above ? 1 : placeOf(upwardDistance(below, above))
}
