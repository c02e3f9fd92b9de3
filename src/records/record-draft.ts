/**
 * A version of a record that is about to be made: everything but what is computed from it (the ID, the signatures).
 */
import type { RecordAttribute } from './attribute.ts'
import type { PayloadEncoding, RecordAuthor } from './record.ts'
import type { RecordId } from './record-id.ts'

/** What a new version is made from. All times are peer time. */
export interface RecordDraft {
  /** undefined in version 1. */
  readonly id: RecordId | undefined
  readonly type: string
  readonly creator: RecordAuthor
  readonly created: number
  readonly version: number
  /** Who writes this version. */
  readonly author: RecordAuthor
  readonly modified: number
  readonly expires: number
  readonly deleted: boolean
  readonly encoding: PayloadEncoding
  readonly payload: Uint8Array
  readonly attributes: readonly RecordAttribute[]
}
