/**
 * Where a datagram or stream goes: an IP address and a port.
 *
 * An address is kept in the one canonical text of RFC 5952 (IPv4: four decimal numbers), so that
 * two addresses are equal exactly if their texts are, and an endpoint can be a key of a Map. An
 * IPv4-mapped IPv6 address is the IPv4 address that it maps: there is no second form of it.
 */
import type { Branded } from './branded.ts'

/** An IPv4 or IPv6 address in canonical text, without a zone. */
export type IpAddress = Branded<string, 'IpAddress'>

/** An address and a port. */
export interface Endpoint {
  readonly host: IpAddress
  /** 0 to 65535; 0 only where a free port is asked for. */
  readonly port: number
}

/**
 * An endpoint of this machine's view. A link-local IPv6 address has a zone: the interface on whose link it is, as the platform calls
 * it. Others call theirs differently, so zones stay at the ports and are never told to anybody.
 */
export type ZonedEndpoint = Endpoint & { readonly zone?: string }

/** The length of every address on the wire: IPv6, or IPv4 mapped into it. */
export const ADDRESS_LENGTH = 16

/** `host:port`, the host in brackets if it is IPv6. Equal endpoints have equal texts. */
export function formatEndpoint(endpoint: Endpoint): string {
  return isIpv4(endpoint.host) ? `${endpoint.host}:${endpoint.port}` : `[${endpoint.host}]:${endpoint.port}`
}

/** Whether two endpoints are the same. */
export function sameEndpoint(one: Endpoint, other: Endpoint): boolean {
  return one.port === other.port && one.host === other.host
}

/** Whether the address is an IPv4 address. */
export function isIpv4(address: IpAddress): boolean {
  return !address.includes(':')
}

/**
 * Whether the address is an IPv6 address of one link (fe80::/10, RFC 4291 section 2.4). Every link can have the same ones, so
 * sockets want to know the interface, the zone, beside it.
 */
export function isLinkLocalIpv6(address: IpAddress): boolean {
  return /^fe[89ab]/.test(address)
}

/** The address in canonical form, or undefined if the text is no IPv4 or IPv6 address without a zone. */
export function parseIpAddress(text: string): IpAddress | undefined {
  const bytes = text.includes(':') ? parseIpv6(text) : parseIpv4(text)
  return bytes === undefined ? undefined : ipAddressFromBytes(bytes)
}

/** The address of 4 (IPv4) or 16 (IPv6 or IPv4-mapped) bytes; any other length is a programming error. */
export function ipAddressFromBytes(bytes: Uint8Array): IpAddress {
  if (bytes.length === IPV4_LENGTH) return bytes.join('.') as IpAddress
  if (bytes.length !== ADDRESS_LENGTH) throw new RangeError(`an address has 4 or 16 bytes, not ${bytes.length}`)
  if (isIpv4Mapped(bytes)) return bytes.subarray(IPV4_MAPPED_PREFIX_LENGTH).join('.') as IpAddress
  return formatIpv6(bytes) as IpAddress
}

/** The 16 bytes of an address; an IPv4 address becomes IPv4-mapped (RFC 4291 section 2.5.5.2). */
export function ipAddressBytes(address: IpAddress): Uint8Array {
  const bytes = isIpv4(address) ? parseIpv4(address) : parseIpv6(address)
  if (bytes === undefined) throw new TypeError(`not an address: ${address}`)
  if (bytes.length === ADDRESS_LENGTH) return bytes
  const mapped = new Uint8Array(ADDRESS_LENGTH)
  mapped.fill(0xff, IPV4_MAPPED_PREFIX_LENGTH - 2, IPV4_MAPPED_PREFIX_LENGTH)
  mapped.set(bytes, IPV4_MAPPED_PREFIX_LENGTH)
  return mapped
}

const IPV4_LENGTH = 4
const DOT = 0x2e
const DIGIT_0 = 0x30
const IPV4_MAPPED_PREFIX_LENGTH = 12
const IPV6_GROUPS = 8

function isIpv4Mapped(bytes: Uint8Array): boolean {
  for (let index = 0; index < IPV4_MAPPED_PREFIX_LENGTH - 2; index++) if (bytes[index] !== 0) return false
  return bytes[IPV4_MAPPED_PREFIX_LENGTH - 2] === 0xff && bytes[IPV4_MAPPED_PREFIX_LENGTH - 1] === 0xff
}

/** Character by character: this is read for each datagram. No leading zeros: some readers take 010 for eight. */
function parseIpv4(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(IPV4_LENGTH)
  let index = 0
  let value = -1
  for (let place = 0; place <= text.length; place++) {
    const code = place < text.length ? text.charCodeAt(place) : DOT
    if (code === DOT) {
      if (value < 0 || index === IPV4_LENGTH) return undefined
      bytes[index++] = value
      value = -1
    } else {
      const digit = code - DIGIT_0
      if (digit < 0 || digit > 9 || value === 0) return undefined
      value = Math.max(value, 0) * 10 + digit
      if (value > 255) return undefined
    }
  }
  return index === IPV4_LENGTH ? bytes : undefined
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map(parseGroups)
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined
  const given = head.length + (tail?.length ?? 0)
  // "::" stands for at least one group of zeros (RFC 4291 section 2.2).
  if (tail === undefined ? given !== IPV6_GROUPS : given >= IPV6_GROUPS) return undefined
  const zeros = new Array<number>(IPV6_GROUPS - given).fill(0)
  const bytes = new Uint8Array(ADDRESS_LENGTH)
  for (const [index, group] of [...head, ...zeros, ...(tail ?? [])].entries()) {
    bytes[index * 2] = group >> 8
    bytes[index * 2 + 1] = group & 0xff
  }
  return bytes
}

/** The 16-bit groups of one side of "::"; the last 32 bits may be written as an IPv4 address. */
function parseGroups(text: string): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    if (part.includes('.') && index === parts.length - 1) {
      const ipv4 = parseIpv4(part)
      if (ipv4 === undefined) return undefined
      const [a = 0, b = 0, c = 0, d = 0] = ipv4
      groups.push((a << 8) | b, (c << 8) | d)
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16))
    } else {
      return undefined
    }
  }
  return groups
}

/** RFC 5952 section 4: lower case, no leading zeros, the first longest run of two or more zero groups as "::". */
function formatIpv6(bytes: Uint8Array): string {
  const groups: number[] = []
  for (let index = 0; index < ADDRESS_LENGTH; index += 2) {
    groups.push(((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0))
  }
  let runStart = -1
  let runLength = 1
  for (let start = 0; start < IPV6_GROUPS; start++) {
    let length = 0
    while (start + length < IPV6_GROUPS && groups[start + length] === 0) length++
    if (length > runLength) {
      runStart = start
      runLength = length
    }
  }
  const text = (part: number[]): string => part.map((group) => group.toString(16)).join(':')
  if (runStart < 0) return text(groups)
  return `${text(groups.slice(0, runStart))}::${text(groups.slice(runStart + runLength))}`
}
