/**
 * On which of the machine's addresses a node takes links, and which of them it tells others (G-012, G-013).
 */
import type { OwnPlace } from '../graph/graph-parts.ts'
import type { Endpoint, IpAddress } from '../runtime/endpoint.ts'
import type { InterfaceAddress } from '../runtime/network-interfaces.ts'

/** Addresses of one node that it listens on. */
export const MOST_LISTENED_ADDRESSES = 16

/**
 * Where to listen: all of them, loopback included, so that two programs of one machine meet without a network. IPv6
 * addresses of one link need the name of the interface, which no address in a graph carries.
 */
export function listenedAddresses(machine: readonly InterfaceAddress[]): readonly IpAddress[] {
  const usable = machine.filter(({ address }) => !isLinkLocalIpv6(address)).map(({ address }) => address)
  return [...new Set(usable)].slice(0, MOST_LISTENED_ADDRESSES)
}

/** What is told others: what is in the graph's scope, and loopback only where there is nothing else. */
export function publishedEndpoints(
  endpoints: readonly Endpoint[],
  machine: readonly InterfaceAddress[],
  own: Pick<OwnPlace, 'isInScope'>,
): readonly Endpoint[] {
  const loopback = new Set(machine.filter((one) => one.loopback).map(({ address }) => address))
  const inScope = endpoints.filter((endpoint) => own.isInScope(endpoint))
  const routed = inScope.filter(({ host }) => !loopback.has(host))
  return routed.length > 0 ? routed : inScope
}

/** fe80::/10 (RFC 4291 section 2.4). */
function isLinkLocalIpv6(address: IpAddress): boolean {
  return /^fe[89ab]/.test(address)
}
