/**
 * A graph, as applications see it: its records, who is in it, and private ways to single nodes.
 */
import type { GraphScope } from '../graph/graph-scope.ts'
import type { PeerName } from '../identity/peer-name.ts'
import type { RecordId } from '../records/record-id.ts'
import type { Duration } from '../runtime/duration.ts'
import type { ErrorCode } from '../runtime/peerage-error.ts'
import type { MessageType } from './application-types.ts'
import type { Closing } from './closing.ts'
import type { DirectConnection } from './direct-streams.ts'
import type { Issue } from './payload-codec.ts'
import type { Dialing } from './progress.ts'
import type { Attributes } from './public-attributes.ts'
import type { Records } from './records.ts'
import type { Waiting } from './waiting.ts'

/**
 * How this node is in the graph. `offline`: it opens no link. `connecting`: it dials others. `alone`: it knows nobody
 * else to try, and others can still come. `synchronizing`: it has neighbors, and compares what they have. `synchronized`: such
 * a comparison has ended since the first of them came.
 */
export interface Status {
  /** See {@link Status}. */
  readonly state: 'offline' | 'connecting' | 'alone' | 'synchronizing' | 'synchronized'
  /** How many neighbors it has. */
  readonly neighbors: number
  /** For people: what is missing before it is synchronized. */
  readonly waitingFor?: string
}

/** What is said of a graph. Whoever made it can change all but the longest life of a record. */
export interface GraphProperties {
  /** Up to 255 characters. */
  readonly friendlyName: string
  /** Up to 511 characters. */
  readonly comment: string
  /** Which addresses it may use; loopback is in all of them. */
  readonly scope: GraphScope
  /** How long a presence record lives, in milliseconds: 5 minutes or more. */
  readonly presenceLifetime: number
  /** About how many nodes say that they are online: -1 for all, 0 for none. */
  readonly maxPresenceRecords: number
  /** Whether a node without a neighbor keeps what has expired. */
  readonly deferredExpiration: boolean
  /** How long after its creation a record may expire at most, in milliseconds. */
  readonly longestRecordLife: number
}

/** What can be said of a graph where it is made or changed. */
export interface GraphPropertyChanges
  extends Partial<
    Pick<GraphProperties, 'friendlyName' | 'comment' | 'scope' | 'maxPresenceRecords' | 'deferredExpiration'>
  > {
  /** 5 minutes or more, or 0 for 5 minutes. */
  readonly presenceLifetime?: Duration
}

/** A node that is online, by its presence. */
export interface NodeInfo {
  /** The name under which it writes and connects. */
  readonly peerName: PeerName
  /** Where it listens: `host:port`. */
  readonly addresses: readonly string[]
  /** What its application says of it. */
  readonly attributes: Attributes
}

/** A link to another node. */
export interface LinkInfo {
  /** Who is at the other end: proven. */
  readonly peerName: PeerName
  /** `neighbor`: records pass over it. `direct`: messages and direct connections do. */
  readonly kind: 'neighbor' | 'direct'
  /** Its other end: `host:port`. */
  readonly address: string
  /** Whether this node has opened it. */
  readonly isDialler: boolean
}

/** What happens in a graph. Records, messages and direct connections are taken as iterations. */
export interface GraphEvents {
  /** What {@link Graph.status} returns has changed. */
  status: Status
  /** What is said of the graph has changed: so it is now. */
  properties: GraphProperties
  /** A neighbor link is there, or is there no more. */
  neighbor: { readonly peer: PeerName; readonly connected: boolean; readonly reason?: string }
  /** A direct connection was opened or ended. The reason is there if it did not end normally. */
  direct: {
    readonly peer: PeerName
    readonly protocol: string
    readonly connected: boolean
    readonly reason?: string
  }
  /** A node came, changed its presence, or went. */
  node: { readonly peer: PeerName; readonly change: 'connected' | 'updated' | 'disconnected' }
  /** Nobody is left to try: {@link Graph.addAddresses} is the answer. */
  'connection-required': Record<string, never>
  /** What this node has is complete for the first time since it was opened: one prioritized type, or everything. */
  synchronized: { readonly type?: string }
  /** An address was tried. `referred`: the node there has no place for a neighbor, and named others. */
  attempt: {
    readonly endpoint: string
    readonly outcome: 'connected' | 'referred' | ErrorCode
    /** For people: why it failed. */
    readonly reason?: string
  }
  /** A record or a message is there that the schema of its reader refuses. */
  unreadable: ({ readonly id: RecordId } | { readonly from: PeerName; readonly type: string }) & {
    readonly issues: readonly Issue[]
  }
  /** A listener was too slow: so many of its events are lost. */
  lagged: { readonly event: string; readonly missed: number }
}

/**
 * A graph that is open. After {@link Closing.close} everything rejects with `invalid-graph`, and iterations end.
 */
export interface Graph<Events extends GraphEvents = GraphEvents> extends Closing {
  /** Whoever knows it can connect to the graph's nodes: treat it as a secret unless everybody may. */
  readonly graphId: string
  /** The name under which this node writes and connects. */
  readonly identity: PeerName
  /** Its records. */
  readonly records: Records
  /** How this node is in it now. */
  status(): Promise<Status>
  /** The time of the graph: UTC, corrected towards what its nodes say. */
  now(): Promise<Date>
  /** Where this node listens: `host:port`, to be told to others. None before it has synchronized once, unless it made the graph. */
  addresses(): Promise<readonly string[]>
  /** The nodes that are online, this one included, as far as they say so. */
  nodes(): Promise<readonly NodeInfo[]>
  /** One of them. @throws PeerageError `node-not-found` */
  node(peer: PeerName): Promise<NodeInfo>
  /** The links that are open. */
  links(): Promise<readonly LinkInfo[]>
  /** What is said of it, as far as it is known here. */
  properties(): Promise<GraphProperties>
  /**
   * Changes what is said of it, on every node.
   *
   * @throws PeerageError `not-authorized` (only who made the graph may), `invalid-graph-property`
   */
  setProperties(changes: GraphPropertyChanges): Promise<GraphProperties>
  /** Waits for a neighbor. It fails only if the signal aborts or the graph is closed. */
  connected(options?: Dialing): Promise<void>
  /** Waits until what is here is the same as what a neighbor has. It fails only if the signal aborts or the graph is closed. */
  synchronized(options?: Dialing): Promise<void>
  /** A graph that was opened offline begins to take links and to look for others. @throws PeerageError `already-listening`, `unable-to-listen` */
  goOnline(): Promise<void>
  /**
   * Calls a listener with each event of a kind, until what it returns is called or the signal aborts. If the listener
   * returns a promise, the next event waits for it, and of 256 that wait the oldest go (event `lagged`).
   */
  on<Event extends keyof Events>(
    event: Event,
    listener: (detail: Events[Event]) => void | Promise<void>,
    options?: Waiting,
  ): () => void
  /**
   * Sends a message to one node, which no other node sees. It resolves when it is queued for the application there.
   *
   * @throws PeerageError `refused-by-schema`, `node-not-found`, `message-not-taken` (nobody there reads this type),
   *   `message-too-large`, `connect-self`, `connection-failed`, `connection-lost`
   */
  send<In>(to: PeerName, type: MessageType<In, unknown>, payload: NoInfer<In>, options?: Waiting): Promise<void>
  /** The messages of a type that come, as long as they are iterated over. */
  messages<Out>(
    type: MessageType<unknown, Out>,
    options?: Waiting,
  ): AsyncIterable<{ readonly from: PeerName; readonly payload: Out }>
  /**
   * Opens a byte stream to one node.
   *
   * @param protocol A label of 1 to 64 bytes, for which the application there has to take connections
   * @throws PeerageError `invalid-argument` (the label), `node-not-found`, `connect-self`, `protocol-not-accepted`,
   *   `too-many-connections`, `connection-failed`
   */
  connect(to: PeerName, protocol: string, options?: Dialing): Promise<DirectConnection>
  /** The direct connections of a protocol that come, as long as they are iterated over. */
  connections(protocol: string, options?: Waiting): AsyncIterable<DirectConnection>
  /** Addresses where nodes of the graph may be, as `host:port`: they are tried at once. @throws PeerageError `invalid-argument` */
  addAddresses(addresses: readonly string[]): Promise<void>
  /**
   * Whether this node says that it is online, and what it says of itself: `graph`, the default, leaves it to the properties.
   *
   * @throws PeerageError `invalid-attributes`, `too-many-attributes`, `record-too-large`
   */
  setPresence(presence: {
    readonly publish: 'always' | 'never' | 'graph'
    readonly attributes?: Attributes
  }): Promise<void>
  /**
   * Writes all records into a new file, while work goes on. Whoever has it has the ID of the graph.
   *
   * @throws PeerageError `input-not-readable` (there is a file of this name), `disk-full`, `storage-not-accessible`
   */
  exportDatabase(file: string, options?: Waiting): Promise<void>
}
