/**
 * The members of a group, as applications see them (P-109).
 */
import type { PeerName } from '../identity/peer-name.ts'
import type { Role } from '../identity/role.ts'
import type { Endpoint } from '../runtime/endpoint.ts'

/** A member. */
export interface GroupMemberInfo {
  readonly peerName: PeerName
  readonly publicKey: Uint8Array
  /** undefined where no record shows it. */
  readonly friendlyName: string | undefined
  /** Of all its certificates in force, in the order of a certificate. */
  readonly roles: readonly Role[]
  /** Who issued the certificate that ends last. */
  readonly issuer: PeerName
  /** Since when and until when, by the chain that ends last; in milliseconds since 1970. */
  readonly validFrom: number
  readonly validUntil: number
  /** Whether it is online, by its presence; this node itself as long as it is online. */
  readonly isConnected: boolean
  /** Where it is, if it is online and says so. */
  readonly addresses: readonly Endpoint[]
}
