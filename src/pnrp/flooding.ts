/**
 * Telling the neighbours of an ID that it came or went (MS-PNRP 3.2.5.11, 3.2.4.2, 3.1.5.5).
 *
 * A new entry that joins a leaf set is told on to the nearest known ID on each side of it, which do the same.
 * The Already Flooded List says who has heard of it, so that it walks outwards; and who knows an entry already
 * is silent, so that every flood ends. Whoever announces an ID of its own tells it in LOOKUPs, too: these floods go on
 * past all that it has asked. Each node that takes the entry into a leaf set tells the new node about itself, which
 * so learns all its neighbours.
 */
import type { Endpoint } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { pnrpIdOfCpa, readCpa } from './certified-peer-address.ts'
import type { CloudParts } from './cloud-parts.ts'
import { validateCpa } from './cpa-validation.ts'
import type { EntryOrigin } from './entry-proof.ts'
import { type Flood, LONGEST_ALREADY_FLOODED_LIST, NO_NONCE } from './message.ts'
import { isBetween, type PnrpId } from './pnrp-id.ts'
import type { CacheAddition, LeafSet } from './route-cache.ts'
import { distinctEndpoints, isAmong, type RouteEntry } from './route-entry.ts'

/** The floods of one cloud. */
export class Flooding {
  readonly #parts: CloudParts

  constructor(parts: CloudParts) {
    this.#parts = parts
  }

  /** An entry was proven and added: tells it on if it joined a leaf set, and tells its node who we are. */
  entryAdded(entry: RouteEntry, { leafSetsOf }: CacheAddition, origin: EntryOrigin): void {
    if (leafSetsOf.length === 0) return
    this.#tellNeighbours(entry, leafSetsOf, origin.told ?? [])
    if (!origin.introducesUs) return
    const { own } = this.#parts
    for (const localId of leafSetsOf) {
      if (origin.knownIds?.includes(localId)) continue
      const ownEntry = own.entryOf(localId)
      if (ownEntry !== undefined) this.#flood(entry, { routeEntry: ownEntry, alreadyFlooded: this.#ownEndpoint() })
    }
  }

  /** Revokes a registration that has just been taken out: tells its two neighbours, and closes the gap (N-52, N-53). */
  revoke(revokeCpa: Uint8Array, { below, above }: LeafSet): void {
    const { cache } = this.#parts
    const entryOf = (id: PnrpId | undefined): RouteEntry | undefined => id && cache.get(id)?.entry
    const nextBelow = entryOf(below[0])
    const nextAbove = entryOf(above[0])
    const alreadyFlooded = [...this.#ownEndpoint(), ...this.#endpointsOf([nextBelow, nextAbove])]
    for (const neighbour of distinct([nextBelow, nextAbove])) this.#flood(neighbour, { revokeCpa, alreadyFlooded })
    this.#introduce(nextAbove, entryOf(below.at(-1)))
    this.#introduce(nextBelow, entryOf(above.at(-1)))
  }

  /**
   * Takes a Revoke CPA. It counts if the key that proved the cached entry signed it, and is passed on, away from
   * the revoked ID, by who had that in a leaf set (N-54, N-55).
   */
  revocationReceived(flood: Flood, revokeCpa: Uint8Array): void {
    const { cache, crypto, chains, clock, counters } = this.#parts
    const id = this.#idOf(revokeCpa)
    const cached = id && cache.get(id)
    if (id === undefined || cached === undefined) return
    const cpa = validateCpa(
      { crypto, chains, now: clock.utc() },
      { cpa: revokeCpa, id, nonce: NO_NONCE, revoked: true, acceptedKey: cached.publicKey },
    )
    if (typeof cpa === 'string') {
      counters.dropped(cpa)
      return
    }
    // Who is above it passes it on upwards, who is below it downwards: always away from the revoked ID.
    const leafSets = cache.leafSetsWith(id).map((localId) => ({ localId, ...cache.leafSet(localId) }))
    cache.remove(id)
    const notYet = (entry: RouteEntry): boolean => !isAmong(entry, flood.alreadyFlooded)
    const next = distinct(
      leafSets.flatMap(({ localId, below, above }) => [
        below.includes(id) ? cache.above(localId, notYet) : undefined,
        above.includes(id) ? cache.below(localId, notYet) : undefined,
      ]),
    )
    const alreadyFlooded = [...flood.alreadyFlooded, ...this.#endpointsOf(next), ...this.#ownEndpoint()]
    if (alreadyFlooded.length > LONGEST_ALREADY_FLOODED_LIST) return
    for (const entry of next) this.#flood(entry, { revokeCpa, alreadyFlooded })
  }

  /**
   * Tells a new entry to the nearest above and below it of those that have not been told. One of them may stand between
   * the entry and this node, if that heard first; it may then know the entry already, and is silent. So in that case
   * the next one beyond this node is told, too, and nobody further out is missed.
   */
  #tellNeighbours(entry: RouteEntry, leafSetsOf: readonly PnrpId[], told: readonly Endpoint[]): void {
    const { cache } = this.#parts
    const notYet = (other: RouteEntry): boolean => other.id !== entry.id && !isAmong(other, told)
    const above = cache.above(entry.id, notYet)
    const below = cache.below(entry.id, notYet)
    const nearest = [above, below]
    for (const localId of leafSetsOf) {
      const leafSet = cache.leafSet(localId)
      if (above && leafSet.below.includes(entry.id) && isBetween(entry.id, above.id, localId)) {
        nearest.push(cache.above(localId, notYet))
      }
      if (below && leafSet.above.includes(entry.id) && isBetween(localId, below.id, entry.id)) {
        nearest.push(cache.below(localId, notYet))
      }
    }
    const chosen = distinct(nearest)
    const alreadyFlooded = distinctEndpoints([...told, ...this.#endpointsOf(chosen), ...this.#ownEndpoint()])
    if (alreadyFlooded.length > LONGEST_ALREADY_FLOODED_LIST) return
    for (const neighbour of chosen) this.#flood(neighbour, { routeEntry: entry, alreadyFlooded })
  }

  /** Tells one entry to the node of another. */
  #introduce(entry: RouteEntry | undefined, to: RouteEntry | undefined): void {
    if (entry === undefined || to === undefined || entry.id === to.id) return
    this.#flood(to, { routeEntry: entry, alreadyFlooded: this.#ownEndpoint() })
  }

  #flood(
    to: RouteEntry,
    content: { routeEntry?: RouteEntry; revokeCpa?: Uint8Array; alreadyFlooded: readonly Endpoint[] },
  ): void {
    const { exchange, own } = this.#parts
    const endpoint = own.endpointFor(to)
    if (endpoint === undefined || own.has(endpoint)) return
    exchange.confirm(
      endpoint,
      { type: 'FLOOD', withoutAck: false, validateId: to.id, ...content },
      {
        answered: (ack) => {
          if (ack.notFound) this.#parts.forget(to.id)
        },
        failed: () => this.#parts.forget(to.id),
      },
    )
  }

  /** One of this node's endpoints, to stand in an Already Flooded List. */
  #ownEndpoint(): Endpoint[] {
    const { own } = this.#parts
    const [host] = own.addresses
    return host === undefined ? [] : [{ host, port: own.port }]
  }

  #endpointsOf(entries: readonly (RouteEntry | undefined)[]): Endpoint[] {
    return distinct(entries).flatMap((entry) => this.#parts.own.endpointFor(entry) ?? [])
  }

  #idOf(revokeCpa: Uint8Array): PnrpId | undefined {
    try {
      return pnrpIdOfCpa(this.#parts.crypto, readCpa(revokeCpa))
    } catch (error) {
      if (!PeerageError.is(error, 'malformed')) throw error
      this.#parts.counters.dropped('malformed')
      return undefined
    }
  }
}

function distinct(entries: readonly (RouteEntry | undefined)[]): RouteEntry[] {
  const byId = new Map<PnrpId, RouteEntry>()
  for (const entry of entries) if (entry !== undefined) byId.set(entry.id, entry)
  return [...byId.values()]
}
