/**
 * The overlay of a node, put together: who is a neighbor (membership.ts), who could be (passive-view.ts, shuffling.ts,
 * address-memory.ts, node-list.ts), how they are dialled (dialer.ts), and which others are compared with (comparisons.ts).
 */
import { toHex } from '../runtime/bytes.ts'
import type { Endpoint } from '../runtime/endpoint.ts'
import { AddressMemory } from './address-memory.ts'
import { Comparisons } from './comparisons.ts'
import { ConnectRequest } from './connect-request.ts'
import { Dialer, type DialOutcome } from './dialer.ts'
import type { GraphParts } from './graph-parts.ts'
import { knownNode } from './known-node.ts'
import type { LinkOpener } from './link-opener.ts'
import type { LinkRouter } from './link-router.ts'
import type { LinkSession } from './link-session.ts'
import { LostNeighbors } from './lost-neighbors.ts'
import { Membership } from './membership.ts'
import type { Neighbor, NeighborCounts } from './neighbors.ts'
import { NodeList } from './node-list.ts'
import type { Welcome } from './overlay-message.ts'
import { PassiveView } from './passive-view.ts'
import { Shuffling } from './shuffling.ts'

/** What the overlay needs of the rest of the node. */
export interface OverlayOwner {
  router(): LinkRouter
  /** Compares with a node over a link that is there. */
  compare(session: LinkSession): void
  /** @param welcome Set if it was dialled here */
  neighborAdded(neighbor: Neighbor, welcome: Welcome | undefined): void
  neighborRemoved(neighbor: Neighbor, reason: string): void
  /** The neighbors, or whether somebody is dialled, may have changed. */
  changed(): void
}

/** The overlay of one node. */
export class Overlay {
  readonly nodes: NodeList
  readonly memory: AddressMemory
  readonly passive: PassiveView
  readonly lost: LostNeighbors
  readonly dialer: Dialer
  readonly comparisons: Comparisons
  readonly membership: Membership
  readonly shuffling: Shuffling
  readonly #parts: GraphParts

  constructor(
    parts: GraphParts,
    { opener, counts }: { readonly opener: LinkOpener; readonly counts: NeighborCounts },
    owner: OverlayOwner,
  ) {
    this.#parts = parts
    this.nodes = new NodeList(parts.crypto)
    this.memory = new AddressMemory((key) => this.nodes.get(key) !== undefined)
    this.passive = new PassiveView(parts.random)
    this.lost = new LostNeighbors(parts)
    this.dialer = new Dialer(parts, opener, {
      session: (link) => owner.router().take(link),
      ask: (session, wish) => owner.router().ask(session, wish),
      otherIdentity: (endpoint, { name }) => this.memory.forget(endpoint, name),
    })
    this.comparisons = new Comparisons(
      parts,
      { dialer: this.dialer, nodes: this.nodes, memory: this.memory, lost: this.lost },
      {
        compare: (session) => owner.compare(session),
        addressesWanted: () => parts.events.connectionRequired(),
      },
    )
    this.membership = new Membership(
      parts,
      { counts, dialer: this.dialer, passive: this.passive },
      {
        neighborAdded: (neighbor, welcome) => {
          this.lost.remove(neighbor.session.peer.key)
          owner.neighborAdded(neighbor, welcome)
        },
        neighborRemoved: (neighbor, reason) => {
          if (reason === 'silent' || reason === 'broken') this.lost.add(neighbor.session)
          owner.neighborRemoved(neighbor, reason)
        },
        candidate: (accepts) => this.comparisons.candidate(accepts),
        nobodyLeft: () => this.comparisons.ask(),
        changed: () => owner.changed(),
        welcome: (session, connect, referrals) => owner.router().welcome(session, connect, referrals),
      },
    )
    this.shuffling = new Shuffling(parts, this.passive, this.membership)
  }

  /** Begins to look for neighbors. */
  start(): void {
    this.dialer.start()
    this.membership.start()
    this.shuffling.start()
    this.comparisons.start()
  }

  /** Dials nobody any more. */
  stop(): void {
    this.membership.stop()
    this.shuffling.stop()
    this.comparisons.stop()
    this.dialer.stop()
  }

  /** Connects to a node at an address, or to one to which it refers: see {@link ConnectRequest}. */
  connect(endpoint: Endpoint, done: (outcome: DialOutcome) => void): { cancel(): void } {
    const { dialer, membership } = this
    return new ConnectRequest(this.#parts, { dialer, membership }, endpoint, done)
  }

  /** A presence record says where a node listens. */
  learnPresence(publicKey: Uint8Array, addresses: readonly Endpoint[]): void {
    const { own, ownKey, peerTime } = this.#parts
    const key = toHex(publicKey)
    if (key === ownKey) return
    const confirmed = peerTime.now()
    for (const endpoint of addresses) {
      if (own.isInScope(endpoint)) this.memory.confirm({ endpoint, publicKey, key, confirmed, isProven: false })
    }
    if (addresses.length > 0) this.membership.learn([{ publicKey, addresses }], PRESENCE)
  }

  /** Addresses at which nodes of the graph may be: they are tried at once. */
  give(endpoints: readonly Endpoint[]): void {
    const { own } = this.#parts
    const usable = endpoints.filter((endpoint) => own.isInScope(endpoint) && !own.has(endpoint))
    const nodes = usable.map((endpoint) => knownNode({ publicKey: undefined, addresses: [endpoint] }))
    this.membership.learn(nodes, undefined)
    // Where no neighbor is wanted, it may still be a part of the graph that was cut off.
    this.comparisons.give(nodes.filter((node) => !this.membership.isDiallingTo(node)))
  }
}

/** In the place of a neighbor that named a node: all presence records together fill no more than one neighbor. */
const PRESENCE = 'presence'
