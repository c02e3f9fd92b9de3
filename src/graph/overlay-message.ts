/**
 * Messages about who is a neighbor: connecting, welcoming, refusing, taking leave, and shuffling addresses (MS-PPGRH 2.2.2.2
 * to 2.2.2.5; HyParView).
 */
import type { Endpoint } from '../runtime/endpoint.ts'

/** The messages of the overlay. */
export type OverlayMessage = Connect | Welcome | Refuse | Disconnect | Shuffle | ShuffleReply | BecomeNeighbor

/** Asks for a link of a kind; with U, tells new addresses over a link that is there. */
export interface Connect {
  readonly kind: 'CONNECT'
  readonly nodeId: NodeId
  /** Peer time of the sender, in milliseconds since 1970. */
  readonly peerTime: number
  /** U: the addresses of the sender have changed. */
  readonly update: boolean
  /** What the link is for: D and C are set for direct connections and comparisons. */
  readonly purpose: LinkPurpose
  /** A: the sender has no neighbor. */
  readonly alone: boolean
  /** Where the sender listens; none if it does not. At most {@link MOST_ADDRESSES}. */
  readonly addresses: readonly Endpoint[]
  /** The types that the sender keeps beside `peerage.*`; undefined if it keeps all. */
  readonly types: readonly string[] | undefined
  /** Of a direct connection: its label. Empty for a link that carries single messages only. */
  readonly protocol: string
}

/** What a link is for. */
export type LinkPurpose = 'neighbor' | 'direct' | 'comparison'

/** Accepts a CONNECT. */
export interface Welcome {
  readonly kind: 'WELCOME'
  readonly nodeId: NodeId
  readonly peerTime: number
  /** Over a neighbor link: other nodes. At most {@link MOST_REFERRALS}. */
  readonly referrals: readonly Referral[]
  /** The types that the sender keeps beside `peerage.*`; undefined if it keeps all. */
  readonly types: readonly string[] | undefined
}

/** Does not accept a CONNECT. */
export interface Refuse {
  readonly kind: 'REFUSE'
  readonly code: RefuseCode
  readonly referrals: readonly Referral[]
}

/** Why a CONNECT is refused; their numbers are 1 to 6. The last two are ours. */
export type RefuseCode =
  | 'busy'
  | 'already-connected'
  | 'duplicate-connection'
  | 'direct-disallowed'
  | 'too-many-connections'
  | 'own-node'

/** Takes leave of a neighbor. */
export interface Disconnect {
  readonly kind: 'DISCONNECT'
  readonly reason: DisconnectReason
  readonly referrals: readonly Referral[]
}

/** Their numbers are 1 to 3. */
export type DisconnectReason = 'leaving' | 'place-needed' | 'application'

/** Hands a sample of known nodes on: it walks from neighbor to neighbor, and where it ends a sample goes back. */
export interface Shuffle {
  readonly kind: 'SHUFFLE'
  /** Random, 32 bits: by it the reply finds its way back, step by step. */
  readonly walk: number
  /** How many more steps. */
  readonly steps: number
  readonly referrals: readonly Referral[]
}

/** The sample that goes back. */
export interface ShuffleReply {
  readonly kind: 'SHUFFLE_REPLY'
  readonly walk: number
  readonly referrals: readonly Referral[]
}

/** The comparison showed that the two ends are cut off from each other: this link is a neighbor link from now on (G-163). */
export interface BecomeNeighbor {
  readonly kind: 'BECOME_NEIGHBOR'
}

/** Another node: where it listens, and whose it is, if that is known. */
export interface Referral {
  /** The public key; undefined if only the address is known. */
  readonly publicKey: Uint8Array | undefined
  /** At least one, at most {@link MOST_ADDRESSES}. */
  readonly addresses: readonly Endpoint[]
}

/** 64 random bits, drawn at each opening of a graph, as 16 hexadecimal digits. */
export type NodeId = string

/** Addresses of one node. */
export const MOST_ADDRESSES = 8
/** Nodes in one message (MS-PPGRH 2.2.2.3 and others: ten addresses). */
export const MOST_REFERRALS = 10
/** In bytes. */
export const NODE_ID_LENGTH = 8
/** Types that a node names because it keeps no others. */
export const MOST_KEPT_TYPES = 64
/** Steps of a SHUFFLE. */
export const LONGEST_SHUFFLE_WALK = 6
