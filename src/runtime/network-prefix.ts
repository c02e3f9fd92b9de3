/**
 * Network prefixes: an IPv4 /24 or an IPv6 /48, which is about what one party is given. Places in caches, and
 * rates, are counted by prefix, so that they cost addresses and not just keys (DESIGN section 5).
 */
import { type IpAddress, ipAddressBytes, isIpv4 } from './endpoint.ts'

const IPV6_PREFIX_BYTES = 6
const IPV4_PREFIX_BYTES = 3
const IPV4_BYTES = 4
/** Where it stands in an IPv6 address that ends with it. */
const IPV4_START = 12
const SIXTOFOUR = 0x2002
const SIXTOFOUR_START = 2

/** The prefix of an address as a text: equal for two addresses exactly if they share it. */
export function networkPrefix(address: IpAddress): string {
  if (isIpv4(address)) return address.slice(0, address.lastIndexOf('.'))
  const bytes = ipAddressBytes(address)
  // Whoever holds an IPv4 address holds all IPv6 addresses that carry it.
  const carried = carriedIpv4(bytes)
  return carried === undefined
    ? bytes.subarray(0, IPV6_PREFIX_BYTES).join(':')
    : carried.subarray(0, IPV4_PREFIX_BYTES).join('.')
}

/** The prefix of an address as so many bytes: equal for two addresses exactly if they share it. */
export const PREFIX_BYTES = 1 + IPV6_PREFIX_BYTES

export function networkPrefixBytes(address: IpAddress): Uint8Array {
  const bytes = ipAddressBytes(address)
  const ipv4 = isIpv4(address) ? bytes.subarray(IPV4_START) : carriedIpv4(bytes)
  const prefix = ipv4?.subarray(0, IPV4_PREFIX_BYTES) ?? bytes.subarray(0, IPV6_PREFIX_BYTES)
  // Its length tells a short one from one that ends with zeros.
  const padded = new Uint8Array(PREFIX_BYTES)
  padded[0] = prefix.length
  padded.set(prefix, 1)
  return padded
}

/** The 4 bytes of the IPv4 address that an IPv6 address carries: 6to4 (RFC 3056), IPv4-compatible, NAT64 (RFC 6052). */
export function carriedIpv4(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes[0] === SIXTOFOUR >> 8 && bytes[1] === (SIXTOFOUR & 0xff)) {
    return bytes.subarray(SIXTOFOUR_START, SIXTOFOUR_START + IPV4_BYTES)
  }
  return carriesIpv4AtEnd(bytes) ? bytes.subarray(IPV4_START) : undefined
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
  for (let index = 0; index < IPV4_START; index++) {
    if (bytes[index] !== 0) compatible = false
    if (bytes[index] !== NAT64[index]) nat64 = false
  }
  return nat64 || compatible
}
