/**
 * A version of a record that is about to be made: everything but what is computed from it (the ID, the signatures).
 */
import { formatUtc, LATEST_UTC } from '../runtime/calendar.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { RecordAttribute } from './attribute.ts'
import { requireAttributes } from './attributes.ts'
import { isPayloadOf, payloadEncodingCode, payloadEncodingOf } from './payload.ts'
import type { GraphRecord, PayloadEncoding, RecordAuthor } from './record.ts'
import { HIGHEST_VERSION } from './record-format.ts'
import type { RecordId } from './record-id.ts'
import { requireRecordSize } from './record-size.ts'
import { requireRecordType } from './record-type.ts'

/** What a new version is made from. All times are peer time. */
export interface RecordDraft {
  /** undefined in version 1. */
  readonly id: RecordId | undefined
  /** 1 to 64 bytes. */
  readonly type: string
  /** Who wrote version 1. */
  readonly creator: RecordAuthor
  /** In milliseconds since 1970. */
  readonly created: number
  /** From 1 up. */
  readonly version: number
  /** Who writes this version. */
  readonly author: RecordAuthor
  /** In milliseconds since 1970. */
  readonly modified: number
  /** In milliseconds since 1970. */
  readonly expires: number
  /** A tombstone: no payload, no attributes. */
  readonly deleted: boolean
  /** What the payload is. */
  readonly encoding: PayloadEncoding
  /** With the attributes at most 64 KB. */
  readonly payload: Uint8Array
  /** In ascending order of their names. */
  readonly attributes: readonly RecordAttribute[]
}

/**
 * The number of the version after one: one more, up to {@link HIGHEST_VERSION}, to which whoever may change a record
 * can bring it at once. From there a deletion still wins, and of changes the one with the higher digest.
 */
export function nextVersion({ version }: GraphRecord): number {
  return Math.min(version + 1, HIGHEST_VERSION)
}

/**
 * The draft of an author, checked by all that the form of a record demands, with its attributes in order. What is
 * left is what depends on the graph: who may write what, and how long a record may live.
 *
 * @throws PeerageError `invalid-record-type`, `invalid-attributes`, `too-many-attributes`, `record-too-large`,
 *   `invalid-expiration`, `invalid-record` (the payload is not what its encoding says)
 */
export function requireDraft(draft: RecordDraft): RecordDraft {
  requireRecordType(draft.type)
  const attributes = requireAttributes(draft.attributes)
  requireRecordSize(draft.payload, attributes)
  requireExpiration(draft.expires, draft.modified)
  if (!isPayloadOf(payloadEncodingOf(payloadEncodingCode(draft.encoding)), draft.payload)) {
    throw new PeerageError('invalid-record', { problem: 'invalid-payload', detail: `it is not ${draft.encoding}` })
  }
  return { ...draft, attributes }
}

function requireExpiration(expires: number, modified: number): void {
  const isTime = Number.isInteger(expires) && expires >= 0 && expires <= LATEST_UTC
  if (isTime && expires > modified) return
  const problem = isTime ? `that is not after ${formatUtc(modified)}` : 'that is no time up to the year 9999'
  throw new PeerageError('invalid-expiration', { expires: isTime ? formatUtc(expires) : String(expires), problem })
}
