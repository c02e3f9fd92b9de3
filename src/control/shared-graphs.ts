/**
 * The graphs of a node for several programs: the one in which the node runs, and those that are connected to it. All see one database,
 * and each has a use of its own.
 */
import { authorityPart, type PeerName } from '../identity/peer-name.ts'
import type { Graph } from '../peer-node/graph.ts'
import type { Graphs } from '../peer-node/graphs.ts'
import type { Identities } from '../peer-node/identities.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { GraphUse } from './graph-use.ts'
import { SharedUses } from './shared-uses.ts'

/** What the sharing stands on. */
export interface SharingParts {
  readonly identities: Identities
  /** What names a graph in errors, since its ID is a secret. */
  labelOf(graphId: string): string
  /** Whether the node keeps open what programs open. */
  readonly keeps: boolean
}

/** What is shared. */
export class SharedGraphs {
  readonly #graphs: Graphs
  readonly #parts: SharingParts
  readonly #uses: SharedUses<Graph>

  constructor(graphs: Graphs, parts: SharingParts) {
    this.#graphs = graphs
    this.#parts = parts
    this.#uses = new SharedUses(parts.keeps)
  }

  /** The graphs for one more program. */
  forProgram(): Graphs {
    const own = new Set<string>()
    const graphs = this.#graphs
    const use = (opened: Graph): Graph => this.#use(opened, own)
    return {
      create: async (options) => use(await graphs.create(options)),
      join: async (graphId, options) => {
        const present = await this.#present(graphId, options.identity, own)
        if (present === undefined) return use(await graphs.join(graphId, options))
        const mine = use(present)
        try {
          await mine.addAddresses(options.addresses)
          await mine.synchronized(options)
          return mine
        } catch (error) {
          await mine.close()
          throw error
        }
      },
      open: async (graphId, options = {}) => {
        const present = await this.#present(graphId, options.identity, own)
        if (present === undefined) return use(await graphs.open(graphId, options))
        const mine = use(present)
        if (options.offline !== true) await goOnline(mine)
        return mine
      },
      list: () => graphs.list(),
      importDatabase: async (file, options) => use(await graphs.importDatabase(file, options)),
      delete: async (graphId, options) => {
        await this.#uses.keepNoMore(await this.#keyOf(graphId, options?.identity))
        await graphs.delete(graphId, options)
      },
    }
  }

  #use(graph: Graph, own: Set<string>): Graph {
    const key = keyOf(graph.graphId, graph.identity)
    own.add(key)
    return new GraphUse(this.#uses.use(key, graph), this.#parts.labelOf(graph.graphId), () => {
      own.delete(key)
      return this.#uses.release(key)
    })
  }

  /** A graph that another program has open. @throws PeerageError `duplicate-graph` if it is this one */
  async #present(
    graphId: string,
    identity: PeerName | undefined,
    own: ReadonlySet<string>,
  ): Promise<Graph | undefined> {
    const key = await this.#keyOf(graphId, identity)
    if (own.has(key)) throw new PeerageError('duplicate-graph', { graph: this.#parts.labelOf(graphId) })
    return this.#uses.get(key)
  }

  async #keyOf(graphId: string, identity: PeerName | undefined): Promise<string> {
    return keyOf(graphId, identity ?? (await this.#parts.identities.get()).peerName)
  }
}

/** Whoever opens a graph wants links, unless it says otherwise. */
export async function goOnline(graph: Graph): Promise<void> {
  try {
    await graph.goOnline()
  } catch (error) {
    if (!PeerageError.is(error, 'already-listening')) throw error
  }
}

function keyOf(graphId: string, identity: PeerName): string {
  return `${authorityPart(identity)} ${graphId}`
}
