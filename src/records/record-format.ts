/**
 * The encoding of records: the bounds of its parts, and where they are (docs/protocol/graph-records.md).
 *
 * ```
 * record  = header ‖ content ‖ signature
 * header  = format, graph tag, creator, type, creation time, nonce
 * content = flags, version, [origin, modifier], times, payload, attributes, proofs, optional fields
 * ```
 *
 * The header never changes, and the ID is made of it. The creator signs it together with the hash of the first content, so
 * that one check proves all of version 1. That hash and that signature are the *origin* of every later version: by them
 * its header stays proven, and its modifier signs everything.
 */
import { LONGEST_CLASSIFIER } from '../identity/peer-name.ts'
import { PUBLIC_KEY_LENGTH, SHA256_LENGTH, SIGNATURE_LENGTH } from '../runtime/crypto.ts'
import type { TaggedFieldLimits } from '../wire/tagged-fields.ts'
import { WireReader } from '../wire/wire-reader.ts'
import { GRAPH_TAG_LENGTH } from './graph-id.ts'
import { LARGEST_RECORD } from './record-size.ts'
import { LONGEST_RECORD_TYPE } from './record-type.ts'

/** The only format that there is. */
export const RECORD_FORMAT = 1
/** Of a record, which begins at 1. */
export const HIGHEST_VERSION: number = 2 ** 32 - 1
/** Of the nonce in a header, in bytes. */
export const RECORD_NONCE_LENGTH = 16
/** Of what the graph security provider adds, in bytes. */
export const LONGEST_PROOFS = 1024
/** In bytes: each code unit takes up to 3 in UTF-8 (a pair of them takes 4). */
export const LONGEST_CLASSIFIER_UTF8: number = 3 * LONGEST_CLASSIFIER
/** Optional fields at the end of the content. This release knows none. */
const MOST_RECORD_FIELDS = 16
/** Of one optional field, in bytes. */
const LONGEST_RECORD_FIELD = 1024
export const RECORD_FIELD_LIMITS: TaggedFieldLimits = {
  mostFields: MOST_RECORD_FIELDS,
  longestContent: LONGEST_RECORD_FIELD,
}

/** Bits of the flags. The others are zero when a record is made, and stay as they are when it is passed on. */
export const RecordFlag = { deleted: 1, modified: 2 } as const

/** In bytes: the hash of the first content, and the creator's signature. */
export const ORIGIN_LENGTH: number = SHA256_LENGTH + SIGNATURE_LENGTH

/** Where the creator begins. */
const CREATOR_START = 1 + GRAPH_TAG_LENGTH
const TIME_LENGTH = 6
/** A classifier and a key, in bytes. */
const LONGEST_AUTHOR = 2 + LONGEST_CLASSIFIER_UTF8 + PUBLIC_KEY_LENGTH
/** Format, tag, creator, type, creation time and nonce, in bytes. */
const LONGEST_HEADER = CREATOR_START + LONGEST_AUTHOR + 2 + LONGEST_RECORD_TYPE + TIME_LENGTH + RECORD_NONCE_LENGTH
/** All optional fields and their number, in bytes. */
const LONGEST_FIELDS = 1 + MOST_RECORD_FIELDS * (8 + 2 + LONGEST_RECORD_FIELD)
/** All between the header and the signature, in bytes. */
const LONGEST_CONTENT =
  1 +
  8 +
  ORIGIN_LENGTH +
  LONGEST_AUTHOR +
  2 * TIME_LENGTH +
  1 +
  (4 + 2 + LARGEST_RECORD) +
  (2 + LONGEST_PROOFS) +
  LONGEST_FIELDS

/** Of a whole record, in bytes. */
export const LONGEST_RECORD_ENCODING: number = LONGEST_HEADER + LONGEST_CONTENT + SIGNATURE_LENGTH

/** Where the header of an encoded record ends, which has been read before. */
export function headerEnd(record: Uint8Array): number {
  const reader = new WireReader(record, 'header of a record')
  reader.skip(CREATOR_START)
  reader.skip(reader.varint() + PUBLIC_KEY_LENGTH)
  reader.skip(reader.varint() + TIME_LENGTH + RECORD_NONCE_LENGTH)
  return reader.offset
}

/** What proves the header of a modified record. */
export interface RecordOrigin {
  /** Of the first content: 32 bytes. */
  readonly contentHash: Uint8Array
  /** The creator's. */
  readonly signature: Uint8Array
}

/** The origin that a modified record has, which has been read before. @param contentStart From {@link headerEnd}. */
export function originOf(record: Uint8Array, contentStart: number): RecordOrigin {
  const reader = new WireReader(record, 'origin of a record')
  reader.skip(contentStart + 1)
  reader.varint()
  return { contentHash: reader.bytes(SHA256_LENGTH), signature: reader.bytes(SIGNATURE_LENGTH) }
}
