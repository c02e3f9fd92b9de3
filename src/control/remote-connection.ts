/**
 * A direct connection of a graph at a running node, as two web streams: what the application does not read, the node does not read
 * either.
 */
import type { PeerName } from '../identity/peer-name.ts'
import type { DirectConnection } from '../peer-node/direct-streams.ts'
import { connectionMethods as methods } from './graph-methods.ts'
import type { NodeConnection } from './node-connection.ts'
import { remoteClosing } from './remote-closing.ts'

/** Bytes that one request carries at most. */
const LARGEST_WRITE = 256 * 1024

/** What the node says of a connection. */
export interface OpenConnection {
  readonly connection: number
  readonly peer: PeerName
  readonly protocol: string
}

/** Makes the streams of a connection. */
export function remoteConnection(
  node: NodeConnection,
  { connection, peer, protocol }: OpenConnection,
): DirectConnection {
  const received = node.stream(methods.read, { connection })
  const readable = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const next = await received.next()
        if (next.done === true) controller.close()
        else controller.enqueue(next.value)
      },
      cancel: async () => void (await received.return?.()),
    },
    { highWaterMark: 1 },
  )
  const writable = new WritableStream<Uint8Array>({
    write: async (chunk) => {
      if (!(chunk instanceof Uint8Array)) throw new TypeError('a direct connection carries Uint8Array')
      for (let start = 0; start < chunk.length; start += LARGEST_WRITE) {
        const bytes = chunk.slice(start, start + LARGEST_WRITE)
        await node.call(methods.write, { connection, bytes })
      }
    },
    close: async () => void (await node.call(methods.end, { connection })),
    abort: async () => void (await node.call(methods.abort, { connection })),
  })
  const closing = remoteClosing(node, async () => {
    // What was handed to the writable and waits there is written first; who holds its writer has to close that.
    if (!writable.locked) await writable.close().catch(() => undefined)
    await node.call(methods.close, { connection })
  })
  return { peer, protocol, readable, writable, ...closing }
}
