/**
 * On which of the machine's addresses a node takes links, and which of them it tells others (G-012, G-013). Both follow the
 * machine: first a node listens at a new address, then it tells it (G-135).
 */
import type { OwnPlace } from '../graph/graph-parts.ts'
import type { Clock, Timer } from '../runtime/clock.ts'
import { type Endpoint, isLinkLocalIpv6 } from '../runtime/endpoint.ts'
import type { Log } from '../runtime/log.ts'
import type { InterfaceAddress, NetworkInterfaces } from '../runtime/network-interfaces.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { DEFAULT_GRAPH_PORT, GraphSockets, type GraphSocketsOptions, type ListenedAddress } from './graph-sockets.ts'
import { ADDRESS_RETRY } from './node-sockets.ts'
import type { OpenGraph } from './open-graph.ts'

/** Addresses of one node that it listens on. */
export const MOST_LISTENED_ADDRESSES = 16

/** The listening of one node. */
export class GraphListening {
  readonly #clock: Clock
  readonly #networkInterfaces: NetworkInterfaces
  readonly #log: Log
  readonly #open: () => Iterable<OpenGraph>
  readonly #sockets: GraphSockets
  #endWatching: (() => void) | undefined
  #retry: Timer | undefined
  /** Of the last attempt: it is told once. */
  #problem: string | undefined
  /** What is done one after the other, because sockets are opened meanwhile. */
  #last: Promise<unknown> = Promise.resolve()

  /** @param options.open The graphs that are open */
  constructor(
    options: GraphSocketsOptions & {
      readonly clock: Clock
      readonly networkInterfaces: NetworkInterfaces
      readonly open: () => Iterable<OpenGraph>
    },
  ) {
    this.#clock = options.clock
    this.#networkInterfaces = options.networkInterfaces
    this.#log = options.log
    this.#open = options.open
    this.#sockets = new GraphSockets(options)
  }

  /** Where links are taken now. */
  get endpoints(): readonly Endpoint[] {
    return this.#sockets.endpoints
  }

  /** Listens where the graphs that are online want it, and tells them. @throws PeerageError `unable-to-listen` */
  use(): Promise<void> {
    return this.inTurn(() => this.follow())
  }

  /** {@link GraphListening.use}, for who has the turn. */
  async follow(): Promise<void> {
    this.#retry?.cancel()
    const online = [...this.#open()].filter((graph) => graph.takesLinks && graph.engine.isReady)
    this.#watchMachine()
    if (online.length === 0) {
      this.#sockets.close()
      return
    }
    const machine = this.#networkInterfaces.list()
    const places = online.map(({ engine }) => engine.parts.own)
    let isToBeTriedAgain = true
    try {
      isToBeTriedAgain = await this.#sockets.use(listenedAddresses(machine, places))
    } finally {
      if (isToBeTriedAgain) this.#retry = this.#clock.setTimer(ADDRESS_RETRY, () => this.changed())
    }
    for (const graph of online) {
      graph.listenAt(publishedEndpoints(this.#sockets.endpoints, machine, graph.engine.parts.own))
    }
  }

  #watchMachine(): void {
    const isWanted = [...this.#open()].some((graph) => graph.isOnline)
    if (isWanted) {
      this.#endWatching ??= this.#networkInterfaces.watch(() => this.changed())
    } else {
      this.#endWatching?.()
      this.#endWatching = undefined
    }
  }

  /** {@link GraphListening.use}, where nobody waits for it: what fails goes to the log, and is tried again. */
  changed(): void {
    void this.inTurn(() => this.followAgain())
  }

  /** {@link GraphListening.changed}, for who has the turn. */
  async followAgain(): Promise<void> {
    let problem: string | undefined
    try {
      await this.follow()
    } catch (error) {
      if (!(error instanceof PeerageError)) throw error
      problem = error.message
    }
    if (problem !== undefined && problem !== this.#problem) {
      this.#log.warn('the addresses of this machine cannot be used for links', { reason: problem })
    }
    this.#problem = problem
  }

  /** Does something while nothing else is done with the sockets. */
  inTurn<Result>(action: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(action)
    // Whoever asked is told of a failure; the next one goes on all the same.
    this.#last = result.catch(() => undefined)
    return result
  }
}

/**
 * Where to listen: everywhere, loopback included, so that two programs of one machine meet without a network; on IPv6 link-local
 * addresses only for graphs that may use them, and after all others, since many interfaces have one that leads nowhere.
 *
 * @param graphs What may be used for the graphs that are online
 */
export function listenedAddresses(
  machine: readonly InterfaceAddress[],
  graphs: readonly Pick<OwnPlace, 'mayListenAt'>[],
): readonly ListenedAddress[] {
  const others = machine.filter(({ address }) => !isLinkLocalIpv6(address)).map(({ address }) => address)
  const ofLinks = machine
    .filter(({ address, loopback }) => isLinkLocalIpv6(address) && !loopback)
    .filter(({ address: host }) => graphs.some((own) => own.mayListenAt({ host, port: DEFAULT_GRAPH_PORT })))
  return [
    ...[...new Set(others)].map((host) => ({ host })),
    ...ofLinks.map(({ address: host, interface: zone }) => ({ host, zone })),
  ].slice(0, MOST_LISTENED_ADDRESSES)
}

/** What is told others: what is in the graph's scope, and loopback only where there is nothing else. */
function publishedEndpoints(
  endpoints: readonly Endpoint[],
  machine: readonly InterfaceAddress[],
  own: Pick<OwnPlace, 'mayListenAt'>,
): readonly Endpoint[] {
  const loopback = new Set(machine.filter((one) => one.loopback).map(({ address }) => address))
  const inScope = endpoints.filter((endpoint) => own.mayListenAt(endpoint))
  const routed = inScope.filter(({ host }) => !loopback.has(host))
  return routed.length > 0 ? routed : inScope
}
