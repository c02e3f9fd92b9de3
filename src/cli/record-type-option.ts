/**
 * Record types as command lines name them. The command knows no schema: it writes a payload as it is given, as bytes or, for programs
 * whose record type has a schema, as JSON; and it reads all payloads as bytes.
 */
import { type RecordType, recordType } from '../peer-node/application-types.ts'
import { EPHEMERAL_MARK } from '../records/record-type.ts'
import { fromUtf8 } from '../runtime/bytes.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { payloadSchema } from './payload-schema.ts'

/** A type whose payloads are bytes. An ephemeral one is named as it stands in records: `~chat.typing`. @throws PeerageError `invalid-record-type` */
export function bytesType(name: string): RecordType<Uint8Array, Uint8Array> {
  return recordType(...named(name))
}

/** A type whose payloads are any JSON. */
export function jsonType(name: string): RecordType<unknown, unknown> {
  const [plain, options] = named(name)
  return recordType(plain, { ...options, schema: anyJson })
}

/** The value of a JSON payload that somebody gave. @throws PeerageError `invalid-argument` */
export function jsonValue(payload: Uint8Array): unknown {
  const text = fromUtf8(payload)
  try {
    return JSON.parse(text ?? '')
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    const value = text === undefined ? 'no UTF-8' : 'something else'
    throw new PeerageError('invalid-argument', { name: 'the payload', value, expected: 'JSON' }, { cause: error })
  }
}

function named(name: string): [name: string, options: { readonly ephemeral: boolean }] {
  const ephemeral = name.startsWith(EPHEMERAL_MARK)
  return [ephemeral ? name.slice(EPHEMERAL_MARK.length) : name, { ephemeral }]
}

const anyJson = payloadSchema<unknown>((value) => value, 'JSON')
