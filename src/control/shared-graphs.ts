/**
 * The graphs of a node for several programs: the one in which the node runs, and those that are connected to it. A graph is opened when
 * the first of them opens it and closed when the last has closed it; all see one database, and each has a use of its own.
 */
import { authorityPart, type PeerName } from '../identity/peer-name.ts'
import type { Graph } from '../peer-node/graph.ts'
import type { Graphs } from '../peer-node/graphs.ts'
import type { Identities } from '../peer-node/identities.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { GraphUse } from './graph-use.ts'

interface Shared {
  readonly graph: Graph
  uses: number
}

/** What is shared. */
export class SharedGraphs {
  readonly #graphs: Graphs
  readonly #identities: Identities
  readonly #labelOf: (graphId: string) => string
  readonly #open = new Map<string, Shared>()

  /** @param labelOf What names a graph in errors, since its ID is a secret */
  constructor(graphs: Graphs, identities: Identities, labelOf: (graphId: string) => string) {
    this.#graphs = graphs
    this.#identities = identities
    this.#labelOf = labelOf
  }

  /** The graphs for one more program. */
  forProgram(): Graphs {
    const own = new Set<string>()
    const use = (opened: Graph): Graph => this.#use(opened, own)
    const shared = (graphId: string, identity: PeerName | undefined): Promise<Graph | undefined> =>
      this.#shared(graphId, identity, own)
    return {
      create: async (options) => use(await this.#graphs.create(options)),
      join: async (graphId, options) => {
        const present = await shared(graphId, options.identity)
        if (present === undefined) return use(await this.#graphs.join(graphId, options))
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
        const present = await shared(graphId, options.identity)
        if (present === undefined) return use(await this.#graphs.open(graphId, options))
        const mine = use(present)
        if (options.offline !== true) await goOnline(mine)
        return mine
      },
      list: () => this.#graphs.list(),
      importDatabase: async (file, options) => use(await this.#graphs.importDatabase(file, options)),
      delete: (graphId, options) => this.#graphs.delete(graphId, options),
    }
  }

  #use(graph: Graph, own: Set<string>): Graph {
    const key = keyOf(graph.graphId, graph.identity)
    const shared = this.#open.get(key) ?? { graph, uses: 0 }
    this.#open.set(key, shared)
    shared.uses++
    own.add(key)
    return new GraphUse(shared.graph, this.#labelOf(graph.graphId), async () => {
      own.delete(key)
      shared.uses--
      if (shared.uses > 0) return
      this.#open.delete(key)
      await shared.graph.close()
    })
  }

  /** A graph that another program has open. @throws PeerageError `duplicate-graph` if it is this one */
  async #shared(graphId: string, identity: PeerName | undefined, own: ReadonlySet<string>): Promise<Graph | undefined> {
    const { peerName } = await this.#identities.get(identity)
    const key = keyOf(graphId, peerName)
    if (own.has(key)) throw new PeerageError('duplicate-graph', { graph: this.#labelOf(graphId) })
    return this.#open.get(key)?.graph
  }
}

/** Whoever opens a graph wants links, unless it says otherwise. */
async function goOnline(graph: Graph): Promise<void> {
  try {
    await graph.goOnline()
  } catch (error) {
    if (!PeerageError.is(error, 'already-listening')) throw error
  }
}

function keyOf(graphId: string, identity: PeerName): string {
  return `${authorityPart(identity)} ${graphId}`
}
