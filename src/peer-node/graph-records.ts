/**
 * The {@link Records} of an open graph: puts payloads into records and takes them out again, and reads the database in pages, so
 * that what an iteration costs does not depend on how much there is.
 */

import type { RecordChange as StoreChange } from '../graph/graph-events.ts'
import type { GraphNode } from '../graph/graph-node.ts'
import { authorName } from '../records/author-name.ts'
import type { Query as RecordQuery } from '../records/query.ts'
import { queryMatcher } from '../records/query-match.ts'
import type { GraphRecord } from '../records/record.ts'
import type { RecordId } from '../records/record-id.ts'
import { parseRecordId } from '../records/record-id.ts'
import { isReserved } from '../records/record-type.ts'
import { toHex } from '../runtime/bytes.ts'
import { LATEST_UTC } from '../runtime/calendar.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { parseDuration } from '../runtime/duration.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { RecentMap } from '../runtime/recent-map.ts'
import type { RecordType } from './application-types.ts'
import { EphemeralWatch } from './ephemeral-watch.ts'
import { type Coded, type Issue, issueText } from './payload-codec.ts'
import { type Attributes, publicAttributes, recordAttributes, recordQuery } from './public-attributes.ts'
import type { Cursor, Listing, PeerRecord, RecordChange, Records, Watching, Writing } from './records.ts'
import { StoredWatch } from './stored-watch.ts'
import { iteration, type Wakeups } from './waiting.ts'

/** Records that are read from the database at once. */
export const PAGE_LENGTH = 100
/** Of one reader, so many records are remembered as unreadable, so that each is told once. */
const MOST_UNREADABLE = 1024

/** What the records of a graph stand on. */
export interface GraphRecordsParts {
  readonly node: GraphNode
  readonly crypto: Crypto
  /** Woken when records have changed, and when the graph is closed. */
  readonly changes: Wakeups
  isClosed(): boolean
  /** Throws if the graph is not open. */
  requireOpen(): void
  unreadable(id: RecordId, issues: readonly Issue[]): void
}

/** The records of one graph. */
export class GraphRecords implements Records {
  readonly #parts: GraphRecordsParts
  readonly #ephemeral = new Set<EphemeralWatch>()
  /** By reader and record, the version that its schema refused last. */
  readonly #unreadable = new WeakMap<object, RecentMap<string>>()
  #lastCommitted: number

  constructor(parts: GraphRecordsParts) {
    this.#parts = parts
    this.#lastCommitted = parts.node.store.database.lastArrival
  }

  /** A change is on disk. Ephemeral records are in no database from which it could be read later. */
  changed(change: StoreChange): void {
    this.#lastCommitted = this.#parts.node.store.database.lastArrival
    for (const watch of this.#ephemeral) watch.changed(change)
    this.#parts.changes.wake()
  }

  async add<In, Out>(type: RecordType<In, Out>, payload: In, options: Writing = {}): Promise<PeerRecord<Out>> {
    const { bytes, value, derived } = await this.#encode(type, payload)
    const { node } = this.#parts
    this.#parts.requireOpen()
    const expires = this.#expiration(options.expires ?? type.expires)
    if (expires === undefined) {
      throw new PeerageError('invalid-expiration', {
        expires: 'no time',
        problem: 'neither the call nor the record type says how long it lives',
      })
    }
    const record = await this.#written((done) => {
      const attributes = recordAttributes({ ...options.attributes, ...derived })
      const content = { encoding: type.codec.encoding, payload: bytes, attributes }
      node.add({ type: type.name, expires, refresh: options.refresh ?? false, ...content }, done)
    })
    return this.#shown(record, value)
  }

  async update<In, Out>(
    type: RecordType<In, Out>,
    id: RecordId,
    payload: In,
    options: Writing & { readonly ifVersion?: number | undefined } = {},
  ): Promise<PeerRecord<Out>> {
    const { bytes, value, derived } = await this.#encode(type, payload)
    const present = this.#find(parseRecordId(id), type)
    if (present === undefined) throw new PeerageError('record-not-found', { id })
    const attributes = options.attributes ?? (await this.#attributesBeside(type, present))
    this.#parts.requireOpen()
    const record = await this.#written((done) => {
      const content = { encoding: type.codec.encoding, payload: bytes }
      this.#parts.node.update(
        id,
        {
          ...{ content, attributes: recordAttributes({ ...attributes, ...derived }), refresh: options.refresh },
          ...{ expires: this.#expiration(options.expires), ifVersion: options.ifVersion },
        },
        done,
      )
    })
    return this.#shown(record, value)
  }

  async delete(id: RecordId): Promise<void> {
    this.#parts.requireOpen()
    await this.#written((done) => this.#parts.node.delete(parseRecordId(id), done))
  }

  get<Out>(type: RecordType<unknown, Out>, id: RecordId): Promise<PeerRecord<Out> | undefined>
  get(type: 'all', id: RecordId): Promise<PeerRecord<Uint8Array> | undefined>
  async get(type: RecordType | 'all', id: RecordId): Promise<PeerRecord<unknown> | undefined> {
    this.#parts.requireOpen()
    const record = this.#find(parseRecordId(id), type)
    return record === undefined ? undefined : this.#readAs(type, record)
  }

  list<Out>(type: RecordType<unknown, Out>, options?: Listing): AsyncIterable<PeerRecord<Out>>
  list(type: 'all', options?: Listing): AsyncIterable<PeerRecord<Uint8Array>>
  list(type: RecordType | 'all', options: Listing = {}): AsyncIterable<PeerRecord<unknown>> {
    return iteration(options.signal, (ended) => this.#list(type, options, ended))
  }

  watch<Out>(type: RecordType<unknown, Out>, options?: Watching): AsyncIterable<RecordChange<Out>>
  watch(type: 'all', options?: Watching): AsyncIterable<RecordChange<Uint8Array>>
  watch(type: RecordType | 'all', options: Watching = {}): AsyncIterable<RecordChange<unknown>> {
    const { from = 'stored' } = options
    return iteration(options.signal, (ended) => this.#watch(type, from, ended))
  }

  async *#list(
    type: RecordType | 'all',
    options: Listing,
    ended: AbortSignal,
  ): AsyncGenerator<PeerRecord<unknown>, void, undefined> {
    this.#parts.requireOpen()
    const { limit = Number.POSITIVE_INFINITY, after } = options
    if (!(limit === Number.POSITIVE_INFINITY || (Number.isInteger(limit) && limit >= 0))) {
      throw new PeerageError('invalid-argument', { name: 'limit', value: String(limit), expected: 'a whole number' })
    }
    const records = this.#records(type, whereOf(options), options.newestFirst === true, after)
    let given = 0
    for (const record of records) {
      if (given >= limit || this.#parts.isClosed()) return
      const shown = await this.#readAs(type, record)
      ended.throwIfAborted()
      if (shown === undefined) continue
      given++
      yield shown
    }
  }

  /** The records that are listed, in pages: what has come since the beginning is left out, so that none is given twice. */
  *#records(
    type: RecordType | 'all',
    where: RecordQuery | undefined,
    newestFirst: boolean,
    afterId: RecordId | undefined,
  ): Generator<GraphRecord, void, undefined> {
    const { node, crypto } = this.#parts
    const { database, ephemeral, hiddenUntil } = node.store
    if (type !== 'all' && type.ephemeral) {
      const matches = where === undefined ? () => true : queryMatcher(crypto, where)
      const found = [...ephemeral.all()].filter((one) => one.type === type.name && this.#isShown(one) && matches(one))
      if (newestFirst) found.reverse()
      const start = afterId === undefined ? 0 : found.findIndex(({ id }) => id === afterId) + 1
      if (afterId !== undefined && start === 0) throw new PeerageError('record-not-found', { id: afterId })
      yield* found.slice(start)
      return
    }
    const last = database.lastArrival
    let after: number | undefined
    if (afterId !== undefined) {
      const stored = database.get(parseRecordId(afterId))
      if (stored === undefined || stored.record.deleted) throw new PeerageError('record-not-found', { id: afterId })
      after = stored.arrival
    } else if (newestFirst) {
      after = last + 1
    }
    for (;;) {
      if (this.#parts.isClosed()) return
      const selection = { where, newestFirst, limit: PAGE_LENGTH, expiringAfter: hiddenUntil }
      const page = database.list({ ...selection, type: type === 'all' ? undefined : type.name, after })
      for (const { record, arrival } of page) {
        after = arrival
        if (arrival > last) return
        if (type === 'all' && isReserved(record.type)) continue
        yield record
      }
      if (page.length < PAGE_LENGTH) return
    }
  }

  async *#watch(
    type: RecordType | 'all',
    from: 'stored' | 'now' | Cursor,
    ended: AbortSignal,
  ): AsyncGenerator<RecordChange<unknown>, void, undefined> {
    this.#parts.requireOpen()
    const isEphemeral = type !== 'all' && type.ephemeral
    const watch = isEphemeral ? this.#ephemeralWatch(type, from) : this.#storedWatch(type, from)
    const changed = this.#parts.changes.waits(ended)
    try {
      while (!this.#parts.isClosed()) {
        const change = watch.next()
        if (change === undefined) {
          await changed()
        } else if (change.kind === 'removed') {
          yield change
        } else if (this.#isShown(change.record)) {
          const record = await this.#readAs(type, change.record)
          ended.throwIfAborted()
          if (record !== undefined) yield { ...change, record }
        }
        // Otherwise it has expired: it is hidden, and is told as removed when it goes.
      }
    } finally {
      if (watch instanceof EphemeralWatch) this.#ephemeral.delete(watch)
    }
  }

  #storedWatch(type: RecordType | 'all', from: 'stored' | 'now' | Cursor): StoredWatch {
    const { database } = this.#parts.node.store
    return new StoredWatch(database, type === 'all' ? undefined : type.name, from, () => this.#lastCommitted)
  }

  #ephemeralWatch({ name }: RecordType, from: 'stored' | 'now' | Cursor): EphemeralWatch {
    // Nothing of them is kept, so nobody knows what went since then.
    if (from !== 'stored' && from !== 'now') throw new PeerageError('cursor-too-old', { cursor: from })
    const { database, ephemeral } = this.#parts.node.store
    const present = [...ephemeral.all()].filter((record) => record.type === name && this.#isShown(record))
    const watch = new EphemeralWatch(name, database.databaseId, present, from === 'now')
    this.#ephemeral.add(watch)
    return watch
  }

  async #encode<In, Out>(
    type: RecordType<In, Out>,
    payload: In,
  ): Promise<{ readonly bytes: Uint8Array; readonly value: Out; readonly derived: Attributes | undefined }> {
    this.#parts.requireOpen()
    const coded = await type.codec.encode(payload)
    if ('issues' in coded) {
      throw new PeerageError('refused-by-schema', { type: type.name, issues: coded.issues.map(issueText) })
    }
    return { ...coded.result, derived: type.attributesOf(coded.result.value) }
  }

  /** The attributes of a record that do not come from its payload: an update leaves them as they are. */
  async #attributesBeside<Out>(type: RecordType<unknown, Out>, present: GraphRecord): Promise<Attributes> {
    const coded = await this.#decode(type, present)
    const derived = 'result' in coded ? (type.attributesOf(coded.result) ?? {}) : {}
    const attributes = Object.entries(publicAttributes(present.attributes))
    return Object.fromEntries(attributes.filter(([name]) => !Object.hasOwn(derived, name)))
  }

  /** Peer time, in milliseconds; undefined if it is not said. */
  #expiration(expires: Writing['expires']): number | undefined {
    if (expires === undefined) return undefined
    if (expires instanceof Date) return expires.getTime()
    // Far too late is for the graph to refuse; it is to be a time, though.
    return Math.min(Math.trunc(this.#parts.node.now() + parseDuration(expires)), LATEST_UTC)
  }

  #written(write: (done: (outcome: GraphRecord | PeerageError) => void) => void): Promise<GraphRecord> {
    return new Promise((resolve, reject) => {
      write((outcome) => {
        if (outcome instanceof PeerageError) reject(outcome)
        else resolve(outcome)
      })
    })
  }

  /** The record of this type that readers see. */
  #find(id: RecordId, type: RecordType | 'all'): GraphRecord | undefined {
    const record = this.#parts.node.store.find(id)
    if (record === undefined || !this.#isShown(record)) return undefined
    return (type === 'all' ? !isReserved(record.type) : record.type === type.name) ? record : undefined
  }

  #isShown(record: GraphRecord): boolean {
    return !record.deleted && !this.#parts.node.store.isHidden(record)
  }

  async #readAs(type: RecordType | 'all', record: GraphRecord): Promise<PeerRecord<unknown> | undefined> {
    return type === 'all' ? this.#shown(record, new Uint8Array(record.payload)) : this.#read(type, record)
  }

  async #read<Out>(type: RecordType<unknown, Out>, record: GraphRecord): Promise<PeerRecord<Out> | undefined> {
    const coded = await this.#decode(type, record)
    if ('result' in coded) return this.#shown(record, coded.result)
    let told = this.#unreadable.get(type)
    if (told === undefined) {
      told = new RecentMap(MOST_UNREADABLE)
      this.#unreadable.set(type, told)
    }
    const version = toHex(record.digest)
    if (told.get(record.id) !== version) this.#parts.unreadable(record.id, coded.issues)
    told.set(record.id, version)
    return undefined
  }

  async #decode<Out>(type: RecordType<unknown, Out>, { encoding, payload }: GraphRecord): Promise<Coded<Out>> {
    // To a type without a schema all payloads are bytes, whatever else they are.
    const isBytes = type.codec.encoding === 'bytes' && typeof encoding === 'string'
    if (isBytes || encoding === type.codec.encoding) return type.codec.decode(payload)
    const name = typeof encoding === 'number' ? `of encoding ${encoding}, which this release does not know` : encoding
    return { issues: [{ message: `the payload is ${name}, not ${type.codec.encoding}`, path: [] }] }
  }

  #shown<Out>(record: GraphRecord, payload: Out): PeerRecord<Out> {
    const { crypto } = this.#parts
    const creator = authorName(crypto, record.creator)
    const modifier = record.modifier === undefined ? creator : authorName(crypto, record.modifier)
    return {
      ...{ id: record.id, type: record.type, version: record.version },
      ...{ creator, modifier, attributes: publicAttributes(record.attributes), encoding: record.encoding, payload },
      ...{ created: new Date(record.created), modified: new Date(record.modified), expires: new Date(record.expires) },
    }
  }
}

/** What a listing looks for, with the creator as a clause of its own. */
function whereOf({ where, creator }: Listing): RecordQuery | undefined {
  const query = where === undefined ? undefined : recordQuery(where)
  if (creator === undefined) return query
  const clause = recordQuery({ name: 'peercreatorid', is: '=', value: creator })
  return query === undefined ? clause : { and: [clause, query] }
}
