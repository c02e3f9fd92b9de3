/** The addresses that every test machine has, and one that none has. */
import { type IpAddress, parseIpAddress } from '../../src/runtime/endpoint.ts'

export function address(text: string): IpAddress {
  const parsed = parseIpAddress(text)
  if (parsed === undefined) throw new TypeError(`${text} is no address`)
  return parsed
}

export const IPV4_LOOPBACK: IpAddress = address('127.0.0.1')
export const IPV6_LOOPBACK: IpAddress = address('::1')
/** Reserved for documentation (RFC 5737). */
export const FOREIGN: IpAddress = address('203.0.113.77')
