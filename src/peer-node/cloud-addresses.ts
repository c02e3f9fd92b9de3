/**
 * Which of the machine's addresses a node uses in a cloud (MS-PNRP 3.1.4.1): those that the cloud may use, of its
 * interface if it has one.
 */

import { type Cloud, mayUse } from '../pnrp/cloud.ts'
import { MOST_SERVICE_ADDRESSES } from '../pnrp/route-entry.ts'
import { type AddressRange, parseAddressRange } from '../runtime/address-range.ts'
import { isIpv4 } from '../runtime/endpoint.ts'
import type { InterfaceAddress } from '../runtime/network-interfaces.ts'

/**
 * The addresses to use in a cloud, the best ones first: IPv4 and IPv6 in turn, since a node has places for few. In
 * `Global_` private ones will do if there are no others: a NAT may lead out, and then the node only resolves.
 *
 * @param machine All addresses of this machine.
 */
export function addressesInCloud(cloud: Cloud, machine: readonly InterfaceAddress[]): readonly InterfaceAddress[] {
  const usable = machine.filter(
    ({ interface: name, address, loopback }) =>
      mayUse(cloud, address) && (cloud.scope !== 'link-local' || (name === cloud.interface && !loopback)),
  )
  const behind = cloud.scope === 'global' && usable.length === 0 ? machine.filter(isRouted) : []
  const wide = cloud.scope === 'private' ? widestScope(usable) : [...usable, ...behind]
  const ipv4 = wide.filter(({ address }) => isIpv4(address))
  const ipv6 = wide.filter(({ address }) => !isIpv4(address))
  return Array.from({ length: Math.max(ipv4.length, ipv6.length) })
    .flatMap((_, index) => [ipv4[index], ipv6[index]])
    .filter((one) => one !== undefined)
    .slice(0, MOST_SERVICE_ADDRESSES)
}

/** The IPv4 subnets of an interface: its link-local cloud may use them, so that it works on a link without IPv6. */
export function subnetsOf(interfaceName: string, machine: readonly InterfaceAddress[]): readonly AddressRange[] {
  return machine
    .filter(({ interface: name, address }) => name === interfaceName && isIpv4(address))
    .map(({ address, prefixLength }) => parseAddressRange(`${address}/${prefixLength}`))
}

/**
 * Of what a private cloud may use: where there is anything better, an address that means something on one link or on
 * this machine alone would only lead others astray.
 */
function widestScope(usable: readonly InterfaceAddress[]): readonly InterfaceAddress[] {
  const routed = usable.filter(isRouted)
  if (routed.length > 0) return routed
  const onLink = usable.filter(({ loopback }) => !loopback)
  return onLink.length > 0 ? onLink : usable
}

function isRouted({ address, loopback }: InterfaceAddress): boolean {
  return !loopback && !/^(fe[89ab]|169\.254\.)/.test(address)
}
