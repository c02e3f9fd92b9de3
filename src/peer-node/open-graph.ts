/**
 * A graph that is open on a node: the face of one {@link GraphNode}. The engine calls back when something happens; here
 * that becomes promises, iterations and events, which end when the graph is closed.
 */
import type { DirectConnectionEnd } from '../graph/direct-connection.ts'
import type { GraphEvents as EngineEvents, GraphStatus } from '../graph/graph-events.ts'
import { GraphNode } from '../graph/graph-node.ts'
import type { GraphApplications, GraphNodeOptions, GraphNodePorts } from '../graph/graph-node-options.ts'
import { requireProperties } from '../graph/graph-properties.ts'
import type { LinkAcceptor } from '../graph/link-acceptor.ts'
import type { ListedNode } from '../graph/node-list.ts'
import type { OpeningParts } from '../graph/opening.ts'
import type { OwnDials } from '../graph/own-dials.ts'
import { StreamLinkOpener } from '../graph/stream-link-opener.ts'
import { authorityPart, type PeerName, parsePeerName } from '../identity/peer-name.ts'
import type { GraphRecord } from '../records/record.ts'
import type { RecordDatabases } from '../records/record-databases.ts'
import { parseDuration } from '../runtime/duration.ts'
import { type Endpoint, formatEndpoint } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Streams } from '../runtime/streams.ts'
import { type MessageType, requireLabel } from './application-types.ts'
import { type DirectConnection, directStreams } from './direct-streams.ts'
import { EventSubscribers } from './event-subscribers.ts'
import type { Graph, GraphEvents, GraphProperties, GraphPropertyChanges, LinkInfo, NodeInfo, Status } from './graph.ts'
import { parseGraphAddress } from './graph-address.ts'
import { GraphRecords } from './graph-records.ts'
import { IncomingItems } from './incoming.ts'
import { issueText } from './payload-codec.ts'
import { type Dialing, type Progress, progressTeller } from './progress.ts'
import { publicAttributes, recordAttributes } from './public-attributes.ts'
import { streamDialer } from './stream-dialing.ts'
import { abortable, iteration, type Waiting, Wakeups } from './waiting.ts'

/** What a graph that is open stands on. */
export interface OpenGraphPorts extends Omit<GraphNodePorts, 'opener' | 'accept' | 'events' | 'applications'> {
  readonly streams: Streams
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
  /** It is closed, and so is its database. */
  closed(graph: OpenGraph): void
}

type Begin<Result> = (resolve: (result: Result) => void, reject: (error: unknown) => void) => () => void

interface IncomingMessage {
  readonly from: PeerName
  readonly payload: Uint8Array
}

/** Settings of a database that travel with its export. */
export const exportedSettings = { graphId: 'graph-id', provider: 'graph-provider' } as const

/** One graph. */
export class OpenGraph implements Graph {
  readonly graphId: string
  readonly identity: PeerName
  readonly records: GraphRecords
  readonly #ports: OpenGraphPorts
  readonly #owner: OpenGraphOwner
  readonly #engine: GraphNode
  readonly #events: EventSubscribers
  readonly #changes = new Wakeups()
  readonly #recordChanges = new Wakeups()
  readonly #messages = new IncomingItems<IncomingMessage>()
  readonly #incoming = new IncomingItems<DirectConnection>()
  readonly #progress = new Set<(step: Progress) => void>()
  readonly #direct = new Map<DirectConnectionEnd, DirectConnection>()
  /** The engine calls back while it is being made, too. */
  #isMade = false
  #state: 'open' | 'closing' | 'closed' = 'open'
  /** Whether its application wants links; while the node is suspended there are none all the same. */
  #wantsLinks = false
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
    this.#events = new EventSubscribers(ports.log)
    const { clock, random, crypto, log, database, verifier } = ports
    let records: GraphRecords | undefined
    this.#engine = new GraphNode(options, {
      ...{ clock, random, crypto, log, database, verifier },
      opener: (graph) =>
        new StreamLinkOpener(
          ports.linkParts,
          graph,
          streamDialer(ports.streams, (phase, to) => this.#tellProgress({ phase, detail: formatEndpoint(to) })),
          ports.ownDials,
        ),
      accept: (graph, accepted) => ports.acceptor.add({ ...graph, accepted }),
      events: this.#engineEvents((change) => records?.changed(change)),
      applications: this.#applications(),
    })
    records = new GraphRecords({
      ...{ node: this.#engine, crypto, changes: this.#recordChanges },
      isClosed: () => this.#state !== 'open',
      requireOpen: () => this.#requireOpen(),
      unreadable: (id, issues) => this.#events.raise('unreadable', { id, issues }),
    })
    this.records = records
    this.#isMade = true
  }

  /** For the node: what it does with the engine itself. */
  get engine(): GraphNode {
    return this.#engine
  }

  get isClosing(): boolean {
    return this.#state !== 'open'
  }

  /** Whether it takes links and dials. */
  get isOnline(): boolean {
    return this.#wantsLinks && !this.#isSuspended && this.#state === 'open'
  }

  async status(): Promise<Status> {
    this.#requireOpen()
    return statusOf(this.#engine.status())
  }

  async now(): Promise<Date> {
    this.#requireOpen()
    return new Date(this.#engine.now())
  }

  async addresses(): Promise<readonly string[]> {
    this.#requireOpen()
    return this.#listening.map(formatEndpoint)
  }

  async nodes(): Promise<readonly NodeInfo[]> {
    this.#requireOpen()
    return [...this.#engine.nodes()].map(nodeInfo)
  }

  async node(peer: PeerName): Promise<NodeInfo> {
    this.#requireOpen()
    const authority = authorityPart(parsePeerName(peer))
    for (const listed of this.#engine.nodes()) if (authorityPart(listed.peer) === authority) return nodeInfo(listed)
    throw new PeerageError('node-not-found', { peer })
  }

  async links(): Promise<readonly LinkInfo[]> {
    this.#requireOpen()
    const neighbors = [...this.#engine.parts.neighbors.all()].map(({ session: { peer, link } }) => ({
      ...{
        peerName: peer.name,
        kind: 'neighbor' as const,
        address: formatEndpoint(link.remote),
        isDialler: link.isDialler,
      },
    }))
    const direct = [...this.#direct.keys()].map(({ peer, remote, isDialler }) => ({
      ...{ peerName: peer.name, kind: 'direct' as const, address: formatEndpoint(remote), isDialler },
    }))
    return [...neighbors, ...direct]
  }

  async properties(): Promise<GraphProperties> {
    this.#requireOpen()
    return { ...this.#engine.properties() }
  }

  async setProperties(changes: GraphPropertyChanges): Promise<GraphProperties> {
    this.#requireOpen()
    const properties = requireProperties({ ...this.#engine.properties(), ...propertyChanges(changes) })
    await new Promise<void>((resolve, reject) => {
      this.#engine.setProperties(properties, settled(resolve, reject))
    })
    return { ...this.#engine.properties() }
  }

  async connected(options: Dialing = {}): Promise<void> {
    await this.#reach(({ neighbors }) => neighbors > 0, options)
  }

  async synchronized(options: Dialing = {}): Promise<void> {
    await this.#reach(({ state }) => state === 'synchronized', options)
  }

  async goOnline(): Promise<void> {
    this.#requireOpen()
    if (this.#wantsLinks) return
    this.#wantsLinks = true
    if (this.#isSuspended) return
    this.#engine.goOnline()
    await this.#owner.listen()
  }

  on<Event extends keyof GraphEvents>(
    event: Event,
    listener: (detail: GraphEvents[Event]) => void | Promise<void>,
    { signal }: Waiting = {},
  ): () => void {
    this.#requireOpen()
    return this.#events.on(event, listener, signal)
  }

  async send<In>(to: PeerName, type: MessageType<In, unknown>, payload: In, { signal }: Waiting = {}): Promise<void> {
    this.#requireOpen()
    signal?.throwIfAborted()
    const coded = await type.codec.encode(payload)
    if ('issues' in coded) {
      throw new PeerageError('refused-by-schema', { type: type.name, issues: coded.issues.map(issueText) })
    }
    this.#requireOpen()
    await this.#whileOpen<void>(signal, (resolve, reject) => {
      this.#engine.send(parsePeerName(to), type.name, coded.result.bytes, (error) =>
        error === undefined ? resolve() : reject(error),
      )
      // It is on its way, maybe: nobody can call it back.
      return () => undefined
    })
  }

  messages<Out>(
    type: MessageType<unknown, Out>,
    { signal }: Waiting = {},
  ): AsyncIterable<{ readonly from: PeerName; readonly payload: Out }> {
    return iteration(signal, (ended) => this.#readMessages(type, ended))
  }

  async connect(to: PeerName, protocol: string, options: Dialing = {}): Promise<DirectConnection> {
    this.#requireOpen()
    requireLabel('the protocol', protocol)
    return this.#withProgress(options, async () => {
      this.#tellProgress({ phase: 'resolving', detail: to })
      return this.#whileOpen<DirectConnection>(options.signal, (resolve, reject) => {
        const dial = this.#engine.connectDirectly(parsePeerName(to), protocol, (outcome) => {
          if (outcome instanceof PeerageError) reject(outcome)
          else resolve(this.#connected(outcome))
        })
        return () => dial.cancel()
      })
    })
  }

  connections(protocol: string, { signal }: Waiting = {}): AsyncIterable<DirectConnection> {
    return iteration(signal, (ended) => this.#readConnections(protocol, ended))
  }

  async addAddresses(addresses: readonly string[]): Promise<void> {
    this.#requireOpen()
    this.#engine.addAddresses(addresses.map(parseGraphAddress))
  }

  async setPresence({ publish, attributes }: Parameters<Graph['setPresence']>[0]): Promise<void> {
    this.#requireOpen()
    this.#engine.setPresence(publish, attributes && recordAttributes(attributes))
  }

  async exportDatabase(file: string, { signal }: Waiting = {}): Promise<void> {
    this.#requireOpen()
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
    this.#requireOpen()
    const result = body()
    this.#importing = result.catch(() => undefined)
    await result
  }

  /** Where links are taken for it now; nothing happens if it may not listen yet. */
  listenAt(endpoints: readonly Endpoint[]): void {
    if (!this.isOnline || !this.#engine.isReady) return
    this.#listening = endpoints
    this.#engine.listen(endpoints)
  }

  /** Takes leave of all others, until {@link OpenGraph.resume}. */
  async suspend(): Promise<void> {
    if (this.#isSuspended || this.#state !== 'open') return
    this.#isSuspended = true
    this.#listening = []
    await new Promise<void>((resolve) => this.#engine.suspend(resolve))
  }

  resume(): void {
    if (!this.#isSuspended || this.#state !== 'open') return
    this.#isSuspended = false
    this.#engine.resume()
    if (this.#wantsLinks) this.#engine.goOnline()
  }

  /** Runs a wait that tells its steps, those of the links that are opened meanwhile among them. */
  async #withProgress<Result>({ onProgress }: Dialing, wait: () => Promise<Result>): Promise<Result> {
    if (onProgress === undefined) return wait()
    const tell = progressTeller(onProgress, this.#ports.log)
    this.#progress.add(tell)
    try {
      return await wait()
    } finally {
      this.#progress.delete(tell)
    }
  }

  #tellProgress(step: Progress): void {
    for (const tell of this.#progress) tell(step)
  }

  async #reach(condition: (status: GraphStatus) => boolean, options: Dialing): Promise<void> {
    this.#requireOpen()
    await this.#withProgress(options, async () => {
      if (!condition(this.#engine.status())) {
        this.#tellProgress({ phase: 'resolving', detail: 'the addresses that are known' })
      }
      await this.#changes.until(() => this.#state !== 'open' || condition(this.#engine.status()), options.signal)
    })
    if (this.#state !== 'open') throw this.#shuttingDown()
  }

  /** A promise that rejects when the graph is being closed. */
  async #whileOpen<Result>(signal: AbortSignal | undefined, begin: Begin<Result>): Promise<Result> {
    const over = new AbortController()
    const closed = this.#changes
      .until(() => this.#state !== 'open', over.signal)
      .then(() => {
        throw this.#shuttingDown()
      })
    try {
      return await Promise.race([abortable(signal, begin), closed])
    } catch (error) {
      throw this.#state === 'open' || signal?.aborted === true ? error : this.#shuttingDown()
    } finally {
      over.abort()
    }
  }

  async *#readMessages<Out>(
    type: MessageType<unknown, Out>,
    ended: AbortSignal,
  ): AsyncGenerator<{ readonly from: PeerName; readonly payload: Out }, void, undefined> {
    this.#requireOpen()
    for await (const { from, payload } of this.#messages.read(type.name, { ended, dropped: () => undefined })) {
      const coded = await type.codec.decode(payload)
      ended.throwIfAborted()
      if ('result' in coded) yield { from, payload: coded.result }
      else this.#events.raise('unreadable', { from, type: type.name, issues: coded.issues })
    }
  }

  async *#readConnections(protocol: string, ended: AbortSignal): AsyncGenerator<DirectConnection, void, undefined> {
    this.#requireOpen()
    requireLabel('the protocol', protocol)
    // One that nobody took is of no use to the other side either.
    const dropped = (connection: DirectConnection): void => void connection.close()
    yield* this.#incoming.read(protocol, { ended, dropped })
  }

  #connected(end: DirectConnectionEnd): DirectConnection {
    const { peer, protocol } = end
    const connection = directStreams(end, this.#ports.clock, (error) => {
      this.#direct.delete(end)
      const reason = error === undefined ? {} : { reason: error.message }
      this.#events.raise('direct', { peer: peer.name, protocol, connected: false, ...reason })
    })
    this.#direct.set(end, connection)
    this.#events.raise('direct', { peer: peer.name, protocol, connected: true })
    return connection
  }

  #applications(): GraphApplications {
    return {
      acceptsProtocol: (protocol) => this.#state === 'open' && this.#incoming.isRead(protocol),
      connected: (end) => {
        const connection = this.#connected(end)
        const refused = (): void => end.destroy()
        if (!this.#incoming.add(end.protocol, { item: connection, taken: () => undefined, refused })) refused()
      },
      messageCame: (from, type, payload, answer) =>
        this.#messages.add(type, {
          item: { from, payload: payload.slice() },
          taken: () => answer('taken'),
          refused: () => answer('nobody-reads'),
        }),
    }
  }

  #engineEvents(recordChanged: EngineEvents['recordChanged']): EngineEvents {
    const events = this.#events
    return {
      statusChanged: (status) => {
        events.raise('status', statusOf(status))
        this.#changes.wake()
      },
      propertiesChanged: () => {
        if (!this.#isMade) return
        events.raise('properties', { ...this.#engine.properties() })
        this.#owner.propertiesChanged(this)
      },
      recordChanged,
      neighborConnected: (peer) => events.raise('neighbor', { peer, connected: true }),
      neighborDisconnected: (peer, reason) => events.raise('neighbor', { peer, connected: false, reason }),
      attempted: (endpoint, outcome) => events.raise('attempt', { endpoint: formatEndpoint(endpoint), outcome }),
      connectionRequired: () => events.raise('connection-required', {}),
      nodeChanged: (peer, change) => events.raise('node', { peer, change }),
      progressed: (received, expected) => {
        const detail = `${received} of ${expected} records`
        this.#tellProgress({ phase: 'synchronizing', detail, done: received, total: expected })
      },
      synchronized: (type) => {
        events.raise('synchronized', type === undefined ? {} : { type })
        this.#changes.wake()
        // From now on it may listen, if it might not before.
        if (type === undefined && this.#listening.length === 0 && this.isOnline) {
          this.#owner.listen().catch((error: unknown) => {
            if (!(error instanceof PeerageError)) throw error
            this.#ports.log.warn('this node cannot take links', { reason: error.message })
          })
        }
      },
    }
  }

  async #close(): Promise<void> {
    this.#state = 'closing'
    await this.#importing
    this.#changes.wake()
    this.#recordChanges.wake()
    this.#messages.close()
    this.#incoming.close()
    await new Promise<void>((resolve) => this.#engine.close(resolve))
    this.#state = 'closed'
    this.#events.close()
    this.#owner.closed(this)
  }

  #requireOpen(): void {
    if (this.#state !== 'open') throw this.#notOpen()
  }

  #notOpen(): PeerageError {
    if (this.#state === 'closing') return this.#shuttingDown()
    return new PeerageError('invalid-graph', { graph: this.#engine.parts.keys.label })
  }

  /** For what was under way when it was closed, too. */
  #shuttingDown(): PeerageError {
    return new PeerageError('graph-shutting-down', { graph: this.#engine.parts.keys.label })
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
