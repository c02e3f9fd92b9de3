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
import { randomBytes } from '../runtime/random.ts'
import { type ProvenAnswer, validateAnswer } from './answer-validation.ts'
import type { AuthorityBuffer } from './authority-buffer.ts'
import type { CloudParts } from './cloud-parts.ts'
import type { EntryProof } from './entry-proof.ts'
import { type Asked, MOST_TRIES } from './exchange.ts'
import { type HopCandidate, HopCandidates, SMALL_CACHE } from './hop-candidates.ts'
import { LONGEST_FLAGGED_PATH, NONCE_LENGTH } from './message.ts'
import { isCloser, NO_PNRP_ID } from './pnrp-id.ts'
import type { FailedMatch, ResolveOutcome } from './resolve-outcome.ts'
import { isSought, type ResolveRequest } from './resolve-request.ts'
import type { RouteEntry } from './route-entry.ts'

/** Told what becomes of a resolve. */
export interface ResolveListener {
  /** Once, unless it is cancelled. */
  ended(outcome: ResolveOutcome): void
  /** Once, when it is cancelled or just before it ends: it needs nothing any more. */
  isOver(): void
}

/** At most so many paths at a time. */
export const MOST_PATHS = 4
/** A path ends after more answers than this with flag L (N-63). */
export const MOST_LEAF_SET_ANSWERS = 6
/** A path ends at this many answered LOOKUPs: one more would not fit into its Flagged Path. */
export const MOST_HOPS_OF_PATH = LONGEST_FLAGGED_PATH
/** How long a node that did not answer is left alone, in milliseconds. */
export const SILENT_NODE_PAUSE = 60_000

/** How often an INQUIRE is sent to what is sought and was silent, or alone can be the result and was. */
const LAST_TRIES = 2

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
  readonly #candidates: HopCandidates
  readonly #paths: Path[] = []
  /** Nodes that answered a LOOKUP, each closer than the one before. */
  readonly #matches: HopCandidate[] = []
  /** Nodes that named nobody closer than themselves. */
  readonly #deadEnds: HopCandidate[] = []
  /** Nodes that nobody is to name, because they do not answer. */
  readonly #silentNodes: Endpoint[]
  readonly #failed: FailedMatch[] = []
  #inquiry: Asked | undefined
  #careful = false
  #isOver = false

  /** Begins. Nobody is told anything before the constructor has returned. */
  constructor(parts: CloudParts, proof: EntryProof, request: ResolveRequest, listener: ResolveListener) {
    this.#parts = parts
    this.#proof = proof
    this.#request = request
    this.#listener = listener
    this.#candidates = new HopCandidates(parts, request)
    this.#silentNodes = [...(request.silent ?? [])]
    parts.deadlines.set(0, () => {
      if (this.#isOver) return
      if (request.careful === true) this.#widen()
      else this.#openPath()
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
    const path: Path = { asked: undefined, leafSetAnswers: 0, flagged: [] }
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
    const next = isSpent ? undefined : this.#candidates.next()
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
    const closest = this.#matches.at(-1)
    if (this.#request.reason !== 'application') this.#endWithoutProof(closest?.entry)
    else if (best !== undefined) this.#inquire(best)
    else this.#endAt(closest)
  }

  /**
   * Nobody has what is sought, by the word of the closest one who answered: it has to prove that it stands there. Liars name IDs
   * right beside what is sought, so that nothing else seems to be closer.
   */
  #endAt(closest: HopCandidate | undefined): void {
    if (closest === undefined || closest.entry === undefined) {
      this.#endWithoutProof(undefined)
      return
    }
    this.#inquiry = this.#askForProof(closest, { withPayload: false, tries: MOST_TRIES }, (proven) => {
      this.#inquiry = undefined
      if (typeof proven !== 'string') {
        this.#endWithoutProof(closest.entry)
        return
      }
      this.#distrust(closest)
      this.#widen()
      if (!this.#isOver && this.#paths.length === 0 && this.#inquiry === undefined) this.#finishWithoutPaths()
    })
  }

  #askLookup(path: Path, hop: HopCandidate): void {
    const { exchange, own, cache } = this.#parts
    const { pathEndpoint } = own
    if (pathEndpoint === undefined) {
      this.#endWithoutProof(undefined)
      return
    }
    this.#candidates.asking(hop.endpoint)
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
        flaggedPath: [pathEndpoint, ...path.flagged, ...this.#silentNodes].slice(0, LONGEST_FLAGGED_PATH),
      },
      {
        answered: (buffer) => this.#answered(path, hop, buffer),
        expired: () => this.#widen(),
        failed: () => this.#silent(path, hop),
      },
    )
  }

  /** What is sought itself gets one more chance, by INQUIRE, while other paths go on: there may be nobody in its place. */
  #silent(path: Path, hop: HopCandidate): void {
    const { entry } = hop
    if (entry === undefined || this.#request.reason !== 'application' || !this.#isSought(hop)) {
      this.#giveUp(path, hop)
      return
    }
    path.asked = this.#askForProof(hop, { withPayload: true, tries: LAST_TRIES }, (proven) => {
      if (typeof proven === 'string') this.#giveUp(path, hop)
      else this.#found(entry, proven)
    })
  }

  #giveUp(path: Path, hop: HopCandidate): void {
    path.asked = undefined
    this.#silentNodes.push(hop.endpoint)
    this.#noteFailure(hop, true)
    this.#parts.backOff.addSilent(formatEndpoint(hop.endpoint), SILENT_NODE_PAUSE)
    if (hop.id !== NO_PNRP_ID) this.#proof.proveAgain(hop.id)
    this.#advance(path)
  }

  #answered(path: Path, hop: HopCandidate, buffer: AuthorityBuffer): void {
    path.asked = undefined
    // Busy: it stays in the cache, and this resolve goes on elsewhere.
    if (buffer.busy) {
      this.#noteFailure(hop, false)
      this.#advance(path)
      return
    }
    path.flagged.push(hop.endpoint)
    if (buffer.leafSet) path.leafSetAnswers++
    const isKnown = hop.id !== NO_PNRP_ID
    const isDisowned = isKnown && buffer.notFound
    if (isDisowned) {
      this.#parts.forget(hop.id)
      this.#noteFailure(hop, false)
    } else if (isKnown && hop.entry !== undefined) {
      this.#noteMatch(hop)
      this.#proof.consider(hop.entry, {})
    }
    const itself = this.#candidates.namedItself(hop, buffer.routeEntry)
    if (itself !== undefined) {
      this.#noteMatch(itself)
      this.#proof.consider(itself.entry, {})
      this.#advance(path)
      return
    }
    if (isDisowned) {
      this.#disowned(hop, buffer.routeEntry)
      this.#advance(path)
      return
    }
    if (isKnown && !this.#isCloser(buffer.routeEntry, hop)) this.#deadEnds.push(hop)
    const named = this.#candidates.namedBy(hop, buffer.routeEntry)
    if (named === undefined) {
      this.#advance(path)
    } else if (this.#careful && isKnown && !this.#isSought(hop)) {
      this.#followCarefully(path, hop, named)
    } else {
      this.#follow(named)
      this.#advance(path)
    }
  }

  /**
   * A node says that it does not have the ID that it was asked by (flag N): who named it lied, or this one does now. What it names is
   * still considered (N-61), but no more in a careful resolve, for it cannot prove where it stands.
   */
  #disowned(hop: HopCandidate, entry: RouteEntry | undefined): void {
    this.#candidates.distrust(hop)
    const named = this.#careful ? undefined : this.#candidates.namedBy(hop, entry)
    if (named !== undefined) this.#follow(named)
    this.#widen()
  }

  #follow(named: HopCandidate): void {
    this.#candidates.add(named)
    if (named.entry !== undefined) this.#proof.consider(named.entry, { from: named.namedBy?.endpoint })
  }

  /** Follows what a node named only after it has proven its own ID. */
  #followCarefully(path: Path, hop: HopCandidate, named: HopCandidate): void {
    path.asked = this.#askForProof(hop, { withPayload: false, tries: MOST_TRIES }, (proven) => {
      path.asked = undefined
      if (typeof proven === 'string') this.#distrust(hop)
      else this.#follow(named)
      this.#advance(path)
    })
  }

  #noteMatch(hop: HopCandidate): void {
    const best = this.#matches.at(-1)
    if (best === undefined || isCloser(this.#request.target, hop.id, best.id)) this.#matches.push(hop)
    else if (this.#isSought(hop)) this.#matches.splice(-1, 0, hop)
  }

  #noteFailure({ id, endpoint }: HopCandidate, isSilent: boolean): void {
    if (isSought(this.#request, id)) this.#failed.push({ id, endpoint, isSilent })
  }

  /** The closest match that meets the criterion. */
  #bestMatch(): HopCandidate | undefined {
    return this.#matches.findLast((match) => this.#isSought(match))
  }

  /** Asks the best match for its proof, if it is good enough to stop for. @returns true if it does. */
  #tryBestMatch(): boolean {
    if (this.#inquiry !== undefined) return true
    const best = this.#bestMatch()
    if (best === undefined) return false
    const { criterion, reason, target, within } = this.#request
    // Who maintains the cache wants to get near, not a proof: entries are proven on their way into the cache.
    if (reason !== 'application') {
      this.#endWithoutProof(this.#matches.at(-1)?.entry)
      return true
    }
    if (within === undefined && (criterion === 'nearest' || criterion === 'nearest-64')) {
      const next = this.#candidates.next()
      if (next !== undefined && isCloser(target, next.id, best.id)) return false
    }
    this.#inquire(best)
    return true
  }

  #inquire(match: HopCandidate, tries = MOST_TRIES): void {
    this.#inquiry = this.#askForProof(match, { withPayload: true, tries }, (proven) => {
      this.#inquiry = undefined
      if (typeof proven !== 'string' && match.entry !== undefined) {
        this.#found(match.entry, proven)
        return
      }
      const isOnly = !this.#matches.some((other) => other !== match && this.#isSought(other))
      if (proven === 'silent' && isOnly && tries === MOST_TRIES) {
        this.#inquire(match, LAST_TRIES)
        return
      }
      this.#distrust(match)
      this.#widen()
      for (const path of [...this.#paths]) if (path.asked === undefined) this.#advance(path)
      if (!this.#isOver && this.#paths.length === 0 && this.#inquiry === undefined) this.#finishWithoutPaths()
    })
  }

  #askForProof(
    candidate: HopCandidate,
    { withPayload, tries }: { readonly withPayload: boolean; readonly tries: number },
    settled: (proven: ProvenAnswer | 'unproven' | 'silent') => void,
  ): Asked {
    const nonce = randomBytes(this.#parts.random, NONCE_LENGTH)
    return this.#parts.exchange.inquire(
      candidate.endpoint,
      { type: 'INQUIRE', wantsCpa: true, wantsPayload: withPayload, wantsChain: true, validateId: candidate.id, nonce },
      {
        answered: (buffer) => {
          const proven = validateAnswer(this.#parts, buffer, { id: candidate.id, nonce, withPayload })
          if (typeof proven === 'string') this.#parts.counters.dropped(proven)
          settled(typeof proven === 'string' ? 'unproven' : proven)
        },
        failed: () => settled('silent'),
      },
      tries,
    )
  }

  /** A node could not prove its ID: what it named counts no more. */
  #distrust(candidate: HopCandidate): void {
    this.#careful = true
    this.#noteFailure(candidate, false)
    this.#parts.backOff.add(formatEndpoint(candidate.endpoint), SILENT_NODE_PAUSE)
    this.#candidates.distrust(candidate)
    const index = this.#matches.indexOf(candidate)
    if (index >= 0) this.#matches.splice(index, 1)
  }

  #isCloser(entry: RouteEntry | undefined, hop: HopCandidate): boolean {
    return entry !== undefined && isCloser(this.#request.target, entry.id, hop.id)
  }

  #isSought({ id }: HopCandidate): boolean {
    return isSought(this.#request, id)
  }

  #found(entry: RouteEntry, { cpa, payload }: ProvenAnswer): void {
    const { target } = this.#request
    for (const hop of this.#deadEnds) {
      if (this.#isCloser(entry, hop)) this.#parts.deadEnds.add(hop.endpoint, target)
    }
    this.#end({ kind: 'found', match: { entry, cpa, payload }, failed: this.#failed })
  }

  #endWithoutProof(closest: RouteEntry | undefined): void {
    this.#end({ kind: 'ended', closest, isDisturbed: this.#careful, failed: this.#failed })
  }

  #end(outcome: ResolveOutcome): void {
    if (this.#isOver) return
    this.cancel()
    this.#listener.ended(outcome)
  }
}
