/**
 * Messages as bytes: the fields of each in the one order that docs/protocol/pnrp.md gives. The field that
 * authenticates a message in a cloud with a secret is not written here: it covers all others.
 */
import type { Endpoint } from '../runtime/endpoint.ts'
import type { WireWriter } from '../wire/wire-writer.ts'
import {
  CLOUD_TAG_LENGTH,
  COOKIE_LENGTH,
  HASHED_NONCE_LENGTH,
  LONGEST_ALREADY_FLOODED_LIST,
  LONGEST_FLAGGED_PATH,
  LONGEST_REVOKE_CPA,
  type Lookup,
  type Message,
  MOST_IDS,
  NONCE_LENGTH,
  PROTOCOL_IDENTIFIER,
  PROTOCOL_VERSION_MAJOR,
  PROTOCOL_VERSION_MINOR,
} from './message.ts'
import {
  AckFlag,
  criteria,
  FloodFlag,
  InquireFlag,
  LookupFlag,
  messageTypes,
  resolveReasons,
  solicitTypes,
} from './message-codes.ts'
import { beginField, endField, Field, type FieldId, writeField } from './message-field.ts'
import { PNRP_ID_LENGTH, type PnrpId, pnrpIdBytes } from './pnrp-id.ts'
import { type RouteEntry, writeRouteEntry } from './route-entry.ts'

/** Appends a message. Too many of anything in it is a programming error. */
export function writeMessage(writer: WireWriter, cloudTag: Uint8Array, message: Message): void {
  writeHeader(writer, cloudTag, message)
  switch (message.type) {
    case 'SOLICIT': {
      const start = beginField(writer, Field.solicitControls)
      writer.uint8(0)
      writer.uint8(solicitTypes.codeOf(message.solicitType))
      endField(writer, start)
      writeOptionalEntry(writer, message.routeEntry)
      writeFixed(writer, Field.hashedNonce, message.hashedNonce, HASHED_NONCE_LENGTH)
      writeFeatures(writer, message.features)
      break
    }
    case 'ADVERTISE':
      writeReplyStart(writer, message)
      writeIds(writer, message.ids)
      writeFixed(writer, Field.hashedNonce, message.hashedNonce, HASHED_NONCE_LENGTH)
      writeFeatures(writer, message.features)
      return
    case 'REQUEST':
      writeFixed(writer, Field.nonce, message.nonce, NONCE_LENGTH)
      writeIds(writer, message.ids)
      break
    case 'FLOOD': {
      const start = beginField(writer, Field.floodControls)
      writer.uint16(message.withoutAck ? FloodFlag.withoutAck : 0)
      writer.uint8(0)
      endField(writer, start)
      writeField(writer, Field.validatePnrpId, pnrpIdBytes(message.validateId))
      if (message.revokeCpa !== undefined) writeRevokeCpa(writer, message.revokeCpa)
      writeOptionalEntry(writer, message.routeEntry)
      writeEndpoints(writer, message.alreadyFlooded, { fewest: 0, most: LONGEST_ALREADY_FLOODED_LIST })
      break
    }
    case 'INQUIRE':
      writeFlags(
        writer,
        (message.wantsCpa ? InquireFlag.cpa : 0) |
          (message.wantsPayload ? InquireFlag.payload : 0) |
          (message.wantsChain ? InquireFlag.chain : 0),
      )
      writeField(writer, Field.validatePnrpId, pnrpIdBytes(message.validateId))
      if (message.nonce !== undefined) writeFixed(writer, Field.nonce, message.nonce, NONCE_LENGTH)
      break
    case 'AUTHORITY': {
      writeReplyStart(writer, message)
      const start = beginField(writer, Field.splitControls)
      writer.uint16(message.size)
      writer.uint16(message.offset)
      endField(writer, start)
      writeField(writer, Field.fragment, message.fragment)
      return
    }
    case 'ACK':
      writeReplyStart(writer, message)
      writeFlags(writer, (message.notFound ? AckFlag.notFound : 0) | (message.cookieNeeded ? AckFlag.cookieNeeded : 0))
      return
    case 'LOOKUP':
      writeLookup(writer, message)
      break
  }
  if (message.cookie !== undefined) writeFixed(writer, Field.cookie, message.cookie, COOKIE_LENGTH)
  if (message.padding !== undefined) writeField(writer, Field.padding, new Uint8Array(message.padding))
}

function writeHeader(writer: WireWriter, cloudTag: Uint8Array, message: Message): void {
  if (cloudTag.length !== CLOUD_TAG_LENGTH) throw new RangeError(`a cloud tag has ${CLOUD_TAG_LENGTH} bytes`)
  const start = beginField(writer, Field.pnrpHeader)
  writer.uint8(PROTOCOL_IDENTIFIER)
  writer.uint8(PROTOCOL_VERSION_MAJOR)
  writer.uint8(PROTOCOL_VERSION_MINOR)
  writer.uint8(messageTypes.codeOf(message.type))
  writer.uint32(message.messageId)
  writer.bytes(cloudTag)
  endField(writer, start)
}

/** What every reply begins with: which request it answers, how that was seen to come, and the cookie. */
function writeReplyStart(
  writer: WireWriter,
  reply: { readonly ackedMessageId: number; readonly observed: Endpoint; readonly cookie: Uint8Array },
): void {
  const acked = beginField(writer, Field.ackedMessageId)
  writer.uint32(reply.ackedMessageId)
  endField(writer, acked)
  const observed = beginField(writer, Field.observedEndpoint)
  writer.endpoint(reply.observed)
  endField(writer, observed)
  writeFixed(writer, Field.cookie, reply.cookie, COOKIE_LENGTH)
}

function writeLookup(writer: WireWriter, message: Lookup): void {
  const start = beginField(writer, Field.lookupControls)
  writer.uint16(message.acceptsFarther ? LookupFlag.acceptsFarther : 0)
  writer.uint16(message.precision)
  writer.uint8(criteria.codeOf(message.criterion))
  writer.uint8(resolveReasons.codeOf(message.reason))
  writer.uint16(0)
  endField(writer, start)
  writeField(writer, Field.targetPnrpId, pnrpIdBytes(message.target))
  writeField(writer, Field.validatePnrpId, pnrpIdBytes(message.validateId))
  writeOptionalEntry(writer, message.bestMatch)
  writeEndpoints(writer, message.flaggedPath, { fewest: 1, most: LONGEST_FLAGGED_PATH })
}

function writeRevokeCpa(writer: WireWriter, cpa: Uint8Array): void {
  if (cpa.length > LONGEST_REVOKE_CPA) throw new RangeError(`a Revoke CPA of ${cpa.length} bytes is too long`)
  writeField(writer, Field.revokeCpa, cpa)
}

function writeFixed(writer: WireWriter, field: FieldId, content: Uint8Array, length: number): void {
  if (content.length !== length) throw new RangeError(`a field has ${length} bytes, not ${content.length}`)
  writeField(writer, field, content)
}

function writeFlags(writer: WireWriter, flags: number): void {
  const start = beginField(writer, Field.flags)
  writer.uint16(flags)
  endField(writer, start)
}

function writeFeatures(writer: WireWriter, features: number): void {
  const start = beginField(writer, Field.features)
  writer.uint32(features)
  endField(writer, start)
}

function writeOptionalEntry(writer: WireWriter, entry: RouteEntry | undefined): void {
  if (entry === undefined) return
  const start = beginField(writer, Field.routeEntry)
  writeRouteEntry(writer, entry)
  endField(writer, start)
}

function writeIds(writer: WireWriter, ids: readonly PnrpId[]): void {
  if (ids.length > MOST_IDS) throw new RangeError(`at most ${MOST_IDS} IDs fit, not ${ids.length}`)
  const start = beginField(writer, Field.pnrpIdArray)
  writeArrayHeader(writer, ids.length, Field.pnrpId, PNRP_ID_LENGTH)
  for (const id of ids) writer.bytes(pnrpIdBytes(id))
  endField(writer, start)
}

function writeEndpoints(
  writer: WireWriter,
  endpoints: readonly Endpoint[],
  { fewest, most }: { readonly fewest: number; readonly most: number },
): void {
  if (endpoints.length < fewest || endpoints.length > most) {
    throw new RangeError(`a list has ${fewest} to ${most} endpoints, not ${endpoints.length}`)
  }
  const start = beginField(writer, Field.endpointArray)
  writeArrayHeader(writer, endpoints.length, Field.endpoint, ENDPOINT_LENGTH)
  for (const endpoint of endpoints) writer.endpoint(endpoint)
  endField(writer, start)
}

/** Number, length in bytes with this header, kind and size of the entries (2.2.2.2). */
function writeArrayHeader(writer: WireWriter, count: number, kind: FieldId, entryLength: number): void {
  writer.uint16(count)
  writer.uint16(ARRAY_HEADER_LENGTH + count * entryLength)
  writer.uint16(kind)
  writer.uint16(entryLength)
}

export const ENDPOINT_LENGTH = 18
export const ARRAY_HEADER_LENGTH = 8
