/**
 * A cloud: the nodes that can reach each other in one scope (MS-PNRP 1.3.3). It is a name, the addresses that
 * it may use, and, if it is private, an optional secret. Nodes of different clouds never mix: each datagram
 * carries a tag of its cloud, and a MAC where there is a secret.
 */

import { type AddressRange, isInRanges, parseAddressRange } from '../runtime/address-range.ts'
import { concatBytes, toUtf8 } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { type IpAddress, ipAddressBytes, ipAddressFromBytes } from '../runtime/endpoint.ts'
import { carriedIpv4 } from '../runtime/network-prefix.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { CLOUD_TAG_LENGTH } from './message.ts'

/** Where a cloud reaches. */
export type CloudScope = 'global' | 'site-local' | 'link-local' | 'private'

/** A cloud, as one node sees it. */
export interface Cloud {
  readonly name: string
  readonly scope: CloudScope
  /** What follows the underscore of a site-local cloud. */
  readonly zone?: string
  /** What follows the underscore of a link-local cloud: an interface of this machine. */
  readonly interface?: string
  /** Of a private cloud: undefined where it takes any unicast address. */
  readonly ranges?: readonly AddressRange[]
  /** Of the interface of a link-local cloud: its subnets, which may be used beside the link-local ranges. */
  readonly subnets?: readonly AddressRange[]
  readonly secret?: Uint8Array
}

export const GLOBAL_CLOUD = 'Global_'
export const SITE_LOCAL_PREFIX = 'SiteLocal_'
export const LINK_LOCAL_PREFIX = 'LinkLocal_'
/** The zone of a site-local cloud unless an operator names zones. */
export const DEFAULT_ZONE = '1'
/** In UTF-16 code units. */
export const LONGEST_CLOUD_NAME = 256
/** In bytes. */
export const SHORTEST_CLOUD_SECRET = 16

/**
 * Checks what a cloud is opened with.
 *
 * @throws PeerageError `invalid-cloud`
 */
export function makeCloud(
  name: string,
  options: { readonly ranges?: readonly string[] | undefined; readonly secret?: Uint8Array | undefined } = {},
): Cloud {
  if (name.length < 1 || name.length > LONGEST_CLOUD_NAME || !name.isWellFormed() || name.includes('\0')) {
    throw invalidCloud(name, `its name has 1 to ${LONGEST_CLOUD_NAME} characters`)
  }
  const standard = standardCloud(name)
  if (standard !== undefined) {
    if (options.secret !== undefined) throw invalidCloud(name, 'a secret is for private clouds only')
    if (options.ranges !== undefined) throw invalidCloud(name, 'its address ranges are fixed')
    return standard
  }
  if (options.secret !== undefined && options.secret.length < SHORTEST_CLOUD_SECRET) {
    throw invalidCloud(
      name,
      `its secret has ${options.secret.length} bytes instead of ${SHORTEST_CLOUD_SECRET} or more`,
    )
  }
  return {
    name,
    scope: 'private',
    ...(options.ranges === undefined ? {} : { ranges: options.ranges.map(parseAddressRange) }),
    ...(options.secret === undefined ? {} : { secret: new Uint8Array(options.secret) }),
  }
}

/** Whether this cloud may publish, ask and follow this address (N-13). */
export function mayUse(cloud: Cloud, address: IpAddress): boolean {
  const bytes = ipAddressBytes(address)
  if (isInRanges(bytes, notUnicast)) return false
  switch (cloud.scope) {
    case 'global':
      return isGlobal(bytes)
    case 'site-local':
      return isInRanges(bytes, siteLocal)
    case 'link-local':
      return isInRanges(bytes, linkLocal) || isInRanges(bytes, cloud.subnets ?? [])
    case 'private':
      return cloud.ranges === undefined || isInRanges(bytes, cloud.ranges)
  }
}

/**
 * The ranges from which a cloud's addresses come; undefined if it takes any unicast address (a private cloud) or
 * any but those of smaller scopes (`Global_`).
 */
export function rangesOf(cloud: Cloud): readonly AddressRange[] | undefined {
  switch (cloud.scope) {
    case 'global':
      return undefined
    case 'site-local':
      return siteLocal
    case 'link-local':
      return [...linkLocal, ...(cloud.subnets ?? [])]
    case 'private':
      return cloud.ranges
  }
}

/** The tag of a cloud's datagrams. Interfaces have other names on other machines, so link-local clouds share one. */
export function cloudTag(crypto: Crypto, cloud: Cloud): Uint8Array {
  const name = cloud.scope === 'link-local' ? LINK_LOCAL_PREFIX : cloud.name
  return crypto.sha256(toUtf8(TAG_CONTEXT), toUtf8(name)).subarray(0, CLOUD_TAG_LENGTH)
}

/** The key of the MAC on a private cloud's datagrams, or undefined if it has no secret. */
export function cloudSealKey(crypto: Crypto, cloud: Cloud): Uint8Array | undefined {
  return cloud.secret && crypto.hmacSha256(cloud.secret, concatBytes(toUtf8(SEAL_CONTEXT), toUtf8(cloud.name)))
}

const TAG_CONTEXT = 'peerage/1/cloud-tag\0'
const SEAL_CONTEXT = 'peerage/1/cloud-seal\0'

/** An IPv6 address that a gateway turns into an IPv4 address is no more global than that one. */
function isGlobal(bytes: Uint8Array): boolean {
  if (isInRanges(bytes, notGlobal)) return false
  const carried = carriedIpv4(bytes)
  if (carried === undefined) return true
  const mapped = ipAddressBytes(ipAddressFromBytes(carried))
  return !isInRanges(mapped, notUnicast) && !isInRanges(mapped, notGlobal)
}

const notUnicast = ['0.0.0.0/8', '224.0.0.0/3', '::/128', 'ff00::/8'].map(parseAddressRange)
const linkLocal = ['169.254.0.0/16', 'fe80::/10'].map(parseAddressRange)
const siteLocal = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'].map(parseAddressRange)
/** Beside the ranges of smaller scope: loopback, shared (RFC 6598), special, and IPv4 behind the site's own gateway. */
const notGlobal = [
  ...linkLocal,
  ...siteLocal,
  ...[
    '127.0.0.0/8',
    '::1/128',
    '100.64.0.0/10',
    '192.0.0.0/24',
    'fec0::/10',
    '::/96',
    '100::/64',
    '64:ff9b:1::/48',
  ].map(parseAddressRange),
]

function standardCloud(name: string): Cloud | undefined {
  if (name === GLOBAL_CLOUD) return { name, scope: 'global' }
  if (name.startsWith(SITE_LOCAL_PREFIX)) {
    return { name, scope: 'site-local', zone: requireSuffix(name, SITE_LOCAL_PREFIX, 'a zone') }
  }
  if (name.startsWith(LINK_LOCAL_PREFIX)) {
    return { name, scope: 'link-local', interface: requireSuffix(name, LINK_LOCAL_PREFIX, 'an interface') }
  }
  if (/^(Global|SiteLocal|LinkLocal)(_|$)/i.test(name)) throw invalidCloud(name, 'it looks like a standard cloud')
  return undefined
}

function requireSuffix(name: string, prefix: string, what: string): string {
  const suffix = name.slice(prefix.length)
  if (suffix === '') throw invalidCloud(name, `${what} has to follow its underscore`)
  return suffix
}

function invalidCloud(name: string, problem: string): PeerageError<'invalid-cloud'> {
  return new PeerageError('invalid-cloud', { name, problem })
}
