/**
 * Finds the neighbours of a local ID that this node does not know. For each side of a leaf set it asks one that it
 * knows there for the node closest to the middle of that side, with all known neighbours in the Flagged Path.
 * Whoever is missing between the local ID and its fifth neighbour is closer to that middle than everybody beyond,
 * so the answer names one who is missing, if the asked node knows any. It is asked again, with what it named in the path
 * as well, until it names nobody whom the leaf set would take.
 *
 * The floods of a registration normally tell everybody (flooding.ts). This mends what was lost on the way and what
 * died, and it makes whole leaf sets of two clouds that were apart.
 */
import type { Endpoint } from '../runtime/endpoint.ts'
import { randomBelow, randomChoice } from '../runtime/random.ts'
import type { CloudParts } from './cloud-parts.ts'
import type { EntryProof } from './entry-proof.ts'
import { LONGEST_FLAGGED_PATH } from './message.ts'
import { middleBetween, type PnrpId } from './pnrp-id.ts'
import { LEAF_SET_SIDE } from './route-cache.ts'
import { type RouteEntry, samePlaces } from './route-entry.ts'

/** How often each local ID asks while its leaf set changes, and at most once it does not, in milliseconds. */
export const REPAIR_INTERVAL = 10_000
export const LONGEST_REPAIR_INTERVAL = 160_000
/** How often one node is asked in one round: a whole side, and as many who are named in vain, such as dead ones. */
export const MOST_REPAIR_STEPS = 2 * LEAF_SET_SIDE

interface Schedule {
  due: number
  interval: number
  neighbours: string
}

/** One node that is being asked about one side of the leaf set of one local ID. */
interface Questioning {
  readonly localId: PnrpId
  readonly asked: RouteEntry
  readonly to: Endpoint
  readonly target: PnrpId
  readonly named: Endpoint[]
}

/** The repair of all leaf sets of one node. */
export class LeafSetRepair {
  readonly #parts: CloudParts
  readonly #proof: EntryProof
  readonly #schedules = new Map<PnrpId, Schedule>()

  constructor(parts: CloudParts, proof: EntryProof) {
    this.#parts = parts
    this.#proof = proof
  }

  /** Asks for each local ID whose turn has come. */
  round(): void {
    const { clock, registrations, cache } = this.#parts
    const now = clock.monotonic()
    for (const localId of this.#schedules.keys()) if (!registrations.has(localId)) this.#schedules.delete(localId)
    for (const { id } of registrations.all()) {
      const { below, above } = cache.leafSet(id)
      const neighbours = [...below, ...above].join('')
      const schedule = this.#schedules.get(id)
      const isChanged = schedule?.neighbours !== neighbours
      if (!isChanged && schedule !== undefined && schedule.due > now) continue
      const interval =
        isChanged || schedule === undefined ? REPAIR_INTERVAL : Math.min(schedule.interval * 2, LONGEST_REPAIR_INTERVAL)
      this.#schedules.set(id, { due: now + interval, interval, neighbours })
      this.#askAbout(id, below, (end) => middleBetween(end, id))
      this.#askAbout(id, above, (end) => middleBetween(id, end))
    }
  }

  #askAbout(localId: PnrpId, side: readonly PnrpId[], middle: (end: PnrpId) => PnrpId): void {
    const { cache, own, random } = this.#parts
    const askedId = randomChoice(random, side)
    const asked = askedId && cache.get(askedId)?.entry
    const to = asked && own.endpointFor(asked)
    if (asked === undefined || to === undefined) return
    this.#ask({ localId, asked, to, target: this.#target(localId, side, middle), named: [] })
  }

  /**
   * Mostly the middle of the whole side; now and then of a part of it, for who is asked names a second ID of its own
   * only if that is closer to the target. A side that is not full reaches round the circle.
   */
  #target(localId: PnrpId, side: readonly PnrpId[], middle: (end: PnrpId) => PnrpId): PnrpId {
    if (side.length < LEAF_SET_SIDE) return localId
    const end = randomBelow(this.#parts.random, 2) === 0 ? side.at(-1) : randomChoice(this.#parts.random, side)
    return middle(end ?? localId)
  }

  #ask(questioning: Questioning): void {
    const { cache, exchange, own } = this.#parts
    const { localId, asked, to, target, named } = questioning
    const ownEntry = own.entryOf(localId)
    const [host] = own.addresses
    if (ownEntry === undefined || host === undefined) return
    const flaggedPath = [{ host, port: own.port }, ...named, ...this.#neighbours(localId, asked)]
    exchange.inquire(
      to,
      {
        ...{ type: 'LOOKUP', target, validateId: asked.id, criterion: 'none', precision: 0 },
        ...{ reason: 'cache-maintenance', acceptsFarther: true, bestMatch: ownEntry },
        flaggedPath: flaggedPath.slice(0, LONGEST_FLAGGED_PATH),
      },
      {
        answered: ({ notFound, routeEntry }) => {
          if (notFound) this.#parts.forget(asked.id)
          if (routeEntry !== undefined && cache.wouldTake(routeEntry)) this.#named(questioning, routeEntry)
        },
        failed: () => this.#proof.proveAgain(asked.id),
      },
    )
  }

  #named(questioning: Questioning, entry: RouteEntry): void {
    const { own, registrations } = this.#parts
    const { localId, to, named } = questioning
    // As with a FLOOD, whoever joins a leaf set this way is told about us, too.
    this.#proof.consider(entry, { from: to, alreadyFlooded: [] })
    const endpoint = own.endpointFor(entry)
    if (endpoint === undefined || !registrations.has(localId) || named.length + 1 >= MOST_REPAIR_STEPS) return
    this.#ask({ ...questioning, named: [endpoint, ...named] })
  }

  /** Where the known neighbours are. Who is asked is left out: it could not name a second ID of its own. */
  #neighbours(localId: PnrpId, asked: RouteEntry): Endpoint[] {
    const { cache, own } = this.#parts
    const { below, above } = cache.leafSet(localId)
    return [...new Set([...below, ...above])].flatMap((id) => {
      const entry = cache.get(id)?.entry
      return entry === undefined || samePlaces(entry, asked) ? [] : (own.endpointFor(entry) ?? [])
    })
  }
}
