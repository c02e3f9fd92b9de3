/**
 * What happens in a graph, as its owner is told (MS-PPGRH; SDK, graph events): the events of the original, typed.
 */
import type { PeerName } from '../identity/peer-name.ts'
import type { GraphRecord } from '../records/record.ts'
import type { RemovalReason } from '../records/record-database.ts'
import type { RecordId } from '../records/record-id.ts'
import type { Endpoint } from '../runtime/endpoint.ts'
import type { ErrorCode } from '../runtime/peerage-error.ts'
import type { OpeningFailure } from './link-opener.ts'

/** Told what happens, after it has happened; never from inside a call of the graph. */
export interface GraphEvents {
  statusChanged(status: GraphStatus): void
  propertiesChanged(): void
  /** A record was stored, or went. Reading it gives that version or a newer one. */
  recordChanged(change: RecordChange): void
  neighborConnected(peer: PeerName): void
  neighborDisconnected(peer: PeerName, reason: string): void
  /** An address was tried. `referred`: the node there had no place, and named others that have one (G-034). */
  attempted(endpoint: Endpoint, outcome: 'connected' | 'referred' | ErrorCode, failure?: AttemptFailure): void
  /** No neighbor is there and no address is left to try: the application may know some (G-108). */
  connectionRequired(): void
  /** A node came, changed or went, by its presence. */
  nodeChanged(peer: PeerName, change: 'connected' | 'updated' | 'disconnected'): void
  /** A comparison goes on. @param expected Records, as far as is known by now */
  progressed(received: number, expected: number): void
  /** A first reconciliation has ended, of one prioritized type or of all. */
  synchronized(type: string | undefined): void
}

/** Why an address led nowhere, where more is known than the outcome. */
export type AttemptFailure = Pick<OpeningFailure, 'reason' | 'isRefused'>

/** How a node is in its graph (G-122). */
export interface GraphStatus {
  readonly state: 'offline' | 'connecting' | 'alone' | 'synchronizing' | 'synchronized'
  readonly neighbors: number
  readonly waitingFor: string | undefined
}

/** What became of a record. */
export type RecordChange =
  | { readonly kind: 'added' | 'updated'; readonly record: GraphRecord }
  | {
      readonly kind: 'removed'
      readonly id: RecordId
      readonly type: string
      readonly reason: RemovalReason | 'deleted'
    }
