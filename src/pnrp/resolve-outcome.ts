/**
 * What a resolve ends with.
 */
import type { Endpoint } from '../runtime/endpoint.ts'
import type { CertifiedPeerAddress } from './certified-peer-address.ts'
import type { PnrpId } from './pnrp-id.ts'
import type { RouteEntry } from './route-entry.ts'

/** What a resolve ends with. `failed` is what is sought, too, as others say, but could not be reached or not be proven. */
export type ResolveOutcome =
  /** A certified peer address was proven: the criterion is met. */
  (
    | { readonly kind: 'found'; readonly match: ProvenMatch }
    /**
     * Nothing met it, or no proof was sought. `closest` is the closest node that answered. It is disturbed if a node on the way was
     * silent, or said what turned out wrong: then what is sought may be there all the same.
     */
    | { readonly kind: 'ended'; readonly closest: RouteEntry | undefined; readonly isDisturbed: boolean }
  ) & { readonly failed: readonly FailedMatch[] }

/** What others say is at a node, and is not. */
export interface FailedMatch {
  readonly id: PnrpId
  readonly endpoint: Endpoint
  /** Whether nothing at all came from there. */
  readonly isSilent: boolean
}

/** A result. */
export interface ProvenMatch {
  readonly entry: RouteEntry
  readonly cpa: CertifiedPeerAddress
  readonly payload: Uint8Array | string | undefined
}
