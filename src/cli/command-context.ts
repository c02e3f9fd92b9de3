/** What every command gets: where to print, and the node. */
import type { ConnectedNode } from '../control/connect-node.ts'
import type { PeerNode } from '../peer-node/peer-node.ts'
import type { Log } from '../runtime/log.ts'
import type { Output } from './output.ts'

/** How the node is opened, beside its data directory. */
export interface NodeOptions {
  readonly seeds?: readonly string[] | undefined
  readonly pnrpPort?: number | undefined
}

export interface CommandContext {
  readonly output: Output
  /** Where the node tells what it does, if that was asked for. */
  readonly log: Log | undefined
  /** The data directory, from the option, the environment, or where the platform keeps data. */
  dataDir(): string
  /**
   * Runs a body with the node of the data directory: the one that runs, unless options say how to open one; or one that is
   * opened for this and closed after it. The body is told whether it is one that runs.
   */
  useNode(body: (node: PeerNode, isRunning: boolean) => Promise<void>, options?: NodeOptions): Promise<void>
  /** Runs a body with the node that runs on the data directory. @throws PeerageError `node-not-running` */
  useRunningNode(body: (connected: ConnectedNode) => Promise<void>): Promise<void>
}
