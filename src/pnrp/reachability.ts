/**
 * Whether others can reach this node in a cloud, and where they see it (N-112, N-113).
 *
 * Others reach it if a node to which it has sent nothing asks it something, as neighbours do after a registration.
 * They do not if the address at which it is seen is none of its own, or if nobody has asked for too long although
 * so many others are known that strangers must be among those who ask (in a small cloud a node has soon sent
 * something to everybody, and nothing can be told). A node that cannot be reached is resolve-only: to register
 * would only lead others astray.
 */
import type { Clock } from '../runtime/clock.ts'
import { type Endpoint, formatEndpoint, type IpAddress, sameEndpoint } from '../runtime/endpoint.ts'
import { networkPrefixBytes, PREFIX_BYTES } from '../runtime/network-prefix.ts'
import { RecentRows } from './recent-rows.ts'

/** Why a node is resolve-only. */
export type UnreachableReason = 'configured' | 'no-address' | 'address-translated' | 'not-asked'

/** Witnesses from different prefixes that have to agree on an address, in `Global_`. */
export const WITNESSES_NEEDED = 3
/** How long a witness counts, in milliseconds. */
export const WITNESS_LIFE = 10 * 60_000
/** How long a node that knows others waits for somebody to ask it, in milliseconds. */
export const LONGEST_WAIT_FOR_QUESTION = 5 * 60_000
/** Endpoints that were sent something lately, and so do not show that strangers reach this node. */
export const MOST_SENT_TO = 4096
/** With fewer others known than this, silence shows nothing. */
export const FEWEST_MEMBERS_TO_JUDGE = 16
/** Witnesses that are remembered, one of each prefix; the one that was heard longest ago makes room. */
const MOST_WITNESSES = 64

/** By the prefix of the witness: the place among what was observed of what it saw. */
const TESTIMONY = { keyLength: PREFIX_BYTES, valueLength: 1, most: MOST_WITNESSES }

/** What is known about reaching one node in one cloud. */
export class Reachability {
  readonly #clock: Clock
  readonly #witnessesNeeded: number
  readonly #witnesses = new RecentRows(TESTIMONY)
  /** What witnesses saw: nearly always all the same. */
  readonly #observed: Endpoint[] = []
  #sentTo: Set<string> | undefined
  #firstMemberKnown: number | undefined
  #asked = false
  /** Once it is found that nobody asks, that holds: whoever takes its IDs back knows fewer nodes than before. */
  #isNotAsked = false

  constructor(clock: Clock, witnessesNeeded: number) {
    this.#clock = clock
    this.#witnessesNeeded = witnessesNeeded
  }

  /** Whether somebody to whom nothing was sent has asked something. */
  get isShown(): boolean {
    return this.#asked
  }

  /** Something was sent there: a question from there shows nothing. */
  sent(to: Endpoint): void {
    if (this.#asked) return
    this.#sentTo ??= new Set()
    if (this.#sentTo.size < MOST_SENT_TO) this.#sentTo.add(formatEndpoint(to))
  }

  /** A question came from there. */
  questioned(from: Endpoint): void {
    if (this.#asked || this.#sentTo?.has(formatEndpoint(from)) === true) return
    this.#asked = true
    this.#sentTo = undefined
  }

  /** A reply that counts said where it saw this node. */
  observed(witness: Endpoint, observed: Endpoint): void {
    const now = this.#clock.monotonic()
    this.#witnesses.dropUntil(now - WITNESS_LIFE)
    const place = Uint8Array.of(this.#placeOf(observed))
    this.#witnesses.set(networkPrefixBytes(witness.host), place, now)
    this.#firstMemberKnown ??= now
  }

  /** Where enough witnesses agree that they see this node. */
  observedEndpoint(): Endpoint | undefined {
    const now = this.#clock.monotonic()
    const votes = this.#observed.map(() => 0)
    let most = 0
    let winner: Endpoint | undefined
    for (const { value, time } of this.#witnesses.rows()) {
      if (now - time >= WITNESS_LIFE) continue
      const [place = 0] = value
      const count = (votes[place] ?? 0) + 1
      votes[place] = count
      // Liars can agree, too: what most witnesses say counts, and only if they are enough.
      if (count > most) {
        most = count
        winner = this.#observed[place]
      }
    }
    return most >= this.#witnessesNeeded ? winner : undefined
  }

  /** Why others cannot reach this node, as far as is known; undefined if they can, or nothing is known yet. */
  problem(ownAddresses: readonly IpAddress[], ownPort: number, knownMembers: number): UnreachableReason | undefined {
    const observed = this.observedEndpoint()
    const isOwn = ({ host, port }: Endpoint): boolean => port === ownPort && ownAddresses.includes(host)
    // Liars name each other and so are asked more often than others: being the most does not suffice against those
    // who see this node where it is.
    if (observed !== undefined && !isOwn(observed) && this.#witnessesOf(isOwn) < WITNESSES_NEEDED) {
      return 'address-translated'
    }
    if (this.#asked || this.#firstMemberKnown === undefined) return undefined
    const waited = this.#clock.monotonic() - this.#firstMemberKnown
    if (waited > LONGEST_WAIT_FOR_QUESTION && knownMembers >= FEWEST_MEMBERS_TO_JUDGE) this.#isNotAsked = true
    return this.#isNotAsked ? 'not-asked' : undefined
  }

  #witnessesOf(sees: (observed: Endpoint) => boolean): number {
    const now = this.#clock.monotonic()
    const counts = this.#observed.map(sees)
    let count = 0
    for (const { value, time } of this.#witnesses.rows()) {
      const [place = 0] = value
      if (now - time < WITNESS_LIFE && counts[place]) count++
    }
    return count
  }

  /** Starts anew: the addresses changed, or it is time to try again. */
  reset(): void {
    this.#witnesses.clear()
    this.#observed.length = 0
    this.#sentTo = undefined
    this.#asked = false
    this.#isNotAsked = false
    this.#firstMemberKnown = undefined
  }

  /** The place of what a witness saw. If that is new, it takes one of which no witness speaks any more. */
  #placeOf(observed: Endpoint): number {
    const known = this.#observed.findIndex((endpoint) => sameEndpoint(endpoint, observed))
    if (known >= 0) return known
    const taken = new Set(Array.from(this.#witnesses.rows(), ({ value }) => value[0]))
    let place = 0
    while (taken.has(place)) place++
    this.#observed[place] = observed
    return place
  }
}
