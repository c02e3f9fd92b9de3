/**
 * Types of records: the names by which applications, and Peerage itself, tell apart what records mean. What a name
 * begins with says how every node treats the record, whether it knows the type or not (G-047, G-149).
 */
import { toUtf8 } from '../runtime/bytes.ts'
import { PeerageError } from '../runtime/peerage-error.ts'

/** In bytes of UTF-8. */
export const LONGEST_RECORD_TYPE = 64
/** Records of such a type are flooded and kept in memory until they expire, never stored. */
export const EPHEMERAL_MARK = '~'
/** Types that only Peerage writes; `~peerage.` as well. */
export const RESERVED_PREFIX = 'peerage.'

/** Whether records of this type live in memory only (DESIGN section 6). */
export function isEphemeral(type: string): boolean {
  return type.startsWith(EPHEMERAL_MARK)
}

/** Whether an application may not write records of this type. */
export function isReserved(type: string): boolean {
  return type.startsWith(RESERVED_PREFIX, isEphemeral(type) ? EPHEMERAL_MARK.length : 0)
}

/** Whether a text can be the name of a type: 1 to 64 bytes of well-formed text without U+0000. */
export function isRecordType(type: string): boolean {
  if (type === '' || type === EPHEMERAL_MARK || !type.isWellFormed() || type.includes('\0')) return false
  return toUtf8(type).length <= LONGEST_RECORD_TYPE
}

/** The type, checked. @throws PeerageError `invalid-record-type` */
export function requireRecordType(type: string): string {
  if (!isRecordType(type)) throw new PeerageError('invalid-record-type', { type, limit: LONGEST_RECORD_TYPE })
  return type
}
