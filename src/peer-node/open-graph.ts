/**
 * A graph that is open on a node: the face of one {@link GraphNode}. The engine calls back when something happens; here
 * that becomes promises, iterations and events, which end when the graph is closed.
 */
import type { GraphEvents as EngineEvents, GraphStatus } from '../graph/graph-events.ts'
import { GraphNode } from '../graph/graph-node.ts'
import type { GraphNodeOptions, GraphNodePorts } from '../graph/graph-node-options.ts'
import { requireProperties } from '../graph/graph-properties.ts'
import type { LinkAcceptor } from '../graph/link-acceptor.ts'
import type { ListedNode } from '../graph/node-list.ts'
import type { OpeningParts } from '../graph/opening.ts'
import type { OwnDials } from '../graph/own-dials.ts'
import { StreamLinkOpener } from '../graph/stream-link-opener.ts'
import { authorityPart, type PeerName, parsePeerName } from '../identity/peer-name.ts'
import { graphKeys } from '../records/graph-id.ts'
import type { GraphRecord } from '../records/record.ts'
import type { RecordDatabases } from '../records/record-databases.ts'
import { parseDuration } from '../runtime/duration.ts'
import { type Endpoint, formatEndpoint } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { MessageType } from './application-types.ts'
import type { DirectConnection } from './direct-streams.ts'
import { EventSubscribers } from './event-subscribers.ts'
import type { Graph, GraphEvents, GraphProperties, GraphPropertyChanges, LinkInfo, NodeInfo, Status } from './graph.ts'
import { parseGraphAddress } from './graph-address.ts'
import { GraphLife } from './graph-life.ts'
import { GraphRecords } from './graph-records.ts'
import { type GraphMessageIn, GraphTraffic } from './graph-traffic.ts'
import type { Dialing } from './progress.ts'
import { publicAttributes, recordAttributes } from './public-attributes.ts'
import { streamDialer } from './stream-dialing.ts'
import type { StreamOpeningPorts } from './stream-opening.ts'
import { type Waiting, Wakeups } from './waiting.ts'

/** What a graph that is open stands on. */
export interface OpenGraphPorts
  extends Omit<GraphNodePorts, 'opener' | 'accept' | 'events' | 'applications'>,
    Pick<StreamOpeningPorts, 'streams' | 'networkInterfaces'> {
  readonly databases: RecordDatabases
  /** What all links of the node share. */
  readonly linkParts: OpeningParts
  readonly ownDials: OwnDials
  readonly acceptor: LinkAcceptor
}

/** What a graph that is open needs of the node. */
export interface OpenGraphOwner {
  /** It begins to take links, or may listen now: its addresses are to be found. */
  listen(): Promise<void>
  /** Its properties have changed. */
  propertiesChanged(graph: OpenGraph): void
  /** Is told what the engine tells, after those who listen; the group of a graph. */
  readonly follower: GraphFollower | undefined
  /** It is closed, and so is its database. */
  closed(graph: OpenGraph): void
}

/** What a group has to know of its graph. */
export interface GraphFollower
  extends Pick<
    EngineEvents,
    'statusChanged' | 'recordChanged' | 'attempted' | 'connectionRequired' | 'nodeChanged' | 'synchronized'
  > {
  /** What applications are told of the graph. */
  readonly raised: { readonly [Event in keyof GraphEvents]: (detail: GraphEvents[Event]) => void }
  /** The node is suspended: nothing happens by itself until it is resumed. */
  suspended(): void
  resumed(): void
  /** Where the graph listens now; nowhere, if it does not. */
  listening(endpoints: readonly Endpoint[]): void
}

/** Settings of a database that travel with its export. */
export const exportedSettings = { graphId: 'graph-id', provider: 'graph-provider' } as const

/** One graph. */
export class OpenGraph implements Graph {
  readonly graphId: string
  readonly identity: PeerName
  readonly records: GraphRecords
  /** Where nodes of a graph are that is being joined: nothing else is known of it. */
  joinsAt: readonly Endpoint[] = []
  readonly #ports: OpenGraphPorts
  readonly #owner: OpenGraphOwner
  readonly #engine: GraphNode
  readonly #events: EventSubscribers
  readonly #life: GraphLife
  readonly #traffic: GraphTraffic
  readonly #recordChanges = new Wakeups()
  /** The engine calls back while it is being made, too. */
  #isMade = false
  /** Whether its application wants links; while the node is suspended there are none all the same. */
  #wantsLinks = false
  /** Set while it is to take no links although it is online. */
  #takesNone = false
  #isSuspended: boolean
  #listening: readonly Endpoint[] = []
  #closing: Promise<void> | undefined
  #importing: Promise<void> | undefined

  constructor(options: GraphNodeOptions, ports: OpenGraphPorts, owner: OpenGraphOwner, isSuspended: boolean) {
    this.graphId = options.id
    this.identity = options.identity.name
    this.#ports = ports
    this.#owner = owner
    this.#isSuspended = isSuspended
    this.#events = new EventSubscribers(ports.log, (detail) => this.#events.raise('lagged', detail))
    const { clock, random, crypto, log, database, verifier } = ports
    const life = new GraphLife(graphKeys(crypto, options.id).label, log)
    this.#life = life
    const raising = { raise: this.#raise.bind(this) }
    this.#traffic = new GraphTraffic({ clock, life, events: raising, engine: () => this.#engine })
    let records: GraphRecords | undefined
    this.#engine = new GraphNode(options, {
      ...{ clock, random, crypto, log, database, verifier },
      opener: (graph) =>
        new StreamLinkOpener(
          ports.linkParts,
          graph,
          streamDialer(ports, (phase, to) => life.tell({ phase, detail: formatEndpoint(to) })),
          ports.ownDials,
        ),
      accept: (graph, accepted) => ports.acceptor.add({ ...graph, accepted }),
      events: this.#engineEvents((change) => records?.changed(change)),
      applications: this.#traffic.applications(),
    })
    records = new GraphRecords({
      ...{ node: this.#engine, crypto, changes: this.#recordChanges },
      isClosed: () => !life.isOpen,
      requireOpen: () => life.requireOpen(),
      unreadable: (id, issues) => this.#raise('unreadable', { id, issues }),
    })
    this.records = records
    this.#isMade = true
  }

  /** For the node: what it does with the engine itself. */
  get engine(): GraphNode {
    return this.#engine
  }

  /** Whether it can be used. */
  get isOpen(): boolean {
    return this.#life.isOpen
  }

  /** Whether it takes links and dials. */
  get isOnline(): boolean {
    return this.#wantsLinks && !this.#isSuspended && this.#life.isOpen
  }

  /** Whether it listens, as soon as it may. */
  get takesLinks(): boolean {
    return this.isOnline && !this.#takesNone
  }

  async status(): Promise<Status> {
    this.#life.requireOpen()
    return statusOf(this.#engine.status())
  }

  async now(): Promise<Date> {
    this.#life.requireOpen()
    return new Date(this.#engine.now())
  }

  async addresses(): Promise<readonly string[]> {
    this.#life.requireOpen()
    return this.#listening.map(formatEndpoint)
  }

  async nodes(): Promise<readonly NodeInfo[]> {
    this.#life.requireOpen()
    return [...this.#engine.nodes()].map(nodeInfo)
  }

  async node(peer: PeerName): Promise<NodeInfo> {
    this.#life.requireOpen()
    const authority = authorityPart(parsePeerName(peer))
    for (const listed of this.#engine.nodes()) if (authorityPart(listed.peer) === authority) return nodeInfo(listed)
    throw new PeerageError('node-not-found', { peer })
  }

  async links(): Promise<readonly LinkInfo[]> {
    this.#life.requireOpen()
    const neighbors = [...this.#engine.parts.neighbors.all()].map(({ session: { peer, link } }) => ({
      ...{
        peerName: peer.name,
        kind: 'neighbor' as const,
        address: formatEndpoint(link.remote),
        isDialler: link.isDialler,
      },
    }))
    const direct = [...this.#traffic.connectionEnds].map(({ peer, remote, isDialler }) => ({
      ...{ peerName: peer.name, kind: 'direct' as const, address: formatEndpoint(remote), isDialler },
    }))
    return [...neighbors, ...direct]
  }

  async properties(): Promise<GraphProperties> {
    this.#life.requireOpen()
    return { ...this.#engine.properties() }
  }

  async setProperties(changes: GraphPropertyChanges): Promise<GraphProperties> {
    this.#life.requireOpen()
    const properties = requireProperties({ ...this.#engine.properties(), ...propertyChanges(changes) })
    await new Promise<void>((resolve, reject) => {
      this.#engine.setProperties(properties, settled(resolve, reject))
    })
    return { ...this.#engine.properties() }
  }

  async connected(options: Dialing = {}): Promise<void> {
    await this.#life.reach(() => this.#engine.status().neighbors > 0, options)
  }

  async synchronized(options: Dialing = {}): Promise<void> {
    await this.#life.reach(() => this.#engine.status().state === 'synchronized', options)
  }

  async goOnline(): Promise<void> {
    this.#life.requireOpen()
    if (this.#wantsLinks) throw new PeerageError('already-listening', { graph: this.#engine.parts.keys.label })
    this.#wantsLinks = true
    this.#takesNone = false
    if (this.#isSuspended) return
    this.#engine.goOnline()
    await this.#owner.listen()
  }

  on<Event extends keyof GraphEvents>(
    event: Event,
    listener: (detail: GraphEvents[Event]) => void | Promise<void>,
    { signal }: Waiting = {},
  ): () => void {
    this.#life.requireOpen()
    return this.#events.on(event, listener, signal)
  }

  send<In>(to: PeerName, type: MessageType<In, unknown>, payload: In, options: Waiting = {}): Promise<void> {
    return this.#traffic.send(to, type, payload, options)
  }

  messages<Out>(type: MessageType<unknown, Out>, options: Waiting = {}): AsyncIterable<GraphMessageIn<Out>> {
    return this.#traffic.messages(type, options)
  }

  connect(to: PeerName, protocol: string, options: Dialing = {}): Promise<DirectConnection> {
    return this.#traffic.connect(to, protocol, options)
  }

  connections(protocol: string, options: Waiting = {}): AsyncIterable<DirectConnection> {
    return this.#traffic.connections(protocol, options)
  }

  async addAddresses(addresses: readonly string[]): Promise<void> {
    this.#life.requireOpen()
    this.#engine.addAddresses(addresses.map(parseGraphAddress))
  }

  async setPresence({ publish, attributes }: Parameters<Graph['setPresence']>[0]): Promise<void> {
    this.#life.requireOpen()
    this.#engine.setPresence(publish, attributes && recordAttributes(attributes))
  }

  async exportDatabase(file: string, { signal }: Waiting = {}): Promise<void> {
    this.#life.requireOpen()
    signal?.throwIfAborted()
    this.#engine.store.commit()
    this.#ports.databases.exportTo(this.#engine.store.database, file, Object.values(exportedSettings))
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  // What the node tells its graphs

  /** Lets an import end before the graph is closed: half of one is not to be stored. */
  async import(body: () => Promise<void>): Promise<void> {
    this.#life.requireOpen()
    const result = body()
    this.#importing = result.catch(() => undefined)
    await result
  }

  /** Where links are taken for it now; nothing happens if it may not listen yet. */
  listenAt(endpoints: readonly Endpoint[]): void {
    if (!this.takesLinks || !this.#engine.isReady) return
    this.#listening = endpoints
    this.#engine.listen(endpoints)
    this.#follower?.listening(endpoints)
  }

  /** Something else that belongs to listening has failed: it takes no links until it goes online again, and goes on dialling. */
  stopListening(): void {
    if (!this.takesLinks) return
    this.#takesNone = true
    this.#listening = []
    this.#follower?.listening([])
    this.#engine.listen([])
    this.#owner.listen().catch((error: unknown) => this.#cannotListen(error))
  }

  /** Takes leave of all others, until {@link OpenGraph.goOnline}. */
  goOffline(): void {
    if (!this.isOnline) return
    this.#wantsLinks = false
    this.#listening = []
    this.#follower?.listening([])
    this.#engine.goOffline()
    this.#owner.listen().catch((error: unknown) => this.#cannotListen(error))
  }

  /** @throws PeerageError `graph-shutting-down`, `invalid-graph` */
  requireOpen(): void {
    this.#life.requireOpen()
  }

  /** Takes leave of all others, until {@link OpenGraph.resume}. */
  async suspend(): Promise<void> {
    if (this.#isSuspended || !this.#life.isOpen) return
    this.#isSuspended = true
    this.#listening = []
    this.#follower?.listening([])
    this.#follower?.suspended()
    await new Promise<void>((resolve) => this.#engine.suspend(resolve))
  }

  resume(): void {
    if (!this.#isSuspended || !this.#life.isOpen) return
    this.#isSuspended = false
    this.#engine.resume()
    this.#follower?.resumed()
    if (!this.#wantsLinks) return
    this.#takesNone = false
    this.#engine.goOnline()
    this.#engine.addAddresses(this.joinsAt)
  }

  /** While the engine is being made there is nothing to follow yet. */
  get #follower(): GraphFollower | undefined {
    return this.#isMade ? this.#owner.follower : undefined
  }

  #engineEvents(recordChanged: EngineEvents['recordChanged']): EngineEvents {
    return {
      statusChanged: (status) => {
        this.#raise('status', statusOf(status))
        this.#follower?.statusChanged(status)
        this.#life.changes.wake()
      },
      propertiesChanged: () => {
        if (!this.#isMade) return
        this.#raise('properties', { ...this.#engine.properties() })
        this.#owner.propertiesChanged(this)
      },
      recordChanged: (change) => {
        recordChanged(change)
        this.#follower?.recordChanged(change)
      },
      neighborConnected: (peer) => this.#raise('neighbor', { peer, connected: true }),
      neighborDisconnected: (peer, reason) => this.#raise('neighbor', { peer, connected: false, reason }),
      attempted: (endpoint, outcome, failure) => {
        const why = failure === undefined ? {} : { reason: failure.reason }
        this.#raise('attempt', { endpoint: formatEndpoint(endpoint), outcome, ...why })
        this.#follower?.attempted(endpoint, outcome, failure)
      },
      connectionRequired: () => {
        this.#raise('connection-required', {})
        this.#follower?.connectionRequired()
      },
      nodeChanged: (peer, change) => {
        this.#raise('node', { peer, change })
        this.#follower?.nodeChanged(peer, change)
      },
      progressed: (received, expected) => {
        const detail = `${received} of ${expected} records`
        this.#life.tell({ phase: 'synchronizing', detail, done: received, total: expected })
      },
      synchronized: (type) => {
        this.#raise('synchronized', type === undefined ? {} : { type })
        this.#follower?.synchronized(type)
        this.#life.changes.wake()
        // From now on it may listen, if it might not before.
        if (type === undefined && this.#listening.length === 0 && this.takesLinks) {
          this.#owner.listen().catch((error: unknown) => this.#cannotListen(error))
        }
      },
    }
  }

  #raise<Event extends keyof GraphEvents>(event: Event, detail: GraphEvents[Event]): void {
    this.#events.raise(event, detail)
    this.#follower?.raised[event](detail)
  }

  #cannotListen(error: unknown): void {
    if (!(error instanceof PeerageError)) throw error
    this.#ports.log.warn('this node cannot take links', { reason: error.message })
  }

  async #close(): Promise<void> {
    this.#life.state = 'closing'
    await this.#importing
    this.#life.changes.wake()
    this.#recordChanges.wake()
    this.#traffic.close()
    await new Promise<void>((resolve) => this.#engine.close(resolve))
    this.#life.state = 'closed'
    this.#events.close()
    this.#owner.closed(this)
  }
}

/** Properties as the engine has them. @throws PeerageError `invalid-argument` (the lifetime) */
export function propertyChanges({ presenceLifetime, ...changes }: GraphPropertyChanges): Partial<GraphProperties> {
  return { ...changes, ...(presenceLifetime !== undefined && { presenceLifetime: parseDuration(presenceLifetime) }) }
}

function statusOf({ state, neighbors, waitingFor }: GraphStatus): Status {
  return { state, neighbors, ...(waitingFor !== undefined && { waitingFor }) }
}

function nodeInfo({ peer, addresses, attributes }: ListedNode): NodeInfo {
  return { peerName: peer, addresses: addresses.map(formatEndpoint), attributes: publicAttributes(attributes) }
}

function settled(resolve: () => void, reject: (error: unknown) => void): (outcome: GraphRecord | PeerageError) => void {
  return (outcome) => {
    if (outcome instanceof PeerageError) reject(outcome)
    else resolve()
  }
}
