/**
 * Who is a neighbor: the active view of HyParView (Leitão, Pereira, Rodrigues 2007; DESIGN section 7).
 *
 * A node keeps 5 neighbors, at least 3, at most 8, and gives at most half of its places to links that others dialled, so
 * that whoever dials it without pause cannot surround it. A neighbor that goes is replaced from the passive
 * view. A node without any neighbor is let in even where all places are taken: a random one that was let in gives way.
 */
import type { Deadline } from '../runtime/deadlines.ts'
import { formatEndpoint } from '../runtime/endpoint.ts'
import { randomFraction } from '../runtime/random.ts'
import { RecentMap } from '../runtime/recent-map.ts'
import { TokenBuckets } from '../runtime/token-buckets.ts'
import type { Dial, Dialer, DialOutcome } from './dialer.ts'
import type { GraphParts } from './graph-parts.ts'
import { type KnownNode, knownNode } from './known-node.ts'
import type { LinkSession } from './link-session.ts'
import type { Neighbor, NeighborCounts } from './neighbors.ts'
import { type Connect, type DisconnectReason, MOST_REFERRALS, type Referral, type Welcome } from './overlay-message.ts'
import type { PassiveView } from './passive-view.ts'

/** Below the minimum, so many nodes are dialled at a time. */
export const DIALS_BELOW_MINIMUM = 3
/** How long a link may take to show that it lives, in milliseconds (G-027). */
export const LONGEST_PROOF_OF_LIFE = 4500
/** After that time, until a second link of the same identity is judged, in milliseconds. */
const JUDGED_AFTER = 100
/** How often a node without neighbors is let in at the cost of another one. */
export const PLACES_FOR_LONELY = { perSecond: 0.1, burst: 4 }
/** Between attempts while there is nobody to dial: growing, in milliseconds, with up to half of it added. */
export const FIRST_RETRY = 1000
export const LONGEST_RETRY = 10_000
/** Addresses at which there was no place, that one attempt to fill a place passes over. */
export const MOST_REFUSING = 256
/** Between dials while there are at least the fewest neighbors: growing, in milliseconds, with up to half of it added. */
export const FIRST_UNHURRIED = 1000
export const LONGEST_UNHURRIED = 8000

/** What membership needs of the rest of the node. */
export interface MembershipOwner {
  /** A neighbor has come. @param welcome Set if it was dialled here. */
  neighborAdded(neighbor: Neighbor, welcome: Welcome | undefined): void
  neighborRemoved(neighbor: Neighbor, reason: string): void
  /** Candidates beside the passive view: from presence and memory. */
  candidate(accepts: (node: KnownNode) => boolean): KnownNode | undefined
  /** There is no neighbor, and nobody left to dial. */
  nobodyLeft(): void
  /** The neighbors, or whether somebody is dialled, may have changed. */
  changed(): void
  /** The WELCOME for a CONNECT that is accepted. */
  welcome(session: LinkSession, connect: Connect, referrals: readonly Referral[]): void
}

/** Keeps the neighbors of one node. */
export class Membership {
  readonly #parts: GraphParts
  readonly #counts: NeighborCounts
  readonly #dialer: Dialer
  readonly #passive: PassiveView
  readonly #owner: MembershipOwner
  readonly #lonely: TokenBuckets
  readonly #dials = new Map<string, Dial>()
  /** Who takes leave: set until the link has closed. */
  readonly #leaving = new Map<LinkSession, string>()
  /** Nodes to which one that had no place referred, by name: they are dialled before others (G-033). */
  readonly #referred = new Set<string>()
  /** The addresses at which there was no place, in this attempt to fill a place: none is asked twice (G-033). */
  readonly #refusing = new RecentMap<true>(MOST_REFUSING)
  /** Second links of identities that are neighbors, which are judged later. */
  readonly #judgedLater = new Set<Deadline>()
  #retry: Deadline | undefined
  #retryPause = FIRST_RETRY
  #unhurriedPause = FIRST_UNHURRIED
  #isRunning = false

  constructor(
    parts: GraphParts,
    tools: { readonly counts: NeighborCounts; readonly dialer: Dialer; readonly passive: PassiveView },
    owner: MembershipOwner,
  ) {
    this.#parts = parts
    this.#counts = tools.counts
    this.#dialer = tools.dialer
    this.#passive = tools.passive
    this.#owner = owner
    this.#lonely = new TokenBuckets(parts.clock, PLACES_FOR_LONELY, 1)
  }

  /** Whether this node is being dialled for a neighbor link. */
  isDiallingTo({ name }: KnownNode): boolean {
    return this.#dials.has(name)
  }

  /** Whether somebody is being dialled for a neighbor link. */
  get isDialling(): boolean {
    return this.#dials.size > 0
  }

  /** Begins to look for neighbors. */
  start(): void {
    this.#isRunning = true
    this.#retryPause = FIRST_RETRY
    this.fill()
  }

  /** Dials nobody any more. */
  stop(): void {
    this.#isRunning = false
    for (const dial of this.#dials.values()) dial.cancel()
    this.#dials.clear()
    for (const deadline of this.#judgedLater) this.#parts.deadlines.cancel(deadline)
    this.#judgedLater.clear()
    this.#stopRetrying()
  }

  /** A CONNECT for a neighbor link came over a link that somebody else opened (G-025, G-027, G-028). */
  judge(session: LinkSession, connect: Connect): void {
    const { neighbors } = this.#parts
    const { key } = session.peer
    const present = neighbors.withKey(key)
    if (present !== undefined) {
      this.#judgeSecond(session, connect, present)
      return
    }
    if (this.#crosses(key)) {
      session.refuse('duplicate-connection')
      return
    }
    if (this.#hasPlace() || (connect.alone && this.#makePlace())) this.#accept(session, connect)
    else session.refuse('busy', neighbors.referrals(MOST_REFERRALS, session))
  }

  /** A comparison showed that this node is cut off from the other end: it becomes a neighbor, whatever their number (G-176). */
  adopt(session: LinkSession): void {
    const { neighbors } = this.#parts
    if (neighbors.withKey(session.peer.key) !== undefined) {
      session.link.end()
      return
    }
    session.becomeNeighbor()
    this.#add(session, undefined)
    if (neighbors.count > this.#counts.maximum || neighbors.dialledByOthers > mostGuests(this.#counts)) {
      this.#handOn(session)
    }
  }

  /** Nodes that a neighbor, or one that refused, named. @returns those of them that may be dialled */
  learn(referrals: readonly Referral[], namedBy: string | undefined): readonly KnownNode[] {
    const learned = this.#learn(referrals, namedBy)
    this.fill()
    return learned
  }

  #learn(referrals: readonly Referral[], namedBy: string | undefined): readonly KnownNode[] {
    const learned: KnownNode[] = []
    for (const referral of referrals) {
      const { own, ownKey, neighbors } = this.#parts
      const addresses = referral.addresses.filter((endpoint) => own.isInScope(endpoint) && !own.has(endpoint))
      const node = knownNode({ publicKey: referral.publicKey, addresses })
      if (addresses.length === 0 || node.name === ownKey || neighbors.withKey(node.name) !== undefined) continue
      this.#passive.add(node, namedBy)
      learned.push(node)
    }
    return learned
  }

  /** DISCONNECT came. */
  takesLeave(session: LinkSession, reason: DisconnectReason, referrals: readonly Referral[]): void {
    this.#leaving.set(session, reason)
    session.link.end()
    // A node that only needed the place is still there to be asked another time.
    if (reason === 'place-needed') this.#keepInView(session)
    else if (reason === 'leaving') this.#passive.remove(session.peer.key)
    this.learn(referrals, session.peer.key)
  }

  /** The link of a neighbor closed. */
  closed(session: LinkSession, reason: string): void {
    const neighbor = this.#parts.neighbors.remove(session)
    const said = this.#leaving.get(session)
    this.#leaving.delete(session)
    if (neighbor === undefined) return
    this.#owner.neighborRemoved(neighbor, said ?? reason)
    if (reason === 'silent' || reason === 'broken') this.#probeOthers()
    this.#retryPause = FIRST_RETRY
    this.#unhurriedPause = FIRST_UNHURRIED
    this.#stopRetrying()
    this.fill()
    this.#owner.changed()
  }

  /** Where one neighbor has vanished, others may have: to know that soon is what holds a graph together that lost many nodes. */
  #probeOthers(): void {
    for (const { session } of this.#parts.neighbors.all()) session.link.probe(LONGEST_PROOF_OF_LIFE)
  }

  /** Takes leave of a neighbor (G-036). */
  disconnect(neighbor: Neighbor, reason: DisconnectReason): void {
    const { session } = neighbor
    const referrals = this.#parts.neighbors.referrals(MOST_REFERRALS, session)
    session.link.send({ kind: 'DISCONNECT', reason, referrals })
    this.#leaving.set(session, reason)
    session.link.end()
  }

  /** Dials as many as are missing (G-038, G-039, G-144). */
  fill(): void {
    if (!this.#isRunning) return
    this.#fill()
    this.#owner.changed()
  }

  #fill(): void {
    // With enough neighbors there is time, in which others may come in by themselves.
    if (this.#retry !== undefined && !this.#isHurried()) return
    for (let wanted = this.#wanted() - this.#dials.size; wanted > 0; wanted--) {
      const node = this.#candidate()
      if (node === undefined) {
        this.#tryAgainLater()
        return
      }
      this.#dial(node)
    }
  }

  #isHurried(): boolean {
    return this.#parts.neighbors.fullCount < this.#counts.minimum
  }

  #wanted(): number {
    const { neighbors } = this.#parts
    const { minimum, ideal, maximum } = this.#counts
    const missing = ideal - neighbors.count
    if (neighbors.fullCount < minimum) {
      const missingFull = minimum - neighbors.fullCount
      return Math.max(0, Math.min(DIALS_BELOW_MINIMUM, Math.max(missing, missingFull), maximum - neighbors.count))
    }
    const dialled = neighbors.count - neighbors.dialledByOthers
    return missing > 0 || (dialled < fewestDialled(this.#counts) && neighbors.count < maximum) ? 1 : 0
  }

  #candidate(): KnownNode | undefined {
    const accepts = (node: KnownNode): boolean => this.#mayDial(node)
    return (
      this.#passive.draw((node) => this.#referred.has(node.name) && accepts(node)) ??
      this.#passive.draw(accepts) ??
      this.#owner.candidate(accepts)
    )
  }

  #mayDial(node: KnownNode): boolean {
    const { neighbors, ownKey } = this.#parts
    return (
      node.name !== ownKey &&
      !this.#dials.has(node.name) &&
      neighbors.withKey(node.name) === undefined &&
      neighbors.at(node.addresses) === undefined &&
      !node.addresses.some((endpoint) => this.#refusing.get(formatEndpoint(endpoint)) === true) &&
      this.#dialer.canDial(node)
    )
  }

  #dial(node: KnownNode): void {
    const dial = this.#dialer.connect(node, { purpose: 'neighbor', protocol: '' }, false, (outcome) => {
      this.#dials.delete(node.name)
      this.#dialled(node, outcome)
      this.#owner.changed()
    })
    this.#dials.set(node.name, dial)
  }

  #dialled(node: KnownNode, outcome: DialOutcome): void {
    switch (outcome.kind) {
      case 'connected':
        // From now on it is known by its key; WELCOME comes to `welcomed`, which goes on.
        this.#passive.remove(node.name)
        return
      case 'refused':
        if (outcome.code !== 'busy') this.#passive.remove(node.name)
        this.#refusing.set(formatEndpoint(outcome.endpoint), true)
        this.#referred.clear()
        for (const { name } of this.#learn(outcome.referrals, outcome.key)) this.#referred.add(name)
        break
      case 'failed':
        // It cannot be reached: it leaves the view (G-038).
        this.#passive.remove(node.name)
    }
    this.#goOn()
  }

  /** A dial is over. */
  #goOn(): void {
    if (this.#isHurried()) {
      this.fill()
      return
    }
    this.#again(this.#unhurriedPause)
    this.#unhurriedPause = Math.min(LONGEST_UNHURRIED, this.#unhurriedPause * 2)
  }

  /** WELCOME came for a neighbor link that was dialled here. */
  welcomed(session: LinkSession, welcome: Welcome): void {
    const { neighbors } = this.#parts
    if (neighbors.withKey(session.peer.key) !== undefined || neighbors.count >= this.#counts.maximum) {
      // Somebody came in meanwhile, under the same identity or in the last place.
      session.link.send({ kind: 'DISCONNECT', reason: 'place-needed', referrals: [] })
      session.link.end()
    } else {
      this.#add(session, welcome)
      this.#learn(welcome.referrals, session.peer.key)
    }
    this.#goOn()
  }

  #judgeSecond(session: LinkSession, connect: Connect, present: Neighbor): void {
    if (present.session.nodeId === connect.nodeId) {
      session.refuse('duplicate-connection')
      return
    }
    // The node may have been started anew: the link of its former life has to show that it lives.
    present.session.link.probe(LONGEST_PROOF_OF_LIFE)
    const deadline = this.#parts.deadlines.set(LONGEST_PROOF_OF_LIFE + JUDGED_AFTER, () => {
      this.#judgedLater.delete(deadline)
      if (session.isConnected || session.isClosed) return
      if (this.#parts.neighbors.withKey(session.peer.key) !== undefined) session.refuse('duplicate-connection')
      else if (this.#hasPlace()) this.#accept(session, connect)
      else session.refuse('busy', this.#parts.neighbors.referrals(MOST_REFERRALS, session))
    })
    this.#judgedLater.add(deadline)
  }

  /** Whether this node dials the same identity at this moment, and its link is the one that survives: the lower key's. */
  #crosses(key: string): boolean {
    const dial = this.#dialer.asking(key, 'neighbor')
    return dial !== undefined && this.#parts.ownKey < key
  }

  #hasPlace(): boolean {
    const { neighbors } = this.#parts
    return neighbors.count < this.#counts.maximum && neighbors.dialledByOthers < mostGuests(this.#counts)
  }

  /** Ends the link of a random neighbor that dialled. @returns whether there was one, and it is not too soon */
  #makePlace(): boolean {
    const { neighbors } = this.#parts
    const guest = neighbors.draw(({ session }) => !session.link.isDialler)
    if (guest === undefined || !this.#lonely.take('')) return false
    this.#giveUp(guest)
    return true
  }

  #handOn(newcomer: LinkSession): void {
    const { neighbors } = this.#parts
    const guest =
      neighbors.draw(({ session }) => session !== newcomer && !session.link.isDialler) ??
      neighbors.draw(({ session }) => session !== newcomer)
    if (guest !== undefined) this.#giveUp(guest)
  }

  #giveUp(guest: Neighbor): void {
    this.disconnect(guest, 'place-needed')
    this.#keepInView(guest.session)
    this.#parts.neighbors.remove(guest.session)
    this.#leaving.delete(guest.session)
    this.#owner.neighborRemoved(guest, 'place-needed')
    this.#owner.changed()
  }

  #keepInView({ peer, addresses }: LinkSession): void {
    if (addresses.length > 0) this.#passive.add(knownNode({ publicKey: peer.publicKey, addresses }), undefined)
  }

  #accept(session: LinkSession, connect: Connect): void {
    const { neighbors } = this.#parts
    this.#cancelDial(session.peer.key)
    const referrals = [...neighbors.referrals(MOST_REFERRALS, session)]
    for (const node of this.#passive.sample(MOST_REFERRALS - referrals.length)) referrals.push(node)
    this.#owner.welcome(session, connect, referrals)
    this.#add(session, undefined)
    this.#dialer.overtaken(session)
  }

  /** Who is dialled for a place has come in by itself. */
  #cancelDial(key: string): void {
    const dial = this.#dials.get(key) ?? this.#dialer.asking(key, 'neighbor')
    if (dial === undefined || this.#dials.get(dial.node.name) !== dial) return
    dial.cancel()
    this.#dials.delete(dial.node.name)
  }

  #add(session: LinkSession, welcome: Welcome | undefined): void {
    this.#passive.remove(session.peer.key)
    this.#referred.clear()
    this.#refusing.clear()
    this.#retryPause = FIRST_RETRY
    this.#owner.neighborAdded(this.#parts.neighbors.add(session), welcome)
  }

  #tryAgainLater(): void {
    const { neighbors } = this.#parts
    if (neighbors.count === 0 && this.#dials.size === 0) this.#owner.nobodyLeft()
    this.#refusing.clear()
    this.#again(this.#retryPause)
    this.#retryPause = Math.min(LONGEST_RETRY, this.#retryPause * 2)
  }

  #again(pause: number): void {
    if (this.#retry !== undefined) return
    const delay = pause * (1 + randomFraction(this.#parts.random) / 2)
    this.#retry = this.#parts.deadlines.set(delay, () => {
      this.#retry = undefined
      this.fill()
    })
  }

  #stopRetrying(): void {
    if (this.#retry !== undefined) this.#parts.deadlines.cancel(this.#retry)
    this.#retry = undefined
  }
}

/** How many of its neighbors may have dialled: half of the places (G-144). */
function mostGuests({ maximum }: NeighborCounts): number {
  return Math.floor(maximum / 2)
}

/** How many of its neighbors a node dials itself at least: half of the ideal number (G-144). */
function fewestDialled({ ideal }: NeighborCounts): number {
  return Math.ceil(ideal / 2)
}
