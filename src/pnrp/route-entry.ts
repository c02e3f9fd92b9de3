/**
 * A route entry: where the node is that has registered an ID (ROUTE_ENTRY, MS-PNRP 2.2.3.4). In
 * itself it is a claim. Only after its node has proven it (entry-proof.ts) is it cached or passed on.
 */
import {
  ADDRESS_LENGTH,
  type Endpoint,
  formatEndpoint,
  type IpAddress,
  ipAddressBytes,
  ipAddressFromBytes,
} from '../runtime/endpoint.ts'
import type { WireReader } from '../wire/wire-reader.ts'
import type { WireWriter } from '../wire/wire-writer.ts'
import { PROTOCOL_VERSION_MAJOR, PROTOCOL_VERSION_MINOR } from './message.ts'
import { PNRP_ID_LENGTH, type PnrpId, pnrpIdBytes, pnrpIdFromBytes } from './pnrp-id.ts'

/** Where a node answers for an ID. */
export interface RouteEntry {
  readonly id: PnrpId
  /** One port for all addresses, above {@link HIGHEST_RESERVED_PORT}. */
  readonly port: number
  /** 1 to {@link MOST_ROUTE_ADDRESSES}; ours have at most {@link MOST_SERVICE_ADDRESSES}. */
  readonly addresses: readonly IpAddress[]
}

/** Ports up to this one are neither bound nor followed (N-27). */
export const HIGHEST_RESERVED_PORT = 1024
export const MOST_ROUTE_ADDRESSES = 20
/** A certified peer address lists no more, so an entry with more could never be proven. */
export const MOST_SERVICE_ADDRESSES = 4

/** Whether two entries name the same places: the same port, and the same addresses in any order. */
export function samePlaces(one: RouteEntry, other: RouteEntry): boolean {
  return one.port === other.port && sameAddresses(one.addresses, other.addresses)
}

/** Whether two lists hold the same addresses, in any order. */
export function sameAddresses(one: readonly IpAddress[], other: readonly IpAddress[]): boolean {
  return one.every((address) => other.includes(address)) && other.every((address) => one.includes(address))
}

/** Whether one of the entry's endpoints is among these. */
export function isAmong(entry: RouteEntry, endpoints: readonly Endpoint[]): boolean {
  return endpoints.some(({ host, port }) => port === entry.port && entry.addresses.includes(host))
}

/** Each endpoint once. */
export function distinctEndpoints(endpoints: readonly Endpoint[]): Endpoint[] {
  return [...new Map(endpoints.map((endpoint) => [formatEndpoint(endpoint), endpoint])).values()]
}

/** How many bytes an entry takes in a message. */
export function routeEntryLength(entry: RouteEntry): number {
  return PNRP_ID_LENGTH + FIXED_LENGTH + entry.addresses.length * ADDRESS_LENGTH
}

export function writeRouteEntry(writer: WireWriter, entry: RouteEntry): void {
  if (entry.addresses.length < 1 || entry.addresses.length > MOST_ROUTE_ADDRESSES) {
    throw new RangeError(`a route entry has 1 to ${MOST_ROUTE_ADDRESSES} addresses, not ${entry.addresses.length}`)
  }
  writer.bytes(pnrpIdBytes(entry.id))
  writer.uint8(PROTOCOL_VERSION_MAJOR)
  writer.uint8(PROTOCOL_VERSION_MINOR)
  writer.uint16(entry.port)
  writer.uint8(0)
  writer.uint8(entry.addresses.length)
  for (const address of entry.addresses) writer.bytes(ipAddressBytes(address))
}

/** @throws PeerageError `malformed` */
export function readRouteEntry(reader: WireReader): RouteEntry {
  const start = reader.offset
  const id = pnrpIdFromBytes(reader.bytes(PNRP_ID_LENGTH))
  const major = reader.uint8()
  if (major !== PROTOCOL_VERSION_MAJOR) throw reader.malformed(`a route entry has version ${major}`, start)
  reader.uint8()
  const port = reader.uint16()
  reader.uint8()
  const count = reader.uint8()
  if (count < 1 || count > MOST_ROUTE_ADDRESSES) {
    throw reader.malformed(`a route entry has ${count} addresses, not 1 to ${MOST_ROUTE_ADDRESSES}`, start)
  }
  const addresses: IpAddress[] = []
  for (let index = 0; index < count; index++) addresses.push(ipAddressFromBytes(reader.bytes(ADDRESS_LENGTH)))
  return { id, port, addresses }
}

/** Version, port, flags and count. */
const FIXED_LENGTH = 6
