/**
 * Resolving a peer name for an application: what the node has registered itself, then what the cloud knows, until
 * there are as many results as are wanted (N-69, N-107). The first is sought as the criterion says, and
 * further ones in the gaps between those that are known (instance-search.ts).
 */
import type { PeerName } from '../identity/peer-name.ts'
import { isSecured } from '../identity/peer-name.ts'
import type { Endpoint } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { ApplicationEndpoint } from './certified-peer-address.ts'
import type { CloudNode } from './cloud-node.ts'
import { InstanceSearch } from './instance-search.ts'
import type { Criterion } from './message.ts'
import { p2pIdOf } from './p2p-id.ts'
import { makePnrpId, type PnrpId, sameP2pId } from './pnrp-id.ts'
import type { Registration } from './registration.ts'
import type { Resolve } from './resolve.ts'
import type { ResolveOutcome } from './resolve-outcome.ts'
import type { ResolveRequest } from './resolve-request.ts'
import { anyServiceLocation, nearestServiceLocation } from './service-location.ts'

/** What is wanted. */
export interface NameRequest {
  readonly name: PeerName
  readonly criterion: Extract<Criterion, 'any' | 'nearest' | 'nearest-64'>
  /** The most results. */
  readonly limit: number
  /** For the nearest: the upper 64 bits of the service location to be near to. */
  readonly prefix: Uint8Array
  /** Registrations of this node, as {@link CloudNode.register} returned them, that are no results; all others are. */
  readonly leftOut?: readonly Registration[]
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
  readonly #giveBackPlace: () => void
  readonly #target: PnrpId
  readonly #search: InstanceSearch
  readonly #silent: Endpoint[] = []
  #found = 0
  #failures = 0
  #resolve: Resolve | undefined
  #isOver = false

  /** Begins. The listener is told nothing before this has returned. @throws PeerageError `no-network`, `too-many-resolves` */
  constructor(node: CloudNode, request: NameRequest, listener: NameListener) {
    this.#node = node
    this.#request = request
    this.#listener = listener
    const { cloud, deadlines, crypto, random, own } = node.parts
    if (own.pathEndpoint === undefined) throw new PeerageError('no-network', { cloud: cloud.name })
    this.#giveBackPlace = node.admitName()
    const serviceLocation =
      request.criterion === 'any' ? anyServiceLocation(random) : nearestServiceLocation(request.prefix)
    this.#target = makePnrpId(p2pIdOf(crypto, request.name), serviceLocation)
    this.#search = new InstanceSearch(this.#target)
    deadlines.set(0, () => {
      this.#takeOwn()
      if (!this.#isOver) this.#findFirst()
    })
  }

  /** Ends all sending for it at once; the listener is told nothing more. */
  cancel(): void {
    this.#isOver = true
    this.#resolve?.cancel()
    this.#giveBackPlace()
  }

  /** What this node has registered itself needs no proof. */
  #takeOwn(): void {
    const { leftOut = [] } = this.#request
    const leftOutIds = leftOut.map((registration) => this.#node.idOf(registration))
    for (const registration of this.#node.parts.registrations.all()) {
      const { id, name, content, keyPair } = registration
      if (!sameP2pId(id, this.#target) || leftOutIds.includes(id) || this.#isOver) continue
      this.#take({ id, name, secured: isSecured(name), ...content, publicKey: keyPair.publicKey })
    }
  }

  /** Where somebody on the way was silent or lied, it is tried again, by other ways: those who did are left alone now. */
  #findFirst(attempt = 1): void {
    const { criterion } = this.#request
    const careful = attempt > 1
    const request: ResolveRequest = {
      ...{ target: this.#target, criterion, reason: 'application', careful, silent: this.#silent },
    }
    this.#resolve = this.#node.resolve(request, (outcome) => {
      this.#noteFailed(outcome)
      if (outcome.kind === 'found') this.#proven(outcome)
      else if (outcome.isDisturbed && attempt < MOST_ATTEMPTS) this.#findFirst(attempt + 1)
      // Without anybody to ask there is no neighbourhood to search.
      else this.#end()
    })
  }

  #proven({ match: { entry, cpa, payload } }: Extract<ResolveOutcome, { kind: 'found' }>): void {
    const { name } = this.#request
    const { endpoints, comment } = cpa
    const publicKey = new Uint8Array(cpa.publicKey)
    this.#search.add(entry.id, this.#node.parts.own.endpointFor(entry))
    this.#take({ id: entry.id, name, secured: isSecured(name), endpoints, comment, payload, publicKey })
    if (!this.#isOver) this.#findFurther()
  }

  #findFurther(): void {
    const next = this.#search.next()
    if (next === undefined) {
      this.#end()
      return
    }
    const { gap: within, target, firstHops } = next
    this.#resolve = this.#node.resolve(
      { target, criterion: 'nearest', reason: 'application', firstHops, within, silent: this.#silent },
      (outcome) => {
        this.#noteFailed(outcome)
        if (outcome.kind === 'found') this.#proven(outcome)
        else this.#findFurther()
      },
    )
  }

  #noteFailed({ failed }: ResolveOutcome): void {
    for (const { id, endpoint, isSilent } of failed) {
      if (this.#failures >= MOST_FAILURES) return
      this.#failures++
      if (isSilent) {
        this.#silent.push(endpoint)
        this.#search.addSilent(id)
      } else {
        this.#search.add(id, undefined)
      }
    }
  }

  #take(result: NameResult): void {
    this.#found++
    this.#listener.found(result)
    if (this.#found >= this.#request.limit) this.#end()
  }

  #end(): void {
    if (this.#isOver) return
    this.cancel()
    this.#listener.ended()
  }
}

/** How often the way to a name is sought, if it is disturbed. */
export const MOST_ATTEMPTS = 3
/** So many instances that failed are worked around in one resolve; with more of them, live ones may be missed. */
const MOST_FAILURES = 16
