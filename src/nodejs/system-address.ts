/** The addresses that the operating system gives, as text of its own form and with a zone. */
import { type IpAddress, parseIpAddress } from '../runtime/endpoint.ts'

/** The address in canonical form, without its zone. */
export function addressFromSystem(text: string): IpAddress {
  const zone = text.indexOf('%')
  const address = parseIpAddress(zone < 0 ? text : text.slice(0, zone))
  if (address === undefined) throw new TypeError(`the system gave ${text} as an address`)
  return address
}
