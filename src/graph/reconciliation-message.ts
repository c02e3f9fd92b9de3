/**
 * Messages by which two nodes make their records equal (DESIGN section 7): reconciliation.ts says when they are sent,
 * docs/protocol/graph-reconciliation.md has their layouts. Comparing goes as control, since it is small and bounded;
 * records go as bulk, behind every flood.
 */
import { isRecordType, LONGEST_RECORD_TYPE } from '../records/record-type.ts'
import type { WireReader } from '../wire/wire-reader.ts'
import type { WireWriter } from '../wire/wire-writer.ts'
import type { KindOfMessage } from './kind-of-message.ts'
import { readList, readRanges, readWants, type TrieRange, type Wanted, writeRanges, writeWants } from './trie-range.ts'
import { TRIE_HASH_LENGTH } from './trie-slots.ts'

/** The messages of reconciliation. Each names its session by a number that whoever began it chose. */
export type ReconciliationMessage = Root | Opening | Ask | Answer | Want | Compared | Records | Taken | End

/** Begins a session, or answers that: the hash of the sender's records at a minute. */
export interface Root {
  readonly kind: 'ROOT'
  readonly session: number
  /** A whole minute of peer time, in milliseconds since 1970. */
  readonly minute: number
  /** Of what both ends keep; zeros if there is nothing. */
  readonly hash: Uint8Array
  /** How many records the sender's trie holds. */
  readonly count: number
  /** {@link NONCE_LENGTH} random bytes. */
  readonly nonce: Uint8Array
  /** The types that the sender wants before others, in this order. */
  readonly prioritized: readonly string[]
}

/** The roots differ: the sender describes its records. */
export interface Opening {
  readonly kind: 'OPENING'
  readonly session: number
  /** Types that are compared one by one, each with the hash of its records; undefined: there are none. */
  readonly types: readonly { readonly type: string; readonly hash: Uint8Array | undefined }[]
  /** All records: the uppermost node, then nodes that are far below others. Empty: only the types are compared. */
  readonly ranges: readonly TrieRange[]
}

/** Asks for what differs below some prefixes. */
export interface Ask {
  readonly kind: 'ASK'
  readonly session: number
  /** As they are at the sender. */
  readonly ranges: readonly TrieRange[]
}

/** Answers the oldest ranges that were asked. */
export interface Answer {
  readonly kind: 'ANSWER'
  readonly session: number
  /** How many ranges of ASK this is the last answer to. */
  readonly asks: number
  /** How many deliveries the sender has begun by itself so far. */
  readonly deliveries: number
  /** What differs, as it is at the sender. */
  readonly ranges: readonly TrieRange[]
  readonly wants: readonly Wanted[]
}

/** Asks for records. */
export interface Want {
  readonly kind: 'WANT'
  readonly session: number
  readonly wants: readonly Wanted[]
}

/** A stage is compared. */
export interface Compared {
  readonly kind: 'COMPARED'
  readonly session: number
  /** The prioritized type that it was; empty: another stage. */
  readonly type: string
  /** Whether it was the last stage. */
  readonly isLast: boolean
  /** How many deliveries the sender has begun by itself so far. */
  readonly deliveries: number
}

/** A batch of records. */
export interface Records {
  readonly kind: 'RECORDS'
  readonly session: number
  /** How many deliveries are complete with this batch. */
  readonly deliveries: number
  /** How many records are still to come, as far as is known. */
  readonly left: number
  readonly records: readonly SentRecord[]
}

/** Some batches were taken in: so many more may be sent. */
export interface Taken {
  readonly kind: 'TAKEN'
  readonly session: number
  readonly batches: number
}

/** The session ends early. */
export interface End {
  readonly kind: 'END'
  readonly session: number
  readonly reason: EndReason
}

/** The sender has no place for another session; the minute is too far ahead; or it gives up. Their numbers are 1 to 3. */
export type EndReason = 'busy' | 'minute' | 'stopped'

/** A record that is sent. */
export interface SentRecord {
  /** Its encoding. */
  readonly bytes: Uint8Array
  /** Whether the sender has had it for long (G-163). */
  readonly isLongHeld: boolean
}

/** Half of a session's salt, in bytes. */
export const NONCE_LENGTH = 8
/** Types that one end wants first, in a ROOT. */
export const MOST_PRIORITIZED_TYPES = 64
/** Types that are compared one by one, in an OPENING. */
export const MOST_NAMED_TYPES = 256
/** Ranges that are asked and not answered yet; so many in one ASK and in one OPENING. */
export const MOST_OPEN_ASKS = 32
/** Ranges in an ANSWER. */
export const MOST_ANSWERED_RANGES = 64
/** Wants in an ANSWER, and in a WANT. */
export const MOST_WANTED = 256
/** Records in a batch. */
export const MOST_IN_BATCH = 128
/** Of a batch, in bytes: a record is added only if it fits, or is the only one. */
export const BATCH_SIZE = 32 * 1024
/** A record with everything, in bytes. */
const LONGEST_RECORD = 68 * 1024
/** Records, and deliveries, that a number can tell. */
const MOST_RECORDS = 2 ** 32 - 1
const MINUTE = 60_000
const IS_LONG_HELD = 1
const IS_LAST = 1

export const reconciliationKinds: Readonly<Record<ReconciliationMessage['kind'], KindOfMessage>> = {
  ROOT: { number: 0x10, longest: 8 * 1024, priority: 'control' },
  OPENING: { number: 0x11, longest: 64 * 1024, priority: 'control' },
  ASK: { number: 0x12, longest: 40 * 1024, priority: 'control' },
  ANSWER: { number: 0x13, longest: 96 * 1024, priority: 'control' },
  WANT: { number: 0x14, longest: 24 * 1024, priority: 'control' },
  COMPARED: { number: 0x15, longest: 1024, priority: 'control' },
  RECORDS: { number: 0x16, longest: 72 * 1024, priority: 'bulk' },
  TAKEN: { number: 0x17, longest: 1024, priority: 'control' },
  END: { number: 0x18, longest: 1024, priority: 'control' },
}

const endReasons: readonly EndReason[] = ['busy', 'minute', 'stopped']

/** Whether a message belongs to reconciliation. */
export function isReconciliationMessage<Other extends { readonly kind: string }>(
  message: Other | ReconciliationMessage,
): message is ReconciliationMessage {
  return Object.hasOwn(reconciliationKinds, message.kind)
}

/** Writes a message's body. */
export function encodeReconciliationMessage(writer: WireWriter, message: ReconciliationMessage): void {
  writer.uint32(message.session)
  switch (message.kind) {
    case 'ROOT':
      writer.uint32(message.minute / MINUTE)
      writer.bytes(message.hash)
      writer.varint(message.count)
      writer.bytes(message.nonce)
      writer.count(message.prioritized.length, MOST_PRIORITIZED_TYPES)
      for (const type of message.prioritized) writer.text(type, LONGEST_RECORD_TYPE)
      break
    case 'OPENING':
      writer.count(message.types.length, MOST_NAMED_TYPES)
      for (const { type, hash } of message.types) {
        writer.text(type, LONGEST_RECORD_TYPE)
        writer.uint8(hash === undefined ? 0 : 1)
        if (hash !== undefined) writer.bytes(hash)
      }
      writeRanges(writer, message.ranges, MOST_OPEN_ASKS)
      break
    case 'ASK':
      writeRanges(writer, message.ranges, MOST_OPEN_ASKS)
      break
    case 'ANSWER':
      writer.varint(message.asks)
      writer.varint(message.deliveries)
      writeRanges(writer, message.ranges, MOST_ANSWERED_RANGES)
      writeWants(writer, message.wants, MOST_WANTED)
      break
    case 'WANT':
      writeWants(writer, message.wants, MOST_WANTED)
      break
    case 'COMPARED':
      writer.text(message.type, LONGEST_RECORD_TYPE)
      writer.uint8(message.isLast ? IS_LAST : 0)
      writer.varint(message.deliveries)
      break
    case 'RECORDS':
      writer.varint(message.deliveries)
      writer.varint(message.left)
      writer.count(message.records.length, MOST_IN_BATCH)
      for (const { bytes, isLongHeld } of message.records) {
        writer.uint8(isLongHeld ? IS_LONG_HELD : 0)
        writer.byteString(bytes, LONGEST_RECORD)
      }
      break
    case 'TAKEN':
      writer.varint(message.batches)
      break
    case 'END':
      writer.uint8(1 + endReasons.indexOf(message.reason))
      break
  }
}

/** Reads one message of a kind. Byte strings in it are views of the input. @throws PeerageError `malformed` */
export function decodeReconciliationMessage(
  kind: ReconciliationMessage['kind'],
  reader: WireReader,
): ReconciliationMessage {
  const session = reader.uint32()
  switch (kind) {
    case 'ROOT': {
      const minute = reader.uint32() * MINUTE
      const hash = reader.bytes(TRIE_HASH_LENGTH)
      const count = reader.varint(MOST_RECORDS)
      const nonce = reader.bytes(NONCE_LENGTH)
      const prioritized = readList(reader, MOST_PRIORITIZED_TYPES, 2, () => readType(reader))
      return { kind, session, minute, hash, count, nonce, prioritized }
    }
    case 'OPENING': {
      const types = readList(reader, MOST_NAMED_TYPES, 3, () => {
        const type = readType(reader)
        return { type, hash: reader.uint8() === 0 ? undefined : reader.bytes(TRIE_HASH_LENGTH) }
      })
      return { kind, session, types, ranges: readRanges(reader, MOST_OPEN_ASKS) }
    }
    case 'ASK':
      return { kind, session, ranges: readRanges(reader, MOST_OPEN_ASKS) }
    case 'ANSWER': {
      const asks = reader.varint(MOST_OPEN_ASKS)
      const deliveries = reader.varint(MOST_RECORDS)
      const ranges = readRanges(reader, MOST_ANSWERED_RANGES)
      return { kind, session, asks, deliveries, ranges, wants: readWants(reader, MOST_WANTED) }
    }
    case 'WANT':
      return { kind, session, wants: readWants(reader, MOST_WANTED) }
    case 'COMPARED': {
      const type = reader.text(LONGEST_RECORD_TYPE)
      const isLast = (reader.uint8() & IS_LAST) !== 0
      return { kind, session, type, isLast, deliveries: reader.varint(MOST_RECORDS) }
    }
    case 'RECORDS': {
      const deliveries = reader.varint(MOST_RECORDS)
      const left = reader.varint(MOST_RECORDS)
      const records = readList(reader, MOST_IN_BATCH, 2, () => {
        const isLongHeld = (reader.uint8() & IS_LONG_HELD) !== 0
        return { bytes: reader.byteString(LONGEST_RECORD), isLongHeld }
      })
      return { kind, session, deliveries, left, records }
    }
    case 'TAKEN':
      return { kind, session, batches: reader.varint(MOST_RECORDS) }
    case 'END': {
      const reason = endReasons[reader.uint8() - 1]
      if (reason === undefined) throw reader.malformed('an unknown reason to end')
      return { kind, session, reason }
    }
  }
}

function readType(reader: WireReader): string {
  const type = reader.text(LONGEST_RECORD_TYPE)
  if (!isRecordType(type)) throw reader.malformed('a type that is none')
  return type
}
