/**
 * Closing what a program has open at a running node. Twice is fine; and where the connection has ended, the node has closed it
 * already.
 */
import type { Closing } from '../peer-node/closing.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { NodeConnection } from './node-connection.ts'

export function remoteClosing(node: NodeConnection, close: () => Promise<unknown>): Closing {
  let closing: Promise<void> | undefined
  const closeOnce = (): Promise<void> => {
    closing ??= closeThere(node, close)
    return closing
  }
  return { close: closeOnce, [Symbol.asyncDispose]: closeOnce }
}

async function closeThere(node: NodeConnection, close: () => Promise<unknown>): Promise<void> {
  if (!node.isOpen) return
  try {
    await close()
  } catch (error) {
    if (!PeerageError.is(error, 'node-connection-lost')) throw error
  }
}
