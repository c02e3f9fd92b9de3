/**
 * One search for members of a group (MS-PPSEC 3.1.4.3; P-051): the hints of the invitation are tried, while the graph tries the
 * addresses that it remembers; then the group's name is resolved, and what comes is tried, spread over prefixes. Attempts overlap,
 * and the first link ends all others. When nobody is left to try, the search has failed, and tells what was tried (P-053).
 */
import type { DialFailure, DialOutcome } from '../graph/dialer.ts'
import type { AttemptFailure } from '../graph/graph-events.ts'
import type { PeerName } from '../identity/peer-name.ts'
import type { Clock, Timer } from '../runtime/clock.ts'
import { type Endpoint, formatEndpoint } from '../runtime/endpoint.ts'
import type { TriedAddress } from '../runtime/error-catalog.ts'
import { type ErrorCode, PeerageError } from '../runtime/peerage-error.ts'
import { AddressQueue } from './address-queue.ts'

/** How long the addresses that are known come before those of PNRP, in milliseconds, unless all of them have failed before. */
export const HEAD_START = 2000
/** After this time without an outcome the next address is tried beside the one before, in milliseconds. */
export const OVERLAP_DELAY = 300
/** Addresses that are tried at a time. */
export const MOST_AT_ONCE = 4
/** Members whose addresses are taken from PNRP at most. */
export const MOST_FOUND = 32
/** Addresses of which an error tells what became of them: the ones tried last. */
export const MOST_TOLD = 16

/** What a search stands on. */
export interface MemberSearchPorts {
  readonly clock: Pick<Clock, 'setTimer'>
  /** Asks for a neighbor link with whoever is at an address. @param done Called once, later, unless it is cancelled. */
  connect(to: Endpoint, done: (outcome: DialOutcome) => void): { cancel(): void }
  /** The members that PNRP knows, this one left out, as they are found. Rejects with a PeerageError, or with the signal's reason. */
  resolve(signal: AbortSignal): AsyncIterable<FoundMember>
  /** Whether an address is worth a try: not this node's own, not a neighbor's, inside the scope of the graph. */
  isCandidate(endpoint: Endpoint): boolean
  /** Whether the graph itself is trying addresses that it remembers. */
  isGraphDialling(): boolean
  /** Whether the graph itself is trying this one. */
  isGraphTrying(endpoint: Endpoint): boolean
}

/** What PNRP says of a member. */
export interface FoundMember {
  readonly endpoints: readonly Endpoint[]
}

/** One search, under way as soon as it is made. */
export class MemberSearch {
  readonly #group: PeerName
  readonly #ports: MemberSearchPorts
  readonly #ended: (failure: PeerageError | undefined) => void
  readonly #queue = new AddressQueue()
  readonly #over = new AbortController()
  /** Those under way. */
  readonly #attempts = new Set<{ cancel(): void }>()
  readonly #tried = new Map<string, TriedAddress>()
  #overlap: Timer | undefined
  #headStart: Timer | undefined
  #resolving: 'later' | 'now' | 'over' = 'later'
  /** Why PNRP could not be asked. */
  #problem: PeerageError | undefined
  #found = 0
  /** A member was there, and there was no link because one of the two does not admit the other. */
  #isRefused = false

  /** @param ended Called once, later, unless it is cancelled: with what failed, or with nothing if there is a link. */
  constructor(
    group: PeerName,
    hints: readonly Endpoint[],
    ports: MemberSearchPorts,
    ended: (failure: PeerageError | undefined) => void,
  ) {
    this.#group = group
    this.#ports = ports
    this.#ended = ended
    this.#addAll(hints)
    this.#headStart = ports.clock.setTimer(HEAD_START, () => this.#resolve())
    this.#goOn()
  }

  /** The graph has begun or ended to try addresses by itself. */
  graphChanged(): void {
    this.#goOn()
  }

  /** The graph has tried an address, by itself or for this search. */
  attempted(endpoint: Endpoint, outcome: 'connected' | 'referred' | ErrorCode, failure?: AttemptFailure): void {
    if (outcome === 'connected' || this.#isOver) return
    const { reason = outcome, isRefused } = failure ?? {}
    if (isRefused === true) this.#isRefused = true
    const name = formatEndpoint(endpoint)
    if (!this.#tried.has(name)) this.#note({ endpoint: name, code: outcome, reason })
  }

  /** Gives up; nobody is told. */
  cancel(): void {
    this.#over.abort()
    this.#overlap?.cancel()
    this.#headStart?.cancel()
    for (const attempt of this.#attempts) attempt.cancel()
    this.#attempts.clear()
  }

  get #isOver(): boolean {
    return this.#over.signal.aborted
  }

  #goOn(): void {
    if (this.#isOver) return
    if (this.#overlap === undefined) this.#tryNext()
    if (this.#attempts.size > 0) return
    // What waits for its prefix waits for PNRP.
    if (this.#resolving === 'later') {
      if (!this.#ports.isGraphDialling()) this.#resolve()
    } else if (this.#resolving === 'over' && this.#queue.isEmpty) {
      this.#end(this.#failure())
    }
  }

  #tryNext(): void {
    if (this.#attempts.size >= MOST_AT_ONCE) return
    const endpoint = this.#next()
    if (endpoint === undefined) return
    const attempt = this.#ports.connect(endpoint, (outcome) => {
      this.#attempts.delete(attempt)
      this.#tell(endpoint, outcome)
    })
    this.#attempts.add(attempt)
    this.#overlap = this.#ports.clock.setTimer(OVERLAP_DELAY, () => {
      this.#overlap = undefined
      this.#goOn()
    })
  }

  /** What the graph tries by itself, or has just tried in vain, is passed over. */
  #next(): Endpoint | undefined {
    for (;;) {
      const endpoint = this.#queue.next(this.#resolving !== 'now')
      if (endpoint === undefined) return undefined
      if (!this.#tried.has(formatEndpoint(endpoint)) && !this.#ports.isGraphTrying(endpoint)) return endpoint
    }
  }

  #tell(endpoint: Endpoint, outcome: DialOutcome): void {
    if (this.#isOver) return
    switch (outcome.kind) {
      case 'connected':
        this.#end(undefined)
        return
      case 'refused':
        this.#noteFailure({ endpoint, code: 'refused', reason: outcome.code })
        break
      case 'failed':
        for (const failure of outcome.failures) this.#noteFailure(failure)
    }
    this.#overlap?.cancel()
    this.#overlap = undefined
    this.#goOn()
  }

  #resolve(): void {
    if (this.#resolving !== 'later') return
    this.#headStart?.cancel()
    this.#resolving = 'now'
    void this.#takeFound()
  }

  async #takeFound(): Promise<void> {
    const { signal } = this.#over
    try {
      for await (const { endpoints } of this.#ports.resolve(signal)) {
        if (signal.aborted) return
        if (this.#addAll(endpoints)) this.#found++
        this.#goOn()
        if (this.#found >= MOST_FOUND) break
      }
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof PeerageError)) throw error
      this.#problem = error
    }
    if (signal.aborted) return
    this.#resolving = 'over'
    this.#goOn()
  }

  /** @returns whether any of them may be tried */
  #addAll(endpoints: readonly Endpoint[]): boolean {
    const candidates = endpoints.filter((endpoint) => this.#ports.isCandidate(endpoint))
    this.#queue.add(candidates)
    return candidates.length > 0
  }

  #noteFailure({ endpoint, code, reason, isRefused }: DialFailure): void {
    if (isRefused === true) this.#isRefused = true
    this.#note({ endpoint: formatEndpoint(endpoint), code, reason })
  }

  #note(tried: TriedAddress): void {
    this.#tried.delete(tried.endpoint)
    this.#tried.set(tried.endpoint, tried)
    if (this.#tried.size <= MOST_TOLD) return
    const [oldest] = this.#tried.keys()
    if (oldest !== undefined) this.#tried.delete(oldest)
  }

  #end(failure: PeerageError | undefined): void {
    this.cancel()
    this.#ended(failure)
  }

  #failure(): PeerageError {
    const group = this.#group
    const tried = [...this.#tried.values()]
    if (this.#isRefused) return new PeerageError('not-let-in', { group, tried })
    if (this.#found > 0) return new PeerageError('no-member-reachable', { group, tried })
    const problem = this.#problem
    // A cloud that has to be opened first is what to tell.
    if (PeerageError.is(problem, 'cloud-not-found')) return problem
    const search = problem?.message ?? 'nobody has registered there'
    return new PeerageError('no-members-found', { group, search, tried }, { cause: problem })
  }
}
