/**
 * Ranges of addresses, in the notation 10.0.0.0/8 or fe80::/10 (RFC 4632, RFC 4291).
 */
import { ipAddressBytes, ipAddressFromBytes, isIpv4, parseIpAddress } from './endpoint.ts'
import { PeerageError } from './peerage-error.ts'

/** All addresses that share the first bits of one. */
export interface AddressRange {
  /** 16 bytes, IPv4 in its IPv4-mapped form. */
  readonly bytes: Uint8Array
  /** Of these 16 bytes. */
  readonly bits: number
}

const IPV4_MAPPED_BITS = 96

/** @throws PeerageError `invalid-argument` */
export function parseAddressRange(text: string): AddressRange {
  const slash = text.lastIndexOf('/')
  const address = parseIpAddress(slash < 0 ? text : text.slice(0, slash))
  const isIpv6 = text.includes(':')
  const longest = isIpv6 ? 128 : 32
  const digits = slash < 0 ? String(longest) : text.slice(slash + 1)
  const bits = /^[0-9]{1,3}$/.test(digits) ? Number(digits) : Number.NaN
  if (address === undefined || !(bits <= longest)) {
    throw new PeerageError('invalid-argument', {
      name: 'the address range',
      value: JSON.stringify(text),
      expected: 'an address and a number of bits, such as 192.168.0.0/16 or fd00::/8',
    })
  }
  return { bytes: ipAddressBytes(address), bits: isIpv6 ? bits : bits + IPV4_MAPPED_BITS }
}

/** The range as text, with the lowest of its addresses. */
export function formatAddressRange({ bytes, bits }: AddressRange): string {
  const lowest = bytes.map((byte, index) => byte & (0xff << (8 - Math.min(8, Math.max(0, bits - index * 8)))))
  const address = ipAddressFromBytes(lowest)
  return `${address}/${isIpv4(address) ? bits - IPV4_MAPPED_BITS : bits}`
}

/** Whether the address of these 16 bytes is in one of the ranges. */
export function isInRanges(bytes: Uint8Array, ranges: readonly AddressRange[]): boolean {
  return ranges.some((range) => sharesBits(bytes, range))
}

function sharesBits(bytes: Uint8Array, range: AddressRange): boolean {
  const whole = range.bits >> 3
  for (let index = 0; index < whole; index++) if (bytes[index] !== range.bytes[index]) return false
  const rest = range.bits & 7
  return rest === 0 || ((bytes[whole] ?? 0) ^ (range.bytes[whole] ?? 0)) >> (8 - rest) === 0
}
