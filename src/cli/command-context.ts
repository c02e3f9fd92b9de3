/** What every command gets: where to print, and the node. */
import type { PeerNode } from '../peer-node/peer-node.ts'
import type { Output } from './output.ts'

/** How the node is opened, beside its data directory. */
export interface NodeOptions {
  readonly seeds?: readonly string[] | undefined
  readonly pnrpPort?: number | undefined
}

export interface CommandContext {
  readonly output: Output
  /** Runs a body with the node of the data directory, and closes the node after it. */
  useNode(body: (node: PeerNode) => Promise<void>, options?: NodeOptions): Promise<void>
}
