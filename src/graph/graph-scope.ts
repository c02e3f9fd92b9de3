/**
 * The scope of a graph: the addresses on which its nodes listen, which they publish and which they dial (MS-PPGRH 2.2.3.1;
 * G-013). Loopback is inside every scope, so that two nodes of one machine find each other. IPv6 link-local addresses are in none
 * but their own: elsewhere they mean nothing, and to try one is to ask around on every link of the machine.
 */
import { type AddressRange, isInRanges, parseAddressRange } from '../runtime/address-range.ts'
import { type Endpoint, ipAddressBytes, isLinkLocalIpv6 } from '../runtime/endpoint.ts'

/** How far a graph reaches. */
export type GraphScope = 'global' | 'site-local' | 'link-local'

/**
 * Whether a graph of this scope may use an endpoint: listen there, tell others, dial it.
 *
 * @param scope Undefined to dial while it is not known, as by who joins: any address may be right then
 * @param ranges What stands in its place
 */
export function isInScope(
  scope: GraphScope | undefined,
  ranges: readonly AddressRange[] | undefined,
  endpoint: Endpoint,
): boolean {
  if (endpoint.port === 0) return false
  const bytes = ipAddressBytes(endpoint.host)
  if (isInRanges(bytes, notUnicast)) return false
  if (isInRanges(bytes, loopback)) return true
  if (ranges !== undefined) return isInRanges(bytes, ranges)
  switch (scope) {
    case undefined:
      return true
    case 'global':
      return !isLinkLocalIpv6(endpoint.host)
    case 'site-local':
      return isInRanges(bytes, siteLocal)
    case 'link-local':
      return isInRanges(bytes, linkLocal)
  }
}

const notUnicast = ['0.0.0.0/8', '224.0.0.0/3', '::/128', 'ff00::/8'].map(parseAddressRange)
const loopback = ['127.0.0.0/8', '::1/128'].map(parseAddressRange)
const siteLocal = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'].map(parseAddressRange)
const linkLocal = ['169.254.0.0/16', 'fe80::/10'].map(parseAddressRange)
