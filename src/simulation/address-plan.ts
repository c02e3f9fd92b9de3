/**
 * Which addresses simulated hosts have and how far each of them reaches.
 *
 * A host that is not told otherwise gets one routed IPv4 and one routed IPv6 address, each in a /24 and
 * a /48 of its own, since peer name resolution gives a prefix few places (DESIGN section 5).
 */
import { ADDRESS_LENGTH, type IpAddress, ipAddressBytes, isIpv4, parseIpAddress } from '../runtime/endpoint.ts'

/**
 * How far an address reaches: its host, its segment, its segment and through a NAT, or everywhere. An
 * address that no interface can have is `none`: multicast and the like.
 */
export type AddressScope = 'host' | 'segment' | 'private' | 'everywhere' | 'none'

/** An address with the length of the prefix that its subnet shares. */
export interface PlannedAddress {
  readonly address: IpAddress
  readonly prefixLength: number
}

const IPV4_BITS = 32
const IPV6_BITS = ADDRESS_LENGTH * 8
const USUAL_IPV4_PREFIX = 24
const USUAL_IPV6_PREFIX = 64

/** A stretch of ordinary, globally routed addresses in which nothing is set aside (RFC 6890). */
const FIRST_IPV4_BYTE = 20
const LAST_IPV4_BYTE = 99
const FIRST_IPV6_GROUP = '2600'

/** How many hosts get addresses by themselves. */
export const MOST_PLANNED_HOSTS = (LAST_IPV4_BYTE - FIRST_IPV4_BYTE + 1) * 2 ** 16

/** The addresses of the host with this number, counted from 0. */
export function plannedAddresses(host: number): readonly PlannedAddress[] {
  if (host >= MOST_PLANNED_HOSTS)
    throw new RangeError(`at most ${MOST_PLANNED_HOSTS} hosts get addresses by themselves`)
  const high = host >>> 16
  const low = host & 0xffff
  return [
    readAddress(`${FIRST_IPV4_BYTE + high}.${low >>> 8}.${low & 0xff}.1`),
    readAddress(`${FIRST_IPV6_GROUP}:${high.toString(16)}:${low.toString(16)}::1`),
  ]
}

/** Reads `10.0.0.5` or `10.0.0.5/24`. Without a length the prefix has 24 bits, for IPv6 64. */
export function readAddress(text: string): PlannedAddress {
  const [host = '', length, ...rest] = text.split('/')
  const address = parseIpAddress(host)
  if (address === undefined || rest.length > 0) throw new RangeError(`${text} is no address of an interface`)
  const usual = isIpv4(address) ? USUAL_IPV4_PREFIX : USUAL_IPV6_PREFIX
  const prefixLength = length === undefined ? usual : Number.parseInt(length, 10)
  if (!(prefixLength >= 0 && prefixLength <= (isIpv4(address) ? IPV4_BITS : IPV6_BITS))) {
    throw new RangeError(`${text} has no prefix of that length`)
  }
  return { address, prefixLength }
}

/** How far an address reaches. */
export function scopeOf(address: IpAddress): AddressScope {
  const bytes = ipAddressBytes(address)
  return isIpv4(address) ? ipv4Scope(bytes.subarray(12)) : ipv6Scope(bytes)
}

/** RFC 1122 (0/8, 127/8), RFC 1918, RFC 3927 (169.254/16), RFC 5771 (224/4), RFC 1112 (240/4). */
function ipv4Scope(bytes: Uint8Array): AddressScope {
  const [first = 0, second = 0] = bytes
  if (first === 0 || first >= 224) return 'none'
  if (first === 127) return 'host'
  if (first === 169 && second === 254) return 'segment'
  if (first === 10 || (first === 172 && second >> 4 === 1) || (first === 192 && second === 168)) return 'private'
  return 'everywhere'
}

/** RFC 4291 (::, ::1, fe80::/10, ff00::/8), RFC 4193 (fc00::/7). */
function ipv6Scope(bytes: Uint8Array): AddressScope {
  const [first = 0, second = 0] = bytes
  if (first === 0xff) return 'none'
  if (first === 0xfe && (second & 0xc0) === 0x80) return 'segment'
  if ((first & 0xfe) === 0xfc) return 'private'
  if (bytes.subarray(0, ADDRESS_LENGTH - 1).some((byte) => byte !== 0)) return 'everywhere'
  return bytes[ADDRESS_LENGTH - 1] === 1 ? 'host' : 'none'
}
