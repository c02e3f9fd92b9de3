/** Messages and structures as plain JSON, in the way in which vectors and golden transcripts write them. */
import { type AuthorityBuffer, readAuthorityBuffer } from '../../src/pnrp/authority-buffer.ts'
import { readCpa } from '../../src/pnrp/certified-peer-address.ts'
import { readExtendedPayload } from '../../src/pnrp/extended-payload.ts'
import type { Authority, Message } from '../../src/pnrp/message.ts'
import { formatPnrpId, PNRP_ID_LENGTH, type PnrpId } from '../../src/pnrp/pnrp-id.ts'
import { toHex } from '../../src/runtime/bytes.ts'
import type { Json } from './pnrp-vectors.ts'

/** A message, and what is in the AUTHORITY_BUFFER of one that came whole. */
export function describedMessage(message: Message): Json {
  const content = message.type === 'AUTHORITY' && isWhole(message) ? describedBuffer(message.fragment) : {}
  return { ...described(message), ...content }
}

/** An AUTHORITY_BUFFER with what is encoded in it. */
export function describedBuffer(bytes: Uint8Array): Json {
  const buffer: AuthorityBuffer = readAuthorityBuffer(bytes)
  const { cpa, extendedPayload } = buffer
  return {
    buffer: described(buffer),
    ...(cpa === undefined ? {} : { cpa: described(readCpa(cpa)) }),
    ...(extendedPayload === undefined ? {} : { payload: described(readExtendedPayload(extendedPayload)) }),
  }
}

function isWhole({ size, fragment }: Authority): boolean {
  return size === fragment.length
}

const idNames = new Set(['id', 'target', 'validateId'])

function described(structure: object): Json {
  const entries: [string, unknown][] = Object.entries(structure)
  return Object.fromEntries(
    entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, describedValue(name, value)]])),
  )
}

function describedValue(name: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value)
  if (isId(value) && (idNames.has(name) || name === 'ids')) return formatPnrpId(value)
  if (Array.isArray(value)) return value.map((item: unknown) => describedValue(name, item))
  return typeof value === 'object' && value !== null ? described(value) : value
}

function isId(value: unknown): value is PnrpId {
  return typeof value === 'string' && value.length === PNRP_ID_LENGTH
}
