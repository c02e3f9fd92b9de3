/**
 * The front door: a node that also serves the programs of its owner, over the control socket of its data directory.
 */
import { resolve } from 'node:path'
import { platformCrypto } from '../nodejs/crypto/crypto.ts'
import { guardedLog } from '../nodejs/guarded-log.ts'
import { type OpenNodeOptions, openNode as openLocalNode } from '../nodejs/open-node.ts'
import { packageVersion } from '../nodejs/package-version.ts'
import { systemClock } from '../nodejs/system-clock.ts'
import type { PeerNode } from '../peer-node/peer-node.ts'
import { graphKeys, parseGraphId } from '../records/graph-id.ts'
import { silentLog } from '../runtime/log.ts'
import { serveControl } from './control-server.ts'
import { handleGraphs, handleOpenGraphs } from './graph-handlers.ts'
import { handleGroups, handleOpenGroups } from './group-handlers.ts'
import { Handlers } from './handlers.ts'
import { handleIdentities } from './identity-handlers.ts'
import { KeptNames } from './kept-names.ts'
import { handleClouds, handleKeptNames, handleNames } from './name-handlers.ts'
import { handleNode } from './node-handlers.ts'
import { handleRecords } from './record-handlers.ts'
import { SharedGraphs } from './shared-graphs.ts'
import { SharedGroups } from './shared-groups.ts'

/** A node that serves programs. */
export interface ServingNode {
  readonly node: PeerNode
  /** Where it listens for programs. */
  readonly controlPath: string
  /** Resolves when it is closed, by whomever. */
  readonly closed: Promise<void>
}

/**
 * Opens a node on a data directory. Other programs of the same user reach it with `connectNode`. No network socket is opened
 * before the node opens a cloud or a graph.
 *
 * @throws PeerageError `node-already-running`, `invalid-argument` (an empty path, a seed, a port), `invalid-friendly-name`,
 *   `storage-not-accessible`, `storage-busy`, `disk-full`, and with a friendly name what reading the default identity throws
 */
export async function openNode(options: OpenNodeOptions): Promise<PeerNode> {
  return (await openServingNode(options)).node
}

/**
 * The same, with what a program needs that does nothing else.
 *
 * @param servesOnly Whether the node is there for its programs alone: then it keeps open what they open, when they have gone
 */
export async function openServingNode(
  options: OpenNodeOptions,
  { servesOnly = false }: { readonly servesOnly?: boolean } = {},
): Promise<ServingNode> {
  const local = await openLocalNode(options)
  const log = options.log === undefined ? silentLog : guardedLog(options.log)
  const crypto = platformCrypto()
  const labelOf = (graphId: string): string => graphKeys(crypto, parseGraphId(graphId)).label
  const sharing = { identities: local.identities, labelOf, keeps: servesOnly }
  const [graphs, groups] = [new SharedGraphs(local.graphs, sharing), new SharedGroups(local.groups, sharing)]
  const handlers = new Handlers()
  const dataDir = resolve(options.dataDir)
  const running = { dataDir, release: packageVersion(), processId: process.pid, started: systemClock.utc() }
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= closeAll()
    return closing
  }
  let closed = (): void => undefined
  const whenClosed = new Promise<void>((resolve) => {
    closed = resolve
  })
  handleNode(handlers, local, running, async () => {
    await local.close()
    // The program is told before its connection ends.
    setImmediate(() => void close())
  })
  handleIdentities(handlers, local.identities)
  handleNames(handlers, local.names)
  handleKeptNames(handlers, new KeptNames(local.names, () => systemClock.utc()))
  handleClouds(handlers, local.clouds)
  handleGraphs(handlers, () => graphs.forProgram(), labelOf)
  handleOpenGraphs(handlers)
  handleGroups(handlers, () => groups.forProgram(), labelOf)
  handleOpenGroups(handlers)
  handleRecords(handlers)
  const server = await serveControl(dataDir, handlers, log).catch(async (error: unknown) => {
    await local.close()
    throw error
  })
  const closeAll = async (): Promise<void> => {
    await local.close()
    await server.close()
    closed()
  }
  const own = { graphs: graphs.forProgram(), groups: groups.forProgram() }
  const node = { ...local, ...own, close, [Symbol.asyncDispose]: close }
  return { node, controlPath: server.path, closed: whenClosed }
}
