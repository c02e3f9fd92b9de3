/**
 * Opens streams without a promise: what an engine sees of {@link Streams.connect}. Streams that come in are handed to
 * {@link LinkAcceptor.accept} by whoever listens.
 */
import type { Endpoint } from '../runtime/endpoint.ts'
import type { PeerageError } from '../runtime/peerage-error.ts'
import type { ByteStream } from '../runtime/streams.ts'

/** Opens streams. */
export interface StreamDialer {
  /** @returns what gives up: nothing of the outcome is called after it. Once the stream is open it does nothing. */
  dial(to: Endpoint, outcome: StreamOutcome): () => void
}

/** What becomes of it: one of the two is called, once, and not before {@link StreamDialer.dial} has returned. */
export interface StreamOutcome {
  opened(stream: ByteStream): void
  failed(error: PeerageError): void
}
