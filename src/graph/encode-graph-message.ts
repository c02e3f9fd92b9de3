/**
 * Writes the body of a message (docs/protocol/graph.md). decode-graph-message.ts reads it. Each ends with a list of
 * optional fields, empty in this release, so that later ones can add some.
 */
import { recordIdBytes } from '../records/record-id.ts'
import { LONGEST_RECORD_TYPE } from '../records/record-type.ts'
import { fromHex } from '../runtime/bytes.ts'
import type { Endpoint } from '../runtime/endpoint.ts'
import { type TaggedFieldLimits, writeTaggedFields } from '../wire/tagged-fields.ts'
import type { WireWriter } from '../wire/wire-writer.ts'
import { LONGEST_LABEL, LONGEST_MESSAGE } from './direct-message.ts'
import { MOST_ANNOUNCED } from './flood-message.ts'
import type { GraphMessage } from './graph-message.ts'
import { LONGEST_DATA, LONGEST_RECORD_MESSAGE } from './message-kinds.ts'
import {
  type Connect,
  type DisconnectReason,
  type LinkPurpose,
  MOST_ADDRESSES,
  MOST_KEPT_TYPES,
  MOST_REFERRALS,
  type NodeId,
  type Referral,
  type RefuseCode,
} from './overlay-message.ts'
import { encodeReconciliationMessage } from './reconciliation-message.ts'
import { LONGEST_PROOF, LONGEST_PROOF_REQUEST } from './security-provider.ts'

/** U, D, C and A of CONNECT (MS-PPGRH 2.2.2.2), and T: a list of types follows. */
export const CONNECT_UPDATE = 0x08
export const CONNECT_DIRECT = 0x04
export const CONNECT_COMPARISON = 0x02
export const CONNECT_ALONE = 0x01
/** In CONNECT and WELCOME: a list of the types that are kept follows. */
export const KEEPS_SOME_TYPES = 0x10
/** In GRAFT: the link becomes eager. */
export const GRAFT_EAGER = 0x01

export const refuseCodes: Readonly<Record<RefuseCode, number>> = {
  busy: 1,
  'already-connected': 2,
  'duplicate-connection': 3,
  'direct-disallowed': 4,
  'too-many-connections': 5,
  'own-node': 6,
}
export const disconnectReasons: Readonly<Record<DisconnectReason, number>> = {
  leaving: 1,
  'place-needed': 2,
  application: 3,
}
/** Bounds of the optional fields at the end of every message. */
export const OPTIONAL_FIELDS: TaggedFieldLimits = { mostFields: 16, longestContent: 1024 }

/** Writes a message's body. */
export function encodeGraphMessage(writer: WireWriter, message: GraphMessage): void {
  switch (message.kind) {
    case 'CONNECT':
      writeConnect(writer, message)
      break
    case 'WELCOME':
      writer.uint8(message.types === undefined ? 0 : KEEPS_SOME_TYPES)
      writeNodeId(writer, message.nodeId)
      writer.uint48(message.peerTime)
      writeReferrals(writer, message.referrals)
      writeTypes(writer, message.types)
      break
    case 'REFUSE':
      writer.uint8(refuseCodes[message.code])
      writeReferrals(writer, message.referrals)
      break
    case 'DISCONNECT':
      writer.uint8(disconnectReasons[message.reason])
      writeReferrals(writer, message.referrals)
      break
    case 'SHUFFLE':
      writer.uint32(message.walk)
      writer.uint8(message.steps)
      writeReferrals(writer, message.referrals)
      break
    case 'SHUFFLE_REPLY':
      writer.uint32(message.walk)
      writeReferrals(writer, message.referrals)
      break
    case 'FLOOD':
      writer.byteString(message.record, LONGEST_RECORD_MESSAGE)
      break
    case 'ADVERTISE':
      writer.count(message.records.length, MOST_ANNOUNCED)
      for (const { id, digest } of message.records) {
        writer.bytes(recordIdBytes(id))
        writer.bytes(digest)
      }
      break
    case 'GRAFT':
      writer.uint8(message.eager ? GRAFT_EAGER : 0)
      writer.count(message.ids.length, MOST_ANNOUNCED)
      for (const id of message.ids) writer.bytes(recordIdBytes(id))
      break
    case 'PRUNE':
      writer.bytes(message.digest)
      break
    case 'BECOME_NEIGHBOR':
    case 'DATA_END':
      break
    case 'PROOF_REQUEST':
      writer.byteString(message.request, LONGEST_PROOF_REQUEST)
      break
    case 'PROOF':
      writer.byteString(message.request, LONGEST_PROOF_REQUEST)
      writer.byteString(message.proof, LONGEST_PROOF)
      break
    case 'PT2PT':
      writer.uint32(message.number)
      writer.text(message.type, LONGEST_LABEL)
      writer.byteString(message.payload, LONGEST_MESSAGE)
      break
    case 'PT2PT_ANSWER':
      writer.uint32(message.number)
      writer.uint8(message.outcome === 'taken' ? 0 : 1)
      break
    case 'DATA':
      writer.byteString(message.bytes, LONGEST_DATA)
      break
    default:
      encodeReconciliationMessage(writer, message)
  }
  writeTaggedFields(writer, [], OPTIONAL_FIELDS)
}

function writeConnect(writer: WireWriter, message: Connect): void {
  const { update, alone, purpose, types } = message
  const flags =
    (update ? CONNECT_UPDATE : 0) |
    (alone ? CONNECT_ALONE : 0) |
    purposeFlags[purpose] |
    (types === undefined ? 0 : KEEPS_SOME_TYPES)
  writer.uint8(flags)
  writeNodeId(writer, message.nodeId)
  writer.uint48(message.peerTime)
  writeAddresses(writer, message.addresses)
  writeTypes(writer, types)
  writer.text(message.protocol, LONGEST_LABEL)
}

const purposeFlags: Readonly<Record<LinkPurpose, number>> = {
  neighbor: 0,
  direct: CONNECT_DIRECT,
  comparison: CONNECT_COMPARISON,
}

function writeNodeId(writer: WireWriter, nodeId: NodeId): void {
  const bytes = fromHex(nodeId)
  if (bytes === undefined) throw new TypeError(`not a node ID: ${nodeId}`)
  writer.bytes(bytes)
}

function writeTypes(writer: WireWriter, types: readonly string[] | undefined): void {
  if (types === undefined) return
  writer.count(types.length, MOST_KEPT_TYPES)
  for (const type of types) writer.text(type, LONGEST_RECORD_TYPE)
}

function writeReferrals(writer: WireWriter, referrals: readonly Referral[]): void {
  writer.count(referrals.length, MOST_REFERRALS)
  for (const referral of referrals) writeReferral(writer, referral)
}

function writeReferral(writer: WireWriter, { publicKey, addresses }: Referral): void {
  writer.uint8(publicKey === undefined ? 0 : 1)
  if (publicKey !== undefined) writer.bytes(publicKey)
  writeAddresses(writer, addresses)
}

function writeAddresses(writer: WireWriter, addresses: readonly Endpoint[]): void {
  writer.count(addresses.length, MOST_ADDRESSES)
  for (const address of addresses) writer.endpoint(address)
}
