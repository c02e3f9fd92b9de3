/**
 * A record, as it travels and is stored (DESIGN section 6). Whoever holds one of these has checked its form: it was
 * read by read-record.ts or made by make-record.ts. Its signatures, and whether it is valid now, are other questions.
 *
 * A record has a *header* that its creator signs once and that never changes, so that its ID cannot be claimed
 * by anybody else, and a *version* on top of it that its last modifier signs. Two versions of one record are put in
 * order by record-order.ts.
 *
 * Keys, nonce, payload and proofs are views of {@link GraphRecord.bytes}: nobody may change them.
 */
import type { RecordAttribute } from './attribute.ts'
import type { RecordId } from './record-id.ts'

/** Who wrote something: the key, and the classifier of the peer name under which its owner wrote it. */
export interface RecordAuthor {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** What follows the first dot of the peer name. */
  readonly classifier: string
}

/** What a payload is: `bytes`, `text` (UTF-8), `json` (UTF-8), or the number of an encoding that this release does not know. */
export type PayloadEncoding = 'bytes' | 'text' | 'json' | number

/** One version of one record. All times are peer time, in milliseconds since 1970. */
export interface GraphRecord {
  /** The same in every version. */
  readonly id: RecordId
  /** SHA-256 over {@link GraphRecord.bytes}: two records that differ in any byte have different digests. */
  readonly digest: Uint8Array
  /** The whole encoding, with fields that this release does not know. */
  readonly bytes: Uint8Array

  // The header
  /** 1 to 64 bytes of UTF-8. */
  readonly type: string
  /** Who wrote version 1, and signed the header. */
  readonly creator: RecordAuthor
  /** When version 1 was written. */
  readonly created: number
  /** 16 random bytes. */
  readonly nonce: Uint8Array

  // The version
  /** From 1 up. */
  readonly version: number
  /** Who wrote this version; undefined in version 1, which the creator wrote. */
  readonly modifier: RecordAuthor | undefined
  /** When this version was written. */
  readonly modified: number
  /** From when on no node keeps it. */
  readonly expires: number
  /** A tombstone: no payload, no attributes. */
  readonly deleted: boolean
  /** What the payload is. */
  readonly encoding: PayloadEncoding
  /** With the attributes at most 64 KB. */
  readonly payload: Uint8Array
  /** In ascending order of their names. */
  readonly attributes: readonly RecordAttribute[]
  /** What the graph security provider added. */
  readonly proofs: Uint8Array
}

/** Who wrote this version. */
export function authorOf(record: GraphRecord): RecordAuthor {
  return record.modifier ?? record.creator
}
