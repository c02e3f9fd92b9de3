/**
 * The ID of a record: the first 16 bytes of a hash over what never changes about it (DESIGN section 6, G-046). As a
 * text it has 32 lower-case hexadecimal digits, so that `===`, keys of a Map and JSON work.
 */
import type { Branded } from '../runtime/branded.ts'
import { fromHex, toHex, toUtf8 } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { GraphKeys } from './graph-id.ts'

/** The ID of a record. */
export type RecordId = Branded<string, 'RecordId'>

/** In bytes. */
export const RECORD_ID_LENGTH = 16

/**
 * The ID that a record has in a graph.
 *
 * @param identity The end of its header, as it is encoded: creator's key, type, creation time, nonce
 */
export function recordIdOf(crypto: Crypto, keys: GraphKeys, identity: Uint8Array): RecordId {
  return recordIdFromBytes(crypto.sha256(CONTEXT, keys.recordKey, identity).subarray(0, RECORD_ID_LENGTH))
}

const CONTEXT = toUtf8('peerage/1/record-id\0')

/** The ID that a text names. @throws PeerageError `invalid-argument` if it is not 32 digits 0-9 a-f */
export function parseRecordId(text: string): RecordId {
  if (!isRecordId(text)) {
    throw new PeerageError('invalid-argument', { name: 'id', value: text, expected: '32 digits 0-9 a-f' })
  }
  return text
}

/** The ID of {@link RECORD_ID_LENGTH} bytes; another length is a programming error. */
export function recordIdFromBytes(bytes: Uint8Array): RecordId {
  const text = toHex(bytes)
  if (!isRecordId(text)) throw new RangeError(`an ID has ${RECORD_ID_LENGTH} bytes, not ${bytes.length}`)
  return text
}

/** The bytes of an ID. */
export function recordIdBytes(id: RecordId): Uint8Array {
  const bytes = fromHex(id)
  if (bytes === undefined) throw new TypeError(`not an ID: ${id}`)
  return bytes
}

function isRecordId(text: string): text is RecordId {
  return /^[0-9a-f]{32}$/.test(text)
}
