/** A TCP relay that keeps every byte that passes: what whoever listens on the way sees. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { concatBytes } from '../../src/runtime/bytes.ts'
import type { Endpoint } from '../../src/runtime/endpoint.ts'
import { IPV4_LOOPBACK } from './loopback.ts'

export interface RecordingRelay {
  /** Where it is dialled. */
  readonly endpoint: Endpoint
  /** All that passed so far, in both directions. */
  recorded(): Uint8Array
  close(): void
}

/** Relays everything to one place. */
export async function recordingRelay(to: Endpoint): Promise<RecordingRelay> {
  const recorded: Uint8Array[] = []
  const sockets = new Set<Socket>()
  const server = createServer((inside) => {
    const outside = connect(to.port, to.host)
    for (const [from, onwards] of [
      [inside, outside],
      [outside, inside],
    ] as const) {
      from.on('data', (chunk) => {
        recorded.push(Uint8Array.from(chunk))
        onwards.write(chunk)
      })
      from.on('end', () => onwards.end())
      from.on('error', () => onwards.destroy())
      sockets.add(from)
    }
  })
  server.listen(0, IPV4_LOOPBACK)
  await once(server, 'listening')
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new TypeError('a TCP server has a port')
  return {
    endpoint: { host: IPV4_LOOPBACK, port: bound.port },
    recorded: () => concatBytes(...recorded),
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
