/**
 * Which of a node's addresses to try: default address selection (RFC 6724), as far as it matters here. An address
 * is of use if this node has one of the same family; IPv6 comes before IPv4, as in the policy table of section
 * 2.1, and of several the one that shares most bits with an own address (rule 9).
 */
import { type IpAddress, ipAddressBytes, isIpv4 } from '../runtime/endpoint.ts'

/** The candidate to try first; undefined if none is of a family that this node has. */
export function preferredAddress(own: readonly IpAddress[], candidates: readonly IpAddress[]): IpAddress | undefined {
  let best: IpAddress | undefined
  let bestRank = -1
  for (const candidate of candidates) {
    const sameFamily = own.filter((address) => isIpv4(address) === isIpv4(candidate))
    if (sameFamily.length === 0) continue
    if (candidates.length === 1) return candidate
    const shared = isIpv4(candidate) ? 0 : IPV6_RANK + Math.max(...sameFamily.map((one) => sharedBits(one, candidate)))
    if (shared > bestRank) {
      best = candidate
      bestRank = shared
    }
  }
  return best
}

const IPV6_RANK = 1

function sharedBits(one: IpAddress, other: IpAddress): number {
  const oneBytes = ipAddressBytes(one)
  const otherBytes = ipAddressBytes(other)
  for (let index = 0; index < oneBytes.length; index++) {
    const difference = (oneBytes[index] ?? 0) ^ (otherBytes[index] ?? 0)
    if (difference !== 0) return index * 8 + Math.clz32(difference) - 24
  }
  return oneBytes.length * 8
}
