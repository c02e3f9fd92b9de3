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
import { type Endpoint, formatEndpoint, type IpAddress } from '../runtime/endpoint.ts'
import { networkPrefix } from '../runtime/network-prefix.ts'
import { RecentMap } from '../runtime/recent-map.ts'

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
const MOST_WITNESSES = 64

interface Testimony {
  readonly observed: Endpoint
  readonly time: number
}

/** What is known about reaching one node in one cloud. */
export class Reachability {
  readonly #clock: Clock
  readonly #witnessesNeeded: number
  /** The latest testimony of each prefix. */
  readonly #witnesses = new RecentMap<Testimony>(MOST_WITNESSES)
  readonly #sentTo = new Set<string>()
  #firstMemberKnown: number | undefined
  #asked = false

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
    if (this.#asked || this.#sentTo.size >= MOST_SENT_TO) return
    this.#sentTo.add(formatEndpoint(to))
  }

  /** A question came from there. */
  questioned(from: Endpoint): void {
    if (this.#asked || this.#sentTo.has(formatEndpoint(from))) return
    this.#asked = true
    this.#sentTo.clear()
  }

  /** A reply that counts said where it saw this node. */
  observed(witness: Endpoint, observed: Endpoint): void {
    this.#witnesses.set(networkPrefix(witness.host), { observed, time: this.#clock.monotonic() })
    this.#firstMemberKnown ??= this.#clock.monotonic()
  }

  /** Where enough witnesses agree that they see this node. */
  observedEndpoint(): Endpoint | undefined {
    const now = this.#clock.monotonic()
    const votes = new Map<string, { readonly endpoint: Endpoint; count: number }>()
    let most = 0
    let winner: Endpoint | undefined
    for (const { observed, time } of this.#witnesses.values()) {
      if (now - time > WITNESS_LIFE) continue
      const key = formatEndpoint(observed)
      const vote = votes.get(key) ?? { endpoint: observed, count: 0 }
      vote.count++
      votes.set(key, vote)
      // Liars can agree, too: what most witnesses say counts, and only if they are enough.
      if (vote.count > most) {
        most = vote.count
        winner = vote.endpoint
      }
    }
    return most >= this.#witnessesNeeded ? winner : undefined
  }

  /** Why others cannot reach this node, as far as is known; undefined if they can, or nothing is known yet. */
  problem(ownAddresses: readonly IpAddress[], ownPort: number, knownMembers: number): UnreachableReason | undefined {
    const observed = this.observedEndpoint()
    if (observed !== undefined && !(observed.port === ownPort && ownAddresses.includes(observed.host))) {
      return 'address-translated'
    }
    if (this.#asked || this.#firstMemberKnown === undefined || knownMembers < FEWEST_MEMBERS_TO_JUDGE) return undefined
    const waited = this.#clock.monotonic() - this.#firstMemberKnown
    return waited > LONGEST_WAIT_FOR_QUESTION ? 'not-asked' : undefined
  }

  /** Starts anew: the addresses changed, or it is time to try again. */
  reset(): void {
    this.#witnesses.clear()
    this.#sentTo.clear()
    this.#asked = false
    this.#firstMemberKnown = undefined
  }
}
