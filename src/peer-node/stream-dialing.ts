/**
 * Streams that are dialled as the engine wants it: with calls in the place of promises.
 */
import type { StreamDialer } from '../graph/stream-dialer.ts'
import type { Endpoint } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { openStream, type StreamOpeningPorts } from './stream-opening.ts'

/** @param tell Told of each step: a stream is dialled, and is open so that both ends can prove who they are */
export function streamDialer(
  ports: StreamOpeningPorts,
  tell: (phase: 'dialing' | 'authenticating', to: Endpoint) => void,
): StreamDialer {
  return {
    dial(to, { opened, failed }) {
      const controller = new AbortController()
      const { signal } = controller
      tell('dialing', to)
      openStream(ports, to, signal).then(
        (stream) => {
          if (signal.aborted) {
            stream.destroy()
            return
          }
          tell('authenticating', to)
          opened(stream)
        },
        (error: unknown) => {
          if (signal.aborted) return
          if (!(error instanceof PeerageError)) throw error
          failed(error)
        },
      )
      return () => controller.abort()
    },
  }
}
