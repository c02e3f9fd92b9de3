/**
 * How a node is in its cloud, for whoever watches it.
 */
import type { Endpoint, IpAddress } from '../runtime/endpoint.ts'
import type { UnreachableReason } from './reachability.ts'

/** How a node is in its cloud. */
export interface CloudStatus {
  /** `alone`: nobody else is known. `no-network`: the machine has no address that this cloud may use. */
  readonly state: 'synchronizing' | 'active' | 'alone' | 'no-network' | 'suspended'
  /** Why the node only resolves; undefined for a full participant. */
  readonly resolveOnly: UnreachableReason | undefined
  readonly addresses: readonly IpAddress[]
  readonly port: number
  /** Where others see this node, once enough of them agree. */
  readonly observed: Endpoint | undefined
  readonly estimatedNodes: number
  readonly cachedEntries: number
}
