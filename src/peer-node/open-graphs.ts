/**
 * The {@link Graphs} of a node: makes, opens and closes them, gives them one port for their links, and follows the addresses of
 * the machine.
 */
import { GraphCounters } from '../graph/graph-counters.ts'
import type { GraphNodeOptions } from '../graph/graph-node-options.ts'
import { DEFAULT_PROPERTIES, type GraphProperties, requireProperties } from '../graph/graph-properties.ts'
import { LinkAcceptor } from '../graph/link-acceptor.ts'
import { NO_SECURITY, noSecurity } from '../graph/no-security.ts'
import type { OpeningParts } from '../graph/opening.ts'
import { OwnDials } from '../graph/own-dials.ts'
import type { RecordVerifier } from '../graph/record-verifier.ts'
import type { SecurityProviderFactory } from '../graph/security-provider.ts'
import type { IdentityStore } from '../identity/identity-store.ts'
import { authorityPart, type PeerName } from '../identity/peer-name.ts'
import { drawGraphId, type GraphId, type GraphKeys, graphKeys, parseGraphId } from '../records/graph-id.ts'
import type { RecordDatabase } from '../records/record-database.ts'
import type { RecordDatabases } from '../records/record-databases.ts'
import { toUtf8 } from '../runtime/bytes.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { Deadlines } from '../runtime/deadlines.ts'
import { parseDuration } from '../runtime/duration.ts'
import type { Log } from '../runtime/log.ts'
import type { NetworkInterfaces } from '../runtime/network-interfaces.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Random } from '../runtime/random.ts'
import type { Storage } from '../runtime/storage.ts'
import type { Streams } from '../runtime/streams.ts'
import { applicationProvider } from './application-provider.ts'
import type { Graph } from './graph.ts'
import { parseGraphAddress } from './graph-address.ts'
import { databaseName, type GraphDescription, GraphDescriptions } from './graph-descriptions.ts'
import { importRecords, openImport } from './graph-import.ts'
import { GraphListening } from './graph-listening.ts'
import type { CreateGraphOptions, GraphInfo, Graphs, JoinGraphOptions, OpenGraphOptions } from './graphs.ts'
import { joinGraph } from './joining.ts'
import { exportedSettings, OpenGraph, propertyChanges } from './open-graph.ts'
import { type Dialing, progressTeller } from './progress.ts'

/** What the graphs of a node stand on. */
export interface OpenGraphsPorts {
  readonly clock: Clock
  readonly random: Random
  readonly crypto: Crypto
  readonly log: Log
  readonly streams: Streams
  readonly networkInterfaces: NetworkInterfaces
  readonly recordDatabases: RecordDatabases
  /** Where it is kept which graphs there are. */
  readonly graphStorage: Storage
  /** Checks signatures beside the main thread; undefined: they are checked where they are needed. */
  readonly recordVerifier: ((crypto: Crypto, keys: GraphKeys) => RecordVerifier) | undefined
}

/** How a node has its graphs. */
export interface OpenGraphsOptions {
  readonly identities: IdentityStore
  /** The TCP port that was asked for. */
  readonly port: number | undefined
  readonly securityProviders: Readonly<Record<string, SecurityProviderFactory>>
  /** Throws if the node is closed. */
  requireOpen(operation: string): void
}

interface MadeFrom {
  readonly name: string
  readonly isNew: boolean
  readonly database: RecordDatabase
  readonly description: GraphDescription
}

/** A commit reaches the system, so that a process that is killed loses nothing; it does not wait for the disk. */
const DATABASE_OPTIONS = { survivesPowerLoss: false }

/** The graphs of one node. */
export class OpenGraphs implements Graphs {
  readonly #ports: OpenGraphsPorts
  readonly #options: OpenGraphsOptions
  readonly #providers: ReadonlyMap<string, SecurityProviderFactory>
  readonly #descriptions: GraphDescriptions
  readonly #linkParts: OpeningParts
  readonly #ownDials = new OwnDials()
  readonly #acceptor: LinkAcceptor
  readonly #listening: GraphListening
  /** By the names of their databases. */
  readonly #open = new Map<string, OpenGraph>()
  #isSuspended = false

  constructor(ports: OpenGraphsPorts, options: OpenGraphsOptions) {
    const { clock, crypto, log, streams } = ports
    this.#ports = ports
    this.#options = options
    const brought = Object.entries(options.securityProviders)
    this.#providers = new Map([
      [NO_SECURITY, noSecurity],
      ...brought.map(([name, open]) => [name, applicationProvider(open)] as const),
    ])
    this.#descriptions = new GraphDescriptions(ports.graphStorage, log)
    this.#linkParts = { clock, crypto, log, deadlines: new Deadlines(clock), counters: new GraphCounters() }
    this.#acceptor = new LinkAcceptor(this.#linkParts, this.#ownDials)
    this.#listening = new GraphListening({
      ...{ clock, streams, log, port: options.port, networkInterfaces: ports.networkInterfaces },
      accepted: (stream) => this.#acceptor.accept(stream),
      open: () => this.#open.values(),
    })
  }

  async create(options: CreateGraphOptions = {}): Promise<Graph> {
    this.#options.requireOpen('graphs.create')
    const { graphId, identity: asked, provider = NO_SECURITY, offline, prioritize, keep, ...rest } = options
    const { longestRecordLife, ...changes } = rest
    const properties = requireProperties({
      ...propertyChanges(changes),
      ...(longestRecordLife !== undefined && { longestRecordLife: parseDuration(longestRecordLife) }),
    })
    const id = graphId === undefined ? drawGraphId(this.#ports.random) : parseGraphId(graphId)
    this.#requireProvider(provider)
    const { peerName: identity } = this.#options.identities.get(asked)
    const name = this.#nameOf(id, identity)
    this.#requireNotOpen(name, id)
    const graph = this.#start(
      { name, opensAs: { offline, prioritize, keep }, isNew: true, creates: properties },
      { graphId: id, identity, provider, properties },
    )
    return this.#goOnline(graph, name, offline === true, true)
  }

  async join(graphId: string, options: JoinGraphOptions): Promise<Graph> {
    this.#options.requireOpen('graphs.join')
    options.signal?.throwIfAborted()
    const id = parseGraphId(graphId)
    const addresses = options.addresses.map(parseGraphAddress)
    const { provider = NO_SECURITY, prioritize, keep } = options
    this.#requireProvider(provider)
    const { peerName: identity } = this.#options.identities.get(options.identity)
    const name = this.#nameOf(id, identity)
    this.#requireNotOpen(name, id)
    const known = this.#known(name)
    const graph = this.#start(
      { name, opensAs: { prioritize, keep }, isNew: known === undefined, creates: undefined },
      known ?? { graphId: id, identity, provider, properties: DEFAULT_PROPERTIES },
    )
    try {
      await graph.goOnline()
      await joinGraph(graph, addresses, options)
      await this.#listening.use()
      return graph
    } catch (error) {
      await graph.close()
      if (known === undefined) this.#forget(name)
      throw error
    }
  }

  async open(
    graphId: string,
    options: OpenGraphOptions & { readonly identity?: PeerName | undefined } = {},
  ): Promise<Graph> {
    this.#options.requireOpen('graphs.open')
    const { name, description } = this.#find(graphId, options.identity)
    this.#requireNotOpen(name, description.graphId)
    const graph = this.#start({ name, opensAs: options, isNew: false, creates: undefined }, description)
    return this.#goOnline(graph, name, options.offline === true, false)
  }

  async list(): Promise<readonly GraphInfo[]> {
    this.#options.requireOpen('graphs.list')
    return this.#all().map(({ name, description: { graphId, identity, provider, properties } }) => {
      const open = this.#open.get(name)
      const current = open?.engine.properties() ?? properties
      return { graphId, identity, provider, isOpen: open !== undefined, properties: { ...current } }
    })
  }

  async importDatabase(
    file: string,
    options: Dialing & { readonly identity?: PeerName | undefined } = {},
  ): Promise<Graph> {
    this.#options.requireOpen('graphs.importDatabase')
    options.signal?.throwIfAborted()
    const { crypto, recordDatabases } = this.#ports
    const source = openImport(recordDatabases, crypto, file)
    try {
      const { graphId, provider } = source
      this.#requireProvider(provider)
      const { peerName: identity } = this.#options.identities.get(options.identity)
      const name = this.#nameOf(graphId, identity)
      const open = this.#open.get(name)
      if (open?.isOnline === true) throw new PeerageError('graph-in-use', { graph: this.#labelOf(graphId) })
      const known = this.#known(name)
      const description = known ?? { graphId, identity, provider, properties: DEFAULT_PROPERTIES }
      const graph =
        open ?? this.#start({ name, opensAs: {}, isNew: known === undefined, creates: undefined }, description)
      try {
        options.signal?.throwIfAborted()
        const tell = progressTeller(options.onProgress ?? (() => undefined), this.#ports.log)
        await graph.import(() => importRecords(graph, source, tell))
        return graph
      } catch (error) {
        if (open === undefined) await graph.close()
        if (known === undefined) this.#forget(name)
        throw error
      }
    } finally {
      source.close()
    }
  }

  async delete(graphId: string, { identity }: { readonly identity?: PeerName | undefined } = {}): Promise<void> {
    this.#options.requireOpen('graphs.delete')
    const { name, description } = this.#find(graphId, identity)
    if (this.#open.has(name)) throw new PeerageError('graph-in-use', { graph: this.#labelOf(description.graphId) })
    this.#forget(name)
  }

  suspend(): Promise<void> {
    this.#isSuspended = true
    return this.#listening.inTurn(async () => {
      await Promise.all([...this.#open.values()].map((graph) => graph.suspend()))
      await this.#listening.follow()
      this.#acceptor.close()
    })
  }

  resume(): Promise<void> {
    this.#isSuspended = false
    return this.#listening.inTurn(async () => {
      for (const graph of this.#open.values()) graph.resume()
      await this.#listening.follow()
    })
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((graph) => graph.close()))
    await this.#listening.use()
    this.#acceptor.close()
  }

  /** The counters of all graphs together. */
  counters(): Readonly<Record<string, number>> {
    const sums: Record<string, number> = {}
    const all = [this.#linkParts.counters.read(), ...[...this.#open.values()].map(({ engine }) => engine.counters())]
    for (const counters of all) {
      for (const [name, count] of Object.entries(counters)) sums[`graph-${name}`] = (sums[`graph-${name}`] ?? 0) + count
    }
    return sums
  }

  #start(
    how: {
      readonly name: string
      readonly opensAs: OpenGraphOptions
      readonly isNew: boolean
      readonly creates: GraphProperties | undefined
    },
    description: GraphDescription,
  ): OpenGraph {
    const { name, opensAs, isNew, creates } = how
    const { graphId: id, identity, provider } = description
    const factory = this.#requireProvider(provider)
    const keyPair = this.#options.identities.keyPair(identity)
    const { clock, random, crypto, log, streams, recordDatabases: databases, recordVerifier } = this.#ports
    if (isNew && databases.names().includes(name)) {
      throw new PeerageError('database-already-present', { graph: this.#labelOf(id) })
    }
    if (isNew) this.#descriptions.write(name, description)
    const database = this.#openDatabase(name, isNew)
    const options: GraphNodeOptions = {
      ...{
        id,
        identity: { name: identity, keyPair },
        provider: factory,
        creates,
        ranges: undefined,
        counts: undefined,
      },
      prioritized: opensAs.prioritize?.map((type) => type.name) ?? [],
      types: opensAs.keep?.map((type) => type.name),
    }
    const graph: OpenGraph = this.#made(
      { name, isNew, database, description },
      options,
      {
        ...{ clock, random, crypto, log, streams, databases, database, verifier: recordVerifier },
        ...{ linkParts: this.#linkParts, ownDials: this.#ownDials, acceptor: this.#acceptor },
      },
      {
        listen: () => this.#listening.use(),
        propertiesChanged: () => this.#describe(name, description, graph),
        closed: () => {
          this.#open.delete(name)
          this.#listening.changed()
        },
      },
      this.#isSuspended,
    )
    this.#open.set(name, graph)
    return graph
  }

  /** Makes the node of a graph. A provider that fails then leaves no new database behind. */
  #made(
    { name, isNew, database, description }: MadeFrom,
    ...parts: ConstructorParameters<typeof OpenGraph>
  ): OpenGraph {
    try {
      if (isNew) {
        database.setSetting(exportedSettings.graphId, toUtf8(description.graphId))
        database.setSetting(exportedSettings.provider, toUtf8(description.provider))
      }
      return new OpenGraph(...parts)
    } catch (error) {
      database.close()
      if (isNew) this.#forget(name)
      throw error
    }
  }

  async #goOnline(graph: OpenGraph, name: string, isOffline: boolean, isNew: boolean): Promise<OpenGraph> {
    if (isOffline) return graph
    try {
      await graph.goOnline()
      return graph
    } catch (error) {
      await graph.close()
      if (isNew) this.#forget(name)
      throw error
    }
  }

  #openDatabase(name: string, isNew: boolean): RecordDatabase {
    const { recordDatabases } = this.#ports
    if (!isNew) return recordDatabases.open(name, DATABASE_OPTIONS)
    try {
      return recordDatabases.create(name, DATABASE_OPTIONS)
    } catch (error) {
      this.#descriptions.remove(name)
      throw error
    }
  }

  /** Keeps what changed in the properties, for {@link OpenGraphs.list}. */
  #describe(name: string, description: GraphDescription, graph: OpenGraph): void {
    try {
      this.#descriptions.write(name, { ...description, properties: graph.engine.properties() })
    } catch (error) {
      if (!(error instanceof PeerageError)) throw error
      this.#ports.log.warn('the properties of a graph could not be kept', { reason: error.message })
    }
  }

  #forget(name: string): void {
    this.#ports.recordDatabases.delete(name)
    this.#descriptions.remove(name)
  }

  #all(): readonly { readonly name: string; readonly description: GraphDescription }[] {
    return this.#ports.recordDatabases.names().flatMap((name) => {
      const description = this.#descriptions.read(name)
      return description === undefined ? [] : [{ name, description }]
    })
  }

  #known(name: string): GraphDescription | undefined {
    return this.#ports.recordDatabases.names().includes(name) ? this.#descriptions.read(name) : undefined
  }

  /** The database of a graph: that of the identity, or of the default one, or the only one. */
  #find(
    graphId: string,
    identity: PeerName | undefined,
  ): { readonly name: string; readonly description: GraphDescription } {
    const id = parseGraphId(graphId)
    const ofGraph = this.#all().filter(({ description }) => description.graphId === id)
    const authority = identity === undefined ? undefined : authorityPart(identity)
    const found =
      authority === undefined && ofGraph.length === 1
        ? ofGraph[0]
        : ofGraph.find(
            ({ description }) =>
              authorityPart(description.identity) ===
              (authority ?? authorityPart(this.#options.identities.get().peerName)),
          )
    if (found === undefined) throw new PeerageError('database-not-present', { graph: this.#labelOf(id) })
    return found
  }

  #requireProvider(provider: string): SecurityProviderFactory {
    const factory = this.#providers.get(provider)
    if (factory === undefined) {
      throw new PeerageError('unknown-provider', { provider, known: [...this.#providers.keys()] })
    }
    return factory
  }

  #requireNotOpen(name: string, id: GraphId): void {
    if (this.#open.has(name)) throw new PeerageError('duplicate-graph', { graph: this.#labelOf(id) })
  }

  #nameOf(id: GraphId, identity: PeerName): string {
    return databaseName(this.#ports.crypto, id, identity)
  }

  #labelOf(id: GraphId): string {
    return graphKeys(this.#ports.crypto, id).label
  }
}
