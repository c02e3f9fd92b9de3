/**
 * Ephemeral records of one graph: in memory until they expire, in no file (G-149, G-170). Anybody who may write can write
 * them, so there are limits for each creator and for all (G-173): the one that expires first makes room, and a creator at
 * its own limit loses only its own.
 */
import type { GraphRecord } from '../records/record.ts'
import type { RecordId } from '../records/record-id.ts'
import { toHex } from '../runtime/bytes.ts'
import type { GraphCounters } from './graph-counters.ts'

/** Ephemeral records, of one creator and in all. */
export const MOST_EPHEMERAL_OF_CREATOR = 64
export const MOST_EPHEMERAL = 16_384
/** Bytes of ephemeral records, of one creator and in all. */
export const LARGEST_EPHEMERAL_OF_CREATOR = 512 * 1024
export const LARGEST_EPHEMERAL = 64 * 1024 * 1024

interface OfCreator {
  readonly records: Map<RecordId, GraphRecord>
  bytes: number
}

/** The ephemeral records of one node. */
export class EphemeralRecords {
  readonly #counters: GraphCounters
  readonly #records = new Map<RecordId, GraphRecord>()
  readonly #creators = new Map<string, OfCreator>()
  #bytes = 0

  constructor(counters: GraphCounters) {
    this.#counters = counters
  }

  get size(): number {
    return this.#records.size
  }

  get(id: RecordId): GraphRecord | undefined {
    return this.#records.get(id)
  }

  /** All that are here, tombstones included. */
  all(): IterableIterator<GraphRecord> {
    return this.#records.values()
  }

  /**
   * Stores a version in the place of the one that is here.
   *
   * @returns the records that made room: maybe this one itself
   */
  put(record: GraphRecord): readonly GraphRecord[] {
    this.remove(record.id)
    this.#insert(record)
    const gone: GraphRecord[] = []
    const own = this.#creators.get(toHex(record.creator.publicKey))
    while (
      own !== undefined &&
      (own.records.size > MOST_EPHEMERAL_OF_CREATOR || own.bytes > LARGEST_EPHEMERAL_OF_CREATOR)
    ) {
      this.#dropFirst(own.records.values(), gone)
    }
    while (this.#records.size > MOST_EPHEMERAL || this.#bytes > LARGEST_EPHEMERAL) {
      this.#dropFirst(this.#records.values(), gone)
    }
    return gone
  }

  remove(id: RecordId): void {
    const record = this.#records.get(id)
    if (record === undefined) return
    this.#records.delete(id)
    this.#bytes -= record.bytes.length
    const key = toHex(record.creator.publicKey)
    const own = this.#creators.get(key)
    if (own === undefined) return
    own.records.delete(id)
    own.bytes -= record.bytes.length
    if (own.records.size === 0) this.#creators.delete(key)
  }

  /** What has expired by a minute of peer time. */
  expired(minute: number): readonly GraphRecord[] {
    return [...this.#records.values()].filter(({ expires }) => expires <= minute)
  }

  #insert(record: GraphRecord): void {
    this.#records.set(record.id, record)
    this.#bytes += record.bytes.length
    const key = toHex(record.creator.publicKey)
    let own = this.#creators.get(key)
    if (own === undefined) {
      own = { records: new Map(), bytes: 0 }
      this.#creators.set(key, own)
    }
    own.records.set(record.id, record)
    own.bytes += record.bytes.length
  }

  #dropFirst(records: Iterable<GraphRecord>, gone: GraphRecord[]): void {
    let first: GraphRecord | undefined
    for (const record of records) if (first === undefined || record.expires < first.expires) first = record
    if (first === undefined) return
    this.remove(first.id)
    gone.push(first)
    this.#counters.dropped('ephemeral-limit')
  }
}
