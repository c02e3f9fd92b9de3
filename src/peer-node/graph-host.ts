/**
 * What the graphs of a node share, whoever opens them: one port for their links, the addresses of the machine, and a database
 * each. {@link OpenGraphs} opens graphs with it, and {@link OpenGroups} those of groups.
 */
import { GraphCounters } from '../graph/graph-counters.ts'
import type { GraphNodeOptions } from '../graph/graph-node-options.ts'
import { LinkAcceptor } from '../graph/link-acceptor.ts'
import type { OpeningParts } from '../graph/opening.ts'
import { OwnDials } from '../graph/own-dials.ts'
import type { RecordVerifier } from '../graph/record-verifier.ts'
import type { GraphKeys } from '../records/graph-id.ts'
import { graphKeys } from '../records/graph-id.ts'
import type { RecordDatabase } from '../records/record-database.ts'
import type { RecordDatabases } from '../records/record-databases.ts'
import { toUtf8 } from '../runtime/bytes.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Crypto } from '../runtime/crypto.ts'
import { Deadlines } from '../runtime/deadlines.ts'
import type { Endpoint } from '../runtime/endpoint.ts'
import type { Log } from '../runtime/log.ts'
import type { NetworkInterfaces } from '../runtime/network-interfaces.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Random } from '../runtime/random.ts'
import type { Streams } from '../runtime/streams.ts'
import { GraphListening } from './graph-listening.ts'
import type { OpenGraphOptions } from './graphs.ts'
import { exportedSettings, OpenGraph, type OpenGraphOwner } from './open-graph.ts'

/** What the graphs of a node stand on. */
export interface GraphHostPorts {
  readonly clock: Clock
  readonly random: Random
  readonly crypto: Crypto
  readonly log: Log
  readonly streams: Streams
  readonly networkInterfaces: NetworkInterfaces
  readonly recordDatabases: RecordDatabases
  /** Checks signatures beside the main thread; undefined: they are checked where they are needed. */
  readonly recordVerifier: ((crypto: Crypto, keys: GraphKeys) => RecordVerifier) | undefined
}

/** A graph that is to be opened. */
export interface GraphStart extends Pick<GraphNodeOptions, 'id' | 'identity' | 'provider' | 'creates' | 'ranges'> {
  /** Of its database. */
  readonly name: string
  /** What the database says of its provider. */
  readonly providerName: string
  /** Whether its database has to be made. */
  readonly isNew: boolean
  readonly opensAs: OpenGraphOptions
}

/** A commit reaches the system, so that a process that is killed loses nothing; it does not wait for the disk. */
const DATABASE_OPTIONS = { survivesPowerLoss: false }

/** The graphs that are open on one node. */
export class GraphHost {
  readonly ports: GraphHostPorts
  /** The TCP port that was asked for; undefined if any will do. */
  readonly askedPort: number | undefined
  readonly #linkParts: OpeningParts
  readonly #ownDials = new OwnDials()
  readonly #acceptor: LinkAcceptor
  readonly #listening: GraphListening
  /** By the names of their databases. */
  readonly #open = new Map<string, OpenGraph>()
  #isSuspended = false

  /** @param port The TCP port that was asked for */
  constructor(ports: GraphHostPorts, port: number | undefined) {
    const { clock, crypto, log, streams, networkInterfaces } = ports
    this.ports = ports
    this.askedPort = port
    this.#linkParts = { clock, crypto, log, deadlines: new Deadlines(clock), counters: new GraphCounters() }
    this.#acceptor = new LinkAcceptor(this.#linkParts, this.#ownDials)
    this.#listening = new GraphListening({
      ...{ clock, streams, log, port, networkInterfaces },
      accepted: (stream) => this.#acceptor.accept(stream),
      open: () => this.#open.values(),
    })
  }

  /** Where links are taken now. */
  get listensAt(): readonly Endpoint[] {
    return this.#listening.endpoints
  }

  /** Those that are open, by the names of their databases. */
  get open(): ReadonlyMap<string, OpenGraph> {
    return this.#open
  }

  /** Whether there is a database. */
  has(name: string): boolean {
    return this.ports.recordDatabases.names().includes(name)
  }

  /** @throws PeerageError `duplicate-graph` */
  requireNotOpen(name: string, label: string): void {
    if (this.#open.has(name)) throw new PeerageError('duplicate-graph', { graph: label })
  }

  /**
   * Opens a graph, offline. If that fails, a new database is gone again.
   *
   * @throws PeerageError `database-already-present`, what opening a database throws, and what the provider does
   */
  start(start: GraphStart, owner: Pick<OpenGraphOwner, 'propertiesChanged' | 'closed' | 'follower'>): OpenGraph {
    const { name, isNew, opensAs } = start
    const { clock, random, crypto, log, streams, networkInterfaces, recordDatabases: databases } = this.ports
    const { label } = graphKeys(crypto, start.id)
    this.requireNotOpen(name, label)
    if (isNew && this.has(name)) throw new PeerageError('database-already-present', { graph: label })
    const database = isNew ? databases.create(name, DATABASE_OPTIONS) : databases.open(name, DATABASE_OPTIONS)
    const options: GraphNodeOptions = {
      ...{ id: start.id, identity: start.identity, provider: start.provider, creates: start.creates },
      ...{ ranges: start.ranges, counts: undefined },
      sharesAddresses: () => this.#hasOther(start),
      prioritized: opensAs.prioritize?.map((type) => type.name) ?? [],
      types: opensAs.keep?.map((type) => type.name),
    }
    try {
      if (isNew) this.#describe(database, start)
      const graph = new OpenGraph(
        options,
        {
          ...{ clock, random, crypto, log, streams, networkInterfaces, databases, database },
          verifier: this.ports.recordVerifier,
          ...{ linkParts: this.#linkParts, ownDials: this.#ownDials, acceptor: this.#acceptor },
        },
        {
          ...owner,
          listen: () => this.#listening.use(),
          closed: (closed) => {
            this.#open.delete(name)
            this.#listening.changed()
            owner.closed(closed)
          },
        },
        this.#isSuspended,
      )
      this.#open.set(name, graph)
      return graph
    } catch (error) {
      database.close()
      if (isNew) this.delete(name)
      throw error
    }
  }

  /** Listens where the graphs that are online want it. @throws PeerageError `unable-to-listen` */
  listen(): Promise<void> {
    return this.#listening.use()
  }

  /** Deletes a database. @throws PeerageError `database-not-present`, `graph-in-use` */
  delete(name: string): void {
    this.ports.recordDatabases.delete(name)
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
      await this.#listening.followAgain()
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

  /** Whether another identity is online in a graph. */
  #hasOther({ id, name }: Pick<GraphStart, 'id' | 'name'>): boolean {
    return [...this.#open].some(([other, graph]) => other !== name && graph.graphId === id && graph.takesLinks)
  }

  #describe(database: RecordDatabase, { id, providerName }: GraphStart): void {
    database.setSetting(exportedSettings.graphId, toUtf8(id))
    database.setSetting(exportedSettings.provider, toUtf8(providerName))
  }
}
