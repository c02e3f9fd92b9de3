/**
 * Where a node is in a cloud: its own addresses, as far as the cloud may use them, and its port (N-12, N-96).
 */

import { isInRanges, parseAddressRange } from '../runtime/address-range.ts'
import {
  ADDRESS_LENGTH,
  type Endpoint,
  type IpAddress,
  ipAddressBytes,
  ipAddressFromBytes,
} from '../runtime/endpoint.ts'
import { networkPrefixes } from '../runtime/network-prefix.ts'
import { type Cloud, mayUse } from './cloud.ts'
import type { OwnAddresses } from './cloud-parts.ts'
import { preferredAddress } from './default-address.ts'
import type { PnrpId } from './pnrp-id.ts'
import { MOST_SERVICE_ADDRESSES, type RouteEntry, sameAddresses } from './route-entry.ts'

/** The addresses of one node in one cloud, which can change. */
export class CloudAddresses implements OwnAddresses {
  readonly port: number
  readonly #cloud: Cloud
  #addresses: readonly IpAddress[] = []
  #prefixes: readonly string[] = []
  /** Those behind which the rest of the world lies, where none may be used in the cloud. */
  #inner: readonly IpAddress[] = []

  constructor(cloud: Cloud, port: number) {
    this.#cloud = cloud
    this.port = port
  }

  get addresses(): readonly IpAddress[] {
    return this.#addresses
  }

  get prefixes(): readonly string[] {
    return this.#prefixes
  }

  get pathEndpoint(): Endpoint | undefined {
    const [host = this.#inner.length > 0 ? NO_ADDRESS : undefined] = this.#addresses
    return host === undefined ? undefined : { host, port: this.port }
  }

  /** Takes those of the machine's addresses that the cloud may use. @returns whether they are others than before */
  replace(machineAddresses: readonly IpAddress[]): boolean {
    const usable = machineAddresses.filter((address) => mayUse(this.#cloud, address)).slice(0, MOST_SERVICE_ADDRESSES)
    const isBehind = this.#cloud.scope === 'global' && usable.length === 0
    const inner = isBehind
      ? machineAddresses.filter((address) => !isInRanges(ipAddressBytes(address), withoutWayOut))
      : []
    if (sameAddresses(usable, this.#addresses) && sameAddresses(inner, this.#inner)) return false
    this.#inner = inner
    this.#addresses = usable
    this.#prefixes = networkPrefixes(usable)
    return true
  }

  has({ host, port }: Endpoint): boolean {
    return port === this.port && this.#addresses.includes(host)
  }

  entryOf(id: PnrpId): RouteEntry | undefined {
    return this.#addresses.length === 0 ? undefined : { id, port: this.port, addresses: this.#addresses }
  }

  endpointFor(entry: RouteEntry): Endpoint | undefined {
    const host = preferredAddress(this.#addresses.length > 0 ? this.#addresses : this.#inner, entry.addresses)
    return host === undefined ? undefined : { host, port: entry.port }
  }
}

/** Through these no NAT leads out: they reach no farther than this machine or its link. */
const withoutWayOut = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '::/127', 'fe80::/10'].map(parseAddressRange)
/** The unspecified address. */
const NO_ADDRESS = ipAddressFromBytes(new Uint8Array(ADDRESS_LENGTH))
