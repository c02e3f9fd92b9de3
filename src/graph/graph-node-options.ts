/**
 * How a graph is opened, and what a node of it stands on: its ports.
 */
import type { PeerName } from '../identity/peer-name.ts'
import type { GraphId, GraphKeys } from '../records/graph-id.ts'
import type { RecordDatabase } from '../records/record-database.ts'
import type { AddressRange } from '../runtime/address-range.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Crypto } from '../runtime/crypto.ts'
import type { Log } from '../runtime/log.ts'
import type { Random } from '../runtime/random.ts'
import type { DirectConnectionEnd } from './direct-connection.ts'
import type { Pt2PtAnswer } from './direct-message.ts'
import type { GraphEvents } from './graph-events.ts'
import type { GraphProperties } from './graph-properties.ts'
import type { LinkOpener } from './link-opener.ts'
import type { LinkPort } from './link-port.ts'
import type { NeighborCounts } from './neighbors.ts'
import type { OpeningGraph } from './opening.ts'
import type { RecordVerifier } from './record-verifier.ts'
import type { LinkIdentity, SecurityProviderFactory } from './security-provider.ts'

/** How a graph is opened. */
export interface GraphNodeOptions {
  readonly id: GraphId
  readonly identity: LinkIdentity
  readonly provider: SecurityProviderFactory
  /** For a new graph: this node is its creator. */
  readonly creates: GraphProperties | undefined
  /** Types that are copied before others, in this order. */
  readonly prioritized: readonly string[]
  /** The types that are kept beside `peerage.*`; undefined: all. */
  readonly types: readonly string[] | undefined
  /** In the place of the addresses of the scope, where it gives any: those of a cloud. They can change with the machine's. */
  readonly ranges: (() => readonly AddressRange[] | undefined) | undefined
  /** Whether the same program is in the graph with another identity, at the same addresses; undefined: it is not. */
  readonly sharesAddresses: (() => boolean) | undefined
  /** undefined: the usual. */
  readonly counts: NeighborCounts | undefined
}

/** What a node of a graph stands on. */
export interface GraphNodePorts {
  readonly clock: Clock
  readonly random: Random
  readonly crypto: Crypto
  readonly log: Log
  readonly database: RecordDatabase
  /** undefined: signatures are checked where records arrive. */
  readonly verifier: ((crypto: Crypto, keys: GraphKeys) => RecordVerifier) | undefined
  /** Opens the links of this graph. */
  opener(graph: OpeningGraph): LinkOpener
  /** Takes the links of this graph that others open. @returns what stops it */
  accept(graph: OpeningGraph, accepted: (link: LinkPort) => void): () => void
  readonly events: GraphEvents
  /** What applications take: see {@link DirectLinks}. */
  readonly applications: GraphApplications
}

/** What the applications of a node take from others. */
export interface GraphApplications {
  acceptsProtocol(protocol: string): boolean
  connected(connection: DirectConnectionEnd): void
  /** A message came. @returns false: nobody reads this type @param answer To be called when it is queued, or when its reader left */
  messageCame(
    from: PeerName,
    type: string,
    payload: Uint8Array,
    answer: (outcome: Pt2PtAnswer['outcome']) => void,
  ): boolean
}
