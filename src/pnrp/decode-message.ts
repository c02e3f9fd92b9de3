/**
 * Bytes as messages. Whatever is not exactly one message of this version is refused, with its reason; a
 * message of another version or type is told apart, because later releases will send such.
 */
import type { Endpoint } from '../runtime/endpoint.ts'
import type { WireReader } from '../wire/wire-reader.ts'
import { ARRAY_HEADER_LENGTH, ENDPOINT_LENGTH } from './encode-message.ts'
import {
  type Ack,
  type Advertise,
  type Authority,
  CLOUD_TAG_LENGTH,
  COOKIE_LENGTH,
  type Flood,
  HASHED_NONCE_LENGTH,
  type Inquire,
  LONGEST_ALREADY_FLOODED_LIST,
  LONGEST_FLAGGED_PATH,
  LONGEST_REVOKE_CPA,
  type Lookup,
  type Message,
  MOST_IDS,
  NONCE_LENGTH,
  PROTOCOL_IDENTIFIER,
  type Request,
  type Solicit,
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
import { Field, type FieldId, FieldReader } from './message-field.ts'
import { PNRP_ID_BITS, PNRP_ID_LENGTH, type PnrpId, pnrpIdFromBytes } from './pnrp-id.ts'
import { type RouteEntry, readRouteEntry } from './route-entry.ts'

/** What a datagram begins with. */
export interface MessageHeader {
  readonly versionMajor: number
  /** undefined for a type that this version does not know. */
  readonly type: Message['type'] | undefined
  readonly messageId: number
  /** A view of the datagram. */
  readonly cloudTag: Uint8Array
}

/** The header alone: enough to tell whether the rest concerns this node. @throws PeerageError `malformed` */
export function readMessageHeader(reader: WireReader): MessageHeader {
  const start = reader.offset
  if (reader.uint16() !== Field.pnrpHeader) throw reader.malformed('it does not begin with a PNRP header', start)
  if (reader.uint16() !== HEADER_LENGTH) throw reader.malformed('its PNRP header has another length', start)
  if (reader.uint8() !== PROTOCOL_IDENTIFIER) throw reader.malformed('its identifier is another one', start)
  const versionMajor = reader.uint8()
  reader.uint8()
  const type = messageTypes.wordOf(reader.uint8())
  const messageId = reader.uint32()
  return { versionMajor, type, messageId, cloudTag: reader.bytes(CLOUD_TAG_LENGTH) }
}

/** The message after its header. Byte strings in it are views of the datagram. @throws PeerageError `malformed` */
export function readMessage(reader: WireReader, type: Message['type'], messageId: number): Message {
  const body = new MessageBody(reader, type)
  const message = body.read(type, messageId)
  body.finish()
  return message
}

/** FieldID, length, identifier, version, type, Message ID and cloud tag: 20 bytes. */
const HEADER_LENGTH = 12 + CLOUD_TAG_LENGTH

// A second header is never legal, and a seal is only at the end, where it has been taken off.
const allFields = [Field.pnrpHeader, Field.messageAuthenticationCode]
const replyFields = [...allFields, Field.ackedMessageId, Field.observedEndpoint, Field.cookie]
const requestFields = [...allFields, Field.cookie, Field.padding]
const fieldsOf: { readonly [Type in Message['type']]: ReadonlySet<number> } = {
  SOLICIT: new Set([Field.solicitControls, Field.routeEntry, Field.hashedNonce, Field.features, ...requestFields]),
  ADVERTISE: new Set([...replyFields, Field.pnrpIdArray, Field.hashedNonce, Field.features]),
  REQUEST: new Set([Field.nonce, Field.pnrpIdArray, ...requestFields]),
  FLOOD: new Set([
    Field.floodControls,
    Field.validatePnrpId,
    Field.revokeCpa,
    Field.routeEntry,
    Field.endpointArray,
    ...requestFields,
  ]),
  INQUIRE: new Set([Field.flags, Field.validatePnrpId, Field.nonce, ...requestFields]),
  AUTHORITY: new Set([...replyFields, Field.splitControls, Field.fragment]),
  ACK: new Set([...replyFields, Field.flags]),
  LOOKUP: new Set([
    Field.lookupControls,
    Field.targetPnrpId,
    Field.validatePnrpId,
    Field.routeEntry,
    Field.endpointArray,
    ...requestFields,
  ]),
}

/** The fields of one message, read in order. */
class MessageBody {
  readonly #reader: WireReader
  readonly #fields: FieldReader

  constructor(reader: WireReader, type: Message['type']) {
    this.#reader = reader
    this.#fields = new FieldReader(reader, fieldsOf[type])
  }

  read(type: Message['type'], messageId: number): Message {
    switch (type) {
      case 'SOLICIT':
        return this.#solicit(messageId)
      case 'ADVERTISE':
        return this.#advertise(messageId)
      case 'REQUEST':
        return this.#request(messageId)
      case 'FLOOD':
        return this.#flood(messageId)
      case 'INQUIRE':
        return this.#inquire(messageId)
      case 'AUTHORITY':
        return this.#authority(messageId)
      case 'ACK':
        return this.#ack(messageId)
      case 'LOOKUP':
        return this.#lookup(messageId)
    }
  }

  finish(): void {
    this.#fields.finish()
  }

  #solicit(messageId: number): Solicit {
    return {
      type: 'SOLICIT',
      messageId,
      solicitType: this.#solicitType(),
      routeEntry: this.#optionalEntry(),
      hashedNonce: this.#bytes(Field.hashedNonce, HASHED_NONCE_LENGTH),
      features: this.#features(),
      ...this.#requestEnd(),
    }
  }

  #advertise(messageId: number): Advertise {
    return {
      type: 'ADVERTISE',
      messageId,
      ...this.#replyStart(),
      ids: this.#ids(),
      hashedNonce: this.#bytes(Field.hashedNonce, HASHED_NONCE_LENGTH),
      features: this.#features(),
    }
  }

  #request(messageId: number): Request {
    return {
      type: 'REQUEST',
      messageId,
      nonce: this.#bytes(Field.nonce, NONCE_LENGTH),
      ids: this.#ids(),
      ...this.#requestEnd(),
    }
  }

  #flood(messageId: number): Flood {
    this.#fields.enter(Field.floodControls)
    const flags = this.#reader.uint16()
    this.#reader.uint8()
    this.#fields.leave()
    return {
      type: 'FLOOD',
      messageId,
      withoutAck: (flags & FloodFlag.withoutAck) !== 0,
      validateId: this.#id(Field.validatePnrpId),
      revokeCpa: this.#revokeCpa(),
      routeEntry: this.#optionalEntry(),
      alreadyFlooded: this.#endpoints(0, LONGEST_ALREADY_FLOODED_LIST),
      ...this.#requestEnd(),
    }
  }

  #inquire(messageId: number): Inquire {
    this.#fields.enter(Field.flags)
    const flags = this.#flags()
    return {
      type: 'INQUIRE',
      messageId,
      wantsCpa: (flags & InquireFlag.cpa) !== 0,
      wantsPayload: (flags & InquireFlag.payload) !== 0,
      wantsChain: (flags & InquireFlag.chain) !== 0,
      validateId: this.#id(Field.validatePnrpId),
      nonce: this.#optionalBytes(Field.nonce, NONCE_LENGTH),
      ...this.#requestEnd(),
    }
  }

  #authority(messageId: number): Authority {
    const start = this.#replyStart()
    this.#fields.enter(Field.splitControls)
    const size = this.#reader.uint16()
    const offset = this.#reader.uint16()
    this.#fields.leave()
    this.#fields.enter(Field.fragment)
    const fragment = this.#reader.rest()
    this.#fields.leave()
    return { type: 'AUTHORITY', messageId, ...start, size, offset, fragment }
  }

  #ack(messageId: number): Ack {
    const start = this.#replyStart()
    const flags = this.#fields.enterOptional(Field.flags) ? this.#flags() : 0
    const notFound = (flags & AckFlag.notFound) !== 0
    return { type: 'ACK', messageId, ...start, notFound, cookieNeeded: (flags & AckFlag.cookieNeeded) !== 0 }
  }

  #lookup(messageId: number): Lookup {
    const reader = this.#reader
    this.#fields.enter(Field.lookupControls)
    const flags = reader.uint16()
    const precision = reader.uint16()
    const criterionCode = reader.uint8()
    const reasonCode = reader.uint8()
    reader.uint16()
    this.#fields.leave()
    const criterion = criteria.wordOf(criterionCode)
    if (criterion === undefined) throw reader.malformed(`its criterion is ${criterionCode}`)
    if (criterion === 'upper-bits' && precision > PNRP_ID_BITS) throw reader.malformed(`its precision is ${precision}`)
    return {
      type: 'LOOKUP',
      messageId,
      acceptsFarther: (flags & LookupFlag.acceptsFarther) !== 0,
      precision,
      criterion,
      // The receiver does not look at it, so a reason of a later version is no fault.
      reason: resolveReasons.wordOf(reasonCode) ?? 'application',
      target: this.#id(Field.targetPnrpId),
      validateId: this.#id(Field.validatePnrpId),
      bestMatch: this.#optionalEntry(),
      flaggedPath: this.#endpoints(1, LONGEST_FLAGGED_PATH),
      ...this.#requestEnd(),
    }
  }

  #replyStart(): { ackedMessageId: number; observed: Endpoint; cookie: Uint8Array } {
    this.#fields.enter(Field.ackedMessageId)
    const ackedMessageId = this.#reader.uint32()
    this.#fields.leave()
    this.#fields.enter(Field.observedEndpoint)
    const observed = this.#reader.endpoint()
    this.#fields.leave()
    return { ackedMessageId, observed, cookie: this.#bytes(Field.cookie, COOKIE_LENGTH) }
  }

  #requestEnd(): { cookie: Uint8Array | undefined } {
    const cookie = this.#optionalBytes(Field.cookie, COOKIE_LENGTH)
    this.#passPadding()
    return { cookie }
  }

  /** A SOLICIT without controls counts as one for any (N-23). */
  #solicitType(): Solicit['solicitType'] {
    if (!this.#fields.enterOptional(Field.solicitControls)) return 'any'
    this.#reader.uint8()
    const code = this.#reader.uint8()
    this.#fields.leave()
    const type = solicitTypes.wordOf(code)
    if (type === undefined) throw this.#reader.malformed(`its type of SOLICIT is ${code}`)
    return type
  }

  #features(): number {
    if (!this.#fields.enterOptional(Field.features)) return 0
    const features = this.#reader.uint32()
    this.#fields.leave()
    return features
  }

  #flags(): number {
    const flags = this.#reader.uint16()
    this.#fields.leave()
    return flags
  }

  #optionalEntry(): RouteEntry | undefined {
    if (!this.#fields.enterOptional(Field.routeEntry)) return undefined
    const entry = readRouteEntry(this.#reader)
    this.#fields.leave()
    return entry
  }

  #id(field: FieldId): PnrpId {
    return pnrpIdFromBytes(this.#bytes(field, PNRP_ID_LENGTH))
  }

  #ids(): readonly PnrpId[] {
    const reader = this.#reader
    this.#fields.enter(Field.pnrpIdArray)
    const count = this.#arrayCount(Field.pnrpId, PNRP_ID_LENGTH, 0, MOST_IDS)
    const ids: PnrpId[] = []
    for (let index = 0; index < count; index++) ids.push(pnrpIdFromBytes(reader.bytes(PNRP_ID_LENGTH)))
    this.#fields.leave()
    return ids
  }

  #endpoints(fewest: number, most: number): readonly Endpoint[] {
    this.#fields.enter(Field.endpointArray)
    const count = this.#arrayCount(Field.endpoint, ENDPOINT_LENGTH, fewest, most)
    const endpoints: Endpoint[] = []
    for (let index = 0; index < count; index++) endpoints.push(this.#reader.endpoint())
    this.#fields.leave()
    return endpoints
  }

  #arrayCount(kind: FieldId, entryLength: number, fewest: number, most: number): number {
    const reader = this.#reader
    const start = reader.offset
    const count = reader.uint16()
    const arrayLength = reader.uint16()
    if (reader.uint16() !== kind || reader.uint16() !== entryLength) {
      throw reader.malformed('an array has entries of another kind', start)
    }
    if (count < fewest || count > most) throw reader.malformed(`an array has ${count} entries`, start)
    if (arrayLength !== ARRAY_HEADER_LENGTH + count * entryLength || reader.remaining !== count * entryLength) {
      throw reader.malformed('the length of an array disagrees with its number of entries', start)
    }
    return count
  }

  #bytes(field: FieldId, length: number): Uint8Array {
    this.#fields.enter(field)
    const bytes = this.#reader.bytes(length)
    this.#fields.leave()
    return bytes
  }

  #optionalBytes(field: FieldId, length: number): Uint8Array | undefined {
    if (!this.#fields.enterOptional(field)) return undefined
    const bytes = this.#reader.bytes(length)
    this.#fields.leave()
    return bytes
  }

  #revokeCpa(): Uint8Array | undefined {
    const reader = this.#reader
    if (!this.#fields.enterOptional(Field.revokeCpa)) return undefined
    if (reader.remaining > LONGEST_REVOKE_CPA) throw reader.malformed(`its Revoke CPA has ${reader.remaining} bytes`)
    const cpa = reader.rest()
    this.#fields.leave()
    return cpa
  }

  #passPadding(): void {
    if (!this.#fields.enterOptional(Field.padding)) return
    this.#reader.skip(this.#reader.remaining)
    this.#fields.leave()
  }
}
