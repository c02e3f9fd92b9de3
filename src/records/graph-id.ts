/**
 * The ID of a graph, and what is derived from it. Whoever knows the ID can knock at the graph's nodes, so it is shown
 * to nobody else: not on the wire, not in errors, not in the log (DESIGN section 7). Records, and names of files, carry
 * hashes of it.
 */
import type { Branded } from '../runtime/branded.ts'
import { toHex, toUtf8 } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { type Random, randomBytes } from '../runtime/random.ts'

/** The ID of a graph. A secret, where a group owns the graph. */
export type GraphId = Branded<string, 'GraphId'>

/** What is derived from a graph's ID. */
export interface GraphKeys {
  /** The ID in UTF-8: the key of HMACs on links. */
  readonly secret: Uint8Array
  /** What binds the IDs and the signatures of records to the graph: 32 bytes. */
  readonly recordKey: Uint8Array
  /** What every record carries, so that one of another graph is told apart: {@link GRAPH_TAG_LENGTH} bytes. */
  readonly tag: Uint8Array
  /** What names the graph in errors, logs and names of files: the tag in hexadecimal digits. */
  readonly label: string
}

/** In UTF-16 code units (G-002). */
export const LONGEST_GRAPH_ID = 255
/** In bytes. */
export const GRAPH_TAG_LENGTH = 8
/** Of an ID that is drawn, in bytes. */
const DRAWN_ID_LENGTH = 16

/** The ID, checked. @throws PeerageError `invalid-graph-id` */
export function parseGraphId(text: string): GraphId {
  if (!isGraphId(text)) throw new PeerageError('invalid-graph-id', { length: text.length, limit: LONGEST_GRAPH_ID })
  return text
}

/** A new ID that nobody can guess. */
export function drawGraphId(random: Random): GraphId {
  return parseGraphId(toHex(randomBytes(random, DRAWN_ID_LENGTH)))
}

/** What is derived from a graph's ID. */
export function graphKeys(crypto: Crypto, id: GraphId): GraphKeys {
  const secret = toUtf8(id)
  const tag = crypto.sha256(toUtf8(TAG_CONTEXT), secret).slice(0, GRAPH_TAG_LENGTH)
  return { secret, recordKey: crypto.sha256(toUtf8(RECORD_KEY_CONTEXT), secret), tag, label: toHex(tag) }
}

const TAG_CONTEXT = 'peerage/1/graph-tag\0'
const RECORD_KEY_CONTEXT = 'peerage/1/record-key\0'

function isGraphId(text: string): text is GraphId {
  return text.length >= 1 && text.length <= LONGEST_GRAPH_ID && text.isWellFormed() && !text.includes('\0')
}
