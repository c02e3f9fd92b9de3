/**
 * The passive view of HyParView: nodes that are not neighbors, for when a place becomes free (G-031, G-032). It lives on
 * what others say, so no one neighbor may fill more than a share of it.
 */
import { sameEndpoint } from '../runtime/endpoint.ts'
import { type Random, randomChoice, shuffled } from '../runtime/random.ts'
import type { KnownNode } from './known-node.ts'

/** Nodes in a passive view. */
export const PASSIVE_VIEW_SIZE = 30
/** Of these, how many one neighbor may have named. */
export const MOST_NAMED_BY_ONE = 12

interface Entry {
  readonly node: KnownNode
  /** The key of the neighbor that named it; undefined for what was known otherwise. */
  readonly namedBy: string | undefined
}

/** A bounded set of nodes to connect to. */
export class PassiveView {
  readonly #random: Random
  readonly #entries = new Map<string, Entry>()

  constructor(random: Random) {
    this.#random = random
  }

  get size(): number {
    return this.#entries.size
  }

  has(name: string): boolean {
    return this.#entries.has(name)
  }

  /** All of them, in no order. */
  nodes(): readonly KnownNode[] {
    return [...this.#entries.values()].map(({ node }) => node)
  }

  /** Takes a node in; a random one makes room, of the same neighbor if it has its share already. */
  add(node: KnownNode, namedBy: string | undefined): void {
    const present = this.#entries.get(node.name)
    if (present !== undefined) {
      if (haveSameAddresses(present.node, node)) return
      // What is newer may have other addresses: then it is in the view by the word of who said so, and of its share.
      this.#entries.delete(node.name)
    }
    const ofSame = namedBy === undefined ? [] : [...this.#entries].filter(([, entry]) => entry.namedBy === namedBy)
    if (ofSame.length >= MOST_NAMED_BY_ONE) this.#drop(ofSame.map(([name]) => name))
    else if (this.#entries.size >= PASSIVE_VIEW_SIZE) this.#drop([...this.#entries.keys()])
    this.#entries.set(node.name, { node, namedBy })
  }

  remove(name: string): void {
    this.#entries.delete(name)
  }

  /** A random one that `accepts` takes. */
  draw(accepts: (node: KnownNode) => boolean): KnownNode | undefined {
    return randomChoice(
      this.#random,
      this.nodes().filter((node) => accepts(node)),
    )
  }

  /** At most so many of them, at random. */
  sample(count: number): readonly KnownNode[] {
    return shuffled(this.#random, this.nodes()).slice(0, count)
  }

  #drop(names: readonly string[]): void {
    const name = randomChoice(this.#random, names)
    if (name !== undefined) this.#entries.delete(name)
  }
}

function haveSameAddresses(one: KnownNode, other: KnownNode): boolean {
  const { length } = one.addresses
  return (
    length === other.addresses.length &&
    one.addresses.every((endpoint) => other.addresses.some((another) => sameEndpoint(endpoint, another)))
  )
}
