/**
 * The local-link port on the virtual network: what is announced on a segment is found by whoever browses on the
 * same segment, after a moment, unless a partition is between them.
 */

import { equalBytes } from '../runtime/bytes.ts'
import type { Endpoint } from '../runtime/endpoint.ts'
import type { LocalAnnouncement, LocalLink } from '../runtime/local-link.ts'
import type { InterfaceAddress } from '../runtime/network-interfaces.ts'
import type { HostAddress, NetworkHost, Segment } from './network-host.ts'
import type { VirtualNetwork } from './virtual-network.ts'

/** How long an announcement, or an answer to a browser, takes, in milliseconds (RFC 6762 section 6: 20 to 120). */
export const LOCAL_LINK_DELAY = 50

/** What a host has announced on one address. */
export interface LinkAnnouncement {
  readonly cloudTag: Uint8Array
  readonly endpoint: Endpoint
  readonly by: NetworkHost
}

/** Who browses on a segment. */
export interface LinkBrowser {
  readonly cloudTag: Uint8Array
  readonly by: NetworkHost
  readonly isIpv4: boolean
  found(endpoint: Endpoint): void
}

/** The links of a host, from one start to the next crash. */
export class VirtualLocalLink implements LocalLink {
  readonly #network: VirtualNetwork
  readonly #host: NetworkHost
  readonly #ends = new Set<() => void>()

  constructor(network: VirtualNetwork, host: NetworkHost) {
    this.#network = network
    this.#host = host
  }

  announce({ cloudTag, port, addresses }: LocalAnnouncement): () => void {
    const announced = this.#onSegments(addresses).map(({ at, segment }) => {
      const announcement = { cloudTag: cloudTag.slice(), endpoint: { host: at.address, port }, by: this.#host }
      segment.announcements.add(announcement)
      for (const browser of segment.browsers) this.#tell(segment, browser, announcement, at.ipv4)
      return () => segment.announcements.delete(announcement)
    })
    return this.#endOf(announced)
  }

  browse(cloudTag: Uint8Array, on: readonly InterfaceAddress[], found: (endpoint: Endpoint) => void): () => void {
    const browsing = this.#onSegments(on).map(({ at, segment }) => {
      const browser = { cloudTag: cloudTag.slice(), by: this.#host, isIpv4: at.ipv4, found }
      segment.browsers.add(browser)
      for (const announcement of segment.announcements) {
        this.#tell(segment, browser, announcement, !announcement.endpoint.host.includes(':'))
      }
      return () => segment.browsers.delete(browser)
    })
    return this.#endOf(browsing)
  }

  echo({ address, interface: name }: InterfaceAddress): Promise<string | undefined> {
    const { scheduler } = this.#network
    return new Promise((resolve) => {
      const fire = (): void => {
        const isHeard = this.#host.multicast && this.#host.find(address, name) !== undefined
        resolve(isHeard ? undefined : 'nothing was heard')
      }
      scheduler.schedule(scheduler.now + LOCAL_LINK_DELAY, { fire })
    })
  }

  /** The host has crashed: nothing is announced and nobody is found any more. */
  stop(): void {
    for (const end of [...this.#ends]) end()
  }

  #tell(segment: Segment, browser: LinkBrowser, announcement: LinkAnnouncement, isIpv4: boolean): void {
    if (browser.by === announcement.by || browser.isIpv4 !== isIpv4) return
    if (!browser.by.multicast || !announcement.by.multicast) return
    if (!equalBytes(browser.cloudTag, announcement.cloudTag)) return
    const { scheduler, partitions } = this.#network
    const fire = (): void => {
      const isThere = segment.browsers.has(browser) && segment.announcements.has(announcement)
      if (browser.by.isAsleep || announcement.by.isAsleep) return
      if (isThere && !partitions.stops(browser.by.id, announcement.by.id)) browser.found(announcement.endpoint)
    }
    scheduler.schedule(scheduler.now + LOCAL_LINK_DELAY, { fire })
  }

  #onSegments(addresses: readonly InterfaceAddress[]): { at: HostAddress; segment: Segment }[] {
    return addresses.flatMap(({ address, interface: name }) => {
      const at = this.#host.find(address, name)
      return at?.on.segment === undefined ? [] : [{ at, segment: at.on.segment }]
    })
  }

  #endOf(parts: readonly (() => void)[]): () => void {
    const end = (): void => {
      this.#ends.delete(end)
      for (const part of parts) part()
    }
    this.#ends.add(end)
    return end
  }
}
