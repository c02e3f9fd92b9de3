/**
 * The eight messages of PNRP (MS-PNRP 2.2.2), as values. Four ask and four answer:
 *
 * | asks | answered by | for |
 * | --- | --- | --- |
 * | SOLICIT | ADVERTISE | the IDs that a node could tell about, to whoever joins |
 * | REQUEST | ACK, then a FLOOD for each ID | the route entries of some of these |
 * | LOOKUP | AUTHORITY | the next step towards an ID |
 * | INQUIRE | AUTHORITY | whether an ID is registered there, and the proof |
 * | FLOOD | ACK, unless its D flag is set | (tells of a route entry, or of one that ended) |
 *
 * Names in capitals are those of the specification. docs/protocol/pnrp.md has the layout of each.
 */
import type { Endpoint } from '../runtime/endpoint.ts'
import type { PnrpId } from './pnrp-id.ts'
import type { RouteEntry } from './route-entry.ts'

/** Any of the eight. */
export type Message = Solicit | Request | Flood | Inquire | Lookup | Reply
/** A message that answers one of ours. */
export type Reply = Advertise | Authority | Ack

interface AnyMessage {
  /** Message ID: random, 32 bits, unique among the requests that are waiting for a reply. */
  readonly messageId: number
}

interface AnyRequest extends AnyMessage {
  /** COOKIE: what the receiver gave to this address before, if it did. */
  readonly cookie?: Uint8Array | undefined
  /** How many bytes of PADDING to add: it makes room for the answer under the 3x rule. Never more than fits. */
  readonly padding?: number | undefined
}

interface AnyReply extends AnyMessage {
  /** Acked Message ID: of the request that this answers. */
  readonly ackedMessageId: number
  /** OBSERVED_ENDPOINT: where the request was seen to come from. */
  readonly observed: Endpoint
  /** COOKIE: to be echoed by whoever gets this, at the address where it got it. */
  readonly cookie: Uint8Array
}

/** Asks for IDs; opens a synchronization conversation. */
export interface Solicit extends AnyRequest {
  readonly type: 'SOLICIT'
  readonly solicitType: 'any' | 'local'
  /** The sender, if it has registered anything. */
  readonly routeEntry?: RouteEntry | undefined
  /** SHA-256 of the nonce that the REQUEST of this conversation will show. */
  readonly hashedNonce: Uint8Array
  readonly features: number
}

/** Offers IDs. */
export interface Advertise extends AnyReply {
  readonly type: 'ADVERTISE'
  readonly ids: readonly PnrpId[]
  readonly hashedNonce: Uint8Array
  readonly features: number
}

/** Asks for the route entries of IDs that were offered. */
export interface Request extends AnyRequest {
  readonly type: 'REQUEST'
  readonly nonce: Uint8Array
  readonly ids: readonly PnrpId[]
}

/** Tells of a route entry, or that one is revoked. */
export interface Flood extends AnyRequest {
  readonly type: 'FLOOD'
  /** D: no ACK is wanted. */
  readonly withoutAck: boolean
  /** Validate PNRP ID: the receiver's, or NO_PNRP_ID where it is not known. */
  readonly validateId: PnrpId
  /** An encoded certified peer address with R set. */
  readonly revokeCpa?: Uint8Array | undefined
  readonly routeEntry?: RouteEntry | undefined
  readonly alreadyFlooded: readonly Endpoint[]
}

/** Asks whether an ID is registered at the receiver, and for the proof. */
export interface Inquire extends AnyRequest {
  readonly type: 'INQUIRE'
  /** A: the certified peer address is wanted. */
  readonly wantsCpa: boolean
  /** X: the extended payload is wanted, if there is one. */
  readonly wantsPayload: boolean
  /** C: the certificate chain is wanted, if there is one. */
  readonly wantsChain: boolean
  readonly validateId: PnrpId
  readonly nonce?: Uint8Array | undefined
}

/** One fragment of an AUTHORITY_BUFFER. */
export interface Authority extends AnyReply {
  readonly type: 'AUTHORITY'
  /** Of the whole AUTHORITY_BUFFER, in bytes. */
  readonly size: number
  readonly offset: number
  readonly fragment: Uint8Array
}

/** Confirms a REQUEST or a FLOOD. */
export interface Ack extends AnyReply {
  readonly type: 'ACK'
  /** N: the Validate PNRP ID of the FLOOD is not registered here. */
  readonly notFound: boolean
  /** K, ours: the REQUEST is answered in full once it comes with this cookie. */
  readonly cookieNeeded: boolean
}

/** Asks for the next step towards an ID. */
export interface Lookup extends AnyRequest {
  readonly type: 'LOOKUP'
  readonly target: PnrpId
  /** Validate PNRP ID: under which the receiver is known, or NO_PNRP_ID. */
  readonly validateId: PnrpId
  readonly criterion: Criterion
  /** How many upper bits have to agree, for `upper-bits`. 0 to 256. */
  readonly precision: number
  readonly reason: ResolveReason
  /** A: nodes that are not closer than Validate PNRP ID are welcome, too. */
  readonly acceptsFarther: boolean
  /** The best match so far; in a registration the entry that is being registered. */
  readonly bestMatch?: RouteEntry | undefined
  /** Flagged Path: who has been asked already, the resolver first. */
  readonly flaggedPath: readonly Endpoint[]
}

/** ResolveCriteria (2.2.2.8): what counts as found. */
export type Criterion = 'none' | 'any' | 'nearest' | 'nearest-64' | 'upper-bits'

/** ResolveReasonCode (2.2.2.8). The receiver ignores it. */
export type ResolveReason = 'application' | 'registration' | 'cache-maintenance' | 'split-detection'

/** The byte that every PNRP header has had (2.2.1). */
export const PROTOCOL_IDENTIFIER = 0x51
/** The original ended at 4.0; another layout is another major version. */
export const PROTOCOL_VERSION_MAJOR = 5
export const PROTOCOL_VERSION_MINOR = 0

/** In bytes. */
export const CLOUD_TAG_LENGTH = 8
export const NONCE_LENGTH = 16
export const HASHED_NONCE_LENGTH = 32
/** What stands in the place of a nonce where there is none. */
export const NO_NONCE: Uint8Array = new Uint8Array(NONCE_LENGTH)
export const COOKIE_LENGTH = 16
export const LONGEST_ALREADY_FLOODED_LIST = 22
export const LONGEST_FLAGGED_PATH = 22
/** A Revoke CPA in a FLOOD, in bytes: more than any that is honest, and what fits beside the longest list. */
export const LONGEST_REVOKE_CPA = 512
/** What fits into one datagram beside everything else (N-31). */
export const MOST_IDS = 32
