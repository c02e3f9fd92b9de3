/**
 * One resolve: finds the registered ID that matches a target, by asking nodes that are ever closer to it
 * (MS-PNRP 3.1.4.4.2, 3.1.5.6.1).
 *
 * It starts on one path. When a node is silent, or what a node said turns out wrong, up to four paths go on
 * side by side, and from then on the resolve is *careful*: it follows what a node named only after that node
 * has proven its own ID. (Places on the circle are hashes, so a liar can name any ID, but can prove only the
 * few that it really has.) All paths draw on one pool of candidates, and no node is asked twice.
 *
 * A node that answered is a match, if it is closer than the last one. The best match that meets the criterion
 * is asked for its certified peer address with a nonce of ours: only what that proves is a result.
 */
import { type Endpoint, formatEndpoint } from '../runtime/endpoint.ts'
import { randomBytes, randomChoice } from '../runtime/random.ts'
import { validateAnswer } from './answer-validation.ts'
import type { AuthorityBuffer } from './authority-buffer.ts'
import type { CertifiedPeerAddress } from './certified-peer-address.ts'
import { mayUse } from './cloud.ts'
import type { CloudParts } from './cloud-parts.ts'
import type { EntryProof } from './entry-proof.ts'
import type { Asked } from './exchange.ts'
import { type Criterion, LONGEST_FLAGGED_PATH, NONCE_LENGTH, type ResolveReason } from './message.ts'
import { isCloser, NO_PNRP_ID, type PnrpId, sameP2pId, sameUpperBits } from './pnrp-id.ts'
import { HIGHEST_RESERVED_PORT, isAmong, type RouteEntry } from './route-entry.ts'

/** What is sought, and how. */
export interface ResolveRequest {
  readonly target: PnrpId
  readonly criterion: Criterion
  /** Bits that have to agree, for `upper-bits`. */
  readonly precision?: number
  readonly reason: ResolveReason
  /** The entry that is being registered: it goes with every LOOKUP, so that all who are asked hear of it. */
  readonly announcing?: RouteEntry | undefined
  /** Where to begin, instead of at the closest cached entry: a node whose ID need not be known. */
  readonly firstHop?: Endpoint | undefined
  /** Whether only nodes that meet the criterion are asked, after the first one: their neighbours are sought. */
  readonly onlyMatching?: boolean | undefined
  /** Nodes that are not to be named, those first that would be named first: results that are known already. */
  readonly knownResults?: readonly Endpoint[] | undefined
}

/** What a resolve ends with. `failed` are nodes that others named and that were silent, or could not prove themselves. */
export type ResolveOutcome =
  /** A certified peer address was proven: the criterion is met. */
  (
    | { readonly kind: 'found'; readonly match: ProvenMatch }
    /** Nothing met it, or no proof was sought. `closest` is the closest node that answered. */
    | { readonly kind: 'ended'; readonly closest: RouteEntry | undefined }
  ) & { readonly failed: readonly NamedNode[] }

/** A node, as others name it. */
export interface NamedNode {
  readonly id: PnrpId
  readonly endpoint: Endpoint
}

/** Told what becomes of a resolve. */
export interface ResolveListener {
  /** Once, unless it is cancelled. */
  ended(outcome: ResolveOutcome): void
  /** Once, when it is cancelled or just before it ends: it needs nothing any more. */
  isOver(): void
}

/** A result. */
export interface ProvenMatch {
  readonly entry: RouteEntry
  readonly cpa: CertifiedPeerAddress
  readonly payload: Uint8Array | string | undefined
}

/** At most so many paths at a time. */
export const MOST_PATHS = 4
/** A path ends after more answers than this with flag L (N-63). */
export const MOST_LEAF_SET_ANSWERS = 6
/** A path ends at this many answered LOOKUPs: one more would not fit into its Flagged Path. */
export const MOST_HOPS_OF_PATH = LONGEST_FLAGGED_PATH
/** With fewer entries than this in the cache, nodes that are not closer are welcome, too (flag A). */
export const SMALL_CACHE = 8
/** Known results in a Flagged Path at most: in one of 22 there stays room for the resolver itself, and for some hops. */
const MOST_KNOWN_IN_PATH = 16
/** How long a node that did not answer is left alone, in milliseconds. */
export const SILENT_NODE_PAUSE = 60_000

/** A node that may be asked. */
interface Candidate extends NamedNode {
  readonly entry: RouteEntry | undefined
  /** Who named it: what that node says is dropped with it. */
  readonly namedBy: Candidate | undefined
}

interface Path {
  asked: Asked | undefined
  leafSetAnswers: number
  readonly flagged: Endpoint[]
}

/** A resolve that goes on until it has an outcome, or is cancelled. */
export class Resolve {
  readonly #parts: CloudParts
  readonly #proof: EntryProof
  readonly #request: ResolveRequest
  readonly #listener: ResolveListener
  readonly #paths: Path[] = []
  /** Nodes that others named and that were not asked yet, in no order. */
  #named: Candidate[] = []
  /** Endpoints that were asked, or are being asked. */
  readonly #asked = new Set<string>()
  /** Nodes that answered a LOOKUP, each closer than the one before. */
  readonly #matches: Candidate[] = []
  readonly #failed: NamedNode[] = []
  #inquiry: Asked | undefined
  #careful = false
  #isOver = false

  /** Begins. Nobody is told anything before the constructor has returned. */
  constructor(parts: CloudParts, proof: EntryProof, request: ResolveRequest, listener: ResolveListener) {
    this.#parts = parts
    this.#proof = proof
    this.#request = request
    this.#listener = listener
    for (const { host, port } of request.knownResults ?? []) this.#asked.add(formatEndpoint({ host, port }))
    const { firstHop } = request
    if (firstHop !== undefined) {
      this.#asked.delete(formatEndpoint(firstHop))
      this.#named.push({ id: NO_PNRP_ID, endpoint: firstHop, entry: undefined, namedBy: undefined })
    }
    parts.deadlines.set(0, () => {
      if (!this.#isOver) this.#openPath()
    })
  }

  /** Sends nothing more and tells nobody an outcome. Twice, or after the end, does nothing. */
  cancel(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#inquiry?.cancel()
    for (const path of this.#paths) path.asked?.cancel()
    this.#paths.length = 0
    this.#listener.isOver()
  }

  #openPath(): void {
    const path: Path = {
      asked: undefined,
      leafSetAnswers: 0,
      flagged: this.#request.knownResults?.slice(0, MOST_KNOWN_IN_PATH) ?? [],
    }
    this.#paths.push(path)
    this.#advance(path)
  }

  /** Something went wrong: more paths, and more care. */
  #widen(): void {
    this.#careful = true
    while (!this.#isOver && this.#paths.length < MOST_PATHS) {
      const open = this.#paths.length
      this.#openPath()
      // No candidate was left for it.
      if (this.#paths.length <= open) return
    }
  }

  /** Asks the next node of a path, or ends the path. */
  #advance(path: Path): void {
    if (this.#isOver || this.#tryBestMatch()) return
    // The resolver itself is the first entry of the Flagged Path; a 23rd LOOKUP would need one of 23 (N-63).
    const isSpent = path.leafSetAnswers > MOST_LEAF_SET_ANSWERS || path.flagged.length >= MOST_HOPS_OF_PATH
    const next = isSpent ? undefined : this.#nextHop()
    if (next === undefined) this.#endPath(path)
    else this.#askLookup(path, next)
  }

  #endPath(path: Path): void {
    const index = this.#paths.indexOf(path)
    if (index >= 0) this.#paths.splice(index, 1)
    if (this.#paths.length === 0 && this.#inquiry === undefined) this.#finishWithoutPaths()
  }

  /** No path is left: the best match is tried whatever the criterion hopes for still. */
  #finishWithoutPaths(): void {
    const best = this.#bestMatch()
    if (best !== undefined && this.#request.reason === 'application') this.#inquire(best)
    else this.#endWithoutProof(this.#matches.at(-1)?.entry)
  }

  #askLookup(path: Path, hop: Candidate): void {
    const { exchange, own, cache } = this.#parts
    const { pathEndpoint } = own
    if (pathEndpoint === undefined) {
      this.#endWithoutProof(undefined)
      return
    }
    this.#asked.add(formatEndpoint(hop.endpoint))
    const best = this.#matches.at(-1)?.entry
    path.asked = exchange.inquire(
      hop.endpoint,
      {
        type: 'LOOKUP',
        target: this.#request.target,
        validateId: hop.id,
        criterion: this.#request.criterion,
        precision: this.#request.precision ?? 0,
        reason: this.#request.reason,
        acceptsFarther: cache.size < SMALL_CACHE || hop.id === NO_PNRP_ID,
        bestMatch: this.#request.announcing ?? best,
        flaggedPath: [pathEndpoint, ...path.flagged],
      },
      {
        answered: (buffer) => this.#answered(path, hop, buffer),
        expired: () => this.#widen(),
        failed: () => this.#silent(path, hop),
      },
    )
  }

  #silent(path: Path, hop: Candidate): void {
    path.asked = undefined
    if (hop.namedBy !== undefined) this.#failed.push(hop)
    this.#parts.backOff.addSilent(formatEndpoint(hop.endpoint), SILENT_NODE_PAUSE)
    if (hop.id !== NO_PNRP_ID) this.#proof.proveAgain(hop.id)
    this.#advance(path)
  }

  #answered(path: Path, hop: Candidate, buffer: AuthorityBuffer): void {
    path.asked = undefined
    // Busy: it stays in the cache, and this resolve goes on elsewhere.
    if (buffer.busy) {
      this.#advance(path)
      return
    }
    path.flagged.push(hop.endpoint)
    if (buffer.leafSet) path.leafSetAnswers++
    const isKnown = hop.id !== NO_PNRP_ID
    if (isKnown && buffer.notFound) this.#parts.forget(hop.id)
    if (isKnown && !buffer.notFound && hop.entry !== undefined) {
      this.#noteMatch(hop)
      this.#proof.consider(hop.entry, {})
    }
    const itself = this.#namedItself(hop, buffer.routeEntry)
    if (itself !== undefined) {
      this.#noteMatch(itself)
      this.#proof.consider(itself.entry, {})
      this.#advance(path)
      return
    }
    const named = this.#candidateNamedBy(hop, buffer.routeEntry)
    if (named === undefined) {
      this.#advance(path)
    } else if (this.#careful && isKnown && !this.#isMatching(hop.id)) {
      this.#followCarefully(path, hop, named)
    } else {
      this.#follow(named)
      this.#advance(path)
    }
  }

  #follow(named: Candidate): void {
    this.#named.push(named)
    if (named.entry !== undefined) this.#proof.consider(named.entry, { from: named.namedBy?.endpoint })
  }

  /** Follows what a node named only after it has proven its own ID. */
  #followCarefully(path: Path, hop: Candidate, named: Candidate): void {
    this.#askForProof(
      hop,
      false,
      (asked) => {
        path.asked = asked
      },
      (isProven) => {
        path.asked = undefined
        if (isProven) this.#follow(named)
        else this.#distrust(hop)
        this.#advance(path)
      },
    )
  }

  /** The node that was asked can name itself, by another of its IDs: so a publisher returns the one that is sought (N-62). */
  #namedItself(hop: Candidate, entry: RouteEntry | undefined): (Candidate & { entry: RouteEntry }) | undefined {
    if (entry === undefined || entry.id === hop.id || !isAmong(entry, [hop.endpoint])) return undefined
    return { id: entry.id, endpoint: hop.endpoint, entry, namedBy: hop }
  }

  #noteMatch(hop: Candidate): void {
    const best = this.#matches.at(-1)
    if (best === undefined || isCloser(this.#request.target, hop.id, best.id)) this.#matches.push(hop)
    else if (this.#isMatching(hop.id)) this.#matches.splice(-1, 0, hop)
  }

  /** What a node names becomes a candidate if it is closer than the node itself, or little is known at all (N-62). */
  #candidateNamedBy(hop: Candidate, entry: RouteEntry | undefined): Candidate | undefined {
    if (entry === undefined) return undefined
    const { cloud, own, cache, registrations } = this.#parts
    if (entry.port <= HIGHEST_RESERVED_PORT || !entry.addresses.every((address) => mayUse(cloud, address)))
      return undefined
    if (registrations.has(entry.id)) return undefined
    const isWelcome = this.#request.onlyMatching
      ? this.#isMatching(entry.id)
      : cache.size < SMALL_CACHE ||
        hop.id === NO_PNRP_ID ||
        isCloser(this.#request.target, entry.id, hop.id) ||
        this.#isMatching(entry.id)
    const endpoint = isWelcome ? own.endpointFor(entry) : undefined
    if (endpoint === undefined || own.has(endpoint) || this.#asked.has(formatEndpoint(endpoint))) return undefined
    return { id: entry.id, endpoint, entry, namedBy: hop }
  }

  /** The closest node, of those named and those cached, that was not asked yet. */
  #nextHop(): Candidate | undefined {
    const { target } = this.#request
    let closest: Candidate | undefined
    this.#named = this.#named.filter((candidate) => !this.#asked.has(formatEndpoint(candidate.endpoint)))
    for (const candidate of this.#named) {
      if (candidate.id === NO_PNRP_ID) return candidate
      if (closest === undefined || isCloser(target, candidate.id, closest.id)) closest = candidate
    }
    const cached = this.#cachedCandidate()
    return cached !== undefined && (closest === undefined || isCloser(target, cached.id, closest.id)) ? cached : closest
  }

  #cachedCandidate(): Candidate | undefined {
    const { cache, own, backOff, random } = this.#parts
    const { criterion, reason, onlyMatching, target } = this.#request
    // A resolve that tests for a split begins elsewhere and must not come back to what is known here.
    if (reason === 'split-detection' || onlyMatching) return undefined
    const mayBeAsked = (entry: RouteEntry): boolean => {
      const endpoint = own.endpointFor(entry)
      if (endpoint === undefined) return false
      const key = formatEndpoint(endpoint)
      return !this.#asked.has(key) && !backOff.has(key)
    }
    // Of several instances any will do: so they share the load (N-120).
    const instances = criterion === 'any' ? cache.instances(target).filter(mayBeAsked) : []
    const entry = randomChoice(random, instances) ?? cache.nearest(target, 1, mayBeAsked)[0]
    const endpoint = entry && own.endpointFor(entry)
    return entry && endpoint && { id: entry.id, endpoint, entry, namedBy: undefined }
  }

  /** The closest match that meets the criterion. */
  #bestMatch(): Candidate | undefined {
    for (let index = this.#matches.length - 1; index >= 0; index--) {
      const match = this.#matches[index]
      if (match !== undefined && this.#isMatching(match.id)) return match
    }
    return undefined
  }

  /** Asks the best match for its proof, if it is good enough to stop for. @returns true if it does. */
  #tryBestMatch(): boolean {
    if (this.#inquiry !== undefined) return true
    const best = this.#bestMatch()
    if (best === undefined) return false
    const { criterion, target, reason } = this.#request
    // Who maintains the cache wants to get near, not a proof: entries are proven on their way into the cache.
    if (reason !== 'application') {
      this.#endWithoutProof(this.#matches.at(-1)?.entry)
      return true
    }
    if (criterion === 'nearest' || criterion === 'nearest-64') {
      const next = this.#nextHop()
      if (next !== undefined && isCloser(target, next.id, best.id)) return false
    }
    this.#inquire(best)
    return true
  }

  #inquire(match: Candidate): void {
    this.#askForProof(
      match,
      true,
      (asked) => {
        this.#inquiry = asked
      },
      (proven) => {
        this.#inquiry = undefined
        if (proven !== undefined && match.entry !== undefined) {
          this.#end({ kind: 'found', match: { entry: match.entry, ...proven }, failed: this.#failed })
          return
        }
        this.#distrust(match)
        this.#widen()
        for (const path of [...this.#paths]) if (path.asked === undefined) this.#advance(path)
        if (!this.#isOver && this.#paths.length === 0 && this.#inquiry === undefined) this.#finishWithoutPaths()
      },
    )
  }

  #askForProof(
    candidate: Candidate,
    withPayload: boolean,
    began: (asked: Asked) => void,
    settled: (proven: { cpa: CertifiedPeerAddress; payload: Uint8Array | string | undefined } | undefined) => void,
  ): void {
    const nonce = randomBytes(this.#parts.random, NONCE_LENGTH)
    const asked = this.#parts.exchange.inquire(
      candidate.endpoint,
      { type: 'INQUIRE', wantsCpa: true, wantsPayload: withPayload, wantsChain: true, validateId: candidate.id, nonce },
      {
        answered: (buffer) => {
          const proven = validateAnswer(this.#parts, buffer, { id: candidate.id, nonce, withPayload })
          if (typeof proven === 'string') this.#parts.counters.dropped(proven)
          settled(typeof proven === 'string' ? undefined : proven)
        },
        failed: () => settled(undefined),
      },
    )
    began(asked)
  }

  /**
   * A node could not prove its ID. What it named counts no more, nor what its namer named: honest nodes
   * name only what was proven to them.
   */
  #distrust(candidate: Candidate): void {
    this.#careful = true
    if (candidate.namedBy !== undefined) this.#failed.push(candidate)
    this.#parts.backOff.add(formatEndpoint(candidate.endpoint), SILENT_NODE_PAUSE)
    const isTainted = ({ namedBy }: Candidate): boolean =>
      namedBy !== undefined && (namedBy === candidate || namedBy === candidate.namedBy)
    this.#named = this.#named.filter((other) => !isTainted(other))
    const index = this.#matches.indexOf(candidate)
    if (index >= 0) this.#matches.splice(index, 1)
  }

  #isMatching(id: PnrpId): boolean {
    const { criterion, target, precision } = this.#request
    switch (criterion) {
      case 'none':
        return id === target
      case 'upper-bits':
        return sameUpperBits(id, target, precision ?? 0)
      default:
        return sameP2pId(id, target)
    }
  }

  #endWithoutProof(closest: RouteEntry | undefined): void {
    this.#end({ kind: 'ended', closest, failed: this.#failed })
  }

  #end(outcome: ResolveOutcome): void {
    if (this.#isOver) return
    this.cancel()
    this.#listener.ended(outcome)
  }
}
