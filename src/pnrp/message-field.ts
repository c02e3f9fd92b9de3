/**
 * The fields of which messages are made (MS-PNRP 2.2): a FieldID, a length that counts these four bytes,
 * the content, and zeros up to a multiple of four. A receiver passes over the fields that it does not
 * know, so that a later version can add some.
 */
import type { WireReader } from '../wire/wire-reader.ts'
import type { WireWriter } from '../wire/wire-writer.ts'

/** FieldIDs: those of the specification, and from 0x0100 on ours. */
export const Field = {
  pnrpHeader: 0x0010,
  ackedMessageId: 0x0018,
  pnrpId: 0x0030,
  targetPnrpId: 0x0038,
  validatePnrpId: 0x0039,
  flags: 0x0040,
  floodControls: 0x0043,
  solicitControls: 0x0044,
  lookupControls: 0x0045,
  extendedPayload: 0x005a,
  pnrpIdArray: 0x0060,
  certificateChain: 0x0080,
  classifier: 0x0085,
  hashedNonce: 0x0092,
  nonce: 0x0093,
  splitControls: 0x0098,
  routeEntry: 0x009a,
  validateCpa: 0x009b,
  revokeCpa: 0x009c,
  endpoint: 0x009d,
  endpointArray: 0x009e,
  features: 0x0100,
  observedEndpoint: 0x0101,
  cookie: 0x0102,
  padding: 0x0103,
  fragment: 0x0104,
  messageAuthenticationCode: 0x01ff,
} as const

/** A FieldID of {@link Field}. */
export type FieldId = (typeof Field)[keyof typeof Field]

/** FieldID and length, in bytes. */
export const FIELD_HEADER_LENGTH = 4
const FIELD_ID_LENGTH = 2
const ALIGNMENT = 4

/** How many bytes a field takes with this much content. */
export function fieldLength(contentLength: number): number {
  return Math.ceil((FIELD_HEADER_LENGTH + contentLength) / ALIGNMENT) * ALIGNMENT
}

/** Begins a field; {@link endField} takes what this returns. */
export function beginField(writer: WireWriter, id: FieldId): number {
  const start = writer.length
  writer.uint16(id)
  writer.uint16(0)
  return start
}

/** Ends a field: fills in its length, and pads it. */
export function endField(writer: WireWriter, start: number): void {
  writer.overwriteUint16(start + 2, writer.length - start)
  while ((writer.length - start) % ALIGNMENT !== 0) writer.uint8(0)
}

/** Writes a field whose content is these bytes. */
export function writeField(writer: WireWriter, id: FieldId, content: Uint8Array): void {
  const start = beginField(writer, id)
  writer.bytes(content)
  endField(writer, start)
}

/**
 * Reads the fields of one message in order. A field of the message is asked for by its ID: those that
 * stand before it must be unknown, and are passed over. So a known field that is doubled, or out of
 * order, is refused.
 */
export class FieldReader {
  readonly #reader: WireReader
  readonly #known: ReadonlySet<number>
  #outerEnd = 0
  #paddingAfter = 0

  /** @param known All fields that this message can have. */
  constructor(reader: WireReader, known: ReadonlySet<number>) {
    this.#reader = reader
    this.#known = known
  }

  /** Enters the field if it is the next known one; false if it is not there. */
  enterOptional(id: FieldId): boolean {
    const reader = this.#reader
    this.#passUnknown()
    if (reader.remaining === 0 || reader.peekUint16() !== id) return false
    this.#enterNext()
    return true
  }

  /** Enters a field that must be there. */
  enter(id: FieldId): void {
    if (!this.enterOptional(id)) throw this.#reader.malformed(`field 0x${id.toString(16)} is missing`)
  }

  /** Leaves the field, which must have been read to its end. Reserved padding is not looked at. */
  leave(): void {
    this.#reader.leave(this.#outerEnd)
    this.#reader.skip(this.#paddingAfter)
  }

  /** Refuses what is left over, unknown fields apart. */
  finish(): void {
    this.#passUnknown()
    if (this.#reader.remaining === 0) return
    const found = this.#reader.peekUint16()
    throw this.#reader.malformed(`field 0x${found.toString(16)} is doubled or out of order`)
  }

  /** Goes to the next field of this message, or to the end. */
  #passUnknown(): void {
    const reader = this.#reader
    while (reader.remaining > 0 && !this.#known.has(reader.peekUint16())) {
      this.#enterNext()
      reader.skip(reader.remaining)
      this.leave()
    }
  }

  #enterNext(): void {
    const reader = this.#reader
    const start = reader.offset
    reader.skip(FIELD_ID_LENGTH)
    const length = reader.uint16()
    if (length < FIELD_HEADER_LENGTH) throw reader.malformed(`a field has length ${length}`, start)
    this.#outerEnd = reader.enter(length - FIELD_HEADER_LENGTH)
    this.#paddingAfter = fieldLength(length - FIELD_HEADER_LENGTH) - length
  }
}
