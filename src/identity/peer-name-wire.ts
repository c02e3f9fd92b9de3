/**
 * Peer names in messages and records: their text, in UTF-8, after its length.
 */
import { PeerageError } from '../runtime/peerage-error.ts'
import type { WireReader } from '../wire/wire-reader.ts'
import type { WireWriter } from '../wire/wire-writer.ts'
import { LONGEST_CLASSIFIER, LONGEST_PEER_NAME, type PeerName, parsePeerName } from './peer-name.ts'

/** In bytes: each code unit of a classifier takes up to 3 in UTF-8 (a pair of them takes 4). */
export const LONGEST_PEER_NAME_UTF8: number = LONGEST_PEER_NAME + 2 * LONGEST_CLASSIFIER

/** Writes a peer name: at most 2 + {@link LONGEST_PEER_NAME_UTF8} bytes. */
export function writePeerName(writer: WireWriter, name: PeerName): void {
  writer.text(name, LONGEST_PEER_NAME_UTF8)
}

/** Reads a peer name, secured or not. @throws PeerageError `malformed` */
export function readPeerName(reader: WireReader): PeerName {
  const start = reader.offset
  const text = reader.text(LONGEST_PEER_NAME_UTF8)
  try {
    return parsePeerName(text)
  } catch (error) {
    if (error instanceof PeerageError) throw reader.malformed(error.message, start)
    throw error
  }
}
