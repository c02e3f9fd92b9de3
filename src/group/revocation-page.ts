/**
 * The payload of a `peerage.revocation-page` record: a part of what a revocation keeps, where that is more than the
 * revocation itself can hold (P-102). A revocation names its pages by the digests of their payloads, so a page
 * says nothing by itself, and nobody can change what a revocation keeps.
 */

import { LARGEST_RECORD } from '../records/record-size.ts'
import type { Branded } from '../runtime/branded.ts'
import { toHex } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { readTaggedFields, writeTaggedFields } from '../wire/tagged-fields.ts'
import { WireReader } from '../wire/wire-reader.ts'
import { WireWriter } from '../wire/wire-writer.ts'
import { GROUP_RECORD_FIELDS, GROUP_VERSION, requireGroupVersion } from './group-version.ts'
import { KEPT_CHILD_LENGTH, KEPT_RECORD_LENGTH, KeptList } from './kept-list.ts'

/** The type of such records. */
export const REVOCATION_PAGE_TYPE = 'peerage.revocation-page'

/** SHA-256 over the payload of a page, as 64 lower-case hexadecimal digits. */
export type PageDigest = Branded<string, 'PageDigest'>

/** Version, two numbers of items and no optional field, in bytes. */
const PAGE_FRAME = 1 + 4 + 4 + 1
/** How many records one page keeps at most. */
const MOST_RECORDS_OF_PAGE: number = Math.floor((LARGEST_RECORD - PAGE_FRAME) / KEPT_RECORD_LENGTH)
/** How many child certificates one page keeps at most. */
const MOST_CHILDREN_OF_PAGE: number = Math.floor((LARGEST_RECORD - PAGE_FRAME) / KEPT_CHILD_LENGTH)

/** The digest by which a revocation names a page. */
export function pageDigest(crypto: Crypto, payload: Uint8Array): PageDigest {
  return pageDigestFromBytes(crypto.sha256(payload))
}

/** The digest of 32 bytes; another length is a programming error. */
export function pageDigestFromBytes(bytes: Uint8Array): PageDigest {
  const text = toHex(bytes)
  if (!isPageDigest(text)) throw new RangeError(`no digest: ${text}`)
  return text
}

/** The payload of a page. */
export function encodePage(kept: KeptList): Uint8Array {
  const writer = new WireWriter(LARGEST_RECORD)
  writer.uint8(GROUP_VERSION)
  kept.write(writer)
  writeTaggedFields(writer, [], GROUP_RECORD_FIELDS)
  return writer.copy()
}

/** What a page keeps. @throws PeerageError `malformed`, `unsupported-version` */
export function readPage(payload: Uint8Array): KeptList {
  const reader = new WireReader(payload, 'page of a revocation')
  requireGroupVersion(reader.uint8(), 'page of a revocation')
  const kept = KeptList.read(reader)
  readTaggedFields(reader, GROUP_RECORD_FIELDS)
  reader.finish()
  return kept
}

/** The payloads of as many pages as hold a list: child certificates first, so that they are the first to be known. */
export function encodePages(kept: KeptList): readonly Uint8Array[] {
  const pages: Uint8Array[] = []
  for (let from = 0; from < kept.childCount; from += MOST_CHILDREN_OF_PAGE) {
    pages.push(encodePage(kept.slice([from, Math.min(from + MOST_CHILDREN_OF_PAGE, kept.childCount)], [0, 0])))
  }
  for (let from = 0; from < kept.recordCount; from += MOST_RECORDS_OF_PAGE) {
    pages.push(encodePage(kept.slice([0, 0], [from, Math.min(from + MOST_RECORDS_OF_PAGE, kept.recordCount)])))
  }
  return pages
}

function isPageDigest(text: string): text is PageDigest {
  return /^[0-9a-f]{64}$/.test(text)
}
