/** The graphs of a running node. */
import { resolve } from 'node:path'
import type { RecordType } from '../peer-node/application-types.ts'
import type { Graphs } from '../peer-node/graphs.ts'
import type { Log } from '../runtime/log.ts'
import { graphsMethods as methods } from './graph-methods.ts'
import type { NodeConnection } from './node-connection.ts'
import { type OpenedGraph, RemoteGraph } from './remote-graph.ts'
import { withoutUndefined } from './without-undefined.ts'

/** The graphs, and what closes those that this program has open. */
export interface RemoteGraphs {
  readonly graphs: Graphs
  close(): Promise<void>
}

export function remoteGraphs(node: NodeConnection, log: Log): RemoteGraphs {
  const open = new Set<RemoteGraph>()
  const opened = (answer: OpenedGraph): RemoteGraph => {
    const graph: RemoteGraph = new RemoteGraph(node, answer, log, () => open.delete(graph))
    open.add(graph)
    return graph
  }
  const graphs: Graphs = {
    create: async ({ prioritize, keep, ...options } = {}) => {
      const asked = withoutUndefined({ ...options, prioritize: namesOf(prioritize), keep: namesOf(keep) })
      return opened(await node.call(methods.create, asked))
    },
    join: async (graphId, { prioritize, keep, signal, onProgress, ...options }) => {
      const asked = withoutUndefined({ graphId, ...options, prioritize: namesOf(prioritize), keep: namesOf(keep) })
      return opened(await node.call(methods.join, asked, { signal, onProgress }))
    },
    open: async (graphId, { prioritize, keep, ...options } = {}) => {
      const asked = withoutUndefined({ graphId, ...options, prioritize: namesOf(prioritize), keep: namesOf(keep) })
      return opened(await node.call(methods.open, asked))
    },
    list: () => node.call(methods.list, {}),
    importDatabase: async (file, { signal, onProgress, identity } = {}) => {
      const asked = withoutUndefined({ file: resolve(file), identity })
      return opened(await node.call(methods.importDatabase, asked, { signal, onProgress }))
    },
    delete: async (graphId, { identity } = {}) => {
      await node.call(methods.delete, withoutUndefined({ graphId, identity }))
    },
  }
  const close = async (): Promise<void> => void (await Promise.all([...open].map((graph) => graph.close())))
  return { graphs, close }
}

/** The names of types. */
export function namesOf(types: readonly RecordType[] | undefined): readonly string[] | undefined {
  return types?.map(({ name }) => name)
}
