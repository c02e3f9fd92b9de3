/**
 * The hints of an invitation as seeds of the group's cloud (P-132), so that two nodes meet although neither has a seed and the
 * local link carries no multicast. A hint says where links are taken; the node there is in the cloud at another port.
 */
import { DEFAULT_PNRP_PORT } from '../pnrp/default-port.ts'
import type { Endpoint } from '../runtime/endpoint.ts'
import type { InvitationContent } from './invitation.ts'

/** Where the nodes of the hints are in the cloud. */
export function seedsOf({ hints, cloudPorts }: Pick<InvitationContent, 'hints' | 'cloudPorts'>): readonly Endpoint[] {
  return hints.map(({ host }, index) => ({ host, port: cloudPorts?.[index] || DEFAULT_PNRP_PORT }))
}

/**
 * What an invitation says of the ports of its hints.
 *
 * @param ports Of each hint; undefined where it is not known
 * @returns undefined if all have the usual one, as far as is known
 */
export function cloudPortsOf(ports: readonly (number | undefined)[]): readonly number[] | undefined {
  const others = ports.map((port) => (port === DEFAULT_PNRP_PORT ? 0 : (port ?? 0)))
  return others.some((port) => port !== 0) ? others : undefined
}
