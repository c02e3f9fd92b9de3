/**
 * Finding members of a group, as long as its graph is online (P-051 to P-054): while there is no neighbor, one search follows
 * another at an interval; and when the graph asks for a connection, since it may be cut off from a part of the group, the name of
 * the group is resolved again, and the graph gets addresses of members that are no neighbors.
 */
import type { AttemptFailure } from '../graph/graph-events.ts'
import type { PeerName } from '../identity/peer-name.ts'
import type { Clock, Timer } from '../runtime/clock.ts'
import type { Endpoint } from '../runtime/endpoint.ts'
import { type ErrorCode, PeerageError } from '../runtime/peerage-error.ts'
import { type Random, randomFraction } from '../runtime/random.ts'
import { AddressQueue } from './address-queue.ts'
import { MemberSearch, type MemberSearchPorts } from './member-search.ts'

/** The pause between two searches while nobody is found, in milliseconds, with up to half of it added at random (P-052). */
export const SEARCH_INTERVAL = 30_000
/** How long the graph has to find another neighbor by itself when it has lost the last one: as above. */
export const PAUSE_AFTER_LOSS = 1000
/** Addresses that the graph gets when it asks for a connection. */
export const MOST_GIVEN_FOR_REPAIR = 8

/** What finding stands on. */
export interface GroupFindingPorts extends MemberSearchPorts {
  readonly clock: Pick<Clock, 'setTimer'>
  readonly random: Random
  /** The neighbors that the graph has now. */
  neighbors(): number
  /** Gives the graph addresses of members: it compares with them, and takes them as neighbors if it is cut off from them. */
  give(endpoints: readonly Endpoint[]): void
}

/** Finds members of one group. */
export class GroupFinding {
  readonly #group: PeerName
  readonly #hints: readonly Endpoint[]
  readonly #ports: GroupFindingPorts
  readonly #failed: (failure: PeerageError) => void
  #isRunning = false
  #hadNeighbors = false
  #isConnectionWanted = false
  #search: MemberSearch | undefined
  #repair: AbortController | undefined
  /** Until the next search. */
  #pause: Timer | undefined
  /** Of what is drawn from what was told: never inside the call, because that can come from the middle of the graph. */
  #looking: Timer | undefined

  /** @param failed Told of each search that has found nobody: `no-members-found`, `no-member-reachable`, `not-let-in`, `cloud-not-found` */
  constructor(
    group: PeerName,
    hints: readonly Endpoint[],
    ports: GroupFindingPorts,
    failed: (failure: PeerageError) => void,
  ) {
    this.#group = group
    this.#hints = hints
    this.#ports = ports
    this.#failed = failed
  }

  /** The graph is online: looks for members as long as it has no neighbor. Twice does nothing. */
  start(): void {
    this.#isRunning = true
    this.#lookSoon()
  }

  /** Ends all work for it, until {@link GroupFinding.start}. */
  stop(): void {
    this.#isRunning = false
    this.#hadNeighbors = false
    this.#isConnectionWanted = false
    this.#looking?.cancel()
    this.#looking = undefined
    this.#endSearch()
    this.#repair?.abort()
    this.#repair = undefined
  }

  /** The graph has other neighbors, or dials or does not dial any more. */
  statusChanged(): void {
    this.#lookSoon()
  }

  /** The graph has tried an address. */
  attempted(endpoint: Endpoint, outcome: 'connected' | 'referred' | ErrorCode, failure?: AttemptFailure): void {
    this.#search?.attempted(endpoint, outcome, failure)
  }

  /** The graph asks for a connection (P-054). Where there is no neighbor, a search goes on anyway. */
  connectionRequired(): void {
    this.#isConnectionWanted = true
    this.#lookSoon()
  }

  #lookSoon(): void {
    if (!this.#isRunning) return
    this.#looking ??= this.#ports.clock.setTimer(0, () => {
      this.#looking = undefined
      this.#look()
    })
  }

  #look(): void {
    const isWanted = this.#isConnectionWanted
    this.#isConnectionWanted = false
    if (this.#ports.neighbors() > 0) {
      this.#hadNeighbors = true
      this.#endSearch()
      if (isWanted && this.#repair === undefined) this.#beginRepair()
      return
    }
    if (this.#search !== undefined) this.#search.graphChanged()
    else if (this.#hadNeighbors) this.#searchLater(PAUSE_AFTER_LOSS)
    else if (this.#pause === undefined) this.#beginSearch()
    this.#hadNeighbors = false
  }

  #beginSearch(): void {
    this.#search = new MemberSearch(this.#group, this.#hints, this.#ports, (failure) => {
      this.#search = undefined
      this.#searchLater(SEARCH_INTERVAL)
      if (failure !== undefined) this.#failed(failure)
    })
  }

  #searchLater(pause: number): void {
    this.#pause?.cancel()
    const delay = pause * (1 + randomFraction(this.#ports.random) / 2)
    this.#pause = this.#ports.clock.setTimer(delay, () => {
      this.#pause = undefined
      this.#look()
    })
  }

  #endSearch(): void {
    this.#search?.cancel()
    this.#search = undefined
    this.#pause?.cancel()
    this.#pause = undefined
  }

  #beginRepair(): void {
    const over = new AbortController()
    this.#repair = over
    void this.#findOthers(over.signal).then(() => {
      if (this.#repair === over) this.#repair = undefined
    })
  }

  /** Members that are no neighbors, for the graph. */
  async #findOthers(signal: AbortSignal): Promise<void> {
    const { resolve, isCandidate, give } = this.#ports
    const queue = new AddressQueue()
    queue.add(this.#hints.filter(isCandidate))
    try {
      for await (const { endpoints } of resolve(signal)) queue.add(endpoints.filter(isCandidate))
    } catch (error) {
      // The graph will ask again.
      if (!signal.aborted && !(error instanceof PeerageError)) throw error
    }
    if (signal.aborted) return
    const others: Endpoint[] = []
    for (let next = queue.next(true); next !== undefined; next = queue.next(true)) others.push(next)
    if (others.length > 0) give(others.slice(0, MOST_GIVEN_FOR_REPAIR))
  }
}
