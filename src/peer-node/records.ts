/**
 * The records of a graph, as applications see them: what is published here reaches every node, and every node keeps it until
 * it expires. Each payload is of the type that the application names.
 */
import type { PeerName } from '../identity/peer-name.ts'
import type { PayloadEncoding } from '../records/record.ts'
import type { RecordId } from '../records/record-id.ts'
import type { Branded } from '../runtime/branded.ts'
import type { Duration } from '../runtime/duration.ts'
import type { RecordType } from './application-types.ts'
import type { Attributes, Query } from './public-attributes.ts'
import type { Waiting } from './waiting.ts'

/** A record. Its times are peer time: UTC as far as the nodes agree on it. */
export interface PeerRecord<Payload> {
  /** The same on every node and in every version. */
  readonly id: RecordId
  /** The name of its type. */
  readonly type: string
  /** From 1 up. */
  readonly version: number
  /** Who added it. */
  readonly creator: PeerName
  /** Who wrote this version. */
  readonly modifier: PeerName
  /** By what it can be searched. */
  readonly attributes: Attributes
  /** As what the payload was written: `json` by a type with a schema, `bytes` by one without. */
  readonly encoding: PayloadEncoding
  /** What its reader makes of it: of a type without a schema, bytes. */
  readonly payload: Payload
  /** When its first version was written. */
  readonly created: Date
  /** When this version was written. */
  readonly modified: Date
  /** From when on no node keeps it. */
  readonly expires: Date
}

/** A place in the order in which changes came to this node's database. It is a text, and can be kept. */
export type Cursor = Branded<string, 'Cursor'>

/** What became of a record. */
export type RecordChange<Payload> = {
  /** Where to go on after this change. */
  readonly cursor: Cursor
  /** Whether it came after the watch began. */
  readonly live: boolean
} & (
  | { readonly kind: 'added' | 'updated'; readonly record: PeerRecord<Payload> }
  /** `deleted` by somebody, its time was over, or its author lost the right to it. */
  | { readonly kind: 'removed'; readonly id: RecordId; readonly reason: 'deleted' | 'expired' | 'revoked' }
)

/** How a record is written. */
export interface Writing {
  /** How long it lives, or until when; by default what its type says. Of an update: as before. */
  readonly expires?: Duration | Date | undefined
  /** By what it can be searched, beside what its type makes of the payload. Of an update: as before. */
  readonly attributes?: Attributes | undefined
  /** Whether this node renews it before it expires, while the graph is open here. Of an update: as before. */
  readonly refresh?: boolean | undefined
}

/** What is listed. */
export interface Listing extends Waiting {
  /** Only what this finds; as an object or as text: see docs/records.md. */
  readonly where?: Query | string | undefined
  /** Only what this peer has added. */
  readonly creator?: PeerName | undefined
  /** By their coming to this node: the oldest first without this. */
  readonly newestFirst?: boolean | undefined
  /** At most so many. */
  readonly limit?: number | undefined
  /** Go on after this record, in the chosen order. */
  readonly after?: RecordId | undefined
}

/** From where on changes are watched; by default from what is stored. */
export interface Watching extends Waiting {
  /** `stored`: all that is here, then what comes. `now`: only what comes. A cursor: what has changed since. */
  readonly from?: 'stored' | 'now' | Cursor | undefined
}

/**
 * The records of a graph. Everything rejects with `graph-shutting-down` or `invalid-graph` once the graph is being closed, and
 * what reads or writes the disk with `disk-full` and `storage-not-accessible`. What fails changes nothing.
 */
export interface Records {
  /**
   * Adds a record. It resolves when the record is on disk here, connected or not; other nodes get it by themselves.
   *
   * @throws PeerageError `refused-by-schema`, `invalid-expiration` (none from the call or the type, past, or too late),
   *   `invalid-attributes`, `too-many-attributes`, `record-too-large`, and what the security provider throws
   */
  add<In, Out>(type: RecordType<In, Out>, payload: NoInfer<In>, options?: Writing): Promise<PeerRecord<Out>>
  /**
   * Replaces the payload of a record, whoever added it, if the provider of the graph allows that.
   *
   * @param options With `ifVersion` only if it still has this version
   * @throws PeerageError `record-not-found`, `version-conflict`, and as {@link Records.add}
   */
  update<In, Out>(
    type: RecordType<In, Out>,
    id: RecordId,
    payload: NoInfer<In>,
    options?: Writing & { readonly ifVersion?: number | undefined },
  ): Promise<PeerRecord<Out>>
  /** Deletes a record, for all nodes and for good. @throws PeerageError `record-not-found`, `not-authorized` */
  delete(id: RecordId): Promise<void>
  /** A record; undefined if there is none of this type, or its payload is not what the schema reads (event `unreadable`). */
  get<Out>(type: RecordType<unknown, Out>, id: RecordId): Promise<PeerRecord<Out> | undefined>
  /** The same, of whatever type of an application, with the payload as bytes. */
  get(type: 'all', id: RecordId): Promise<PeerRecord<Uint8Array> | undefined>
  /**
   * Records that are there now. Each that stays unchanged meanwhile is given exactly once, and none twice.
   *
   * @throws PeerageError `invalid-search`, `record-not-found` (`after`), `invalid-argument` (`limit`)
   */
  list<Out>(type: RecordType<unknown, Out>, options?: Listing): AsyncIterable<PeerRecord<Out>>
  /** The same of all types of applications but the ephemeral ones, with the payloads as bytes. */
  list(type: 'all', options?: Listing): AsyncIterable<PeerRecord<Uint8Array>>
  /**
   * What is stored (each record once, `live: false`), then what comes, for ever; from `now` only what comes; from a cursor what
   * has changed since, of several versions at least the last. It is read from the database, so a slow reader costs no memory.
   *
   * @throws PeerageError `cursor-too-old`: of another database, or what went since is forgotten (7 days)
   */
  watch<Out>(type: RecordType<unknown, Out>, options?: Watching): AsyncIterable<RecordChange<Out>>
  /** The same of all types of applications but the ephemeral ones, with the payloads as bytes. */
  watch(type: 'all', options?: Watching): AsyncIterable<RecordChange<Uint8Array>>
}
