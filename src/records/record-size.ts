/**
 * How large a record may be: the same on adding, updating and arrival (G-049).
 */
import { PeerageError } from '../runtime/peerage-error.ts'
import type { RecordAttribute } from './attribute.ts'
import { attributesLength } from './attribute-wire.ts'

/** The most bytes of payload and encoded attributes together. */
export const LARGEST_RECORD = 65_536

/** The bytes that count: those of the payload, and those of the encoded attributes without their number. */
export function recordSize(payload: Uint8Array, attributes: readonly RecordAttribute[]): number {
  return payload.length + attributesLength(attributes)
}

/** @throws PeerageError `record-too-large` */
export function requireRecordSize(payload: Uint8Array, attributes: readonly RecordAttribute[]): void {
  const size = recordSize(payload, attributes)
  if (size > LARGEST_RECORD) throw new PeerageError('record-too-large', { size, limit: LARGEST_RECORD })
}
