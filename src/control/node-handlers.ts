/** What a node does for the methods about itself. */
import type { PeerNode } from '../peer-node/peer-node.ts'
import type { Handlers } from './handlers.ts'
import { nodeMethods as methods } from './node-methods.ts'

/** Which node it is. */
export interface RunningNode {
  readonly dataDir: string
  readonly release: string
  readonly processId: number
  /** Since when, in milliseconds since 1970. */
  readonly started: number
}

/** @param stop Closes the node: resolves when nothing of it is open but this connection */
export function handleNode(handlers: Handlers, node: PeerNode, running: RunningNode, stop: () => Promise<void>): void {
  handlers.call(methods.info, async () => ({ ...running }))
  handlers.stream(methods.diagnose, ({ target }, { signal }) => node.diagnose(target, { signal }))
  handlers.call(methods.metrics, () => node.metrics())
  handlers.command(methods.suspend, () => node.suspend())
  handlers.command(methods.resume, () => node.resume())
  handlers.command(methods.stop, () => stop())
}
