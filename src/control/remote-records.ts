/**
 * The records of a graph at a running node. Payloads cross as bytes; the schemas of record types are applied here, where the application
 * is that has them.
 */
import type { RecordType } from '../peer-node/application-types.ts'
import { type Issue, issueText } from '../peer-node/payload-codec.ts'
import type { Attributes } from '../peer-node/public-attributes.ts'
import type { Listing, PeerRecord, RecordChange, Records, Watching, Writing } from '../peer-node/records.ts'
import { iteration } from '../peer-node/waiting.ts'
import type { RecordId } from '../records/record-id.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { RecentMap } from '../runtime/recent-map.ts'
import type { GraphConnection } from './graph-connection.ts'
import { recordMethods as methods } from './record-methods.ts'
import { withoutUndefined } from './without-undefined.ts'

/** Of one reader, so many records are remembered as unreadable, so that each is told once. */
const MOST_UNREADABLE = 1024

/** The records of one graph. */
export class RemoteRecords implements Records {
  readonly #node: GraphConnection
  readonly #graph: number
  readonly #unreadable: (id: RecordId, issues: readonly Issue[]) => void
  /** By reader and record, the version that its schema refused last. */
  readonly #told = new WeakMap<object, RecentMap<number>>()

  constructor(node: GraphConnection, graph: number, unreadable: (id: RecordId, issues: readonly Issue[]) => void) {
    this.#node = node
    this.#graph = graph
    this.#unreadable = unreadable
  }

  async add<In, Out>(type: RecordType<In, Out>, payload: In, options: Writing = {}): Promise<PeerRecord<Out>> {
    const { bytes, value, derived } = await encode(type, payload)
    const attributes = { ...options.attributes, ...derived }
    const writing = { ...options, expires: options.expires ?? type.expires, attributes }
    const asked = { graph: this.#graph, type: crossingType(type), payload: bytes, ...writing }
    return { ...(await this.#node.call(methods.add, withoutUndefined(asked))), payload: value }
  }

  async update<In, Out>(
    type: RecordType<In, Out>,
    id: RecordId,
    payload: In,
    options: Writing & { readonly ifVersion?: number | undefined } = {},
  ): Promise<PeerRecord<Out>> {
    const { bytes, value, derived } = await encode(type, payload)
    const beside = options.attributes ?? (await this.#attributesBeside(type, id))
    const attributes = { ...beside, ...derived }
    const asked = { graph: this.#graph, type: crossingType(type), id, payload: bytes, ...options, attributes }
    return { ...(await this.#node.call(methods.update, withoutUndefined(asked))), payload: value }
  }

  async delete(id: RecordId): Promise<void> {
    await this.#node.call(methods.delete, { graph: this.#graph, id })
  }

  get<Out>(type: RecordType<unknown, Out>, id: RecordId): Promise<PeerRecord<Out> | undefined>
  get(type: 'all', id: RecordId): Promise<PeerRecord<Uint8Array> | undefined>
  async get(type: RecordType | 'all', id: RecordId): Promise<PeerRecord<unknown> | undefined> {
    const asked = withoutUndefined({ graph: this.#graph, type: crossingSelection(type), id })
    const record = await this.#node.call(methods.get, asked)
    return record === undefined ? undefined : this.#read(type, record)
  }

  list<Out>(type: RecordType<unknown, Out>, options?: Listing): AsyncIterable<PeerRecord<Out>>
  list(type: 'all', options?: Listing): AsyncIterable<PeerRecord<Uint8Array>>
  list(type: RecordType | 'all', options: Listing = {}): AsyncIterable<PeerRecord<unknown>> {
    return iteration(options.signal, (ended) => this.#list(type, options, ended))
  }

  watch<Out>(type: RecordType<unknown, Out>, options?: Watching): AsyncIterable<RecordChange<Out>>
  watch(type: 'all', options?: Watching): AsyncIterable<RecordChange<Uint8Array>>
  watch(type: RecordType | 'all', options: Watching = {}): AsyncIterable<RecordChange<unknown>> {
    return iteration(options.signal, (ended) => this.#watch(type, options.from, ended))
  }

  async *#list(
    type: RecordType | 'all',
    { signal: _, limit = Number.POSITIVE_INFINITY, ...listing }: Listing,
    ended: AbortSignal,
  ): AsyncGenerator<PeerRecord<unknown>, void, undefined> {
    // What cannot be read does not count, so the limit of what is read is kept here.
    const isKeptThere = limit !== Number.POSITIVE_INFINITY && (type === 'all' || !Number.isInteger(limit) || limit < 0)
    const asked = {
      graph: this.#graph,
      type: crossingSelection(type),
      ...listing,
      limit: isKeptThere ? limit : undefined,
    }
    let given = 0
    if (limit === 0) return
    for await (const record of this.#node.stream(methods.list, withoutUndefined(asked), { signal: ended })) {
      const read = await this.#read(type, record)
      if (read === undefined) continue
      yield read
      given++
      if (given >= limit) return
    }
  }

  async *#watch(
    type: RecordType | 'all',
    from: Watching['from'],
    ended: AbortSignal,
  ): AsyncGenerator<RecordChange<unknown>, void, undefined> {
    const asked = withoutUndefined({ graph: this.#graph, type: crossingSelection(type), from })
    for await (const change of this.#node.stream(methods.watch, asked, { signal: ended })) {
      if (change.kind === 'removed') {
        yield change
        continue
      }
      const record = await this.#read(type, change.record)
      if (record !== undefined) yield { ...change, record }
    }
  }

  /** The attributes of a record that do not come from its payload: an update leaves them as they are. */
  async #attributesBeside<Out>(type: RecordType<unknown, Out>, id: RecordId): Promise<Attributes> {
    const present = await this.#node.call(methods.get, { graph: this.#graph, type: crossingType(type), id })
    if (present === undefined) throw new PeerageError('record-not-found', { id })
    const coded = await type.codec.decode(present.payload)
    const derived = 'result' in coded ? (type.attributesOf(coded.result) ?? {}) : {}
    return Object.fromEntries(Object.entries(present.attributes).filter(([name]) => !Object.hasOwn(derived, name)))
  }

  async #read(type: RecordType | 'all', record: PeerRecord<Uint8Array>): Promise<PeerRecord<unknown> | undefined> {
    if (type === 'all') return record
    const coded = await type.codec.decode(record.payload)
    if ('result' in coded) return { ...record, payload: coded.result }
    const told = this.#told.get(type) ?? new RecentMap<number>(MOST_UNREADABLE)
    this.#told.set(type, told)
    if (told.get(record.id) !== record.version) this.#unreadable(record.id, coded.issues)
    told.set(record.id, record.version)
    return undefined
  }
}

/** A type as the node has to know it. */
function crossingType({ name, ephemeral, codec: { encoding } }: RecordType) {
  return { name, ephemeral, encoding }
}

/** For the node no type stands for all of them. */
function crossingSelection(type: RecordType | 'all') {
  return type === 'all' ? undefined : crossingType(type)
}

async function encode<In, Out>(
  type: RecordType<In, Out>,
  payload: In,
): Promise<{ readonly bytes: Uint8Array; readonly value: Out; readonly derived: Attributes | undefined }> {
  const coded = await type.codec.encode(payload)
  if ('issues' in coded) {
    throw new PeerageError('refused-by-schema', { type: type.name, issues: coded.issues.map(issueText) })
  }
  return { ...coded.result, derived: type.attributesOf(coded.result.value) }
}
