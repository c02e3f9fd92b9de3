/**
 * What this process sends and receives on its TCP connections, as it is on the wire: with what encryption adds, without the
 * headers of TCP and IP. Node.js tells of each connection that it opens or takes, whichever package asked for it, and counts
 * the bytes below TLS.
 */
import { subscribe } from 'node:diagnostics_channel'
import { Socket } from 'node:net'

export interface WireBytes {
  readonly sent: number
  readonly received: number
}

/** Counts from now on. @returns what tells how much it has been so far */
export function countWireBytes(): () => WireBytes {
  const sockets: Socket[] = []
  const note = (message: unknown): void => {
    if (typeof message !== 'object' || message === null || !('socket' in message)) return
    if (message.socket instanceof Socket) sockets.push(message.socket)
  }
  subscribe('net.client.socket', note)
  subscribe('net.server.socket', note)
  return () => ({
    sent: sockets.reduce((sum, { bytesWritten }) => sum + bytesWritten, 0),
    received: sockets.reduce((sum, { bytesRead }) => sum + bytesRead, 0),
  })
}
