/**
 * What stays of what was done under revoked certificates: child certificates by their digests; records, revocations and
 * memberships among them, by ID and digest (P-095). A list is in the revocation itself or in one of its pages.
 *
 * A list is kept as it came, in ascending order, and searched by halving: 100,000 records take 5 MB, and no more.
 */
import { RECORD_ID_LENGTH, recordIdBytes } from '../records/record-id.ts'
import { compareBytes, concatBytes } from '../runtime/bytes.ts'
import { SHA256_LENGTH } from '../runtime/crypto.ts'
import type { WireReader } from '../wire/wire-reader.ts'
import type { WireWriter } from '../wire/wire-writer.ts'
import { type CertificateDigest, DIGEST_LENGTH, digestBytes } from './digests.ts'
import type { RecordVersion } from './standing.ts'

/** What is to stay. */
export interface Kept {
  readonly children: readonly CertificateDigest[]
  readonly records: readonly RecordVersion[]
}

/** Of one kept record, in bytes. */
export const KEPT_RECORD_LENGTH: number = RECORD_ID_LENGTH + SHA256_LENGTH
/** Of one kept child certificate, in bytes. */
export const KEPT_CHILD_LENGTH: number = DIGEST_LENGTH

/** ID and digest of a version. */
export function keptRecordBytes({ id, digest }: RecordVersion): Uint8Array {
  return concatBytes(recordIdBytes(id), digest)
}

/** A list that was read. */
export class KeptList {
  readonly #children: SortedItems
  readonly #records: SortedItems

  private constructor(children: Uint8Array, records: Uint8Array) {
    this.#children = new SortedItems(children, KEPT_CHILD_LENGTH)
    this.#records = new SortedItems(records, KEPT_RECORD_LENGTH)
  }

  /** The list of these items, each once. */
  static of(kept: Kept): KeptList {
    return new KeptList(sorted(kept.children.map(digestBytes)), sorted(kept.records.map(keptRecordBytes)))
  }

  /** @throws PeerageError `malformed`: items are doubled, out of order or cut short */
  static read(reader: WireReader): KeptList {
    return new KeptList(readItems(reader, KEPT_CHILD_LENGTH), readItems(reader, KEPT_RECORD_LENGTH))
  }

  write(writer: WireWriter): void {
    for (const items of [this.#children, this.#records]) {
      writer.varint(items.count)
      writer.bytes(items.bytes)
    }
  }

  get childCount(): number {
    return this.#children.count
  }

  get recordCount(): number {
    return this.#records.count
  }

  /** A part of this list. */
  slice(children: readonly [number, number], records: readonly [number, number]): KeptList {
    return new KeptList(this.#children.slice(...children), this.#records.slice(...records))
  }

  keepsChild(digest: Uint8Array): boolean {
    return this.#children.hasPrefix(digest)
  }

  /** Whether a version stays, of which this is the ID and the digest; or some version, if this is the ID alone. */
  keepsRecord(version: Uint8Array): boolean {
    return this.#records.hasPrefix(version)
  }
}

/** Items of one length, ascending, one after the other. */
class SortedItems {
  readonly bytes: Uint8Array
  readonly #length: number

  constructor(bytes: Uint8Array, length: number) {
    this.bytes = bytes
    this.#length = length
  }

  get count(): number {
    return this.bytes.length / this.#length
  }

  slice(from: number, until: number): Uint8Array {
    return this.bytes.subarray(from * this.#length, until * this.#length)
  }

  /** Whether an item begins with these bytes. */
  hasPrefix(prefix: Uint8Array): boolean {
    let from = 0
    let until = this.count
    // Of many pages, it is one at most: the others are passed over quickly.
    if (until === 0 || this.#compare(0, prefix) > 0 || this.#compare(until - 1, prefix) < 0) return false
    while (from < until) {
      const middle = (from + until) >> 1
      const order = this.#compare(middle, prefix)
      if (order === 0) return true
      if (order < 0) from = middle + 1
      else until = middle
    }
    return false
  }

  #compare(index: number, prefix: Uint8Array): number {
    const start = index * this.#length
    for (let offset = 0; offset < prefix.length; offset++) {
      const difference = (this.bytes[start + offset] ?? 0) - (prefix[offset] ?? 0)
      if (difference !== 0) return difference
    }
    return 0
  }
}

function sorted(items: readonly Uint8Array[]): Uint8Array {
  const ascending = [...items].sort(compareBytes)
  const different = ascending.filter((item, index) => index === 0 || isAfter(item, ascending[index - 1]))
  const length = different[0]?.length ?? 0
  const bytes = new Uint8Array(different.length * length)
  for (const [index, item] of different.entries()) bytes.set(item, index * length)
  return bytes
}

function isAfter(item: Uint8Array, previous: Uint8Array | undefined): boolean {
  return previous === undefined || compareBytes(item, previous) > 0
}

function readItems(reader: WireReader, length: number): Uint8Array {
  const count = reader.count(Math.floor(reader.remaining / length), length)
  const start = reader.offset
  const bytes = reader.bytes(count * length)
  for (let index = 1; index < count; index++) {
    const item = bytes.subarray(index * length, (index + 1) * length)
    if (!isAfter(item, bytes.subarray((index - 1) * length, index * length))) {
      throw reader.malformed('what is kept is not in ascending order', start + index * length)
    }
  }
  return bytes
}
