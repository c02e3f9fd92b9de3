/**
 * The certified peer address (CPA): the statement, signed by the key that publishes a name, of where the
 * node and the application are reached (MS-PNRP 2.2.3.1). It is made when it is asked for, around the nonce
 * of whoever asks, so an old one proves nothing. A CPA with R set revokes the registration instead.
 *
 * This module is about the bytes and the signature. Whether a CPA counts for a name, or for a route entry,
 * is judged in cpa-validation.ts.
 */
import { AUTHORITY_LENGTH } from '../identity/authority.ts'
import { signFor, verifyFor } from '../identity/signature-purpose.ts'
import { fromUtf8, toUtf8 } from '../runtime/bytes.ts'
import { type Crypto, PUBLIC_KEY_LENGTH, SHA256_LENGTH, SIGNATURE_LENGTH } from '../runtime/crypto.ts'
import { ADDRESS_LENGTH, type IpAddress, ipAddressBytes, ipAddressFromBytes } from '../runtime/endpoint.ts'
import { WireReader } from '../wire/wire-reader.ts'
import { WireWriter } from '../wire/wire-writer.ts'
import { NONCE_LENGTH, PROTOCOL_VERSION_MAJOR, PROTOCOL_VERSION_MINOR } from './message.ts'
import { p2pIdOfHashes } from './p2p-id.ts'
import { makePnrpId, type PnrpId, SERVICE_LOCATION_LENGTH } from './pnrp-id.ts'
import { MOST_SERVICE_ADDRESSES } from './route-entry.ts'

/** What a CPA says. */
export interface CertifiedPeerAddress {
  /** R: the registration has ended. */
  readonly revoked: boolean
  /** X: there is an extended payload. */
  readonly hasPayload: boolean
  /** Milliseconds since 1970 in UTC, after which it no longer counts. */
  readonly notAfter: number
  readonly serviceLocation: Uint8Array
  /** That of the INQUIRE; zeros where there was none. */
  readonly nonce: Uint8Array
  /** BinaryAuthority; undefined for an unsecured name. */
  readonly authority: Uint8Array | undefined
  /** ClassifierHash; undefined for an empty classifier. */
  readonly classifierHash: Uint8Array | undefined
  /** FriendlyName: at most {@link LONGEST_COMMENT} code units, empty if there is none. */
  readonly comment: string
  /** Where PNRP is reached on the node: 1 to 4, or none in a revocation. */
  readonly servicePort: number
  readonly serviceAddresses: readonly IpAddress[]
  /** Where the application is reached: 0 to 10. Kinds that this version does not know are passed over. */
  readonly endpoints: readonly ApplicationEndpoint[]
  readonly publicKey: Uint8Array
}

/** Where an application is reached. */
export interface ApplicationEndpoint {
  readonly host: IpAddress
  /** 1 to 65535. */
  readonly port: number
  /** An IP protocol number (IANA): 6 is TCP, 17 is UDP. */
  readonly protocol: number
}

/** The longest comment of a registration, in UTF-16 code units (the FriendlyName of 2.2.3.1). */
export const LONGEST_COMMENT = 39
export const MOST_APPLICATION_ENDPOINTS = 10
/** How far ahead a CPA may end (2.2.3.1): at least, and at most. */
export const SHORTEST_CPA_LIFE = 12 * 3_600_000
export const LONGEST_CPA_LIFE = 7 * 24 * 3_600_000
/** More than the longest that this version can make; what is larger is refused unread. */
export const LONGEST_CPA = 1024

/** Kinds of endpoint. A relay is reserved for registrations of nodes that cannot be reached. */
export const EndpointKind = { address: 1, relay: 2 } as const

const CPA_VERSION_MAJOR = 3
const CPA_VERSION_MINOR = 0
const CpaFlag = { payload: 0x20, comment: 0x10, classifierHash: 0x08, authority: 0x04, revoked: 0x01 } as const
const ADDRESS_ENDPOINT_LENGTH = ADDRESS_LENGTH + 4
/** Three bytes a code unit hold any text: a pair of surrogates takes four in all. */
const LONGEST_COMMENT_BYTES = LONGEST_COMMENT * 3
const EMPTY_CLASSIFIER = new Uint8Array(0)
const NO_AUTHORITY = new Uint8Array(AUTHORITY_LENGTH)

/** The PNRP ID that a CPA is about. */
export function pnrpIdOfCpa(crypto: Crypto, cpa: CertifiedPeerAddress): PnrpId {
  const classifierHash = cpa.classifierHash ?? crypto.sha256(EMPTY_CLASSIFIER)
  return makePnrpId(p2pIdOfHashes(crypto, cpa.authority ?? NO_AUTHORITY, classifierHash), cpa.serviceLocation)
}

/** Encodes and signs a CPA. */
export function signCpa(crypto: Crypto, cpa: CertifiedPeerAddress, secretKey: Uint8Array): Uint8Array {
  if (cpa.authority === undefined && cpa.classifierHash === undefined) {
    throw new RangeError('a CPA has an authority, or a hash of a classifier, or both')
  }
  const writer = new WireWriter(LONGEST_CPA)
  writeCpaContent(writer, cpa)
  writer.overwriteUint16(0, writer.length + SIGNATURE_LENGTH)
  writer.bytes(signFor(crypto, 'certified-peer-address', writer.view(), secretKey))
  return writer.copy()
}

/**
 * Reads a CPA. Its signature is not checked: {@link verifyCpaSignature} does that, after what is cheaper.
 *
 * @throws PeerageError `malformed`
 */
export function readCpa(bytes: Uint8Array): CertifiedPeerAddress {
  const reader = new WireReader(bytes, 'certified peer address')
  if (bytes.length > LONGEST_CPA)
    throw reader.malformed(`it has ${bytes.length} bytes, at most ${LONGEST_CPA} are read`)
  const length = reader.uint16()
  if (length !== bytes.length)
    throw reader.malformed(`its length is given as ${length}, and it has ${bytes.length} bytes`)
  reader.uint8()
  const cpaVersion = reader.uint8()
  if (cpaVersion !== CPA_VERSION_MAJOR) throw reader.malformed(`its version is ${cpaVersion}`)
  reader.uint8()
  const pnrpVersion = reader.uint8()
  if (pnrpVersion !== PROTOCOL_VERSION_MAJOR) throw reader.malformed(`its version of PNRP is ${pnrpVersion}`)
  const flags = reader.uint8()
  reader.uint8()
  const revoked = (flags & CpaFlag.revoked) !== 0
  const notAfter = reader.uint48()
  const serviceLocation = reader.bytes(SERVICE_LOCATION_LENGTH)
  const nonce = reader.bytes(NONCE_LENGTH)
  const authority = (flags & CpaFlag.authority) === 0 ? undefined : reader.bytes(AUTHORITY_LENGTH)
  const classifierHash = (flags & CpaFlag.classifierHash) === 0 ? undefined : reader.bytes(SHA256_LENGTH)
  if (authority === undefined && classifierHash === undefined) {
    throw reader.malformed('it has neither an authority nor a hash of a classifier')
  }
  const comment = (flags & CpaFlag.comment) === 0 ? '' : readComment(reader)
  const { servicePort, serviceAddresses } = readServiceAddresses(reader, revoked)
  const endpoints = readEndpoints(reader)
  const publicKey = reader.bytes(PUBLIC_KEY_LENGTH)
  reader.bytes(SIGNATURE_LENGTH)
  reader.finish()
  return {
    revoked,
    hasPayload: (flags & CpaFlag.payload) !== 0,
    notAfter,
    serviceLocation,
    nonce,
    authority,
    classifierHash,
    comment,
    servicePort,
    serviceAddresses,
    endpoints,
    publicKey,
  }
}

/** Whether the last 64 bytes of an encoded CPA are the signature of its own key over the rest. */
export function verifyCpaSignature(crypto: Crypto, bytes: Uint8Array, publicKey: Uint8Array): boolean {
  const end = bytes.length - SIGNATURE_LENGTH
  return verifyFor(crypto, 'certified-peer-address', bytes.subarray(0, end), bytes.subarray(end), publicKey)
}

/** The encoding of a list of endpoints, as it stands in a CPA. */
export function encodeEndpoints(endpoints: readonly ApplicationEndpoint[]): Uint8Array {
  const writer = new WireWriter(LONGEST_CPA)
  writeEndpoints(writer, endpoints)
  return writer.copy()
}

function writeEndpoints(writer: WireWriter, endpoints: readonly ApplicationEndpoint[]): void {
  requireCount('endpoints', endpoints.length, 0, MOST_APPLICATION_ENDPOINTS)
  writer.uint8(endpoints.length)
  for (const { host, port, protocol } of endpoints) {
    writer.uint8(EndpointKind.address)
    writer.uint8(ADDRESS_ENDPOINT_LENGTH)
    writer.endpoint({ host, port })
    writer.uint16(protocol)
  }
}

function writeCpaContent(writer: WireWriter, cpa: CertifiedPeerAddress): void {
  writer.uint16(0)
  writer.uint8(CPA_VERSION_MINOR)
  writer.uint8(CPA_VERSION_MAJOR)
  writer.uint8(PROTOCOL_VERSION_MINOR)
  writer.uint8(PROTOCOL_VERSION_MAJOR)
  writer.uint8(
    (cpa.hasPayload ? CpaFlag.payload : 0) |
      (cpa.comment === '' ? 0 : CpaFlag.comment) |
      (cpa.classifierHash === undefined ? 0 : CpaFlag.classifierHash) |
      (cpa.authority === undefined ? 0 : CpaFlag.authority) |
      (cpa.revoked ? CpaFlag.revoked : 0),
  )
  writer.uint8(0)
  writer.uint48(cpa.notAfter)
  writer.bytes(cpa.serviceLocation)
  writer.bytes(cpa.nonce)
  if (cpa.authority !== undefined) writer.bytes(cpa.authority)
  if (cpa.classifierHash !== undefined) writer.bytes(cpa.classifierHash)
  if (cpa.comment !== '') {
    requireCount('characters in its comment', cpa.comment.length, 1, LONGEST_COMMENT)
    const comment = toUtf8(cpa.comment)
    writer.uint16(comment.length)
    writer.bytes(comment)
  }
  requireCount('service addresses', cpa.serviceAddresses.length, cpa.revoked ? 0 : 1, MOST_SERVICE_ADDRESSES)
  writer.uint8(cpa.serviceAddresses.length)
  writer.uint16(cpa.servicePort)
  for (const address of cpa.serviceAddresses) writer.bytes(ipAddressBytes(address))
  writeEndpoints(writer, cpa.endpoints)
  writer.bytes(cpa.publicKey)
}

function requireCount(what: string, count: number, fewest: number, most: number): void {
  if (count < fewest || count > most) throw new RangeError(`a CPA has ${fewest} to ${most} ${what}, not ${count}`)
}

function readComment(reader: WireReader): string {
  const start = reader.offset
  const length = reader.uint16()
  const comment = length > LONGEST_COMMENT_BYTES ? undefined : fromUtf8(reader.bytes(length))
  if (comment === undefined || comment === '' || comment.length > LONGEST_COMMENT) {
    throw reader.malformed('its comment is empty, too long or not UTF-8', start)
  }
  return comment
}

function readServiceAddresses(
  reader: WireReader,
  revoked: boolean,
): { servicePort: number; serviceAddresses: readonly IpAddress[] } {
  const start = reader.offset
  const count = reader.uint8()
  const servicePort = reader.uint16()
  if (count > MOST_SERVICE_ADDRESSES || (count === 0 && !revoked)) {
    throw reader.malformed(`it has ${count} service addresses`, start)
  }
  const serviceAddresses: IpAddress[] = []
  for (let index = 0; index < count; index++) serviceAddresses.push(ipAddressFromBytes(reader.bytes(ADDRESS_LENGTH)))
  return { servicePort, serviceAddresses }
}

/** An endpoint says its kind and its length, so that kinds to come can be passed over (N-114). */
function readEndpoints(reader: WireReader): readonly ApplicationEndpoint[] {
  const start = reader.offset
  const count = reader.uint8()
  if (count > MOST_APPLICATION_ENDPOINTS) throw reader.malformed(`it has ${count} endpoints`, start)
  const endpoints: ApplicationEndpoint[] = []
  for (let index = 0; index < count; index++) {
    const kind = reader.uint8()
    const outerEnd = reader.enter(reader.uint8())
    if (kind === EndpointKind.address) endpoints.push({ ...reader.endpoint(), protocol: reader.uint16() })
    else reader.rest()
    reader.leave(outerEnd)
  }
  return endpoints
}
