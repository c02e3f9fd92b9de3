/**
 * Shuffling, as HyParView does it (G-145): now and then a node sends a sample of the nodes that it knows on a walk from neighbor
 * to neighbor. Where the walk ends, a sample comes back the same way, and both ends have fresh passive views.
 */
import type { Deadline } from '../runtime/deadlines.ts'
import { randomFraction } from '../runtime/random.ts'
import { RecentMap } from '../runtime/recent-map.ts'
import type { GraphParts } from './graph-parts.ts'
import type { LinkSession } from './link-session.ts'
import type { Membership } from './membership.ts'
import { referralTo } from './neighbors.ts'
import { LONGEST_SHUFFLE_WALK, type Referral, type Shuffle, type ShuffleReply } from './overlay-message.ts'
import type { PassiveView } from './passive-view.ts'

/** In milliseconds: each pause is drawn anew between these. */
export const SHORTEST_SHUFFLE_PAUSE = 30_000
export const LONGEST_SHUFFLE_PAUSE = 60_000
/** What a sample holds, beside the node itself. Neighbors are known to be there: so what is gone leaves passive views soon. */
export const SHUFFLED_NEIGHBORS = 7
export const SHUFFLED_PASSIVE = 2
/** Walks of others that are under way. */
const MOST_WALKS = 64

/** The shuffles of one node. */
export class Shuffling {
  readonly #parts: GraphParts
  readonly #passive: PassiveView
  readonly #membership: Membership
  /** Where a walk came from: its reply goes there. undefined: it began here. */
  readonly #walks = new RecentMap<LinkSession | 'own'>(MOST_WALKS)
  #timer: Deadline | undefined

  constructor(parts: GraphParts, passive: PassiveView, membership: Membership) {
    this.#parts = parts
    this.#passive = passive
    this.#membership = membership
  }

  start(): void {
    if (this.#timer !== undefined) return
    const { random, deadlines } = this.#parts
    const spread = LONGEST_SHUFFLE_PAUSE - SHORTEST_SHUFFLE_PAUSE
    this.#timer = deadlines.set(SHORTEST_SHUFFLE_PAUSE + spread * randomFraction(random), () => {
      this.#timer = undefined
      this.#begin()
      this.start()
    })
  }

  stop(): void {
    if (this.#timer !== undefined) this.#parts.deadlines.cancel(this.#timer)
    this.#timer = undefined
    this.#walks.clear()
  }

  /** A walk came by: it goes on, or ends here. */
  shuffleCame(session: LinkSession, shuffle: Shuffle): void {
    const key = String(shuffle.walk)
    const next = this.#parts.neighbors.draw((neighbor) => neighbor.session !== session)
    if (shuffle.steps > 0 && next !== undefined && this.#walks.get(key) === undefined) {
      this.#walks.set(key, session)
      next.session.link.send({ ...shuffle, steps: shuffle.steps - 1 })
      return
    }
    session.link.send({ kind: 'SHUFFLE_REPLY', walk: shuffle.walk, referrals: this.#sample(session) })
    this.#membership.learn(shuffle.referrals, session.peer.key)
  }

  /** The sample of the other end came back. */
  replyCame(session: LinkSession, reply: ShuffleReply): void {
    const key = String(reply.walk)
    const from = this.#walks.get(key)
    this.#walks.delete(key)
    if (from === 'own') this.#membership.learn(reply.referrals, session.peer.key)
    else if (from !== undefined && this.#parts.neighbors.of(from) !== undefined) from.link.send(reply)
  }

  #begin(): void {
    const { neighbors, random } = this.#parts
    const first = neighbors.draw(() => true)
    if (first === undefined) return
    const walk = random.uint32()
    this.#walks.set(String(walk), 'own')
    const { session } = first
    session.link.send({ kind: 'SHUFFLE', walk, steps: LONGEST_SHUFFLE_WALK, referrals: this.#sample(session) })
  }

  /** This node, if it listens, some of its neighbors, and some of its passive view. */
  #sample(except: LinkSession): readonly Referral[] {
    const { own, identity, neighbors } = this.#parts
    const self = own.addresses.length === 0 ? [] : [referralTo(identity.keyPair.publicKey, own.addresses)]
    return [
      ...self,
      ...neighbors.sample(SHUFFLED_NEIGHBORS, except),
      ...this.#passive.sample(SHUFFLED_PASSIVE).map(({ publicKey, addresses }) => referralTo(publicKey, addresses)),
    ]
  }
}
