/**
 * Makes records: encodes and signs what {@link requireDraft} has checked and the graph security provider has secured.
 * All that is wrong here is an error of the program.
 */
import { concatBytes, equalBytes } from '../runtime/bytes.ts'
import { type Crypto, SIGNATURE_LENGTH, type SigningKeyPair } from '../runtime/crypto.ts'
import { WireWriter } from '../wire/wire-writer.ts'
import { writeAttributes } from './attribute-wire.ts'
import type { GraphKeys } from './graph-id.ts'
import { payloadEncodingCode } from './payload.ts'
import { readRecord } from './read-record.ts'
import type { GraphRecord, RecordAuthor } from './record.ts'
import type { RecordDraft } from './record-draft.ts'
import {
  headerEnd,
  LONGEST_CLASSIFIER_UTF8,
  LONGEST_PROOFS,
  LONGEST_RECORD_ENCODING,
  originOf,
  RECORD_FORMAT,
  RECORD_NONCE_LENGTH,
  RecordFlag,
  type RecordOrigin,
} from './record-format.ts'
import { LARGEST_RECORD } from './record-size.ts'
import { LONGEST_RECORD_TYPE } from './record-type.ts'
import { signFirstVersion, signLaterVersion } from './verify-record.ts'

/** What a version is signed with, and what the provider added to it. */
export interface RecordSigning {
  /** The author's. */
  readonly keyPair: SigningKeyPair
  /** At most {@link LONGEST_PROOFS} bytes. */
  readonly proofs: Uint8Array
}

/** Version 1 of a new record. @param nonce {@link RECORD_NONCE_LENGTH} random bytes, which tell it from all others. */
export function makeFirstVersion(
  crypto: Crypto,
  keys: GraphKeys,
  draft: RecordDraft,
  nonce: Uint8Array,
  signing: RecordSigning,
): GraphRecord {
  if (draft.version !== 1) throw new RangeError(`a new record has version 1, not ${draft.version}`)
  if (nonce.length !== RECORD_NONCE_LENGTH) throw new RangeError(`a nonce has 16 bytes, not ${nonce.length}`)
  requireKey(draft.creator, signing)
  const writer = new WireWriter(LONGEST_RECORD_ENCODING)
  writer.uint8(RECORD_FORMAT)
  writer.bytes(keys.tag)
  writeAuthor(writer, draft.creator)
  writer.text(draft.type, LONGEST_RECORD_TYPE)
  writer.uint48(draft.created)
  writer.bytes(nonce)
  const contentStart = writer.length
  writeContent(writer, draft, undefined, signing.proofs)
  const unsigned = writer.view()
  const header = unsigned.subarray(0, contentStart)
  const content = unsigned.subarray(contentStart)
  return signed(crypto, keys, unsigned, signFirstVersion(crypto, keys, header, content, signing.keyPair.secretKey))
}

/** A version that follows another one of the same record: what was changed, or a tombstone. */
export function makeLaterVersion(
  crypto: Crypto,
  keys: GraphKeys,
  draft: RecordDraft,
  previous: GraphRecord,
  signing: RecordSigning,
): GraphRecord {
  const { id, type, created } = previous
  if (draft.id !== id || draft.type !== type || draft.created !== created || draft.version < 2) {
    throw new RangeError('this is no later version of that record')
  }
  requireKey(draft.author, signing)
  const contentStart = headerEnd(previous.bytes)
  const origin =
    previous.modifier === undefined
      ? firstOrigin(crypto, previous, contentStart)
      : originOf(previous.bytes, contentStart)
  const writer = new WireWriter(LONGEST_RECORD_ENCODING)
  writer.bytes(previous.bytes.subarray(0, contentStart))
  writeContent(writer, draft, origin, signing.proofs)
  const unsigned = writer.view()
  return signed(crypto, keys, unsigned, signLaterVersion(crypto, keys, unsigned, signing.keyPair.secretKey))
}

/** What every later version carries of version 1. */
function firstOrigin(crypto: Crypto, first: GraphRecord, contentStart: number): RecordOrigin {
  const end = first.bytes.length - SIGNATURE_LENGTH
  return { contentHash: crypto.sha256(first.bytes.subarray(contentStart, end)), signature: first.bytes.subarray(end) }
}

function writeContent(
  writer: WireWriter,
  draft: RecordDraft,
  origin: RecordOrigin | undefined,
  proofs: Uint8Array,
): void {
  writer.uint8((draft.deleted ? RecordFlag.deleted : 0) | (origin === undefined ? 0 : RecordFlag.modified))
  writer.varint(draft.version)
  if (origin !== undefined) {
    writer.bytes(origin.contentHash)
    writer.bytes(origin.signature)
    writeAuthor(writer, draft.author)
  }
  writer.uint48(draft.modified)
  writer.uint48(draft.expires)
  writer.uint8(payloadEncodingCode(draft.encoding))
  writer.byteString(draft.payload, LARGEST_RECORD)
  writeAttributes(writer, draft.attributes, LARGEST_RECORD)
  writer.byteString(proofs, LONGEST_PROOFS)
  // No optional field is known yet. Those of an earlier version belong to what it said, and are not taken over.
  writer.count(0, 0)
}

function writeAuthor(writer: WireWriter, author: RecordAuthor): void {
  writer.text(author.classifier, LONGEST_CLASSIFIER_UTF8)
  writer.bytes(author.publicKey)
}

/** Reads what was made, as every other node will. */
function signed(crypto: Crypto, keys: GraphKeys, unsigned: Uint8Array, signature: Uint8Array): GraphRecord {
  const record = readRecord(crypto, keys, concatBytes(unsigned, signature))
  if (typeof record === 'string') throw new RangeError(`the draft was not checked: ${record}`)
  return record
}

function requireKey(author: RecordAuthor, { keyPair }: RecordSigning): void {
  if (!equalBytes(author.publicKey, keyPair.publicKey)) throw new RangeError('this is not the key of the author')
}
