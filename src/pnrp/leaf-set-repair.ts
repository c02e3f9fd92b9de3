/**
 * Finds the neighbours of a local ID that this node does not know. For each side of a leaf set it asks one of those that
 * it knows there two things:
 *
 * - Who is closest to the middle of that side, with all known neighbours in the Flagged Path. Whoever is missing between
 *   the local ID and its fifth neighbour is closer to that middle than everybody beyond.
 * - Who is closest to the middle of a gap between two neighbours, with nobody in the Flagged Path, which tells nodes
 *   apart and not IDs: so a second ID of a known neighbour is found. A gap is asked about when it has
 *   appeared, and all are soon after, when things are quiet again, and now and then from then on.
 *
 * Who is named is put into the Flagged Path, and the same node is asked again, until it names nobody whom the leaf set
 * would take. So a dead node that others still name does not hide the living.
 *
 * The floods of a registration normally tell everybody (flooding.ts). This mends what was lost on the way and what
 * died, and it makes whole leaf sets of two clouds that were apart.
 */
import type { Endpoint } from '../runtime/endpoint.ts'
import { randomChoice } from '../runtime/random.ts'
import type { CloudParts } from './cloud-parts.ts'
import type { EntryProof } from './entry-proof.ts'
import { LONGEST_FLAGGED_PATH } from './message.ts'
import { middleBetween, type PnrpId } from './pnrp-id.ts'
import { LEAF_SET_SIDE, type LeafSet } from './route-cache.ts'
import { type RouteEntry, samePlaces } from './route-entry.ts'

/** How often a local ID asks: after a first time twice as long each time, as long as nothing changes. In milliseconds. */
export const REPAIR_INTERVAL = 10_000
export const LONGEST_REPAIR_INTERVAL = 160_000
/** How long after a change of a leaf set its local ID asks, in milliseconds: changes come in groups. */
export const REPAIR_DELAY = 3000
/** How often one node is asked in one round: a whole side, and as many who are named in vain, such as dead ones. */
export const MOST_REPAIR_STEPS = 2 * LEAF_SET_SIDE

interface Schedule {
  due: number
  interval: number
  /** As it was at the latest round. */
  leafSet: LeafSet
}

/** Two neighbours with nobody known between them. */
interface Gap {
  readonly near: PnrpId
  readonly far: PnrpId
}

/** One node that is being asked about one side of the leaf set of one local ID. */
interface Questioning {
  readonly localId: PnrpId
  readonly asked: RouteEntry
  readonly to: Endpoint
  readonly target: PnrpId
  /** What the Flagged Path holds beside this node itself. */
  readonly flagged: readonly Endpoint[]
  readonly steps: number
}

/** The repair of all leaf sets of one node. */
export class LeafSetRepair {
  readonly #parts: CloudParts
  readonly #proof: EntryProof
  readonly #schedules = new Map<PnrpId, Schedule>()
  #isSoon = false

  constructor(parts: CloudParts, proof: EntryProof) {
    this.#parts = parts
    this.#proof = proof
  }

  /** A leaf set has changed: its local ID asks soon. */
  changed(): void {
    if (this.#isSoon) return
    this.#isSoon = true
    this.#parts.deadlines.set(REPAIR_DELAY, () => {
      this.#isSoon = false
      this.round()
    })
  }

  /** All deadlines have been dropped. */
  clear(): void {
    this.#isSoon = false
  }

  /** Asks for each local ID whose turn has come. */
  round(): void {
    const { clock, registrations, cache } = this.#parts
    const now = clock.monotonic()
    for (const localId of this.#schedules.keys()) if (!registrations.has(localId)) this.#schedules.delete(localId)
    for (const { id } of registrations.all()) {
      const leafSet = cache.leafSet(id)
      const { below, above } = leafSet
      const former = this.#schedules.get(id)
      const isChanged = former === undefined || !sameLeafSet(former.leafSet, leafSet)
      if (!isChanged && former.due > now) continue
      const interval = isChanged ? REPAIR_INTERVAL : Math.min(former.interval * 2, LONGEST_REPAIR_INTERVAL)
      this.#schedules.set(id, { due: now + interval, interval, leafSet })
      const formerGaps = new Set(former === undefined ? [] : gapsOfBoth(id, former.leafSet).map(keyOf))
      const asked = (all: readonly Gap[]): readonly Gap[] => {
        if (interval === 2 * REPAIR_INTERVAL || interval === LONGEST_REPAIR_INTERVAL) return all
        return all.filter((gap) => !formerGaps.has(keyOf(gap)))
      }
      this.#askAbout(id, below, asked(gapsOf(id, below)), (near, far) => middleBetween(far, near))
      this.#askAbout(id, above, asked(gapsOf(id, above)), middleBetween)
    }
  }

  #askAbout(
    localId: PnrpId,
    side: readonly PnrpId[],
    gaps: readonly Gap[],
    middle: (near: PnrpId, far: PnrpId) => PnrpId,
  ): void {
    const farthest = side.at(-1)
    if (farthest === undefined) return
    // A side that is not full reaches round the circle.
    const target = side.length < LEAF_SET_SIDE ? localId : middle(localId, farthest)
    this.#askOneOf(side, localId, target, (asked) => this.#neighbours(localId, asked))
    // Whoever stands beside a gap knows best who is in it.
    for (const { near, far } of gaps) {
      this.#askOneOf(near === localId ? [far] : [near, far], localId, middle(near, far), () => [])
    }
  }

  #askOneOf(
    side: readonly PnrpId[],
    localId: PnrpId,
    target: PnrpId,
    flagged: (asked: RouteEntry) => readonly Endpoint[],
  ): void {
    const { cache, own, random } = this.#parts
    const askedId = randomChoice(random, side)
    const asked = askedId && cache.get(askedId)?.entry
    const to = asked && own.endpointFor(asked)
    if (asked === undefined || to === undefined) return
    this.#ask({ localId, asked, to, target, flagged: flagged(asked), steps: 1 })
  }

  #ask(questioning: Questioning): void {
    const { exchange, own } = this.#parts
    const { localId, asked, to, target, flagged } = questioning
    const ownEntry = own.entryOf(localId)
    if (ownEntry === undefined || own.pathEndpoint === undefined) return
    exchange.inquire(
      to,
      {
        ...{ type: 'LOOKUP', target, validateId: asked.id, criterion: 'none', precision: 0 },
        ...{ reason: 'cache-maintenance', acceptsFarther: true, bestMatch: ownEntry },
        flaggedPath: [own.pathEndpoint, ...flagged].slice(0, LONGEST_FLAGGED_PATH),
      },
      {
        answered: ({ notFound, routeEntry }) => {
          if (notFound) this.#parts.forget(asked.id)
          if (routeEntry !== undefined) this.#named(questioning, routeEntry)
        },
        failed: () => this.#proof.proveAgain(asked.id),
      },
    )
  }

  #named(questioning: Questioning, entry: RouteEntry): void {
    const { cache, own, registrations } = this.#parts
    const { localId, to, flagged, steps } = questioning
    const cached = cache.get(entry.id)
    const isNews = cached === undefined ? cache.wouldJoinLeafSet(entry) : !samePlaces(cached.entry, entry)
    if (!isNews || !registrations.has(localId)) return
    this.#askSoon(localId)
    // As with a FLOOD, whoever joins a leaf set this way is told about us, too.
    this.#proof.consider(entry, { from: to, introducesUs: true })
    const endpoint = own.endpointFor(entry)
    if (endpoint === undefined || steps >= MOST_REPAIR_STEPS) return
    this.#ask({ ...questioning, flagged: [endpoint, ...flagged], steps: steps + 1 })
  }

  /** Somebody is missing: as long as that is so, a local ID asks at each round. */
  #askSoon(localId: PnrpId): void {
    const schedule = this.#schedules.get(localId)
    if (schedule === undefined) return
    schedule.interval = REPAIR_INTERVAL
    schedule.due = this.#parts.clock.monotonic()
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

/** The gaps of one side, from the local ID outwards. */
function gapsOf(localId: PnrpId, side: readonly PnrpId[]): Gap[] {
  return side.map((far, index) => ({ near: side[index - 1] ?? localId, far }))
}

function gapsOfBoth(localId: PnrpId, { below, above }: LeafSet): Gap[] {
  return [...gapsOf(localId, below), ...gapsOf(localId, above)]
}

function keyOf({ near, far }: Gap): string {
  return near + far
}

function sameLeafSet(one: LeafSet, other: LeafSet): boolean {
  return sameSide(one.below, other.below) && sameSide(one.above, other.above)
}

function sameSide(one: readonly PnrpId[], other: readonly PnrpId[]): boolean {
  return one.length === other.length && one.every((id, index) => id === other[index])
}
