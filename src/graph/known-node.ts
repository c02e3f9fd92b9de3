/**
 * Another node of the graph, as far as it is known: where it listens, and whose it is.
 */
import { toHex } from '../runtime/bytes.ts'
import { type Endpoint, formatEndpoint } from '../runtime/endpoint.ts'
import type { Referral } from './overlay-message.ts'

/** A node that may be dialled. */
export interface KnownNode extends Referral {
  /** The same for the same node: its key in hexadecimal digits, or its first address where the key is not known. */
  readonly name: string
}

/** The node that a referral speaks of. */
export function knownNode(referral: Referral): KnownNode {
  return { ...referral, name: nodeName(referral.publicKey, referral.addresses) }
}

/** What two descriptions of one node have in common. */
export function nodeName(publicKey: Uint8Array | undefined, addresses: readonly Endpoint[]): string {
  if (publicKey !== undefined) return toHex(publicKey)
  const [first] = addresses
  return first === undefined ? '' : formatEndpoint(first)
}
