/**
 * The extended payload: up to 4,096 bytes of an application beside a registration, signed for one INQUIRE
 * like the certified peer address that it belongs to (MS-PNRP 2.2.3.3).
 */
import { signFor, verifyFor } from '../identity/signature-purpose.ts'
import { concatBytes, fromUtf8, toUtf8 } from '../runtime/bytes.ts'
import { type Crypto, SIGNATURE_LENGTH } from '../runtime/crypto.ts'
import { WireReader } from '../wire/wire-reader.ts'
import { WireWriter } from '../wire/wire-writer.ts'
import { NONCE_LENGTH } from './message.ts'
import { PNRP_ID_LENGTH, type PnrpId, pnrpIdBytes, pnrpIdFromBytes } from './pnrp-id.ts'

/** What an extended payload says. */
export interface ExtendedPayload {
  /** That of the certified peer address. */
  readonly notAfter: number
  readonly id: PnrpId
  readonly nonce: Uint8Array
  /** Bytes, or text. */
  readonly payload: Uint8Array | string
}

/** In bytes; a text counts in UTF-8 with a terminator. */
export const LONGEST_EXTENDED_PAYLOAD = 4096

const VERSION_MAJOR = 3
const VERSION_MINOR = 0
const PayloadType = { text: 0x8000_0002, binary: 0x8000_0003 } as const
const TERMINATOR_LENGTH = 1
const FIXED_LENGTH = 2 + 2 + 6 + PNRP_ID_LENGTH + NONCE_LENGTH + 4 + 2
/** Of the whole structure, in bytes. */
const LONGEST_ENCODED = FIXED_LENGTH + LONGEST_EXTENDED_PAYLOAD + SIGNATURE_LENGTH

/** How many bytes of {@link LONGEST_EXTENDED_PAYLOAD} a payload takes. */
export function extendedPayloadLength(payload: Uint8Array | string): number {
  return typeof payload === 'string' ? toUtf8(payload).length + TERMINATOR_LENGTH : payload.length
}

/** Encodes and signs an extended payload. */
export function signExtendedPayload(crypto: Crypto, payload: ExtendedPayload, secretKey: Uint8Array): Uint8Array {
  const isText = typeof payload.payload === 'string'
  const data = typeof payload.payload === 'string' ? toUtf8(payload.payload) : payload.payload
  const length = extendedPayloadLength(payload.payload)
  if (length < 1 || length > LONGEST_EXTENDED_PAYLOAD) {
    throw new RangeError(`an extended payload has 1 to ${LONGEST_EXTENDED_PAYLOAD} bytes, not ${length}`)
  }
  const writer = new WireWriter(LONGEST_ENCODED)
  writer.uint16(FIXED_LENGTH + data.length + SIGNATURE_LENGTH)
  writer.uint8(VERSION_MINOR)
  writer.uint8(VERSION_MAJOR)
  writer.uint48(payload.notAfter)
  writer.bytes(pnrpIdBytes(payload.id))
  writer.bytes(payload.nonce)
  writer.uint32(isText ? PayloadType.text : PayloadType.binary)
  writer.uint16(data.length)
  writer.bytes(data)
  const content = writer.copy()
  return concatBytes(content, signFor(crypto, 'extended-payload', content, secretKey))
}

/** Reads an extended payload, without checking its signature. Byte strings are views. @throws PeerageError `malformed` */
export function readExtendedPayload(bytes: Uint8Array): ExtendedPayload {
  const reader = new WireReader(bytes, 'extended payload')
  const length = reader.uint16()
  if (length !== bytes.length)
    throw reader.malformed(`its length is given as ${length}, and it has ${bytes.length} bytes`)
  reader.uint8()
  const version = reader.uint8()
  if (version !== VERSION_MAJOR) throw reader.malformed(`its version is ${version}`)
  const notAfter = reader.uint48()
  const id = pnrpIdFromBytes(reader.bytes(PNRP_ID_LENGTH))
  const nonce = reader.bytes(NONCE_LENGTH)
  const type = reader.uint32()
  const payload = readPayload(reader, type)
  reader.bytes(SIGNATURE_LENGTH)
  reader.finish()
  return { notAfter, id, nonce, payload }
}

/** Whether the last 64 bytes of an encoded extended payload are the signature of this key over the rest. */
export function verifyExtendedPayloadSignature(crypto: Crypto, bytes: Uint8Array, publicKey: Uint8Array): boolean {
  const end = bytes.length - SIGNATURE_LENGTH
  return verifyFor(crypto, 'extended-payload', bytes.subarray(0, end), bytes.subarray(end), publicKey)
}

function readPayload(reader: WireReader, type: number): Uint8Array | string {
  const start = reader.offset
  const length = reader.uint16()
  if (type === PayloadType.binary) {
    if (length < 1 || length > LONGEST_EXTENDED_PAYLOAD) throw reader.malformed(`it has ${length} bytes`, start)
    return reader.bytes(length)
  }
  if (type !== PayloadType.text) throw reader.malformed(`its type is 0x${type.toString(16)}`, start)
  if (length + TERMINATOR_LENGTH > LONGEST_EXTENDED_PAYLOAD) throw reader.malformed(`it has ${length} bytes`, start)
  const text = fromUtf8(reader.bytes(length))
  if (text === undefined) throw reader.malformed('its text is not UTF-8', start)
  return text
}
