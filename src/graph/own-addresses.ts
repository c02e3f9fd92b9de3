/**
 * Where this node is in its graph: the addresses on which it listens, as far as they are inside the graph's scope.
 */
import type { AddressRange } from '../runtime/address-range.ts'
import { type Endpoint, sameEndpoint } from '../runtime/endpoint.ts'
import type { OwnPlace } from './graph-parts.ts'
import { type GraphScope, isInScope } from './graph-scope.ts'

/** The addresses of one node. They change with the machine's addresses. */
export class OwnAddresses implements OwnPlace {
  /** The types that this node keeps beside `peerage.*`; undefined: all. */
  readonly types: readonly string[] | undefined
  readonly #ranges: () => readonly AddressRange[] | undefined
  readonly #isShared: () => boolean
  readonly #scope: () => GraphScope | undefined
  #listening: readonly Endpoint[] = []

  /**
   * @param options `ranges` stand in the place of the addresses of the scope; `sharesAddresses` says whether another identity of this
   *   machine is in the graph at the same ones
   * @param scope Undefined while it is not known here
   */
  constructor(
    options: {
      readonly types: readonly string[] | undefined
      readonly ranges: (() => readonly AddressRange[] | undefined) | undefined
      readonly sharesAddresses: (() => boolean) | undefined
    },
    scope: () => GraphScope | undefined,
  ) {
    this.types = options.types
    this.#ranges = options.ranges ?? (() => undefined)
    this.#isShared = options.sharesAddresses ?? (() => false)
    this.#scope = scope
  }

  /** Where it listens; nowhere, if it does not. */
  get addresses(): readonly Endpoint[] {
    return this.#listening
  }

  /** Whether an endpoint is this node itself, and nobody else. */
  has(endpoint: Endpoint): boolean {
    return !this.#isShared() && this.#listening.some((one) => sameEndpoint(one, endpoint))
  }

  /** Whether the graph may use an endpoint (G-013). */
  isInScope(endpoint: Endpoint): boolean {
    return isInScope(this.#scope(), this.#ranges(), endpoint)
  }

  /** As if the scope were global, while it is not known: that has no address that means nothing to others. */
  mayListenAt(endpoint: Endpoint): boolean {
    return isInScope(this.#scope() ?? 'global', this.#ranges(), endpoint)
  }

  /** It listens at these of the machine's addresses now. @returns whether that is a change */
  listen(endpoints: readonly Endpoint[]): boolean {
    const listening = endpoints.filter((endpoint) => this.mayListenAt(endpoint))
    const isSame =
      listening.length === this.#listening.length &&
      listening.every((endpoint, index) => {
        const former = this.#listening[index]
        return former !== undefined && sameEndpoint(endpoint, former)
      })
    this.#listening = listening
    return !isSame
  }
}
