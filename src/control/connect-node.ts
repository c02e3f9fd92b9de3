/**
 * A node that runs in another process, in the shape that `openNode` gives.
 */
import { resolve } from 'node:path'
import { guardedLog, type Logger } from '../nodejs/guarded-log.ts'
import type { PeerNode } from '../peer-node/peer-node.ts'
import type { Waiting } from '../peer-node/waiting.ts'
import { silentLog } from '../runtime/log.ts'
import type { NameKeeping } from './kept-names.ts'
import { NodeConnection } from './node-connection.ts'
import type { RunningNode } from './node-handlers.ts'
import { nodeMethods } from './node-methods.ts'
import { remoteGraphs } from './remote-graphs.ts'
import { remoteGroups } from './remote-groups.ts'
import { remoteIdentities } from './remote-identities.ts'
import { remoteClouds, remoteKeptNames, remoteNames } from './remote-names.ts'
import { withoutUndefined } from './without-undefined.ts'

/** How a running node is found. */
export interface ConnectNodeOptions extends Waiting {
  /** Its data directory. */
  readonly dataDir: string
  /** Is told what happens, and nothing secret. By default nothing is told. */
  readonly log?: Logger | undefined
}

/**
 * Connects to the node that runs on a data directory. What this program opens there is its own; closing the node here ends only the
 * connection, and closes all of that.
 *
 * @throws PeerageError `node-not-running`, `control-version-mismatch`, `storage-not-accessible`; later, everything rejects with
 *   `node-connection-lost` once the node has gone
 */
export async function connectNode(options: ConnectNodeOptions): Promise<PeerNode> {
  return (await connectRunningNode(options)).node
}

/** A running node, with what is about its process. */
export interface ConnectedNode {
  readonly node: PeerNode
  /** The names that it keeps registered by itself. */
  readonly keptNames: NameKeeping
  /** Which node it is. */
  info(): Promise<RunningNode>
  /** Closes it, for all programs. */
  stop(): Promise<void>
}

/** The same, for a program that runs nodes. */
export async function connectRunningNode({ dataDir, log: logger, signal }: ConnectNodeOptions): Promise<ConnectedNode> {
  const log = logger === undefined ? silentLog : guardedLog(logger)
  const connection = await NodeConnection.open(resolve(dataDir), log, { signal })
  const [graphs, groups] = [remoteGraphs(connection, log), remoteGroups(connection, log)]
  const close = async (): Promise<void> => {
    await Promise.all([graphs.close(), groups.close()])
    connection.close()
  }
  const node: PeerNode = {
    identities: remoteIdentities(connection),
    names: remoteNames(connection),
    clouds: remoteClouds(connection),
    graphs: graphs.graphs,
    groups: groups.groups,
    suspend: async () => void (await connection.call(nodeMethods.suspend, {})),
    resume: async () => void (await connection.call(nodeMethods.resume, {})),
    diagnose: (target, { signal } = {}) =>
      connection.stream(nodeMethods.diagnose, withoutUndefined({ target }), { signal }),
    metrics: () => connection.call(nodeMethods.metrics, {}),
    close,
    [Symbol.asyncDispose]: close,
  }
  return {
    node,
    keptNames: remoteKeptNames(connection),
    info: () => connection.call(nodeMethods.info, {}),
    stop: async () => {
      await connection.call(nodeMethods.stop, {})
      await connection.ended
    },
  }
}
