/**
 * Resolving a peer name for an application: what the node has registered itself, then what the cloud knows, until
 * there are as many results as are wanted (N-69, N-107).
 *
 * The registrations of one name lie side by side on the circle, because the upper half of their IDs is equal. So
 * once one is found, the others are found by asking it, and each further one, for its closest neighbour that
 * is not known yet.
 */
import type { PeerName } from '../identity/peer-name.ts'
import { isSecured } from '../identity/peer-name.ts'
import { type Endpoint, formatEndpoint } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { ApplicationEndpoint } from './certified-peer-address.ts'
import type { CloudNode } from './cloud-node.ts'
import type { Criterion } from './message.ts'
import { p2pIdOf } from './p2p-id.ts'
import { isCloser, makePnrpId, type PnrpId, sameP2pId } from './pnrp-id.ts'
import type { NamedNode, Resolve, ResolveOutcome } from './resolve.ts'
import { anyServiceLocation, nearestServiceLocation } from './service-location.ts'

/** What is wanted. */
export interface NameRequest {
  readonly name: PeerName
  readonly criterion: Extract<Criterion, 'any' | 'nearest' | 'nearest-64'>
  /** The most results. */
  readonly limit: number
  /** For the nearest: the upper 64 bits of the service location to be near to. */
  readonly prefix: Uint8Array
  /** Whether what this node has registered itself counts, too. */
  readonly includesOwn: boolean
}

/** A result: a certified peer address that was proven for this resolve. */
export interface NameResult {
  readonly id: PnrpId
  readonly name: PeerName
  /** Whether the key behind the name's authority stands behind this result. */
  readonly secured: boolean
  readonly endpoints: readonly ApplicationEndpoint[]
  readonly comment: string
  readonly payload: Uint8Array | string | undefined
  /** The key that published it. */
  readonly publicKey: Uint8Array
}

/** Told what comes of it. */
export interface NameListener {
  found(result: NameResult): void
  /** Once, after the last result. */
  ended(): void
}

/** Resolves in one cloud, however many steps it takes. */
export class NameResolution {
  readonly #node: CloudNode
  readonly #request: NameRequest
  readonly #listener: NameListener
  readonly #found = new Set<PnrpId>()
  /** Results, and nodes that turned out to be none: not to be named again. */
  readonly #known: NamedNode[] = []
  /** Results whose neighbours were not all asked for yet. */
  readonly #toAsk: NamedNode[] = []
  #failures = 0
  #resolve: Resolve | undefined
  #isOver = false

  /** Begins. The listener is told nothing before this has returned. @throws PeerageError `no-network` */
  constructor(node: CloudNode, request: NameRequest, listener: NameListener) {
    this.#node = node
    this.#request = request
    this.#listener = listener
    const { cloud, deadlines, crypto, random, own } = node.parts
    if (own.pathEndpoint === undefined) throw new PeerageError('no-network', { cloud: cloud.name })
    const serviceLocation =
      request.criterion === 'any' ? anyServiceLocation(random) : nearestServiceLocation(request.prefix)
    const target = makePnrpId(p2pIdOf(crypto, request.name), serviceLocation)
    deadlines.set(0, () => {
      if (request.includesOwn) this.#takeOwn(target)
      if (!this.#isOver) this.#start(target)
    })
  }

  /** Ends all sending for it at once; the listener is told nothing more. */
  cancel(): void {
    this.#isOver = true
    this.#resolve?.cancel()
  }

  /** What this node has registered itself needs no proof. */
  #takeOwn(target: PnrpId): void {
    for (const registration of this.#node.parts.registrations.all()) {
      const { id, name, content, keyPair } = registration
      if (!sameP2pId(id, target) || this.#isOver) continue
      this.#take({ id, name, secured: isSecured(name), ...content, publicKey: keyPair.publicKey })
    }
  }

  #start(target: PnrpId): void {
    this.#resolve = this.#node.resolve(
      { target, criterion: this.#request.criterion, reason: 'application' },
      (outcome) => this.#resolved(outcome),
    )
  }

  #resolved(outcome: ResolveOutcome): void {
    const isNews = this.#leaveOut(outcome.failed)
    if (outcome.kind === 'found' && !this.#found.has(outcome.match.entry.id)) {
      const { entry, cpa, payload } = outcome.match
      const endpoint = this.#node.parts.own.endpointFor(entry)
      if (endpoint !== undefined) {
        this.#known.push({ id: entry.id, endpoint })
        this.#toAsk.unshift({ id: entry.id, endpoint })
      }
      const { name } = this.#request
      const { endpoints, comment } = cpa
      const publicKey = new Uint8Array(cpa.publicKey)
      this.#take({ id: entry.id, name, secured: isSecured(name), endpoints, comment, payload, publicKey })
    } else if (!isNews) {
      // The one whose neighbours were asked for knows no further one.
      this.#toAsk.shift()
    }
    this.#askNeighbour()
  }

  /** Nodes that have died are named for a while still, maybe in the place of others. @returns whether there is one more */
  #leaveOut(failed: readonly NamedNode[]): boolean {
    let isNews = false
    for (const node of failed) {
      if (this.#failures >= MOST_FAILURES || this.#known.some(({ id }) => id === node.id)) continue
      this.#failures++
      this.#known.push(node)
      isNews = true
    }
    return isNews
  }

  /** Asks the latest result that may know another one. */
  #askNeighbour(): void {
    if (this.#isOver) return
    const [next] = this.#toAsk
    if (next === undefined) {
      this.#end()
      return
    }
    const { endpoint: firstHop, id: target } = next
    this.#resolve = this.#node.resolve(
      {
        ...{ target, criterion: 'any', reason: 'application', firstHop, onlyMatching: true },
        knownResults: this.#knownFrom(target),
      },
      (outcome) => this.#resolved(outcome),
    )
  }

  /** Where the known results are, the neighbours of an ID first: they are what it would name first. */
  #knownFrom(target: PnrpId): readonly Endpoint[] {
    const sorted = this.#known.toSorted((one, other) => (isCloser(target, one.id, other.id) ? -1 : 1))
    return [...new Map(sorted.map(({ endpoint }) => [formatEndpoint(endpoint), endpoint])).values()]
  }

  #take(result: NameResult): void {
    this.#found.add(result.id)
    this.#listener.found(result)
    if (this.#found.size >= this.#request.limit) this.#end()
  }

  #end(): void {
    if (this.#isOver) return
    this.cancel()
    this.#listener.ended()
  }
}

/** So many nodes that failed are left out for one name; with more of them, live instances may be missed. */
const MOST_FAILURES = 16
