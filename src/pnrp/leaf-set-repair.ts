/**
 * Finds the neighbours of a local ID that this node does not know: asks one that it knows for the closest node
 * to the own ID, with all known neighbours in the Flagged Path, so that only an unknown one can be named.
 *
 * The floods of a registration normally tell everybody (flooding.ts). This mends what was lost on the way, and it
 * makes whole leaf sets of two that were apart.
 */
import type { Endpoint } from '../runtime/endpoint.ts'
import { randomChoice } from '../runtime/random.ts'
import type { CloudParts } from './cloud-parts.ts'
import type { EntryProof } from './entry-proof.ts'
import { LONGEST_FLAGGED_PATH } from './message.ts'
import type { PnrpId } from './pnrp-id.ts'
import { type RouteEntry, samePlaces } from './route-entry.ts'

/** How often each local ID asks while its leaf set changes, and once it does not, in milliseconds. */
export const REPAIR_INTERVAL = 10_000
export const LONGEST_REPAIR_INTERVAL = 160_000

interface Schedule {
  due: number
  interval: number
  neighbours: string
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
      this.#ask(id)
    }
  }

  #ask(localId: PnrpId): void {
    const { cache, exchange, own, random } = this.#parts
    const { below, above } = cache.leafSet(localId)
    const known = [...new Set([...below, ...above])].flatMap((id) => cache.get(id)?.entry ?? [])
    const asked = randomChoice(random, known)
    const to = asked && own.endpointFor(asked)
    const ownEntry = own.entryOf(localId)
    const [host] = own.addresses
    if (asked === undefined || to === undefined || ownEntry === undefined || host === undefined) return
    const flaggedPath = [{ host, port: own.port }, ...this.#endpointsOf(known, asked)].slice(0, LONGEST_FLAGGED_PATH)
    exchange.inquire(
      to,
      {
        ...{ type: 'LOOKUP', target: localId, validateId: asked.id, criterion: 'none', precision: 0 },
        ...{ reason: 'cache-maintenance', acceptsFarther: true, bestMatch: ownEntry, flaggedPath },
      },
      {
        answered: ({ notFound, routeEntry }) => {
          if (notFound) this.#parts.forget(asked.id)
          if (routeEntry !== undefined) this.#proof.consider(routeEntry, { from: to })
        },
        failed: () => this.#proof.proveAgain(asked.id),
      },
    )
  }

  #endpointsOf(entries: readonly RouteEntry[], asked: RouteEntry): Endpoint[] {
    // Who is asked must not be in the path: it could not name a second ID of its own.
    return entries.flatMap((entry) => (samePlaces(entry, asked) ? [] : (this.#parts.own.endpointFor(entry) ?? [])))
  }
}
