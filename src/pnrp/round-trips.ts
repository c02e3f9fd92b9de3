/**
 * How long to wait for an answer: an estimate for each endpoint from the round trips that were measured
 * (RFC 6298), in place of the specification's fixed second. A dead node then costs a few round trips.
 *
 * A node hears from many others and has a table of this kind for each cloud, so the estimates are packed: 6 bytes
 * each, found by a hash of the endpoint, two to a bucket. Two endpoints of the same hash share an estimate. Whoever
 * brings that about on purpose changes a timeout between {@link SHORTEST_TIMEOUT} and {@link LONGEST_TIMEOUT}, no more.
 */
import type { Endpoint } from '../runtime/endpoint.ts'

/** Milliseconds. Below the first, a busy event loop looks like a dead node. */
export const SHORTEST_TIMEOUT = 100
export const LONGEST_TIMEOUT = 4000
/** Before anything was measured; the specification waits a second (3.1.2). */
export const FIRST_TIMEOUT = 500
/** Endpoints whose round trips are remembered; of a full bucket, the one that was measured longest ago makes room. */
export const MOST_ROUND_TRIPS = 256

/** The upper half of a hash, the smoothed round trip and its variation, in words of 16 bits. */
const ROW = 3
const BUCKET = 2 * ROW
const BUCKETS = MOST_ROUND_TRIPS / 2
/** Times are kept in these parts of a millisecond; what is longer than the longest timeout need not be told apart. */
const PARTS = 8
const LARGEST = LONGEST_TIMEOUT * PARTS

/** The round trips of one cloud. */
export class RoundTrips {
  readonly #table = new Uint16Array(MOST_ROUND_TRIPS * ROW)

  /** Takes a measurement, in milliseconds. Never of a message that was sent twice (RFC 6298 section 3). */
  measured(endpoint: Endpoint, roundTrip: number): void {
    const table = this.#table
    const hash = hashOf(endpoint)
    const parts = Math.min(roundTrip * PARTS, LARGEST)
    const row = this.#rowOf(hash)
    const smoothed = row === undefined ? parts : this.#at(row + 1) * (7 / 8) + parts / 8
    const variation =
      row === undefined ? parts / 2 : this.#at(row + 2) * (3 / 4) + Math.abs(this.#at(row + 1) - parts) / 4
    // The latest is the first of its bucket.
    const first = bucketOf(hash)
    if (row !== first) table.copyWithin(first + ROW, first, first + ROW)
    table[first] = tagOf(hash)
    table[first + 1] = smoothed
    table[first + 2] = variation
  }

  /** How long to wait, in milliseconds. @param expiries How often this request has expired already. */
  timeout(endpoint: Endpoint, expiries: number): number {
    const row = this.#rowOf(hashOf(endpoint))
    const first = row === undefined ? FIRST_TIMEOUT : (this.#at(row + 1) + 4 * this.#at(row + 2)) / PARTS
    return Math.min(Math.max(first, SHORTEST_TIMEOUT) * 2 ** expiries, LONGEST_TIMEOUT)
  }

  /** Forgets everything: after a sleep or a change of network nothing measured holds. */
  clear(): void {
    this.#table.fill(0)
  }

  #rowOf(hash: number): number | undefined {
    const first = bucketOf(hash)
    const tag = tagOf(hash)
    if (this.#table[first] === tag) return first
    return this.#table[first + ROW] === tag ? first + ROW : undefined
  }

  #at(index: number): number {
    return this.#table[index] ?? 0
  }
}

function bucketOf(hash: number): number {
  return (hash % BUCKETS) * BUCKET
}

/** Never 0, which stands for an empty row. */
function tagOf(hash: number): number {
  return hash >>> 16 || 1
}

/** FNV-1a. */
function hashOf({ host, port }: Endpoint): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < host.length; index++) hash = Math.imul(hash ^ host.charCodeAt(index), FNV_PRIME)
  hash = Math.imul(hash ^ (port >> 8), FNV_PRIME)
  hash = Math.imul(hash ^ (port & 0xff), FNV_PRIME)
  return hash >>> 0
}

const FNV_PRIME = 0x01000193
