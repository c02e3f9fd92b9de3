/**
 * The route entry cache (MS-PNRP 3.2.1.1): the proven route entries that a node knows, chosen so that it can
 * name somebody much closer to any ID, and everybody who is near its own.
 *
 * - A **leaf set** around each local ID: the 5 next below and above. They make every registered ID findable.
 * - **Levels** around the centre, the node's own ID: level k covers 10^-k of the circle, in
 *   {@link LEVEL_SLICES} slices of equal width with room for one entry each. They make a lookup take about
 *   log10(n) steps, since each step at least reaches the right slice of a level.
 *
 * An entry stays while it has a place in one of them. In `Global_` one network prefix holds at most one
 * place on each side of a leaf set and two in a level, so that places cost addresses, not just hashes.
 */
import { networkPrefixes } from '../runtime/network-prefix.ts'
import { isBetween, type PnrpId, placeOf, pnrpIdAt } from './pnrp-id.ts'
import type { RouteEntry } from './route-entry.ts'
import { SortedIds } from './sorted-ids.ts'

/** A proven route entry. */
export interface CachedEntry {
  readonly entry: RouteEntry
  /** Of the certified peer address that proved it; a revocation must be signed by it (N-54). */
  readonly publicKey: Uint8Array
  /** When that certified peer address ends, in UTC. */
  notAfter: number
  /** When its node last answered, by the monotonic clock. */
  lastHeard: number
}

/** The entries next to one local ID, the nearest first. */
export interface LeafSet {
  readonly below: readonly PnrpId[]
  readonly above: readonly PnrpId[]
}

/** Places on each side of a leaf set. */
export const LEAF_SET_SIDE = 5
/** Places in a level: with 24 of them lookups among 10,000 simulated nodes took 3.51 steps, with 30 3.37. */
export const LEVEL_SLICES = 30
/** 10^-8 of the circle holds less than a leaf set in any cloud of a billion nodes. */
export const MOST_LEVELS = 9
/** In `Global_`. */
export const MOST_PLACES_OF_PREFIX_ON_LEAF_SIDE = 1
export const MOST_PLACES_OF_PREFIX_IN_LEVEL = 2

/** What {@link RouteCache.add} changed. */
export interface CacheAddition {
  /** The local IDs whose leaf sets it joined. */
  readonly leafSetsOf: readonly PnrpId[]
  /** Entries that lost their last place by it. */
  readonly displaced: readonly PnrpId[]
}

/** A slice of a level without an entry. */
export interface CacheGap {
  readonly level: number
  readonly slice: number
  /** The ID in its middle. */
  readonly middle: PnrpId
  /** Of the circle: 1 is all of it. */
  readonly width: number
}

interface Level {
  readonly slots: (PnrpId | undefined)[]
  /** How many places each prefix holds. */
  readonly prefixes: Map<string, number>
}

/** The proven route entries of one cloud. */
export class RouteCache {
  readonly #centre: PnrpId
  readonly #limitsPrefixes: boolean
  readonly #ownPrefixes: () => readonly string[]
  readonly #entries = new Map<PnrpId, CachedEntry>()
  readonly #ids = new SortedIds()
  readonly #leafSets = new Map<PnrpId, LeafSet>()
  readonly #levels: Level[] = []

  /**
   * @param centre Around which the levels lie: the node's own ID, or a random one where it has none.
   * @param options.limitsPrefixes Whether a prefix holds a limited number of places: in `Global_`.
   * @param options.ownPrefixes The prefixes of the node itself, which are exempt in its own leaf sets.
   */
  constructor(centre: PnrpId, options: { limitsPrefixes: boolean; ownPrefixes: () => readonly string[] }) {
    this.#centre = centre
    this.#limitsPrefixes = options.limitsPrefixes
    this.#ownPrefixes = options.ownPrefixes
  }

  get size(): number {
    return this.#entries.size
  }

  get(id: PnrpId): CachedEntry | undefined {
    return this.#entries.get(id)
  }

  /** All entries, in no order. */
  entries(): IterableIterator<CachedEntry> {
    return this.#entries.values()
  }

  /** Gives a local ID a leaf set. */
  addLocalId(localId: PnrpId): void {
    this.#leafSets.set(localId, this.#computeLeafSet(localId))
  }

  /** Takes the leaf set of a local ID away, and the entries that were there for it alone. */
  removeLocalId(localId: PnrpId): void {
    const former = this.#leafSets.get(localId)
    this.#leafSets.delete(localId)
    if (former !== undefined) for (const id of [...former.below, ...former.above]) this.#dropIfPlaceless(id)
  }

  /** The leaf set of a local ID; another ID is a programming error. */
  leafSet(localId: PnrpId): LeafSet {
    const leafSet = this.#leafSets.get(localId)
    if (leafSet === undefined) throw new RangeError('only a local ID has a leaf set')
    return leafSet
  }

  /** The local IDs in whose leaf sets this ID stands. */
  leafSetsWith(id: PnrpId): PnrpId[] {
    const found: PnrpId[] = []
    for (const [localId, { below, above }] of this.#leafSets) {
      if (below.includes(id) || above.includes(id)) found.push(localId)
    }
    return found
  }

  /** Whether an ID, were it registered, would stand in a leaf set of this node: what flag L says. */
  isInLeafRange(id: PnrpId): boolean {
    for (const [localId, leafSet] of this.#leafSets) if (id === localId || spans(localId, leafSet, id)) return true
    return false
  }

  /** Whether the cache would have a place for this entry, were it proven. */
  wouldTake(entry: RouteEntry): boolean {
    if (this.#leafSets.has(entry.id)) return false
    return this.wouldJoinLeafSet(entry) || this.#freeSlots(entry.id, networkPrefixes(entry.addresses)).length > 0
  }

  /** Whether an entry that is not cached would, were it proven, have a place in a leaf set. */
  wouldJoinLeafSet(entry: RouteEntry): boolean {
    if (this.#leafSets.has(entry.id)) return false
    const prefixes = networkPrefixes(entry.addresses)
    for (const [localId, leafSet] of this.#leafSets) {
      if (!spans(localId, leafSet, entry.id)) continue
      if (this.#fitsLeafSide(this.#ids.above(localId), localId, entry.id, prefixes, 'above')) return true
      if (this.#fitsLeafSide(this.#ids.below(localId), localId, entry.id, prefixes, 'below')) return true
    }
    return false
  }

  /** Adds a proven entry, or replaces the one with its ID. */
  add(cached: CachedEntry): CacheAddition {
    const { id } = cached.entry
    if (this.#leafSets.has(id)) return { leafSetsOf: [], displaced: [] }
    const before = this.leafSetsWith(id)
    const former = this.#entries.get(id)
    if (former !== undefined) this.#freeSlotsOf(former.entry)
    this.#entries.set(id, cached)
    this.#ids.add(id)
    this.#takeSlots(cached.entry)
    const displaced = this.#refreshLeafSets()
    this.#dropIfPlaceless(id)
    const leafSetsOf = this.leafSetsWith(id).filter((localId) => !before.includes(localId))
    return { leafSetsOf, displaced }
  }

  /** Removes an entry. @returns the local IDs in whose leaf sets it stood, or undefined if it was not there. */
  remove(id: PnrpId): readonly PnrpId[] | undefined {
    const cached = this.#entries.get(id)
    if (cached === undefined) return undefined
    const leafSetsOf = this.leafSetsWith(id)
    this.#freeSlotsOf(cached.entry)
    this.#entries.delete(id)
    this.#ids.delete(id)
    this.#refreshLeafSets()
    return leafSetsOf
  }

  /** The entries of the name of a target, that is: with its P2P ID. */
  instances(target: PnrpId): RouteEntry[] {
    return this.#toEntries(this.#ids.withP2pIdOf(target))
  }

  /**
   * The `count` entries closest to a target that `accepts` takes, the closest first.
   *
   * @param bound Only what is closer than this ID counts.
   */
  nearest(target: PnrpId, count: number, accepts: (entry: RouteEntry) => boolean, bound?: PnrpId): RouteEntry[] {
    return this.#toEntries(this.#ids.nearest(target, count, (id) => this.#accepts(id, accepts), bound))
  }

  /** The first entry above an ID that `accepts` takes. */
  above(id: PnrpId, accepts: (entry: RouteEntry) => boolean): RouteEntry | undefined {
    return this.#first(this.#ids.above(id), accepts)
  }

  /** The first entry below an ID that `accepts` takes. */
  below(id: PnrpId, accepts: (entry: RouteEntry) => boolean): RouteEntry | undefined {
    return this.#first(this.#ids.below(id), accepts)
  }

  /**
   * The slices that have no entry: of the widest level, which every cache fills (N-38), and of those whose slices
   * are at least `narrowest` of the circle wide.
   */
  gaps(narrowest: number): CacheGap[] {
    const gaps: CacheGap[] = []
    const centre = placeOf(this.#centre)
    for (let level = 0; level < MOST_LEVELS; level++) {
      const width = levelWidth(level) / LEVEL_SLICES
      if (level > 0 && width < narrowest) break
      for (let slice = 0; slice < LEVEL_SLICES; slice++) {
        if (this.#levels[level]?.slots[slice] !== undefined) continue
        const middle = pnrpIdAt(centre - levelWidth(level) / 2 + (slice + 0.5) * width)
        gaps.push({ level, slice, middle, width })
      }
    }
    return gaps
  }

  #computeLeafSet(localId: PnrpId): LeafSet {
    return {
      below: this.#leafSide(this.#ids.below(localId)),
      above: this.#leafSide(this.#ids.above(localId)),
    }
  }

  /** The first five of a walk, as far as prefixes permit: the closer ID has the place. */
  #leafSide(walk: Iterable<PnrpId>): readonly PnrpId[] {
    const side: PnrpId[] = []
    const taken = new Map<string, number>()
    for (const id of walk) {
      const prefixes = this.#countedPrefixes(id)
      if (prefixes.some((prefix) => (taken.get(prefix) ?? 0) >= MOST_PLACES_OF_PREFIX_ON_LEAF_SIDE)) continue
      for (const prefix of prefixes) taken.set(prefix, (taken.get(prefix) ?? 0) + 1)
      side.push(id)
      if (side.length === LEAF_SET_SIDE) break
    }
    return side
  }

  /** Whether an entry would be among the first five of a walk from a local ID. */
  #fitsLeafSide(
    walk: Iterable<PnrpId>,
    localId: PnrpId,
    id: PnrpId,
    prefixes: readonly string[],
    direction: 'above' | 'below',
  ): boolean {
    const counted = this.#limitsPrefixes ? prefixes.filter((prefix) => !this.#ownPrefixes().includes(prefix)) : []
    const taken = new Map<string, number>()
    let places = 0
    for (const other of walk) {
      const otherIsFarther = direction === 'above' ? isBetween(localId, id, other) : isBetween(other, id, localId)
      if (otherIsFarther || other === id) break
      const othersPrefixes = this.#countedPrefixes(other)
      if (othersPrefixes.some((prefix) => (taken.get(prefix) ?? 0) >= MOST_PLACES_OF_PREFIX_ON_LEAF_SIDE)) continue
      for (const prefix of othersPrefixes) taken.set(prefix, (taken.get(prefix) ?? 0) + 1)
      places++
      if (places === LEAF_SET_SIDE) return false
    }
    return counted.every((prefix) => (taken.get(prefix) ?? 0) < MOST_PLACES_OF_PREFIX_ON_LEAF_SIDE)
  }

  /** Computes all leaf sets anew and drops what has no place any more. */
  #refreshLeafSets(): PnrpId[] {
    const left = new Set<PnrpId>()
    for (const [localId, former] of this.#leafSets) {
      const present = this.#computeLeafSet(localId)
      this.#leafSets.set(localId, present)
      for (const id of [...former.below, ...former.above]) {
        if (!present.below.includes(id) && !present.above.includes(id)) left.add(id)
      }
    }
    return [...left].filter((id) => this.#dropIfPlaceless(id))
  }

  /** @returns true if the entry was there and had no place. */
  #dropIfPlaceless(id: PnrpId): boolean {
    const cached = this.#entries.get(id)
    if (cached === undefined || this.leafSetsWith(id).length > 0) return false
    if (this.#slotsOf(id).some(({ level, slice }) => level.slots[slice] === id)) return false
    this.#entries.delete(id)
    this.#ids.delete(id)
    return true
  }

  /** The slots of all levels that cover an ID, the widest level first. */
  #slotsOf(id: PnrpId): { level: Level; slice: number }[] {
    const slots: { level: Level; slice: number }[] = []
    let offset = placeOf(id) - placeOf(this.#centre)
    if (offset > 0.5) offset -= 1
    if (offset < -0.5) offset += 1
    for (let depth = 0; depth < MOST_LEVELS; depth++) {
      const width = levelWidth(depth)
      const slice = Math.floor(((offset + width / 2) / width) * LEVEL_SLICES)
      if (slice < 0 || slice >= LEVEL_SLICES) break
      let level = this.#levels[depth]
      if (level === undefined) {
        level = { slots: new Array<PnrpId | undefined>(LEVEL_SLICES).fill(undefined), prefixes: new Map() }
        this.#levels.push(level)
      }
      slots.push({ level, slice })
    }
    return slots
  }

  #freeSlots(id: PnrpId, prefixes: readonly string[]): { level: Level; slice: number }[] {
    return this.#slotsOf(id).filter(({ level, slice }) => {
      if (level.slots[slice] !== undefined) return false
      if (!this.#limitsPrefixes) return true
      return prefixes.every((prefix) => (level.prefixes.get(prefix) ?? 0) < MOST_PLACES_OF_PREFIX_IN_LEVEL)
    })
  }

  #takeSlots(entry: RouteEntry): void {
    const prefixes = networkPrefixes(entry.addresses)
    for (const { level, slice } of this.#freeSlots(entry.id, prefixes)) {
      level.slots[slice] = entry.id
      for (const prefix of prefixes) level.prefixes.set(prefix, (level.prefixes.get(prefix) ?? 0) + 1)
    }
  }

  #freeSlotsOf(entry: RouteEntry): void {
    const prefixes = networkPrefixes(entry.addresses)
    for (const { level, slice } of this.#slotsOf(entry.id)) {
      if (level.slots[slice] !== entry.id) continue
      level.slots[slice] = undefined
      for (const prefix of prefixes) {
        const places = (level.prefixes.get(prefix) ?? 0) - 1
        if (places > 0) level.prefixes.set(prefix, places)
        else level.prefixes.delete(prefix)
      }
    }
  }

  /** The prefixes of an entry that count in a leaf set: none outside `Global_`, and never the node's own. */
  #countedPrefixes(id: PnrpId): readonly string[] {
    const cached = this.#limitsPrefixes ? this.#entries.get(id) : undefined
    if (cached === undefined) return []
    const own = this.#ownPrefixes()
    return networkPrefixes(cached.entry.addresses).filter((prefix) => !own.includes(prefix))
  }

  #accepts(id: PnrpId, accepts: (entry: RouteEntry) => boolean): boolean {
    const cached = this.#entries.get(id)
    return cached !== undefined && accepts(cached.entry)
  }

  #first(walk: Iterable<PnrpId>, accepts: (entry: RouteEntry) => boolean): RouteEntry | undefined {
    for (const id of walk) {
      const cached = this.#entries.get(id)
      if (cached !== undefined && accepts(cached.entry)) return cached.entry
    }
    return undefined
  }

  #toEntries(ids: readonly PnrpId[]): RouteEntry[] {
    return ids.flatMap((id) => this.#entries.get(id)?.entry ?? [])
  }
}

/** Whether an ID is nearer to a local ID than the last one on that side of its leaf set, or there is room. */
function spans(localId: PnrpId, { below, above }: LeafSet, id: PnrpId): boolean {
  const lowest = below[LEAF_SET_SIDE - 1]
  const highest = above[LEAF_SET_SIDE - 1]
  if (lowest === undefined || highest === undefined) return true
  return isBetween(lowest, id, localId) || isBetween(localId, id, highest)
}

/** How much of the circle a level covers. */
function levelWidth(level: number): number {
  return 10 ** -level
}
