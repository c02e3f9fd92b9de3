/**
 * The methods of the control API about the records of a graph or group. Payloads cross as bytes: the schema of a record type is
 * applied in the program that has it, where it writes and again where it reads.
 */
import type { RecordType } from '../peer-node/application-types.ts'
import type { PayloadCodec } from '../peer-node/payload-codec.ts'
import type { PeerRecord, RecordChange } from '../peer-node/records.ts'
import { call, command, stream } from './method.ts'
import {
  boolean,
  bytes,
  count,
  date,
  either,
  nothing,
  number,
  object,
  oneOf,
  optional,
  type Shape,
  text,
} from './shape.ts'
import { attributes, cursor, duration, handle, peerName, query, recordId } from './value-shapes.ts'

/** What the node has to know of a record type. */
const type = object({ name: text, ephemeral: boolean, encoding: oneOf('bytes', 'json') })

const record: Shape<PeerRecord<Uint8Array>> = object({
  ...{ id: recordId, type: text, version: count, creator: peerName, modifier: peerName, attributes },
  ...{
    encoding: either(oneOf('bytes', 'text', 'json'), count),
    payload: bytes,
    created: date,
    modified: date,
    expires: date,
  },
})

const place = { cursor, live: boolean }
const change: Shape<RecordChange<Uint8Array>> = either(
  object({ ...place, kind: oneOf('added', 'updated'), record }),
  object({ ...place, kind: oneOf('removed'), id: recordId, reason: oneOf('deleted', 'expired', 'revoked') }),
)

const writing = {
  payload: bytes,
  expires: optional(either(date, duration)),
  attributes: optional(attributes),
  refresh: optional(boolean),
}

export const recordMethods = {
  add: call('records.add', 'Adds a record.', object({ graph: handle, type, ...writing }), record),
  update: call(
    'records.update',
    'Replaces the payload of a record.',
    object({ graph: handle, type, id: recordId, ...writing, ifVersion: optional(count) }),
    record,
  ),
  delete: command(
    'records.delete',
    'Deletes a record, for all nodes and for good.',
    object({ graph: handle, id: recordId }),
  ),
  get: call(
    'records.get',
    'A record; nothing if there is none of this type, or of any type of applications.',
    object({ graph: handle, type: optional(type), id: recordId }),
    either(record, nothing),
  ),
  list: stream(
    'records.list',
    'Records that are there now; without a type those of all types of applications.',
    object({
      ...{ graph: handle, type: optional(type), where: optional(either(query, text)), creator: optional(peerName) },
      ...{ newestFirst: optional(boolean), limit: optional(number), after: optional(recordId) },
    }),
    record,
  ),
  watch: stream(
    'records.watch',
    'What is stored, then what comes; from `now` only what comes; from a cursor what has changed since. As for `records.list`, of one type or of all.',
    object({ graph: handle, type: optional(type), from: optional(either(oneOf('stored', 'now'), cursor)) }),
    change,
  ),
}

/** A record type for a program that is not here: its payloads are bytes of which the program knows the meaning. */
export function typeOfProgram({
  name,
  ephemeral,
  encoding,
}: {
  readonly name: string
  readonly ephemeral: boolean
  readonly encoding: 'bytes' | 'json'
}): RecordType<Uint8Array, Uint8Array> {
  return { name, ephemeral, expires: undefined, codec: codecOfProgram(encoding), attributesOf: () => undefined }
}

/** Payloads as they are, said to be in one encoding. */
export function codecOfProgram(encoding: 'bytes' | 'json'): PayloadCodec<Uint8Array, Uint8Array> {
  return {
    encoding,
    encode: async (payload) => ({ result: { bytes: payload, value: payload } }),
    decode: async (payload) => ({ result: new Uint8Array(payload) }),
  }
}
