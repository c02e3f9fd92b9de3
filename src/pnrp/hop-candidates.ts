/**
 * Whom a resolve may ask: nodes that others have named, and those of the cache, the closest to the target first
 * (MS-PNRP 3.1.5.6.1). All paths of a resolve draw on this one pool, and no node is asked twice (N-63).
 */
import { type Endpoint, formatEndpoint } from '../runtime/endpoint.ts'
import { randomChoice } from '../runtime/random.ts'
import { mayUse } from './cloud.ts'
import type { CloudParts } from './cloud-parts.ts'
import { isCloser, NO_PNRP_ID, type PnrpId, sameP2pId } from './pnrp-id.ts'
import { isInRange, isSought, type ResolveRequest } from './resolve-request.ts'
import { HIGHEST_RESERVED_PORT, isAmong, type RouteEntry } from './route-entry.ts'

/** A node that may be asked. */
export interface HopCandidate {
  readonly id: PnrpId
  readonly endpoint: Endpoint
  readonly entry: RouteEntry | undefined
  /** Who named it: what that node says is dropped with it. */
  readonly namedBy: HopCandidate | undefined
}

/** With fewer entries than this in the cache, nodes that are not closer are welcome, too (flag A). */
export const SMALL_CACHE = 8
/** Among how many of the closest cached entries one is sought that is no dead end. */
const DEAD_END_ALTERNATIVES = 3

/** What tells whom to ask. */
export type HopParts = Pick<CloudParts, 'backOff' | 'cache' | 'cloud' | 'deadEnds' | 'own' | 'random' | 'registrations'>

/** The pool of one resolve. */
export class HopCandidates {
  readonly #parts: HopParts
  readonly #request: ResolveRequest
  /** Nodes that others named, in no order; some may have been asked since. */
  #named: HopCandidate[] = []
  /** Endpoints that were asked, or are being asked. */
  readonly #asked = new Set<string>()
  #hasBegun = false

  constructor(parts: HopParts, request: ResolveRequest) {
    this.#parts = parts
    this.#request = request
    for (const endpoint of request.silent ?? []) this.#asked.add(formatEndpoint(endpoint))
  }

  /** A node is asked now, and not again. */
  asking(endpoint: Endpoint): void {
    this.#hasBegun = true
    this.#asked.add(formatEndpoint(endpoint))
  }

  add(named: HopCandidate): void {
    this.#named.push(named)
  }

  /** Drops what a node named that could not prove itself, and what else its namer named: honest nodes name what is proven. */
  distrust(candidate: HopCandidate): void {
    const isTainted = ({ namedBy }: HopCandidate): boolean =>
      namedBy !== undefined && (namedBy === candidate || namedBy === candidate.namedBy)
    this.#named = this.#named.filter((other) => !isTainted(other))
  }

  /** The node to ask next, of those named and those cached; undefined if none is left. */
  next(): HopCandidate | undefined {
    const { target } = this.#request
    let closest: HopCandidate | undefined
    let lastResort: HopCandidate | undefined
    for (const candidate of this.#named) {
      const key = formatEndpoint(candidate.endpoint)
      if (this.#asked.has(key)) continue
      // Whoever was silent comes last; but what is sought itself is always asked for.
      const isLast = this.#parts.backOff.has(key) && !isSought(this.#request, candidate.id)
      if (isLast) lastResort = closerOf(target, candidate, lastResort)
      else closest = closerOf(target, candidate, closest)
    }
    const first = closest === undefined ? this.#firstHop((key) => !this.#parts.backOff.has(key)) : undefined
    if (first !== undefined) return first
    const cached = this.#cached()
    return (
      (cached === undefined ? closest : closerOf(target, cached, closest)) ?? lastResort ?? this.#firstHop(() => true)
    )
  }

  /** The node that was asked can name itself, by another of its IDs: so a publisher returns the one that is sought (N-62). */
  namedItself(
    hop: HopCandidate,
    entry: RouteEntry | undefined,
  ): (HopCandidate & { readonly entry: RouteEntry }) | undefined {
    if (entry === undefined || entry.id === hop.id || !isAmong(entry, [hop.endpoint])) return undefined
    return { id: entry.id, endpoint: hop.endpoint, entry, namedBy: hop }
  }

  /** What a node names becomes a candidate if it is closer than the node itself, or little is known at all (N-62). */
  namedBy(hop: HopCandidate, entry: RouteEntry | undefined): HopCandidate | undefined {
    if (entry === undefined) return undefined
    const { cloud, own, registrations } = this.#parts
    if (entry.port <= HIGHEST_RESERVED_PORT || !entry.addresses.every((address) => mayUse(cloud, address)))
      return undefined
    if (registrations.has(entry.id)) return undefined
    const endpoint = this.#isWelcome(hop, entry.id) ? own.endpointFor(entry) : undefined
    if (endpoint === undefined || own.has(endpoint) || this.#asked.has(formatEndpoint(endpoint))) return undefined
    return { id: entry.id, endpoint, entry, namedBy: hop }
  }

  #isWelcome(hop: HopCandidate, id: PnrpId): boolean {
    if (isSought(this.#request, id)) return true
    if (!this.#mayLead(id)) return false
    return this.#parts.cache.size < SMALL_CACHE || hop.id === NO_PNRP_ID || isCloser(this.#request.target, id, hop.id)
  }

  #firstHop(accepts: (endpoint: string) => boolean): HopCandidate | undefined {
    const endpoint = this.#request.firstHops?.find((one) => {
      const key = formatEndpoint(one)
      return !this.#asked.has(key) && accepts(key)
    })
    return endpoint && { id: NO_PNRP_ID, endpoint, entry: undefined, namedBy: undefined }
  }

  #cached(): HopCandidate | undefined {
    const { cache, own, backOff, random } = this.#parts
    const { criterion, reason, target, within } = this.#request
    // A resolve that tests for a split begins elsewhere and must not come back to what is known here.
    if (reason === 'split-detection') return undefined
    const mayBeAsked = (entry: RouteEntry): boolean => {
      const endpoint = own.endpointFor(entry)
      if (endpoint === undefined || !this.#mayLead(entry.id)) return false
      const key = formatEndpoint(endpoint)
      return !this.#asked.has(key) && !backOff.has(key)
    }
    // Of several instances any will do: so they share the load (N-120).
    const instances = criterion === 'any' || within !== undefined ? cache.instances(target) : []
    const sought = instances.filter((entry) => isSought(this.#request, entry.id) && mayBeAsked(entry))
    const entry = randomChoice(random, sought) ?? this.#closestCached(mayBeAsked)
    const endpoint = entry && own.endpointFor(entry)
    return entry && endpoint && { id: entry.id, endpoint, entry, namedBy: undefined }
  }

  /** In the search of a gap: who was found beside it has been asked, or has nothing to say about it. */
  #mayLead(id: PnrpId): boolean {
    const { firstHops, target, within } = this.#request
    if (within === undefined || isInRange(within, id)) return true
    return firstHops === undefined && !sameP2pId(id, target)
  }

  #closestCached(mayBeAsked: (entry: RouteEntry) => boolean): RouteEntry | undefined {
    const { cache } = this.#parts
    const { target } = this.#request
    const [closest] = cache.nearest(target, 1, mayBeAsked)
    // It is a preference for where to begin: from then on the closest is the best there is.
    if (closest === undefined || this.#hasBegun || !this.#isDeadEnd(closest)) return closest
    return cache.nearest(target, DEAD_END_ALTERNATIVES, mayBeAsked).find((entry) => !this.#isDeadEnd(entry)) ?? closest
  }

  #isDeadEnd(entry: RouteEntry): boolean {
    const { deadEnds, own } = this.#parts
    const endpoint = own.endpointFor(entry)
    return endpoint !== undefined && deadEnds.has(endpoint, this.#request.target) && !isSought(this.#request, entry.id)
  }
}

function closerOf(target: PnrpId, one: HopCandidate, other: HopCandidate | undefined): HopCandidate {
  return other === undefined || isCloser(target, one.id, other.id) ? one : other
}
