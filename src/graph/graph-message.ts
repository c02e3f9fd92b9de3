/**
 * The messages of a graph, as values (MS-PPGRH 2.2.2; docs/protocol/graph.md has the layout of each). Four families:
 * who is a neighbor (overlay-message.ts), floods (flood-message.ts), reconciliation (reconciliation-message.ts), and
 * what applications send each other (direct-message.ts). Names in capitals are the specification's where it has the message.
 */
import type { DirectMessage } from './direct-message.ts'
import type { FloodMessage } from './flood-message.ts'
import type { OverlayMessage } from './overlay-message.ts'
import type { ReconciliationMessage } from './reconciliation-message.ts'

/** Any message of an open link. */
export type GraphMessage = OverlayMessage | FloodMessage | ReconciliationMessage | DirectMessage

/** The name of a kind of message. */
export type MessageKind = GraphMessage['kind']
