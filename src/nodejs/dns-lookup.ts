/**
 * Looking up names of hosts on Node.js, in the order in which the system would try the addresses (RFC 6724).
 */
import { lookup } from 'node:dns/promises'
import type { IpAddress } from '../runtime/endpoint.ts'
import type { HostLookup } from '../runtime/host-lookup.ts'
import type { Log } from '../runtime/log.ts'
import { addressFromSystem } from './system-address.ts'
import { reasonOf, systemErrorCode } from './system-error.ts'

/** The resolver of this machine. What cannot be looked up is logged, and has no addresses. */
export function dnsLookup(log: Log): HostLookup {
  return {
    async addressesOf(hostName) {
      try {
        const found = await lookup(hostName, { all: true, order: 'verbatim' })
        return [...new Set(found.map(({ address }): IpAddress => addressFromSystem(address)))]
      } catch (error) {
        if (systemErrorCode(error) === undefined) throw error
        log.warn('a host could not be looked up', { hostName, reason: reasonOf(error) })
        return []
      }
    },
  }
}
