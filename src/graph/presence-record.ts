/**
 * Presence records (MS-PPGRH 2.2.3.4): where a node listens, in the payload; what its application says of it, as attributes.
 */
import type { GraphRecord } from '../records/record.ts'
import { compareBytes } from '../runtime/bytes.ts'
import { ADDRESS_LENGTH, type Endpoint } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { readTaggedFields, writeTaggedFields } from '../wire/tagged-fields.ts'
import { WireReader } from '../wire/wire-reader.ts'
import { WireWriter } from '../wire/wire-writer.ts'
import { OPTIONAL_FIELDS } from './encode-graph-message.ts'
import { MOST_ADDRESSES } from './overlay-message.ts'

/** The type of presence records. Ephemeral. */
export const PRESENCE_TYPE = '~peerage.presence'

const SCHEMA = 1
/** The payload of a presence record, in bytes. */
const LONGEST_PAYLOAD = 1024

/** The payload of a presence record. */
export function encodePresence(addresses: readonly Endpoint[]): Uint8Array {
  const writer = new WireWriter(LONGEST_PAYLOAD)
  writer.uint8(SCHEMA)
  const told = addresses.slice(0, MOST_ADDRESSES)
  writer.count(told.length, MOST_ADDRESSES)
  for (const address of told) writer.endpoint(address)
  writeTaggedFields(writer, [], OPTIONAL_FIELDS)
  return writer.copy()
}

/** The addresses in a presence record; undefined if it is not valid: nobody but its creator changes it, and its payload is as above. */
export function presenceAddresses(record: GraphRecord): readonly Endpoint[] | undefined {
  const { creator, modifier, payload, deleted } = record
  if (modifier !== undefined && compareBytes(modifier.publicKey, creator.publicKey) !== 0) return undefined
  if (deleted) return []
  try {
    return readAddresses(payload)
  } catch (error) {
    if (PeerageError.is(error, 'malformed')) return undefined
    throw error
  }
}

function readAddresses(payload: Uint8Array): readonly Endpoint[] | undefined {
  const reader = new WireReader(payload, 'presence record')
  if (reader.uint8() !== SCHEMA) return undefined
  const count = reader.count(MOST_ADDRESSES, ADDRESS_LENGTH + 2)
  const addresses: Endpoint[] = []
  for (let index = 0; index < count; index++) addresses.push(reader.endpoint())
  readTaggedFields(reader, OPTIONAL_FIELDS)
  reader.finish()
  return addresses
}
