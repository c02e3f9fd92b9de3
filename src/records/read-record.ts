/**
 * Reads records: the checks of form, which need nothing but the bytes and the graph (MS-PPGRH 3.1.7.27; G-061).
 * Signatures are checked by verify-record.ts, and whether a record is valid now is for its graph to say.
 *
 * What came over the network is copied once, and keys, payload and proofs are views of that copy: a record can be kept
 * for long, and must not keep a large buffer alive. That costs a fiftieth of the check of a signature.
 */
import { checkClassifier } from '../identity/peer-name.ts'
import { LATEST_UTC } from '../runtime/calendar.ts'
import { type Crypto, PUBLIC_KEY_LENGTH, SIGNATURE_LENGTH } from '../runtime/crypto.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { readTaggedFields } from '../wire/tagged-fields.ts'
import { WireReader } from '../wire/wire-reader.ts'
import { readAttributeCount, readAttributes } from './attribute-wire.ts'
import { GRAPH_TAG_LENGTH, type GraphKeys } from './graph-id.ts'
import { isPayloadOf, payloadEncodingOf } from './payload.ts'
import type { GraphRecord, RecordAuthor } from './record.ts'
import {
  HIGHEST_VERSION,
  LONGEST_CLASSIFIER_UTF8,
  LONGEST_PROOFS,
  LONGEST_RECORD_ENCODING,
  ORIGIN_LENGTH,
  RECORD_FIELD_LIMITS,
  RECORD_FORMAT,
  RECORD_NONCE_LENGTH,
  RecordFlag,
} from './record-format.ts'
import { type RecordId, recordIdOf } from './record-id.ts'
import type { FormProblem } from './record-problem.ts'
import { LARGEST_RECORD } from './record-size.ts'
import { isRecordType, LONGEST_RECORD_TYPE } from './record-type.ts'

/**
 * Reads a record that came from anywhere. Never throws, whatever the bytes are.
 *
 * @param received Copied, so that its owner may use it again.
 */
export function readRecord(crypto: Crypto, keys: GraphKeys, received: Uint8Array): GraphRecord | FormProblem {
  if (received.length > LONGEST_RECORD_ENCODING) return 'too-large'
  if (received[0] !== RECORD_FORMAT) return received.length === 0 ? 'malformed' : 'unknown-format'
  if (!hasTag(received, keys.tag)) return received.length <= GRAPH_TAG_LENGTH ? 'malformed' : 'wrong-graph'
  const bytes = new Uint8Array(received)
  const parts = readParts(bytes)
  if (typeof parts === 'string') return parts
  const id = recordIdOf(crypto, keys, bytes.subarray(parts.idStart, parts.headerEnd))
  return recordOf(id, crypto.sha256(bytes), bytes, parts)
}

/**
 * Reads a record of which the ID and the digest are known, because it was read before and they were kept beside it.
 * Neither these nor the graph are checked.
 *
 * @param stored Its own memory, which nobody changes any more: the record consists of views of it.
 */
export function readStoredRecord(id: RecordId, digest: Uint8Array, stored: Uint8Array): GraphRecord | FormProblem {
  if (stored.length > LONGEST_RECORD_ENCODING) return 'too-large'
  const bytes = plainView(stored)
  if (bytes[0] !== RECORD_FORMAT) return bytes.length === 0 ? 'malformed' : 'unknown-format'
  const parts = readParts(bytes)
  return typeof parts === 'string' ? parts : recordOf(id, plainView(digest), bytes, parts)
}

/** The methods of what a platform makes of bytes, such as the `slice` of a Buffer, do not mean the same. */
function plainView(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** Everything but ID and digest, and where what the ID is made from begins and ends. */
interface RecordParts extends Omit<GraphRecord, 'id' | 'digest' | 'bytes'> {
  readonly idStart: number
  readonly headerEnd: number
}

function hasTag(bytes: Uint8Array, tag: Uint8Array): boolean {
  for (let index = 0; index < GRAPH_TAG_LENGTH; index++) if (bytes[1 + index] !== tag[index]) return false
  return true
}

function recordOf(id: RecordId, digest: Uint8Array, bytes: Uint8Array, parts: RecordParts): GraphRecord {
  return {
    id,
    digest,
    bytes,
    type: parts.type,
    creator: parts.creator,
    created: parts.created,
    nonce: parts.nonce,
    version: parts.version,
    modifier: parts.modifier,
    modified: parts.modified,
    expires: parts.expires,
    deleted: parts.deleted,
    encoding: parts.encoding,
    payload: parts.payload,
    attributes: parts.attributes,
    proofs: parts.proofs,
  }
}

function readParts(bytes: Uint8Array): RecordParts | FormProblem {
  try {
    return partsOf(new WireReader(bytes, 'record'))
  } catch (error) {
    if (PeerageError.is(error, 'malformed')) return 'malformed'
    if (PeerageError.is(error, 'invalid-classifier')) return 'invalid-author'
    if (PeerageError.is(error, 'classifier-too-long')) return 'invalid-author'
    throw error
  }
}

/** @throws PeerageError `malformed`, `invalid-classifier`, `classifier-too-long` */
function partsOf(reader: WireReader): RecordParts | FormProblem {
  reader.skip(1 + GRAPH_TAG_LENGTH)
  const creator = readAuthor(reader)
  const idStart = reader.offset - PUBLIC_KEY_LENGTH
  const type = reader.text(LONGEST_RECORD_TYPE)
  if (!isRecordType(type)) return 'invalid-type'
  const created = reader.uint48()
  const nonce = reader.bytes(RECORD_NONCE_LENGTH)
  const headerEnd = reader.offset

  const flags = reader.uint8()
  const deleted = (flags & RecordFlag.deleted) !== 0
  const isModified = (flags & RecordFlag.modified) !== 0
  const version = reader.varint(HIGHEST_VERSION)
  if (version === 0) return 'version-zero'
  if (isModified !== version > 1) return isModified ? 'modifier-unexpected' : 'modifier-missing'
  if (isModified) reader.skip(ORIGIN_LENGTH)
  const modifier = isModified ? readAuthor(reader) : undefined
  const modified = reader.uint48()
  const expires = reader.uint48()
  // What is created earlier than it is modified, and modified earlier than it expires, needs but one look.
  if (expires > LATEST_UTC) return 'time-out-of-range'
  if (modified < created) return 'modified-before-created'
  if (expires <= modified) return 'expires-before-modified'

  const encodingCode = reader.uint8()
  const payload = reader.byteString(reader.remaining)
  const attributeCount = readAttributeCount(reader)
  if (deleted && (encodingCode !== 0 || payload.length > 0 || attributeCount > 0)) return 'deleted-with-content'
  const attributesStart = reader.offset
  const attributes = readAttributes(reader, attributeCount)
  if (attributes === undefined) return 'invalid-attributes'
  if (payload.length + reader.offset - attributesStart > LARGEST_RECORD) return 'too-large'
  const encoding = payloadEncodingOf(encodingCode)
  if (!isPayloadOf(encoding, payload)) return 'invalid-payload'
  const proofs = reader.byteString(LONGEST_PROOFS)
  readTaggedFields(reader, RECORD_FIELD_LIMITS)
  reader.skip(SIGNATURE_LENGTH)
  reader.finish()
  return {
    idStart,
    headerEnd,
    type,
    creator,
    created,
    nonce,
    version,
    modifier,
    modified,
    expires,
    deleted,
    encoding,
    payload,
    attributes,
    proofs,
  }
}

/** @throws PeerageError `malformed`, `invalid-classifier`, `classifier-too-long` */
function readAuthor(reader: WireReader): RecordAuthor {
  const classifier = reader.text(LONGEST_CLASSIFIER_UTF8)
  checkClassifier(classifier)
  return { publicKey: reader.bytes(PUBLIC_KEY_LENGTH), classifier }
}
