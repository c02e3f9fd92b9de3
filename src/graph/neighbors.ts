/**
 * The neighbor list of a node: the links over which records flow, in the order in which they came (MS-PPGRH 3.1.1).
 */
import { type Endpoint, sameEndpoint } from '../runtime/endpoint.ts'
import { type Random, randomChoice, shuffled } from '../runtime/random.ts'
import type { LinkSession } from './link-session.ts'
import { MOST_ADDRESSES, type Referral } from './overlay-message.ts'

/** A neighbor, and how records flow to it. */
export interface Neighbor {
  readonly session: LinkSession
  /** Whether records go to it at once and in full; else they are announced (G-043). */
  eager: boolean
  /** Whether it takes too little at present: it gets announcements only, then is compared with (G-080). */
  slow: boolean
}

/** How many neighbors a node has (G-039). */
export interface NeighborCounts {
  readonly minimum: number
  readonly ideal: number
  readonly maximum: number
}

/** Checks that each is at least 1, and that they are in their order of size. @throws RangeError */
export function requireNeighborCounts(counts: NeighborCounts): NeighborCounts {
  const { minimum, ideal, maximum } = counts
  const areWhole = [minimum, ideal, maximum].every(Number.isSafeInteger)
  if (areWhole && minimum >= 1 && minimum <= ideal && ideal <= maximum) return counts
  throw new RangeError(`${minimum}, ${ideal} and ${maximum} are no minimum, ideal and maximum of neighbors`)
}

export const DEFAULT_NEIGHBOR_COUNTS: NeighborCounts = { minimum: 3, ideal: 5, maximum: 8 }

/** The connected neighbors of one node. */
export class Neighbors {
  readonly #random: Random
  readonly #byLink = new Map<LinkSession, Neighbor>()

  constructor(random: Random) {
    this.#random = random
  }

  get count(): number {
    return this.#byLink.size
  }

  /** Those that keep all types: only they count for the minimum (G-086). */
  get fullCount(): number {
    let count = 0
    for (const { types } of this.#byLink.keys()) if (types === undefined) count++
    return count
  }

  /** Links that others dialled. */
  get dialledByOthers(): number {
    let count = 0
    for (const { link } of this.#byLink.keys()) if (!link.isDialler) count++
    return count
  }

  add(session: LinkSession): Neighbor {
    const neighbor: Neighbor = { session, eager: true, slow: false }
    this.#byLink.set(session, neighbor)
    return neighbor
  }

  /** @returns the neighbor, or undefined if it was none */
  remove(session: LinkSession): Neighbor | undefined {
    const neighbor = this.#byLink.get(session)
    this.#byLink.delete(session)
    return neighbor
  }

  of(session: LinkSession): Neighbor | undefined {
    return this.#byLink.get(session)
  }

  /** The neighbor with an identity. */
  withKey(key: string): Neighbor | undefined {
    for (const neighbor of this.#byLink.values()) if (neighbor.session.peer.key === key) return neighbor
    return undefined
  }

  /** The one that listens at one of these addresses. */
  at(addresses: readonly Endpoint[]): Neighbor | undefined {
    for (const neighbor of this.#byLink.values()) {
      const { session } = neighbor
      if (session.addresses.some((one) => addresses.some((other) => sameEndpoint(one, other)))) return neighbor
    }
    return undefined
  }

  /** All of them, the earliest first. */
  all(): readonly Neighbor[] {
    return [...this.#byLink.values()]
  }

  /** A random one that `accepts` takes. */
  draw(accepts: (neighbor: Neighbor) => boolean): Neighbor | undefined {
    return randomChoice(this.#random, this.all().filter(accepts))
  }

  /** The neighbors that listen, the earliest first, but for one: for referrals. */
  referrals(most: number, except: LinkSession | undefined): readonly Referral[] {
    const found: Referral[] = []
    for (const session of this.#byLink.keys()) {
      if (found.length === most) break
      if (session === except || session.addresses.length === 0) continue
      found.push(referralTo(session.peer.publicKey, session.addresses))
    }
    return found
  }

  /** Neighbors that listen, but for one, at random: for shuffles. */
  sample(most: number, except: LinkSession | undefined): readonly Referral[] {
    return shuffled(this.#random, this.referrals(this.#byLink.size, except)).slice(0, most)
  }
}

/** A node, told to others. */
export function referralTo(publicKey: Uint8Array | undefined, addresses: readonly Endpoint[]): Referral {
  return { publicKey, addresses: addresses.slice(0, MOST_ADDRESSES) }
}
