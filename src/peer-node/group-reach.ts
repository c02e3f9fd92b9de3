/**
 * How a group that is online reaches its members, and how they reach it: its clouds are open, members are looked for as long as
 * there is no neighbor, and this node is registered under the name of the group as long as it listens (MS-PPSEC 3.1.4.3, 3.1.4.4;
 * P-051 to P-059).
 */

import type { GraphStatus } from '../graph/graph-events.ts'
import type { GraphNode } from '../graph/graph-node.ts'
import { PARTICIPANT } from '../group/issuer.ts'
import type { MemberChain } from '../group/member-chain.ts'
import { authorityPart, makePeerName, type PeerName } from '../identity/peer-name.ts'
import type { Clock } from '../runtime/clock.ts'
import { type Endpoint, parseIpAddress, sameEndpoint } from '../runtime/endpoint.ts'
import type { Log } from '../runtime/log.ts'
import type { PeerageError } from '../runtime/peerage-error.ts'
import type { Random } from '../runtime/random.ts'
import type { GroupStatus } from './group.ts'
import { GroupClouds } from './group-clouds.ts'
import { GroupFinding } from './group-finding.ts'
import { GroupRegistration } from './group-registration.ts'
import type { FoundMember } from './member-search.ts'
import type { NodeNames } from './node-names.ts'
import type { OpenClouds } from './open-clouds.ts'
import type { GraphFollower } from './open-graph.ts'

/** What reaching members stands on. */
export interface GroupReachPorts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly clouds: OpenClouds
  readonly names: NodeNames
  /** The graph of the group. */
  engine(): GraphNode
  /** A search has found nobody. */
  failed(failure: PeerageError): void
  /** This node cannot be registered, so that it is not found: it is not to listen (P-056). */
  cannotRegister(failure: PeerageError): void
}

/** Of which group, and where. */
export interface GroupWhereabouts {
  readonly group: PeerName
  readonly identity: PeerName
  readonly cloud: string | undefined
  /** Where members were said to be. */
  readonly hints: readonly Endpoint[]
  /** Nodes of the group's clouds. */
  readonly seeds: readonly Endpoint[]
}

/** What the graph of a group tells, as far as it is about reaching others. */
type Told = Pick<GraphFollower, 'attempted' | 'connectionRequired' | 'listening'>

/** IP protocol number (IANA). */
const TCP = 6

/** Reaches the members of one group. */
export class GroupReach implements Told {
  readonly #ports: GroupReachPorts
  readonly #clouds: GroupClouds
  readonly #finding: GroupFinding
  readonly #registration: GroupRegistration
  readonly #participant: PeerName
  #isOnline = false
  #opening: Promise<void> | undefined

  constructor(of: GroupWhereabouts, ports: GroupReachPorts) {
    const { clock, random, log } = ports
    this.#ports = ports
    this.#participant = makePeerName(authorityPart(of.group), PARTICIPANT)
    this.#clouds = new GroupClouds(of, ports, () => this.#registration.follow())
    this.#finding = new GroupFinding(
      of.group,
      of.hints,
      {
        ...{ clock, random },
        neighbors: () => ports.engine().status().neighbors,
        give: (endpoints) => ports.engine().addAddresses(endpoints),
        connect: (to, done) => ports.engine().connect(to, done),
        isCandidate: (endpoint) => this.#isCandidate(endpoint),
        isGraphDialling: () => ports.engine().overlay.membership.isDialling,
        isGraphTrying: (endpoint) => ports.engine().overlay.dialer.isTrying(endpoint),
        resolve: (signal) => this.#resolve(signal),
      },
      ports.failed,
    )
    this.#registration = new GroupRegistration(of.group, {
      ...{ clock, random, log },
      clouds: () => this.#clouds.now(),
      register: (cloud, { chain, endpoints, comment }, signal) => {
        const name = { name: this.#participant, identity: of.identity, chain: chain.bytes, cloud: cloud.name, comment }
        return ports.names.register({ ...name, endpoints: endpoints.map(({ host, port }) => ({ host, port })) }, signal)
      },
      failed: (failure) => ports.cannotRegister(failure),
    })
  }

  /** @throws PeerageError `cloud-not-found` */
  requireCloud(): void {
    this.#clouds.requirePresent()
  }

  /** The port at which this node is in the clouds; undefined if it is in none. */
  get cloudPort(): number | undefined {
    return this.#ports.clouds.open()[0]?.node.status().port
  }

  /** The graph is online, with so many neighbors, or it is not. */
  statusChanged({ state }: Pick<GraphStatus, 'state'>): void {
    if (state === 'offline') this.#stop()
    else if (this.#isOnline) this.#finding.statusChanged()
    else this.#start()
  }

  listening(endpoints: readonly Endpoint[]): void {
    this.#registration.listens(endpoints)
  }

  attempted(...attempt: Parameters<Told['attempted']>): void {
    this.#finding.attempted(...attempt)
  }

  connectionRequired(): void {
    this.#finding.connectionRequired()
  }

  /** The chain with which this node is registered; undefined if it has none in force. */
  setChain(chain: MemberChain | undefined): void {
    this.#registration.setChain(chain)
  }

  get found(): GroupStatus['found'] {
    const states = this.#registration.status().map(({ state }) => state)
    if (states.includes('registered')) return 'registered'
    return states.includes('resolve-only') ? 'resolve-only' : 'not-registered'
  }

  /** Leaves the clouds. It resolves when nothing is registered any more. */
  async close(): Promise<void> {
    this.#stop()
    await this.#registration.close()
    await this.#clouds.close()
  }

  #start(): void {
    this.#isOnline = true
    this.#opening = this.#clouds.open().then(() => this.#registration.follow())
    this.#finding.start()
  }

  #stop(): void {
    this.#isOnline = false
    this.#finding.stop()
    this.#registration.listens([])
  }

  #isCandidate(endpoint: Endpoint): boolean {
    const { parts } = this.#ports.engine()
    if (!parts.own.isInScope(endpoint) || parts.own.has(endpoint)) return false
    return ![...parts.neighbors.all()].some(({ session }) => sameEndpoint(session.link.remote, endpoint))
  }

  async *#resolve(signal: AbortSignal): AsyncGenerator<FoundMember, void, undefined> {
    await this.#opening
    const options = { cloud: this.#clouds.choice, signal }
    const found = this.#ports.names.resolve(this.#participant, options, this.#registration.handles())
    for await (const { endpoints } of found) {
      yield {
        endpoints: endpoints.flatMap(({ host, port, protocol }) => {
          const address = parseIpAddress(host)
          return address === undefined || protocol !== TCP ? [] : [{ host: address, port }]
        }),
      }
    }
  }
}
