/**
 * How the members of a group find each other: the clouds of the group, the registration of this member in them, and the search for
 * others, tied to the node and to the graph of the group. Whoever opens the graph passes on what it tells.
 */
import type { GraphNode } from '../graph/graph-node.ts'
import { PARTICIPANT } from '../group/issuer.ts'
import type { MemberChain } from '../group/member-chain.ts'
import { authorityPart, makePeerName, type PeerName } from '../identity/peer-name.ts'
import type { Clock } from '../runtime/clock.ts'
import { type Endpoint, parseIpAddress } from '../runtime/endpoint.ts'
import type { Log } from '../runtime/log.ts'
import type { ErrorCode, PeerageError } from '../runtime/peerage-error.ts'
import type { Random } from '../runtime/random.ts'
import { GroupClouds } from './group-clouds.ts'
import { GroupFinding } from './group-finding.ts'
import { type CloudRegistration, GroupRegistration } from './group-registration.ts'
import type { FoundMember } from './member-search.ts'
import type { NodeNames } from './node-names.ts'
import type { OpenClouds } from './open-clouds.ts'

/** Members whose addresses one search takes from PNRP. */
export const MOST_FOUND_MEMBERS = 32

/** What is found, and by whom. */
export interface GroupDiscoveryOptions {
  readonly group: PeerName
  /** Of this node, which registers. */
  readonly identity: PeerName
  /** The cloud that the group names. */
  readonly cloud: string | undefined
  /** Where members may be: the most promising first. */
  readonly hints: readonly Endpoint[]
  /** Members of the clouds to begin with, beside those that the clouds have (P-132). */
  readonly seeds: readonly Endpoint[]
}

/** What it stands on. */
export interface GroupDiscoveryPorts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly clouds: OpenClouds
  readonly names: NodeNames
  /** Of the graph of the group. */
  readonly graph: GraphNode
}

/** Told what comes of it, never from inside a call. */
export interface GroupDiscoveryEvents {
  /** A search has found nobody: `no-members-found`, `no-member-reachable`, `not-let-in`, `cloud-not-found` (P-053) */
  searchFailed(failure: PeerageError): void
}

/** The discovery of one group at one node. */
export class GroupDiscovery {
  readonly #ports: GroupDiscoveryPorts
  readonly #name: PeerName
  readonly #clouds: GroupClouds
  readonly #registration: GroupRegistration
  readonly #finding: GroupFinding
  #isOnline = false

  constructor(options: GroupDiscoveryOptions, ports: GroupDiscoveryPorts, events: GroupDiscoveryEvents) {
    const { clock, random, log, graph } = ports
    this.#ports = ports
    this.#name = makePeerName(authorityPart(options.group), PARTICIPANT)
    this.#clouds = new GroupClouds(options, ports, () => this.#registration.follow())
    this.#registration = new GroupRegistration(options.group, {
      ...{ clock, random, log },
      clouds: () => this.#clouds.now(),
      register: ({ name: cloud }, { chain, endpoints, comment }) =>
        ports.names.register({
          ...{ name: this.#name, identity: options.identity, chain: chain.bytes },
          ...{ cloud, endpoints, comment },
        }),
    })
    this.#finding = new GroupFinding(
      options.group,
      options.hints,
      {
        ...{ clock, random },
        connect: (to, done) => graph.connect(to, done),
        give: (endpoints) => graph.addAddresses(endpoints),
        resolve: (signal) => this.#resolve(signal),
        isCandidate: (endpoint) => {
          const { own, neighbors } = graph.parts
          return own.isInScope(endpoint) && !own.has(endpoint) && neighbors.at([endpoint]) === undefined
        },
        isGraphDialling: () => graph.overlay.membership.isDialling,
        neighbors: () => graph.parts.neighbors.count,
      },
      (failure) => events.searchFailed(failure),
    )
  }

  /** @throws PeerageError `cloud-not-found` if the group is in a private cloud that is not open here (P-028) */
  requireCloud(): void {
    this.#clouds.requirePresent()
  }

  /** The graph has gone online: from now on members are looked for, and the clouds of the group are opened meanwhile. */
  goOnline(): void {
    if (this.#isOnline) return
    this.#isOnline = true
    void this.#clouds.open()
    this.#finding.start()
  }

  /** The graph takes links at these addresses; at none, if it does not. */
  listens(endpoints: readonly Endpoint[]): void {
    this.#registration.listens(endpoints)
  }

  /** The own chain that is in force; undefined if there is none (any more). */
  setChain(chain: MemberChain | undefined): void {
    this.#registration.setChain(chain)
  }

  // What the graph tells

  statusChanged(): void {
    this.#finding.statusChanged()
  }

  attempted(endpoint: Endpoint, outcome: 'connected' | 'referred' | ErrorCode): void {
    this.#finding.attempted(endpoint, outcome)
  }

  connectionRequired(): void {
    this.#finding.connectionRequired()
  }

  // What it tells

  /** How this member stands in the clouds of the group; empty while it does not listen. */
  registrations(): readonly CloudRegistration[] {
    return this.#registration.status()
  }

  /** The graph is to go offline: nobody is looked for, and nothing is registered. */
  goOffline(): void {
    this.#isOnline = false
    this.#finding.stop()
    this.#registration.listens([])
  }

  /** The group is closed here. It resolves when the registrations have been taken back. */
  async close(): Promise<void> {
    this.goOffline()
    await this.#registration.close()
    await this.#clouds.close()
  }

  async *#resolve(signal: AbortSignal): AsyncGenerator<FoundMember, void, undefined> {
    // So that the seeds are there before anybody is asked.
    await this.#clouds.open()
    this.#clouds.requirePresent()
    const { choice: cloud } = this.#clouds
    const options = { cloud, limit: MOST_FOUND_MEMBERS, signal }
    for await (const found of this.#ports.names.resolve(this.#name, options, this.#registration.handles())) {
      yield { endpoints: found.endpoints.flatMap(endpointOf) }
    }
  }
}

/** TCP (IANA protocol numbers). */
const TCP = 6

function endpointOf({ host, port, protocol }: { host: string; port: number; protocol: number }): readonly Endpoint[] {
  const address = parseIpAddress(host)
  return address === undefined || protocol !== TCP ? [] : [{ host: address, port }]
}
