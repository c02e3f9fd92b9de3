/**
 * What the parts of a graph see of a link (DESIGN section 7): messages of three priorities, and back pressure. link.ts is the
 * real one; a test can put two ends together without bytes.
 */
import type { Endpoint } from '../runtime/endpoint.ts'
import type { GraphMessage } from './graph-message.ts'
import type { LinkPeer } from './security-provider.ts'

/** One end of a link whose identities are proven and admitted. */
export interface LinkPort {
  readonly peer: LinkPeer
  /** Whether this end opened it. */
  readonly isDialler: boolean
  readonly remote: Endpoint
  /** Feature bits that both ends have set (G-142). */
  readonly features: number
  /** How long the way to the other end and back took when it was opened, in milliseconds. */
  readonly roundTrip: number
  /** When anything last came, by the monotonic clock. */
  readonly lastHeard: number
  /** Takes what comes. Nothing is delivered before this. Called once; the handler may be replaced later. */
  attach(handler: LinkHandler): void
  /**
   * Sends a message: control before floods, floods before bulk.
   *
   * @returns false once more waits than that priority may hold: stop, and go on when `ready` is called. What is sent
   *   all the same is queued, so whoever sends bounds it. After the end it is dropped.
   */
  send(message: GraphMessage): boolean
  /** How many bytes of a priority wait. */
  waiting(priority: LinkPriority): number
  /** Takes no more messages from the network until {@link LinkPort.resume}: the other end feels it as back pressure. */
  pause(): void
  resume(): void
  /** Takes and sends no more messages, but for what waits of control and what is on its way, then closes. `closed` follows, with this reason; at once for `not-admitted`. */
  end(reason?: 'closed' | 'not-admitted'): void
  /** Closes at once. `closed` follows, with this reason. */
  destroy(reason: LinkClosing): void
  /** Asks the other end for a sign of life; the link closes as `silent` if none comes within `wait` milliseconds. */
  probe(wait: number): void
}

/** Told what comes over a link. */
export interface LinkHandler {
  received(message: GraphMessage): void
  /** What waits of a priority is little again, after `send` had said to stop. */
  ready(priority: LinkPriority): void
  /** The last call, made exactly once. */
  closed(reason: LinkClosing): void
}

/** In the order in which they are sent. */
export type LinkPriority = 'control' | 'flood' | 'bulk'

/**
 * Why a link closed: the other end closed it, this end did, it broke, nothing came any more, the other end broke
 * the protocol, its owner is not admitted any more, or it took too little for too long.
 */
export type LinkClosing = 'ended' | 'closed' | 'broken' | 'silent' | 'protocol' | 'not-admitted' | 'slow'
