/**
 * Network prefixes: an IPv4 /24 or an IPv6 /48, which is about what one party is given. Places in caches, and
 * rates, are counted by prefix, so that they cost addresses and not just keys (DESIGN section 5).
 */
import { type IpAddress, ipAddressBytes, isIpv4 } from '../runtime/endpoint.ts'

const IPV6_PREFIX_BYTES = 6
const IPV4_MAPPED_START = 12
const SIXTOFOUR = 0x2002
const SIXTOFOUR_START = 2

/** The prefix of an address as a text: equal for two addresses exactly if they share it. */
export function networkPrefix(address: IpAddress): string {
  if (isIpv4(address)) return address.slice(0, address.lastIndexOf('.'))
  const bytes = ipAddressBytes(address)
  // 6to4 (RFC 3056) carries an IPv4 address, and whoever holds that holds all of its 2^80 addresses.
  if (((bytes[0] ?? 0) << 8) + (bytes[1] ?? 0) === SIXTOFOUR) {
    return bytes.subarray(SIXTOFOUR_START, SIXTOFOUR_START + 3).join('.')
  }
  // IPv4-compatible and NAT64 (RFC 6052) forms carry one in the last four bytes.
  if (carriesIpv4AtEnd(bytes)) return bytes.subarray(IPV4_MAPPED_START, IPV4_MAPPED_START + 3).join('.')
  return bytes.subarray(0, IPV6_PREFIX_BYTES).join(':')
}

/** The prefixes of all of these addresses, each once. */
export function networkPrefixes(addresses: readonly IpAddress[]): readonly string[] {
  return addresses.length === 1 && addresses[0] !== undefined
    ? [networkPrefix(addresses[0])]
    : [...new Set(addresses.map(networkPrefix))]
}

const NAT64 = Uint8Array.of(0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0)

function carriesIpv4AtEnd(bytes: Uint8Array): boolean {
  let compatible = true
  let nat64 = true
  for (let index = 0; index < IPV4_MAPPED_START; index++) {
    if (bytes[index] !== 0) compatible = false
    if (bytes[index] !== NAT64[index]) nat64 = false
  }
  return nat64 || compatible
}
