/**
 * A node that runs in another process, in the shape that `openNode` gives.
 */
import { resolve } from 'node:path'
import { guardedLog, type Logger } from '../nodejs/guarded-log.ts'
import type { PeerNode } from '../peer-node/peer-node.ts'
import type { Waiting } from '../peer-node/waiting.ts'
import { silentLog } from '../runtime/log.ts'
import { NodeConnection } from './node-connection.ts'
import { nodeMethods } from './node-methods.ts'
import { remoteGraphs } from './remote-graphs.ts'
import { remoteGroups } from './remote-groups.ts'
import { remoteIdentities } from './remote-identities.ts'
import { remoteClouds, remoteNames } from './remote-names.ts'

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
export async function connectNode({ dataDir, log: logger, signal }: ConnectNodeOptions): Promise<PeerNode> {
  const log = logger === undefined ? silentLog : guardedLog(logger)
  const node = await NodeConnection.open(resolve(dataDir), log, { signal })
  const [graphs, groups] = [remoteGraphs(node, log), remoteGroups(node, log)]
  const close = async (): Promise<void> => {
    await Promise.all([graphs.close(), groups.close()])
    node.close()
  }
  return {
    identities: remoteIdentities(node),
    names: remoteNames(node),
    clouds: remoteClouds(node),
    graphs: graphs.graphs,
    groups: groups.groups,
    suspend: async () => void (await node.call(nodeMethods.suspend, {})),
    resume: async () => void (await node.call(nodeMethods.resume, {})),
    metrics: () => node.call(nodeMethods.metrics, {}),
    close,
    [Symbol.asyncDispose]: close,
  }
}
