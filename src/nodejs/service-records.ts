/**
 * How a node of name resolution shows in DNS service discovery (RFC 6763): an instance of `_pnrp._udp.local` with random
 * names, a port, addresses and the tag of its cloud. No peer name is in it, no name of a person and none of the machine.
 */
import type { ResponsePacket } from 'multicast-dns'
import { toHex } from '../runtime/bytes.ts'
import type { IpAddress } from '../runtime/endpoint.ts'
import { type Endpoint, isIpv4, parseIpAddress } from '../runtime/endpoint.ts'

/** A resource record, as the package has it. */
export type Answer = NonNullable<ResponsePacket['answers']>[number]

/** One node on one link, in one address family. */
export interface ServiceInstance {
  /** A label; the host name is another one. */
  readonly instance: string
  readonly host: string
  readonly cloudTag: Uint8Array
  readonly port: number
  /** All of one family. */
  readonly addresses: readonly IpAddress[]
}

/** The service in which all nodes are. */
export const SERVICE = '_pnrp._udp.local'
/** Where browsers ask which services there are (RFC 6763 section 9). */
export const SERVICE_LIST = '_services._dns-sd._udp.local'
/** How long records count, in seconds (RFC 6762 section 10): those with a host name, and the others. */
export const HOST_RECORD_LIFE = 120
export const OTHER_RECORD_LIFE = 4500
/** Ports up to this one are no node's. */
const HIGHEST_RESERVED_PORT = 1024
/** The highest port (RFC 768). */
const HIGHEST_PORT = 65_535
const TAG_KEY = 'cloud='

/** All records of an instance; with a life of 0 they take it back. */
export function recordsOf(one: ServiceInstance, life?: 0): Answer[] {
  const instance = `${one.instance}.${SERVICE}`
  const host = `${one.host}.local`
  const hostLife = life ?? HOST_RECORD_LIFE
  const otherLife = life ?? OTHER_RECORD_LIFE
  return [
    { type: 'PTR', name: SERVICE, ttl: otherLife, data: instance },
    { type: 'SRV', name: instance, ttl: hostLife, flush: true, data: { port: one.port, target: host } },
    { type: 'TXT', name: instance, ttl: otherLife, flush: true, data: [`${TAG_KEY}${toHex(one.cloudTag)}`] },
    ...one.addresses.map((address): Answer => {
      const type = isIpv4(address) ? 'A' : 'AAAA'
      return { type, name: host, ttl: hostLife, flush: true, data: address }
    }),
  ]
}

/** The record that lists the service among others. */
export function serviceListRecord(): Answer {
  return { type: 'PTR', name: SERVICE_LIST, ttl: OTHER_RECORD_LIFE, data: SERVICE }
}

/** The nodes of a cloud in the records of one response. What is malformed, of another cloud or taken back is passed over. */
export function endpointsIn(records: readonly Answer[], cloudTag: Uint8Array): readonly Endpoint[] {
  const tag = `${TAG_KEY}${toHex(cloudTag)}`
  const found: Endpoint[] = []
  for (const record of records) {
    if (record.type !== 'SRV' || record.ttl === 0 || !record.name.toLowerCase().endsWith(`.${SERVICE}`)) continue
    const { port, target } = record.data
    if (!(port > HIGHEST_RESERVED_PORT && port <= HIGHEST_PORT) || !hasText(records, record.name, tag)) continue
    for (const other of records) {
      if ((other.type !== 'A' && other.type !== 'AAAA') || other.ttl === 0 || !isSameName(other.name, target)) continue
      const host = parseIpAddress(other.data)
      if (host !== undefined) found.push({ host, port })
    }
  }
  return found
}

/** Whether a question or answer is about this name: case does not count in DNS. */
export function isSameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

function hasText(records: readonly Answer[], name: string, text: string): boolean {
  return records.some((record) => {
    if (record.type !== 'TXT' || !isSameName(record.name, name)) return false
    const parts = Array.isArray(record.data) ? record.data : [record.data]
    return parts.some((part) => String(part) === text)
  })
}
