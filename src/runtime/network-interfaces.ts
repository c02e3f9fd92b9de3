/**
 * The port that tells which addresses this machine has, and when that changes.
 */
import type { IpAddress } from './endpoint.ts'

/** Reads the addresses of this machine. */
export interface NetworkInterfaces {
  /** Every address, loopback included, in a stable order. */
  list(): readonly InterfaceAddress[]
  /** Calls `changed` after {@link NetworkInterfaces.list} gives something else. Returns what ends that. */
  watch(changed: () => void): () => void
}

/** One address of one interface. */
export interface InterfaceAddress {
  /** The interface, as the platform calls it; also the zone of a link-local IPv6 address. */
  readonly interface: string
  readonly address: IpAddress
  /** How many leading bits the addresses of its subnet share. */
  readonly prefixLength: number
  readonly loopback: boolean
}
