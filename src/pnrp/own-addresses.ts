/**
 * Where a node is in a cloud: its own addresses, as far as the cloud may use them, and its port (N-12, N-96).
 */
import type { Endpoint, IpAddress } from '../runtime/endpoint.ts'
import { type Cloud, mayUse } from './cloud.ts'
import type { OwnAddresses } from './cloud-parts.ts'
import { preferredAddress } from './default-address.ts'
import { networkPrefixes } from './network-prefix.ts'
import type { PnrpId } from './pnrp-id.ts'
import { MOST_SERVICE_ADDRESSES, type RouteEntry, sameAddresses } from './route-entry.ts'

/** The addresses of one node in one cloud, which can change. */
export class CloudAddresses implements OwnAddresses {
  readonly port: number
  readonly #cloud: Cloud
  #addresses: readonly IpAddress[] = []
  #prefixes: readonly string[] = []

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

  /** Takes those of the machine's addresses that the cloud may use. @returns whether they are others than before */
  replace(machineAddresses: readonly IpAddress[]): boolean {
    const usable = machineAddresses.filter((address) => mayUse(this.#cloud, address)).slice(0, MOST_SERVICE_ADDRESSES)
    if (sameAddresses(usable, this.#addresses)) return false
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
    const host = preferredAddress(this.#addresses, entry.addresses)
    return host === undefined ? undefined : { host, port: entry.port }
  }
}
