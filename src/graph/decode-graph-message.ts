/**
 * Reads the body of a message that came over an open link. Whatever is wrong in a known field ends the link (G-021); optional
 * fields that this release does not know are passed over.
 */
import { RECORD_ID_LENGTH, type RecordId, recordIdFromBytes } from '../records/record-id.ts'
import { isRecordType, LONGEST_RECORD_TYPE } from '../records/record-type.ts'
import { toHex } from '../runtime/bytes.ts'
import { PUBLIC_KEY_LENGTH, SHA256_LENGTH } from '../runtime/crypto.ts'
import { ADDRESS_LENGTH, type Endpoint } from '../runtime/endpoint.ts'
import { readTaggedFields } from '../wire/tagged-fields.ts'
import type { WireReader } from '../wire/wire-reader.ts'
import { LONGEST_LABEL, LONGEST_MESSAGE } from './direct-message.ts'
import {
  CONNECT_ALONE,
  CONNECT_COMPARISON,
  CONNECT_DIRECT,
  CONNECT_UPDATE,
  disconnectReasons,
  GRAFT_EAGER,
  KEEPS_SOME_TYPES,
  OPTIONAL_FIELDS,
  refuseCodes,
} from './encode-graph-message.ts'
import { type AnnouncedRecord, MOST_ANNOUNCED } from './flood-message.ts'
import type { GraphMessage, MessageKind } from './graph-message.ts'
import { LONGEST_DATA, LONGEST_RECORD_MESSAGE, messageKinds } from './message-kinds.ts'
import {
  type Connect,
  type LinkPurpose,
  LONGEST_SHUFFLE_WALK,
  MOST_ADDRESSES,
  MOST_KEPT_TYPES,
  MOST_REFERRALS,
  NODE_ID_LENGTH,
  type NodeId,
  type Referral,
} from './overlay-message.ts'
import { decodeReconciliationMessage } from './reconciliation-message.ts'
import { LONGEST_PROOF, LONGEST_PROOF_REQUEST } from './security-provider.ts'

/** The kind that a number stands for, or undefined. */
export function kindOfNumber(number: number): MessageKind | undefined {
  return kindsByNumber.get(number)
}

/**
 * Reads one message of a kind. Byte strings in it are views of the input.
 *
 * @throws PeerageError `malformed`
 */
export function decodeGraphMessage(kind: MessageKind, reader: WireReader): GraphMessage {
  const message = readBody(kind, reader)
  readTaggedFields(reader, OPTIONAL_FIELDS)
  reader.finish()
  return message
}

function readBody(kind: MessageKind, reader: WireReader): GraphMessage {
  switch (kind) {
    case 'CONNECT':
      return readConnect(reader)
    case 'WELCOME': {
      const flags = reader.uint8()
      const nodeId = readNodeId(reader)
      const peerTime = reader.uint48()
      const referrals = readReferrals(reader)
      return { kind, nodeId, peerTime, referrals, types: readTypes(reader, flags) }
    }
    case 'REFUSE':
      return { kind, code: readName(reader, refuseCodeNames), referrals: readReferrals(reader) }
    case 'DISCONNECT':
      return { kind, reason: readName(reader, disconnectReasonNames), referrals: readReferrals(reader) }
    case 'SHUFFLE': {
      const walk = reader.uint32()
      const steps = reader.uint8()
      if (steps > LONGEST_SHUFFLE_WALK) throw reader.malformed(`a walk of ${steps} steps`)
      return { kind, walk, steps, referrals: readReferrals(reader) }
    }
    case 'SHUFFLE_REPLY':
      return { kind, walk: reader.uint32(), referrals: readReferrals(reader) }
    case 'FLOOD':
      return { kind, record: reader.byteString(LONGEST_RECORD_MESSAGE) }
    case 'ADVERTISE':
      return { kind, records: readAnnounced(reader) }
    case 'GRAFT': {
      const eager = (reader.uint8() & GRAFT_EAGER) !== 0
      return { kind, eager, ids: readIds(reader) }
    }
    case 'PRUNE':
      return { kind, digest: reader.bytes(SHA256_LENGTH) }
    case 'BECOME_NEIGHBOR':
    case 'DATA_END':
      return { kind }
    case 'PROOF_REQUEST':
      return { kind, request: reader.byteString(LONGEST_PROOF_REQUEST) }
    case 'PROOF': {
      const request = reader.byteString(LONGEST_PROOF_REQUEST)
      return { kind, request, proof: reader.byteString(LONGEST_PROOF) }
    }
    case 'PT2PT': {
      const number = reader.uint32()
      const type = readLabel(reader)
      if (type === '') throw reader.malformed('a message without a type')
      return { kind, number, type, payload: reader.byteString(LONGEST_MESSAGE) }
    }
    case 'PT2PT_ANSWER': {
      const number = reader.uint32()
      return { kind, number, outcome: reader.uint8() === 0 ? 'taken' : 'nobody-reads' }
    }
    case 'DATA':
      return { kind, bytes: reader.byteString(LONGEST_DATA) }
    default:
      return decodeReconciliationMessage(kind, reader)
  }
}

function readConnect(reader: WireReader): Connect {
  const flags = reader.uint8()
  const nodeId = readNodeId(reader)
  const peerTime = reader.uint48()
  const addresses = readAddresses(reader, 0)
  const types = readTypes(reader, flags)
  const update = (flags & CONNECT_UPDATE) !== 0
  if (update && addresses.length === 0) throw reader.malformed('U is set without an address')
  const protocol = readLabel(reader)
  return {
    ...{ kind: 'CONNECT', nodeId, peerTime, update, purpose: purposeOf(reader, flags) },
    ...{ alone: (flags & CONNECT_ALONE) !== 0, addresses, types, protocol },
  }
}

function purposeOf(reader: WireReader, flags: number): LinkPurpose {
  const isDirect = (flags & CONNECT_DIRECT) !== 0
  const isComparison = (flags & CONNECT_COMPARISON) !== 0
  if (isDirect && isComparison) throw reader.malformed('D and C are both set')
  if (isDirect) return 'direct'
  return isComparison ? 'comparison' : 'neighbor'
}

function readNodeId(reader: WireReader): NodeId {
  return toHex(reader.bytes(NODE_ID_LENGTH))
}

function readTypes(reader: WireReader, flags: number): readonly string[] | undefined {
  if ((flags & KEEPS_SOME_TYPES) === 0) return undefined
  const count = reader.count(MOST_KEPT_TYPES, 2)
  const types: string[] = []
  for (let index = 0; index < count; index++) {
    const type = reader.text(LONGEST_RECORD_TYPE)
    if (!isRecordType(type)) throw reader.malformed('a type that is none')
    types.push(type)
  }
  return types
}

function readReferrals(reader: WireReader): readonly Referral[] {
  const count = reader.count(MOST_REFERRALS, SHORTEST_REFERRAL)
  const referrals: Referral[] = []
  for (let index = 0; index < count; index++) referrals.push(readReferral(reader))
  return referrals
}

function readReferral(reader: WireReader): Referral {
  const hasKey = reader.uint8() !== 0
  const publicKey = hasKey ? reader.bytes(PUBLIC_KEY_LENGTH).slice() : undefined
  return { publicKey, addresses: readAddresses(reader, 1) }
}

function readAddresses(reader: WireReader, fewest: number): readonly Endpoint[] {
  const count = reader.count(MOST_ADDRESSES, ENDPOINT_LENGTH)
  if (count < fewest) throw reader.malformed('a node without an address')
  const addresses: Endpoint[] = []
  for (let index = 0; index < count; index++) addresses.push(reader.endpoint())
  return addresses
}

function readAnnounced(reader: WireReader): readonly AnnouncedRecord[] {
  const count = reader.count(MOST_ANNOUNCED, RECORD_ID_LENGTH + SHA256_LENGTH)
  const records: AnnouncedRecord[] = []
  for (let index = 0; index < count; index++) {
    const id = recordIdFromBytes(reader.bytes(RECORD_ID_LENGTH))
    records.push({ id, digest: reader.bytes(SHA256_LENGTH).slice() })
  }
  return records
}

function readIds(reader: WireReader): readonly RecordId[] {
  const count = reader.count(MOST_ANNOUNCED, RECORD_ID_LENGTH)
  const ids: RecordId[] = []
  for (let index = 0; index < count; index++) ids.push(recordIdFromBytes(reader.bytes(RECORD_ID_LENGTH)))
  return ids
}

function readLabel(reader: WireReader): string {
  const label = reader.text(LONGEST_LABEL)
  if (label.includes('\0')) throw reader.malformed('a label with U+0000')
  return label
}

function readName<Name>(reader: WireReader, names: ReadonlyMap<number, Name>): Name {
  const number = reader.uint8()
  const name = names.get(number)
  if (name === undefined) throw reader.malformed(`no such code: ${number}`)
  return name
}

/** In bytes. */
const ENDPOINT_LENGTH = ADDRESS_LENGTH + 2
const SHORTEST_REFERRAL = 2 + ENDPOINT_LENGTH

const refuseCodeNames = byNumber(refuseCodes)
const disconnectReasonNames = byNumber(disconnectReasons)
const kindsByNumber: ReadonlyMap<number, MessageKind> = new Map(
  keysOf(messageKinds).map((kind) => [messageKinds[kind].number, kind]),
)

function byNumber<Name extends string>(numbers: Readonly<Record<Name, number>>): ReadonlyMap<number, Name> {
  return new Map(keysOf(numbers).map((name) => [numbers[name], name]))
}

function keysOf<Key extends string>(table: Readonly<Record<Key, unknown>>): readonly Key[] {
  return Object.keys(table).filter((key): key is Key => key in table)
}
