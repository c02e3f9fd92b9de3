/**
 * Streams between simulated hosts whose two ends note what they are told, for tests of the stream port.
 */
import { StreamEnd } from '../../src/runtime/acceptance/stream-end.ts'
import type { ZonedEndpoint } from '../../src/runtime/endpoint.ts'
import type { PeerageError } from '../../src/runtime/peerage-error.ts'
import type { StreamListener } from '../../src/runtime/streams.ts'
import type { SimulatedHost } from '../../src/simulation/simulated-host.ts'
import type { SimulatedWorld } from '../../src/simulation/simulated-world.ts'
import { PORT } from './open-socket.ts'

/** A listener and the ends that it took. */
export interface Listening {
  readonly listener: StreamListener
  readonly taken: StreamEnd[]
}

/** Listens at the IPv4 address of a host. */
export function listenAt(host: SimulatedHost): Listening {
  const taken: StreamEnd[] = []
  const listener = host.ports.streams.open({ host: host.ipv4, port: PORT }, (stream) => taken.push(attached(stream)))
  return { listener, taken }
}

/** What became of dialling. */
export interface Dialled {
  /** Gives up. */
  readonly cancel: () => void
  end?: StreamEnd
  error?: PeerageError
}

/** Dials without waiting. */
export function dialFrom(host: SimulatedHost, to: ZonedEndpoint): Dialled {
  const cancel = host.ports.streams.dial(to, {
    opened: (stream) => {
      dialled.end = attached(stream)
    },
    failed: (error) => {
      dialled.error = error
    },
  })
  const dialled: Dialled = { cancel }
  return dialled
}

/** A stream from one host to another that is open at both ends. */
export function openPair(
  world: SimulatedWorld,
  from: SimulatedHost,
  to: SimulatedHost,
): { near: StreamEnd; far: StreamEnd } {
  const { listener, taken } = listenAt(to)
  const dialled = dialFrom(from, listener.local)
  world.runUntil(() => taken.length === 1, 60_000)
  listener.close()
  const [far] = taken
  if (dialled.end === undefined || far === undefined) throw new Error('the stream did not open')
  return { near: dialled.end, far }
}

function attached(stream: ConstructorParameters<typeof StreamEnd>[0]): StreamEnd {
  const end = new StreamEnd(stream)
  end.attach()
  return end
}
