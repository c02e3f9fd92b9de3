/**
 * What applications send each other, beside records: single messages (MS-PPGRH 2.2.2.13) and the bytes of direct connections.
 */

/** The messages of applications. */
export type DirectMessage = Pt2Pt | Pt2PtAnswer | Data | DataEnd

/** A single message. */
export interface Pt2Pt {
  readonly kind: 'PT2PT'
  /** Ascending, by link: the answer names it. */
  readonly number: number
  readonly type: string
  readonly payload: Uint8Array
}

/** Whether it was queued for the application. */
export interface Pt2PtAnswer {
  readonly kind: 'PT2PT_ANSWER'
  readonly number: number
  readonly outcome: 'taken' | 'nobody-reads'
}

/** Bytes of a direct connection. */
export interface Data {
  readonly kind: 'DATA'
  readonly bytes: Uint8Array
}

/** This direction ends; everything was sent. */
export interface DataEnd {
  readonly kind: 'DATA_END'
}

/** Of a single message, in bytes. */
export const LONGEST_MESSAGE = 64 * 1024
/** Of a message type and of a protocol label, in bytes of UTF-8. */
export const LONGEST_LABEL = 64
