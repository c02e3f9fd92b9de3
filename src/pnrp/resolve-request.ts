/**
 * What one resolve seeks (MS-PNRP 2.2.2.8, 3.1.4.4), and whether an ID is that.
 */
import type { Endpoint } from '../runtime/endpoint.ts'
import type { Criterion, ResolveReason } from './message.ts'
import { isBetween, type PnrpId, sameP2pId, sameUpperBits } from './pnrp-id.ts'
import type { RouteEntry } from './route-entry.ts'

/** What is sought, and how. */
export interface ResolveRequest {
  readonly target: PnrpId
  readonly criterion: Criterion
  /** Bits that have to agree, for `upper-bits`. */
  readonly precision?: number
  readonly reason: ResolveReason
  /** The entry that is being registered: it goes with every LOOKUP, so that all who are asked hear of it. */
  readonly announcing?: RouteEntry | undefined
  /** Where to begin, instead of at the closest cached entry: nodes whose IDs need not be known, one after the other. */
  readonly firstHops?: readonly Endpoint[] | undefined
  /**
   * Only these IDs of the name of the target count, whatever the criterion, and the first that is proven ends the
   * resolve. Beside the first hops only those who are named there are asked; without first hops also nodes that
   * have nothing of the name.
   */
  readonly within?: IdRange | undefined
  /** Begin on all paths, and with care: something went wrong on the way there already. */
  readonly careful?: boolean | undefined
  /** Nodes that are known to be silent: they are not asked, and nobody is to name them. */
  readonly silent?: readonly Endpoint[] | undefined
}

/** The IDs that one meets walking upwards from the first one, before the end. Never empty, nor the whole circle. */
export interface IdRange {
  readonly first: PnrpId
  readonly end: PnrpId
}

/** Whether an ID stands in a part of the circle. */
export function isInRange({ first, end }: IdRange, id: PnrpId): boolean {
  return id === first || isBetween(first, id, end)
}

/** Whether an ID is what is sought. */
export function isSought({ criterion, target, precision, within }: ResolveRequest, id: PnrpId): boolean {
  if (within !== undefined) return isInRange(within, id)
  switch (criterion) {
    case 'none':
      return id === target
    case 'upper-bits':
      return sameUpperBits(id, target, precision ?? 0)
    default:
      return sameP2pId(id, target)
  }
}
