/**
 * Messages that carry records to every node (MS-PPGRH 2.2.2.11; Plumtree): in full over eager links, as announcements over
 * lazy ones, and the proofs that a security provider lacks.
 */
import type { RecordId } from '../records/record-id.ts'

/** The messages of flooding. */
export type FloodMessage = Flood | Advertise | Graft | Prune | ProofRequest | Proof

/** A record in full. */
export interface Flood {
  readonly kind: 'FLOOD'
  /** Its encoding. */
  readonly record: Uint8Array
}

/** Announces records that the sender has. */
export interface Advertise {
  readonly kind: 'ADVERTISE'
  readonly records: readonly AnnouncedRecord[]
}

/** A version of a record, by name. */
export interface AnnouncedRecord {
  readonly id: RecordId
  /** SHA-256 of its encoding. */
  readonly digest: Uint8Array
}

/** Asks for records that were announced, in full; the link becomes eager if E is set. */
export interface Graft {
  readonly kind: 'GRAFT'
  readonly eager: boolean
  readonly ids: readonly RecordId[]
}

/** A record came over this link that was there already: the link becomes lazy, if the other end goes by that record, too. */
export interface Prune {
  readonly kind: 'PRUNE'
  /** Of the version that came. */
  readonly digest: Uint8Array
}

/** Asks for what a record needs to be judged. */
export interface ProofRequest {
  readonly kind: 'PROOF_REQUEST'
  readonly request: Uint8Array
}

/** Answers it. Empty: it is not here. */
export interface Proof {
  readonly kind: 'PROOF'
  readonly request: Uint8Array
  readonly proof: Uint8Array
}

/** In one ADVERTISE or GRAFT. */
export const MOST_ANNOUNCED = 256
