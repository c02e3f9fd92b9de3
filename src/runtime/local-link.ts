/**
 * The local-link port: finding the nodes of a cloud on the links of this machine, and being found there. On a
 * platform it is DNS service discovery over multicast DNS (RFC 6762, RFC 6763); in a simulation, a LAN.
 */
import type { Endpoint } from './endpoint.ts'
import type { InterfaceAddress } from './network-interfaces.ts'

/** Service discovery on the links of this machine. */
export interface LocalLink {
  /**
   * Makes a node known on the links of its addresses, under names that are drawn at random for each link, until
   * what this returns is called. What cannot be announced is not found, and hurts nothing else.
   */
  announce(announcement: LocalAnnouncement): () => void
  /**
   * Asks on the links of these addresses who of the cloud is there, and calls `found` for each announced address,
   * now and later, until what this returns is called. An endpoint can be found more than once.
   */
  browse(cloudTag: Uint8Array, on: readonly InterfaceAddress[], found: (endpoint: Endpoint) => void): () => void
  /**
   * Sends something to all on the link of an address that this machine is to hear, too, for the diagnosis.
   *
   * @returns undefined if it was heard, or why not, for people
   */
  echo(at: InterfaceAddress): Promise<string | undefined>
}

/** What a node makes known of itself. */
export interface LocalAnnouncement {
  /** Of the cloud in which the node is. */
  readonly cloudTag: Uint8Array
  readonly port: number
  /** Each is made known on its own link only. */
  readonly addresses: readonly InterfaceAddress[]
}
