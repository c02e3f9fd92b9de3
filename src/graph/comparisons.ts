/**
 * Comparing with nodes that are no neighbors (DESIGN section 7; G-105, G-106): every 30 s or so a node compares its root with
 * that of one known node, drawn at random, in turn from presence and from memory; neighbors that it has lost come first. That
 * finds every partition, of whatever kind: two parts that know an address of each other meet there, exchange what differs, and
 * join again.
 */
import type { Deadline } from '../runtime/deadlines.ts'
import { randomFraction } from '../runtime/random.ts'
import type { AddressMemory } from './address-memory.ts'
import type { Dial, Dialer } from './dialer.ts'
import type { GraphParts } from './graph-parts.ts'
import type { KnownNode } from './known-node.ts'
import type { LinkSession } from './link-session.ts'
import type { LostNeighbors } from './lost-neighbors.ts'
import type { Neighbor } from './neighbors.ts'
import type { NodeList } from './node-list.ts'
import { MOST_ADDRESSES } from './overlay-message.ts'

/** In milliseconds: each pause is drawn anew between these. */
export const SHORTEST_COMPARISON_PAUSE = 20_000
export const LONGEST_COMPARISON_PAUSE = 40_000
/** Addresses that are tried in one round, until one answers. */
export const MOST_TRIED_IN_ROUND = 5
/** How often the application is asked for addresses at most, in milliseconds (G-108). */
export const ASKING_PAUSE = 60_000
/** Addresses that an application gave and that were not tried yet. */
export const MOST_GIVEN = 64

/** What comparisons need of the rest of the node. */
export interface ComparisonsOwner {
  /** Compares with a node over a link that is there. */
  compare(session: LinkSession): void
  /** The application may know addresses. */
  addressesWanted(): void
}

/** The comparisons of one node. */
export class Comparisons {
  readonly #parts: GraphParts
  readonly #dialer: Dialer
  readonly #nodes: NodeList
  readonly #memory: AddressMemory
  readonly #lost: LostNeighbors
  readonly #owner: ComparisonsOwner
  /** What the application gave. */
  readonly #given: KnownNode[] = []
  #timer: Deadline | undefined
  #dial: Dial | undefined
  #isMemoriesTurn = false
  #lastAsked = Number.NEGATIVE_INFINITY

  constructor(
    parts: GraphParts,
    tools: {
      readonly dialer: Dialer
      readonly nodes: NodeList
      readonly memory: AddressMemory
      readonly lost: LostNeighbors
    },
    owner: ComparisonsOwner,
  ) {
    this.#parts = parts
    this.#dialer = tools.dialer
    this.#nodes = tools.nodes
    this.#memory = tools.memory
    this.#lost = tools.lost
    this.#owner = owner
  }

  start(): void {
    if (this.#timer !== undefined) return
    const { random, deadlines } = this.#parts
    const spread = LONGEST_COMPARISON_PAUSE - SHORTEST_COMPARISON_PAUSE
    this.#timer = deadlines.set(SHORTEST_COMPARISON_PAUSE + spread * randomFraction(random), () => {
      this.#timer = undefined
      this.start()
      this.#round()
    })
  }

  stop(): void {
    if (this.#timer !== undefined) this.#parts.deadlines.cancel(this.#timer)
    this.#timer = undefined
    this.#dial?.cancel()
    this.#dial = undefined
  }

  /** The application gave addresses: they are compared with before all others, at once. */
  give(nodes: readonly KnownNode[]): void {
    for (const node of nodes) {
      if (this.#given.length >= MOST_GIVEN) this.#given.shift()
      this.#given.push(node)
    }
    if (this.#timer !== undefined && this.#dial === undefined) this.#round()
  }

  /** Asks the application for addresses, unless that was a short time ago. */
  ask(): void {
    const now = this.#parts.clock.monotonic()
    if (now < this.#lastAsked + ASKING_PAUSE) return
    this.#lastAsked = now
    this.#owner.addressesWanted()
  }

  /** A known node for a new neighbor link: from presence and from memory in turn, or given by the application. */
  candidate(accepts: (node: KnownNode) => boolean): KnownNode | undefined {
    return this.#takeGiven(accepts) ?? this.#draw(accepts)
  }

  #takeGiven(accepts: (node: KnownNode) => boolean): KnownNode | undefined {
    const given = this.#given.findIndex(accepts)
    return given < 0 ? undefined : this.#given.splice(given, 1)[0]
  }

  #round(): void {
    if (this.#dial !== undefined) return
    this.#try(0, new Set())
  }

  #try(tried: number, names: Set<string>): void {
    const accepts = (one: KnownNode): boolean => !names.has(one.name) && this.#isComparable(one)
    const given = this.#takeGiven(accepts)
    const lost = given === undefined && tried === 0 ? this.#lost.draw(accepts) : undefined
    const node = given ?? lost ?? this.#draw(accepts)
    if (node === undefined || tried >= MOST_TRIED_IN_ROUND) {
      // A graph of one node has nobody to compare with.
      if (tried > 0) this.ask()
      return
    }
    names.add(node.name)
    const neighbor = this.#neighbor(node)
    if (neighbor !== undefined) {
      this.#owner.compare(neighbor.session)
      return
    }
    this.#dial = this.#dialer.connect(node, { purpose: 'comparison', protocol: '' }, false, (outcome) => {
      this.#dial = undefined
      // Who is busy is there: another round will do.
      if (outcome.kind === 'failed') this.#try(tried + 1, names)
      else if (outcome.kind === 'connected') this.#owner.compare(outcome.session)
    })
  }

  #isComparable(node: KnownNode): boolean {
    return node.name !== this.#parts.ownKey && (this.#neighbor(node) !== undefined || this.#dialer.canDial(node))
  }

  #neighbor({ name, addresses }: KnownNode): Neighbor | undefined {
    const { neighbors } = this.#parts
    return neighbors.withKey(name) ?? neighbors.at(addresses)
  }

  #draw(accepts: (node: KnownNode) => boolean): KnownNode | undefined {
    this.#isMemoriesTurn = !this.#isMemoriesTurn
    return this.#isMemoriesTurn
      ? (this.#fromMemory(accepts) ?? this.#fromPresence(accepts))
      : (this.#fromPresence(accepts) ?? this.#fromMemory(accepts))
  }

  #fromPresence(accepts: (node: KnownNode) => boolean): KnownNode | undefined {
    // Most draws are good: looking through a long list for each would cost more than some that are not.
    for (let draw = 0; draw < DRAWS; draw++) {
      const listed = this.#nodes.draw(this.#parts.random)
      if (listed === undefined || listed.addresses.length === 0) continue
      const node: KnownNode = { name: listed.key, publicKey: listed.publicKey, addresses: listed.addresses }
      if (accepts(node)) return node
    }
    return undefined
  }

  #fromMemory(accepts: (node: KnownNode) => boolean): KnownNode | undefined {
    const { random, peerTime } = this.#parts
    const now = peerTime.now()
    const drawn = this.#memory.draw(random, now, ({ key, publicKey, endpoint }) =>
      accepts({ name: key, publicKey, addresses: [endpoint] }),
    )
    if (drawn === undefined) return undefined
    const { key, publicKey } = drawn
    const others = this.#memory.of(key, now).filter((one) => one !== drawn)
    const addresses = [drawn, ...others].slice(0, MOST_ADDRESSES).map(({ endpoint }) => endpoint)
    return { name: key, publicKey, addresses }
  }
}

/** How often a node is drawn from presence before that is given up. */
const DRAWS = 8
