/**
 * In which order the addresses of a group's members are tried (P-051): one address of each /24 or /48 before a second of any, so
 * that whoever holds many addresses of one network does not stand before everybody else.
 */
import { type Endpoint, formatEndpoint } from '../runtime/endpoint.ts'
import { networkPrefix } from '../runtime/network-prefix.ts'

/** Addresses that one search tries at most. */
export const MOST_TRIED_ADDRESSES = 64

interface Candidate {
  readonly endpoint: Endpoint
  readonly prefix: string
  /** Its place among the addresses of its member. */
  readonly place: number
}

/** The addresses that are still to be tried. Each comes out once, however often it is added. */
export class AddressQueue {
  readonly #known = new Set<string>()
  /** How many of each prefix have come out. */
  readonly #taken = new Map<string, number>()
  #left: Candidate[] = []

  get isEmpty(): boolean {
    return this.#left.length === 0
  }

  /** Adds the addresses of one member, in the order in which it wants them tried. What goes beyond the limit is left out. */
  add(endpoints: readonly Endpoint[]): void {
    for (const [place, endpoint] of endpoints.entries()) {
      const name = formatEndpoint(endpoint)
      if (this.#known.has(name) || this.#known.size >= MOST_TRIED_ADDRESSES) continue
      this.#known.add(name)
      this.#left.push({ endpoint, prefix: networkPrefix(endpoint.host), place })
    }
  }

  /**
   * Takes the next one: of the prefix of which the fewest have come out, first addresses of members before second ones, and
   * otherwise in the order in which they were added.
   *
   * @param mayRepeat Whether a prefix of which one has come out will do. While more are to be expected, it will not.
   */
  next(mayRepeat: boolean): Endpoint | undefined {
    let best: Candidate | undefined
    for (const candidate of this.#left) if (best === undefined || this.#isBefore(candidate, best)) best = candidate
    if (best === undefined) return undefined
    const taken = this.#takenOf(best)
    if (taken > 0 && !mayRepeat) return undefined
    this.#taken.set(best.prefix, taken + 1)
    this.#left = this.#left.filter((one) => one !== best)
    return best.endpoint
  }

  #isBefore(one: Candidate, other: Candidate): boolean {
    const [ofOne, ofOther] = [this.#takenOf(one), this.#takenOf(other)]
    return ofOne === ofOther ? one.place < other.place : ofOne < ofOther
  }

  #takenOf({ prefix }: Candidate): number {
    return this.#taken.get(prefix) ?? 0
  }
}
