/** The port that turns names of hosts into addresses: DNS, or what a platform has in its place. */
import type { IpAddress } from './endpoint.ts'

/** Looks up names of hosts. */
export interface HostLookup {
  /** All addresses of a host, in the order in which to try them; none if the name is not known or cannot be looked up. */
  addressesOf(hostName: string): Promise<readonly IpAddress[]>
}
