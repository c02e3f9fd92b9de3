/**
 * The graphs of a node, as applications see them: made, joined, opened, listed and deleted.
 */
import type { PeerName } from '../identity/peer-name.ts'
import type { Duration } from '../runtime/duration.ts'
import type { RecordType } from './application-types.ts'
import type { Graph, GraphProperties, GraphPropertyChanges } from './graph.ts'
import type { Dialing } from './progress.ts'

/** How a graph is opened. */
export interface OpenGraphOptions {
  /** Open no link before {@link Graph.goOnline}. */
  readonly offline?: boolean | undefined
  /** The types that are copied before others, in this order. */
  readonly prioritize?: readonly RecordType[] | undefined
  /** Keep only records of these types. By default all. */
  readonly keep?: readonly RecordType[] | undefined
}

/** Who takes part, and by what rules. */
export interface GraphMembership {
  /** By default the default identity. */
  readonly identity?: PeerName | undefined
  /** The graph security provider, by the name under which the node has it. By default `none`: who knows the ID is let in. */
  readonly provider?: string | undefined
}

/** How a graph is made. */
export interface CreateGraphOptions extends GraphPropertyChanges, GraphMembership, OpenGraphOptions {
  /** 1 to 255 characters. By default one is drawn that nobody can guess. */
  readonly graphId?: string | undefined
  /** By default ten years. */
  readonly longestRecordLife?: Duration | undefined
}

/** How a graph is joined. */
export interface JoinGraphOptions extends GraphMembership, Omit<OpenGraphOptions, 'offline'>, Dialing {
  /** Where nodes of it are: `host:port`. */
  readonly addresses: readonly string[]
}

/** A graph in the data directory. */
export interface GraphInfo {
  /** A secret, unless everybody may take part. */
  readonly graphId: string
  /** Who of this data directory is in it. */
  readonly identity: PeerName
  /** The name of its graph security provider: `none`, or that of an application. */
  readonly provider: string
  /** Whether this node has it open, for whatever program. */
  readonly isOpen: boolean
  /** As far as they are known here. */
  readonly properties: GraphProperties
}

/**
 * The graphs of a node. What concerns the disk rejects with `disk-full` and `storage-not-accessible`, and what concerns an identity
 * as `identities` does.
 */
export interface Graphs {
  /**
   * Makes a graph. Its maker can read, write and be connected to at once.
   *
   * @throws PeerageError `invalid-graph-id`, `invalid-graph-property`, `unknown-provider`, `duplicate-graph` (it is open),
   *   `database-already-present`, `unable-to-listen` (the port that was asked for)
   */
  create(options?: CreateGraphOptions): Promise<Graph>
  /**
   * Joins a graph whose ID and at least one address are known. It resolves when all records are here; a join that was cut short
   * goes on where it was.
   *
   * @throws PeerageError why the last address failed, when none led anywhere: `connection-failed`, `not-authenticated`,
   *   `connect-self`, `no-common-version`, `refused`; and `invalid-argument` (the addresses), `invalid-graph-id`,
   *   `unknown-provider`, `duplicate-graph`, `unable-to-listen`
   */
  join(graphId: string, options: JoinGraphOptions): Promise<Graph>
  /**
   * Opens a graph that is in the data directory. It looks for others by itself, with the addresses that it remembers.
   *
   * @param options Which identity, if several of this data directory are in the graph
   * @throws PeerageError `database-not-present`, `duplicate-graph`, `graph-in-use` (by another program), `invalid-database`,
   *   `database-newer`, `unknown-provider`, `unable-to-listen`
   */
  open(graphId: string, options?: OpenGraphOptions & { readonly identity?: PeerName | undefined }): Promise<Graph>
  /** The graphs in the data directory. */
  list(): Promise<readonly GraphInfo[]>
  /**
   * Adds what an exported file has to the database of its graph, which is made if it is not there, and opens the graph offline.
   * Each record is checked as if a stranger had sent it; all are stored, or none.
   *
   * @throws PeerageError `invalid-database`, `database-newer`, `input-not-readable`, `graph-in-use` (it is online here),
   *   `unknown-provider`
   */
  importDatabase(file: string, options?: Dialing & { readonly identity?: PeerName | undefined }): Promise<Graph>
  /**
   * Deletes what is kept of a graph here. The graph lives on, where it has other nodes.
   *
   * @throws PeerageError `database-not-present`, `graph-in-use`
   */
  delete(graphId: string, options?: { readonly identity?: PeerName | undefined }): Promise<void>
}
