/**
 * The AUTHORITY_BUFFER: the answer to a LOOKUP or an INQUIRE (MS-PNRP 2.2.2.6.1). It can be longer than a
 * datagram, so it travels in fragments, each in an AUTHORITY of its own.
 */
import { fromUtf8, toUtf8 } from '../runtime/bytes.ts'
import { WireReader } from '../wire/wire-reader.ts'
import { WireWriter } from '../wire/wire-writer.ts'
import { AuthorityFlag } from './message-codes.ts'
import { beginField, endField, Field, FieldReader, writeField } from './message-field.ts'
import { type RouteEntry, readRouteEntry, writeRouteEntry } from './route-entry.ts'

/** What an AUTHORITY_BUFFER says. Byte strings that were read are views. */
export interface AuthorityBuffer {
  /** K, ours: the answer is longer than three times the request, and waits for this cookie. */
  readonly cookieNeeded: boolean
  /** L: the target would be in a leaf set of the sender, and no closer ID is known there. */
  readonly leafSet: boolean
  /** B: the sender is too busy for a LOOKUP. */
  readonly busy: boolean
  /** N: Validate PNRP ID is not registered there. */
  readonly notFound: boolean
  /** Root first; the encoding is that of certificate chains. */
  readonly certificateChain?: Uint8Array | undefined
  /** Exactly where there is a chain. */
  readonly classifier?: string | undefined
  readonly extendedPayload?: Uint8Array | undefined
  readonly routeEntry?: RouteEntry | undefined
  readonly cpa?: Uint8Array | undefined
}

/** In bytes (2.2.2.6). */
export const LONGEST_AUTHORITY_BUFFER = 37_348
/**
 * A chain, in bytes: what the longest buffer leaves beside the longest classifier, payload and certified peer
 * address. Longer chains exist, and publish no names.
 */
export const LONGEST_CHAIN_OF_ANSWER = 31_000

const knownFields = new Set<number>([
  Field.flags,
  Field.certificateChain,
  Field.classifier,
  Field.extendedPayload,
  Field.routeEntry,
  Field.validateCpa,
])

const writer = new WireWriter(LONGEST_AUTHORITY_BUFFER)

/** The buffer as bytes: a view, good until the next call. */
export function encodeAuthorityBuffer(buffer: AuthorityBuffer): Uint8Array {
  writer.reset()
  const flags = beginField(writer, Field.flags)
  writer.uint16(
    (buffer.cookieNeeded ? AuthorityFlag.cookieNeeded : 0) |
      (buffer.leafSet ? AuthorityFlag.leafSet : 0) |
      (buffer.busy ? AuthorityFlag.busy : 0) |
      (buffer.notFound ? AuthorityFlag.notFound : 0),
  )
  endField(writer, flags)
  if (buffer.certificateChain !== undefined) writeField(writer, Field.certificateChain, buffer.certificateChain)
  if (buffer.classifier !== undefined) writeField(writer, Field.classifier, toUtf8(buffer.classifier))
  if (buffer.extendedPayload !== undefined) writeField(writer, Field.extendedPayload, buffer.extendedPayload)
  if (buffer.routeEntry !== undefined) {
    const entry = beginField(writer, Field.routeEntry)
    writeRouteEntry(writer, buffer.routeEntry)
    endField(writer, entry)
  }
  if (buffer.cpa !== undefined) writeField(writer, Field.validateCpa, buffer.cpa)
  return writer.view()
}

/** @throws PeerageError `malformed` */
export function readAuthorityBuffer(bytes: Uint8Array): AuthorityBuffer {
  const reader = new WireReader(bytes, 'AUTHORITY_BUFFER')
  const fields = new FieldReader(reader, knownFields)
  const optional = <Value>(id: (typeof Field)[keyof typeof Field], read: () => Value): Value | undefined => {
    if (!fields.enterOptional(id)) return undefined
    const value = read()
    fields.leave()
    return value
  }
  fields.enter(Field.flags)
  const flags = reader.uint16()
  fields.leave()
  const certificateChain = optional(Field.certificateChain, () => reader.rest())
  const classifier = optional(Field.classifier, () => readClassifier(reader))
  const extendedPayload = optional(Field.extendedPayload, () => reader.rest())
  const routeEntry = optional(Field.routeEntry, () => readRouteEntry(reader))
  const cpa = optional(Field.validateCpa, () => reader.rest())
  fields.finish()
  if ((certificateChain === undefined) !== (classifier === undefined)) {
    throw reader.malformed('it has a chain without a classifier, or a classifier without a chain')
  }
  return {
    cookieNeeded: (flags & AuthorityFlag.cookieNeeded) !== 0,
    leafSet: (flags & AuthorityFlag.leafSet) !== 0,
    busy: (flags & AuthorityFlag.busy) !== 0,
    notFound: (flags & AuthorityFlag.notFound) !== 0,
    certificateChain,
    classifier,
    extendedPayload,
    routeEntry,
    cpa,
  }
}

function readClassifier(reader: WireReader): string {
  const start = reader.offset
  const classifier = fromUtf8(reader.rest())
  if (classifier === undefined) throw reader.malformed('its classifier is not UTF-8', start)
  return classifier
}
