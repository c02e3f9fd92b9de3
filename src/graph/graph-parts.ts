/**
 * What the parts of a graph's node share: each of them does one thing of the protocol, and these are the tables and ports
 * that they do it with. graph-node.ts puts them together.
 */
import type { GraphKeys } from '../records/graph-id.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Crypto } from '../runtime/crypto.ts'
import type { Deadlines } from '../runtime/deadlines.ts'
import type { Endpoint } from '../runtime/endpoint.ts'
import type { Log } from '../runtime/log.ts'
import type { Random } from '../runtime/random.ts'
import type { GraphCounters } from './graph-counters.ts'
import type { GraphEvents } from './graph-events.ts'
import type { Neighbors } from './neighbors.ts'
import type { NodeId } from './overlay-message.ts'
import type { PeerTime } from './peer-time.ts'
import type { GraphSecurityProvider, LinkIdentity } from './security-provider.ts'

/** The tables and ports of one graph. */
export interface GraphParts {
  readonly keys: GraphKeys
  readonly identity: LinkIdentity
  /** The identity's public key in hexadecimal digits. */
  readonly ownKey: string
  /** Drawn at each opening. */
  readonly nodeId: NodeId
  readonly clock: Clock
  readonly random: Random
  readonly crypto: Crypto
  readonly log: Log
  readonly deadlines: Deadlines
  readonly counters: GraphCounters
  readonly peerTime: PeerTime
  readonly provider: GraphSecurityProvider
  readonly neighbors: Neighbors
  readonly events: GraphEvents
  readonly own: OwnPlace
}

/** Where this node is in the graph. It changes with the machine's addresses. */
export interface OwnPlace {
  /** Where it listens, inside the graph's scope; none if it does not. */
  readonly addresses: readonly Endpoint[]
  /** Whether an endpoint is this node itself, and nobody else. */
  has(endpoint: Endpoint): boolean
  /** Whether the graph may use an endpoint (G-013). */
  isInScope(endpoint: Endpoint): boolean
  /** Whether this node may listen there for the graph, and tell others. */
  mayListenAt(endpoint: Endpoint): boolean
  /** The types that this node keeps beside `peerage.*`; undefined: all. */
  readonly types: readonly string[] | undefined
}
