/**
 * Where further instances of a name may still be found. The registrations of one name lie side by side on the circle,
 * because the upper half of their IDs is equal; those that are known divide that part of the circle into gaps.
 *
 * A gap is searched by a resolve for the ID in its middle: everything in a gap is closer to that than everything
 * outside it, so it makes no difference how many instances are known or on which nodes they are. The two
 * nodes beside the gap are asked, as their leaf sets reach into it. An instance that is found there makes two
 * gaps of one; a gap in which none is found is done with. So n instances are found with about 2n searches.
 *
 * Whoever is dead is named for a while still. A node that is silent is put into the Flagged Path, and the gap is
 * searched again; below the first instance and above the last one then also from the other side, because a dead
 * node with several IDs can fill half a leaf set. An ID that is not where it should be, on a node that is
 * alive, divides the gap as an instance does.
 */
import { type Endpoint, formatEndpoint } from '../runtime/endpoint.ts'
import { middleBetween, nextPnrpId, type PnrpId, SERVICE_LOCATION_LENGTH, withServiceLocation } from './pnrp-id.ts'
import { type IdRange, isInRange } from './resolve-request.ts'

/** One search. */
export interface GapSearch {
  readonly gap: IdRange
  /** The ID in the middle. */
  readonly target: PnrpId
  /** Who knows the neighbourhood; undefined if the search is to come from elsewhere in the cloud. */
  readonly firstHops: readonly Endpoint[] | undefined
}

/** Where one instance is. */
interface Place {
  readonly id: PnrpId
  /** Of a node that can be asked; undefined where only the ID counts. */
  readonly endpoint: Endpoint | undefined
}

/** What was done about a gap. */
interface Searched {
  /** How many silent nodes were known in it then. */
  readonly silent: number
  readonly fromElsewhere: boolean
}

/** The search for all instances of one name. */
export class InstanceSearch {
  readonly #anyId: PnrpId
  /** In ascending order. */
  readonly #known: Place[] = []
  readonly #silent: PnrpId[] = []
  readonly #searched = new Map<string, Searched>()

  /** @param anyId An ID of the name. */
  constructor(anyId: PnrpId) {
    this.#anyId = anyId
  }

  /** An ID of the name that nobody needs to look for any more. @param endpoint Of its node, if that can be asked. */
  add(id: PnrpId, endpoint: Endpoint | undefined): void {
    const index = this.#known.findIndex((place) => place.id >= id)
    if (this.#known[index]?.id === id) return
    this.#known.splice(index < 0 ? this.#known.length : index, 0, { id, endpoint })
  }

  /** At the node that is said to have this ID nobody answers. */
  addSilent(id: PnrpId): void {
    this.#silent.push(id)
  }

  /** The next search, which counts as done from now on; undefined if there is none. */
  next(): GapSearch | undefined {
    const { first, end } = this.#all()
    for (let index = 0; index <= this.#known.length; index++) {
      const below = this.#known[index - 1]
      const above = this.#known[index]
      const gap = {
        first: below === undefined ? first : nextPnrpId(below.id),
        end: above?.id ?? end,
      }
      if (gap.first === gap.end) continue
      const key = gap.first + gap.end
      const former = this.#searched.get(key)
      const target = middleBetween(gap.first, gap.end)
      const silent = this.#silent.filter((id) => isInRange(gap, id)).length
      if (former === undefined || former.silent < silent) {
        this.#searched.set(key, { silent, fromElsewhere: former?.fromElsewhere === true })
        return { gap, target, firstHops: this.#nodesBeside(index) }
      }
      const isOuter = below === undefined || above === undefined
      if (isOuter && silent > 0 && !former.fromElsewhere) {
        this.#searched.set(key, { silent, fromElsewhere: true })
        return { gap, target, firstHops: undefined }
      }
    }
    return undefined
  }

  /** All IDs that the name can have. Nobody who wants one result alone needs them. */
  #all(): IdRange {
    const lowest = new Uint8Array(SERVICE_LOCATION_LENGTH)
    const highest = new Uint8Array(SERVICE_LOCATION_LENGTH).fill(0xff)
    return {
      first: withServiceLocation(this.#anyId, lowest),
      end: nextPnrpId(withServiceLocation(this.#anyId, highest)),
    }
  }

  /** The nearest nodes below and above a gap. @param index Of the place above it. */
  #nodesBeside(index: number): Endpoint[] {
    const below = this.#known.slice(0, index).findLast(({ endpoint }) => endpoint !== undefined)?.endpoint
    const above = this.#known.slice(index).find(({ endpoint }) => endpoint !== undefined)?.endpoint
    const nodes = [below, above].filter((endpoint) => endpoint !== undefined)
    return [...new Map(nodes.map((endpoint) => [formatEndpoint(endpoint), endpoint])).values()]
  }
}
