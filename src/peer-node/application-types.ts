/**
 * The types that an application gives its records and messages: a name, and what their payloads are. They are made once,
 * as constants, and are data: any number of graphs and nodes can share them.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { LONGEST_LABEL } from '../graph/direct-message.ts'
import { EPHEMERAL_MARK, isReserved, RESERVED_PREFIX, requireRecordType } from '../records/record-type.ts'
import { toUtf8 } from '../runtime/bytes.ts'
import { type Duration, parseDuration } from '../runtime/duration.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { bytesCodec, jsonCodec, type PayloadCodec } from './payload-codec.ts'
import type { Attributes } from './public-attributes.ts'

/** A type of records. `In` is what is written, `Out` what a reader gets. */
export interface RecordType<In = unknown, Out = unknown> {
  /** As it stands in records: that of an ephemeral type begins with `~`. */
  readonly name: string
  /** Whether its records are kept in memory until they expire, and never stored. */
  readonly ephemeral: boolean
  /** How long a record lives, in milliseconds, if the call does not say. */
  readonly expires: number | undefined
  /** For Peerage itself. */
  readonly codec: PayloadCodec<In, Out>
  /** What a payload can be searched by, made anew whenever it is written. */
  attributesOf(payload: Out): Attributes | undefined
}

/** A type of messages. */
export interface MessageType<In = unknown, Out = unknown> {
  /** As it stands in messages. */
  readonly name: string
  /** For Peerage itself. */
  readonly codec: PayloadCodec<In, Out>
}

/** What records of a type are like. */
export interface RecordTypeOptions {
  /** How long a record lives, if the call does not say. */
  readonly expires?: Duration | undefined
  /** Its records are passed on and kept in memory until they expire, and never stored. */
  readonly ephemeral?: boolean | undefined
}

/**
 * A type of records with JSON as payload, which the schema checks where it is written and again where it is read.
 *
 * @param name 1 to 64 bytes, such as `chat.message`; `peerage.` at its beginning is reserved
 * @throws PeerageError `invalid-record-type`, `invalid-argument` (a `~` at the beginning, or the duration), `not-authorized`
 */
export function recordType<Schema extends StandardSchemaV1>(
  name: string,
  options: RecordTypeOptions & {
    readonly schema: Schema
    /** What a payload can be searched by. */
    readonly attributes?: ((payload: StandardSchemaV1.InferOutput<Schema>) => Attributes) | undefined
  },
): RecordType<StandardSchemaV1.InferInput<Schema>, StandardSchemaV1.InferOutput<Schema>>
/** A type of records with bytes as payload. */
export function recordType(name: string, options?: RecordTypeOptions): RecordType<Uint8Array, Uint8Array>
export function recordType(
  name: string,
  options: RecordTypeOptions & {
    readonly schema?: StandardSchemaV1
    readonly attributes?: ((payload: unknown) => Attributes) | undefined
  } = {},
): RecordType {
  const { schema, ephemeral = false, attributes } = options
  if (name.startsWith(EPHEMERAL_MARK)) {
    const expected = `without ${EPHEMERAL_MARK}: it is put before the names of types with \`ephemeral: true\``
    throw new PeerageError('invalid-argument', { name: 'the name of a record type', value: name, expected })
  }
  if (isReserved(name)) throw ownType('defining a record type', name)
  return {
    name: requireRecordType(ephemeral ? EPHEMERAL_MARK + name : name),
    ephemeral,
    expires: options.expires === undefined ? undefined : parseDuration(options.expires),
    codec: schema === undefined ? bytesCodec : jsonCodec(schema),
    attributesOf: (payload) => attributes?.(payload),
  }
}

/**
 * A type of messages with JSON as payload, which the schema checks where it is sent and again where it is read.
 *
 * @param name 1 to 64 bytes; `peerage.` at its beginning is reserved
 * @throws PeerageError `invalid-argument` (the name), `not-authorized`
 */
export function messageType<Schema extends StandardSchemaV1>(
  name: string,
  options: { readonly schema: Schema },
): MessageType<StandardSchemaV1.InferInput<Schema>, StandardSchemaV1.InferOutput<Schema>>
/** A type of messages with bytes as payload. */
export function messageType(name: string): MessageType<Uint8Array, Uint8Array>
export function messageType(name: string, options: { readonly schema?: StandardSchemaV1 } = {}): MessageType {
  requireLabel('the name of a message type', name)
  if (name.startsWith(RESERVED_PREFIX)) throw ownType('defining a message type', name)
  return { name, codec: options.schema === undefined ? bytesCodec : jsonCodec(options.schema) }
}

/** A message type or a protocol, checked. @throws PeerageError `invalid-argument` */
export function requireLabel(what: string, label: string): string {
  const length = label.isWellFormed() ? toUtf8(label).length : 0
  if (length >= 1 && length <= LONGEST_LABEL && !label.includes('\0')) return label
  const expected = `1 to ${LONGEST_LABEL} bytes of text without U+0000`
  throw new PeerageError('invalid-argument', { name: what, value: JSON.stringify(label), expected })
}

function ownType(operation: string, name: string): PeerageError {
  return new PeerageError('not-authorized', { operation, problem: `the type ${name} is Peerage's own` })
}
