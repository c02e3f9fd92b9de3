/**
 * Partitions: which hosts the network keeps apart. Several can be in force at once, and everything
 * passes that none of them stops.
 */

/** Who does not reach whom. Hosts are told apart by their numbers. */
export class Partitions {
  /** For each partition the side of each host that is on one. */
  #separations: ReadonlyMap<number, number>[] = []
  #blocks: { readonly from: ReadonlySet<number>; readonly to: ReadonlySet<number> }[] = []

  /** Hosts of different sides no longer reach each other. A host on no side still reaches all. */
  separate(sides: readonly (readonly number[])[]): void {
    const sideOf = new Map<number, number>()
    for (const [side, hosts] of sides.entries()) {
      for (const host of hosts) {
        if (sideOf.has(host)) throw new RangeError('a host is named on two sides of a partition')
        sideOf.set(host, side)
      }
    }
    this.#separations.push(sideOf)
  }

  /** What the hosts in `from` send no longer reaches those in `to`; the other direction stays as it is. */
  block(from: readonly number[], to: readonly number[]): void {
    this.#blocks.push({ from: new Set(from), to: new Set(to) })
  }

  /** Ends all of it. */
  heal(): void {
    this.#separations = []
    this.#blocks = []
  }

  /** Whether what one host sends to the other is stopped. */
  stops(from: number, to: number): boolean {
    for (const sideOf of this.#separations) {
      const fromSide = sideOf.get(from)
      const toSide = sideOf.get(to)
      if (fromSide !== undefined && toSide !== undefined && fromSide !== toSide) return true
    }
    for (const block of this.#blocks) if (block.from.has(from) && block.to.has(to)) return true
    return false
  }
}
