/**
 * The {@link Graphs} of a node: makes, opens, lists and deletes them. The graphs of groups are none of them: whoever asks for
 * one is sent to `groups`.
 */
import { DEFAULT_PROPERTIES, type GraphProperties, requireProperties } from '../graph/graph-properties.ts'
import { NO_SECURITY, noSecurity } from '../graph/no-security.ts'
import type { SecurityProviderFactory } from '../graph/security-provider.ts'
import type { IdentityStore } from '../identity/identity-store.ts'
import { authorityPart, type PeerName } from '../identity/peer-name.ts'
import { drawGraphId, type GraphId, graphKeys, parseGraphId } from '../records/graph-id.ts'
import { parseDuration } from '../runtime/duration.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Storage } from '../runtime/storage.ts'
import { applicationProvider } from './application-provider.ts'
import type { Graph } from './graph.ts'
import { parseGraphAddress } from './graph-address.ts'
import { databaseName, type GraphDescription, GraphDescriptions } from './graph-descriptions.ts'
import type { GraphHost, GraphHostPorts } from './graph-host.ts'
import { importRecords, openImport } from './graph-import.ts'
import type { CreateGraphOptions, GraphInfo, Graphs, JoinGraphOptions, OpenGraphOptions } from './graphs.ts'
import { joinGraph } from './joining.ts'
import { type OpenGraph, propertyChanges } from './open-graph.ts'
import { type Dialing, progressTeller } from './progress.ts'

/** What the graphs of a node stand on. */
export interface OpenGraphsPorts extends GraphHostPorts {
  /** Where it is kept which graphs there are. */
  readonly graphStorage: Storage
}

/** How a node has its graphs. */
export interface OpenGraphsOptions {
  readonly identities: IdentityStore
  readonly securityProviders: Readonly<Record<string, SecurityProviderFactory>>
  /** The group to which a graph belongs, of those in the data directory. */
  groupOf(graphId: GraphId): PeerName | undefined
  /** Throws if the node is closed. */
  requireOpen(operation: string): void
}

/** How a graph is started. */
interface Start {
  readonly name: string
  readonly opensAs: OpenGraphOptions
  readonly isNew: boolean
  readonly creates: GraphProperties | undefined
}

/** What a database says of its provider that is the graph of a group. No application can name it. */
export const GROUP_PROVIDER = 'peerage.group'

/** The graphs of one node. */
export class OpenGraphs implements Graphs {
  readonly #ports: OpenGraphsPorts
  readonly #host: GraphHost
  readonly #options: OpenGraphsOptions
  readonly #providers: ReadonlyMap<string, SecurityProviderFactory>
  readonly #descriptions: GraphDescriptions

  constructor(ports: OpenGraphsPorts, host: GraphHost, options: OpenGraphsOptions) {
    this.#ports = ports
    this.#host = host
    this.#options = options
    const brought = Object.entries(options.securityProviders)
    this.#providers = new Map([
      [NO_SECURITY, noSecurity],
      ...brought.map(([name, open]) => [name, applicationProvider(open)] as const),
    ])
    this.#descriptions = new GraphDescriptions(ports.graphStorage, ports.log)
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
    this.#requireNoGroup(id)
    this.#host.requireNotOpen(name, this.#labelOf(id))
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
    this.#requireNoGroup(id)
    this.#host.requireNotOpen(name, this.#labelOf(id))
    const known = this.#known(name)
    const graph = this.#start(
      { name, opensAs: { prioritize, keep }, isNew: known === undefined, creates: undefined },
      known ?? { graphId: id, identity, provider, properties: DEFAULT_PROPERTIES },
    )
    try {
      await graph.goOnline()
      await joinGraph(graph, addresses, options)
      await this.#host.listen()
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
    const graph = this.#start({ name, opensAs: options, isNew: false, creates: undefined }, description)
    return this.#goOnline(graph, name, options.offline === true, false)
  }

  async list(): Promise<readonly GraphInfo[]> {
    this.#options.requireOpen('graphs.list')
    return this.#all().map(({ name, description: { graphId, identity, provider, properties } }) => {
      const open = this.#host.open.get(name)
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
      if (provider === GROUP_PROVIDER) throw new PeerageError('graph-of-group', { graph: this.#labelOf(graphId) })
      this.#requireProvider(provider)
      const { peerName: identity } = this.#options.identities.get(options.identity)
      const name = this.#nameOf(graphId, identity)
      const open = this.#host.open.get(name)
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
    if (this.#host.open.has(name)) throw new PeerageError('graph-in-use', { graph: this.#labelOf(description.graphId) })
    this.#forget(name)
  }

  #start({ name, isNew, creates, opensAs }: Start, description: GraphDescription): OpenGraph {
    const { graphId: id, identity, provider } = description
    const factory = this.#requireProvider(provider)
    const keyPair = this.#options.identities.keyPair(identity)
    if (isNew && this.#host.has(name)) {
      throw new PeerageError('database-already-present', { graph: this.#labelOf(id) })
    }
    if (isNew) this.#descriptions.write(name, description)
    try {
      return this.#host.start(
        {
          ...{ id, identity: { name: identity, keyPair }, provider: factory, creates, ranges: undefined },
          ...{ name, providerName: provider, isNew, opensAs },
        },
        {
          propertiesChanged: (graph) => this.#describe(name, description, graph),
          closed: () => undefined,
          follower: undefined,
        },
      )
    } catch (error) {
      if (isNew) this.#descriptions.remove(name)
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
    this.#host.delete(name)
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
    this.#requireNoGroup(id)
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

  /** @throws PeerageError `graph-of-group` */
  #requireNoGroup(id: GraphId): void {
    if (this.#options.groupOf(id) !== undefined) throw new PeerageError('graph-of-group', { graph: this.#labelOf(id) })
  }

  #nameOf(id: GraphId, identity: PeerName): string {
    return databaseName(this.#ports.crypto, id, identity)
  }

  #labelOf(id: GraphId): string {
    return graphKeys(this.#ports.crypto, id).label
  }
}
