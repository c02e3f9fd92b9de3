/**
 * The service location: the lower half of a PNRP ID, which tells the registrations of one name apart and
 * says roughly where they are (MS-PNRP 1.3.1.2, 3.1.4.4.1).
 */
import { concatBytes } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { type IpAddress, ipAddressBytes, isIpv4 } from '../runtime/endpoint.ts'
import { type Random, randomBytes } from '../runtime/random.ts'
import { type ApplicationEndpoint, encodeEndpoints } from './certified-peer-address.ts'
import { SERVICE_LOCATION_LENGTH } from './pnrp-id.ts'

/** The upper half, in bytes. */
export const SERVICE_LOCATION_PREFIX_LENGTH = 8
const SALT_LENGTH = 16
/** What the target of a resolve for the nearest has in its lower half (N-09). */
const NEAREST_SUFFIX = Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 0)

/**
 * The upper half for an address: its first 64 bits. An IPv4 address contributes its 6to4 form (RFC 3056),
 * since the first 64 bits of every IPv4-mapped address are zero.
 */
export function serviceLocationPrefix(address: IpAddress): Uint8Array {
  const bytes = ipAddressBytes(address)
  if (!isIpv4(address)) return bytes.slice(0, SERVICE_LOCATION_PREFIX_LENGTH)
  return Uint8Array.of(0x20, 0x02, ...bytes.subarray(12), 0, 0)
}

/** A new service location of a registration: the prefix, and a hash that nobody can choose freely or predict. */
export function drawServiceLocation(
  ports: { readonly crypto: Crypto; readonly random: Random },
  prefix: Uint8Array,
  publicKey: Uint8Array,
  endpoints: readonly ApplicationEndpoint[],
): Uint8Array {
  const salt = randomBytes(ports.random, SALT_LENGTH)
  const hash = ports.crypto.sha256(publicKey, encodeEndpoints(endpoints), salt)
  return concatBytes(prefix, hash.subarray(0, SERVICE_LOCATION_LENGTH - prefix.length))
}

/** The service location that a resolve for the nearest instance aims at. */
export function nearestServiceLocation(prefix: Uint8Array): Uint8Array {
  return concatBytes(prefix, NEAREST_SUFFIX)
}

/** The service location that a resolve for any instance aims at: drawn anew each time. */
export function anyServiceLocation(random: Random): Uint8Array {
  return randomBytes(random, SERVICE_LOCATION_LENGTH)
}
