/**
 * The stream port: ordered, reliable, encrypted byte streams, TLS 1.3 on TCP or what stands in its
 * place. A stream proves nobody's identity. It hands up a channel binding instead, a value that both
 * ends share and nobody else can have, and the layers above sign that (DESIGN section 7).
 */
import type { Endpoint, ZonedEndpoint } from './endpoint.ts'
import type { FailureCounts } from './failure-counts.ts'

/** Listens for streams and opens them. */
export interface Streams {
  /**
   * Takes streams on exactly this local address; port 0 asks for a free one above 1024.
   *
   * @param local A link-local IPv6 address without its zone is `network-failed`.
   * @param accepted Called with each stream once its channel binding is known. It must attach a handler.
   * @throws PeerageError `port-in-use`, `address-not-available`, `network-failed`
   */
  listen(local: ZonedEndpoint, accepted: (stream: ByteStream) => void): Promise<StreamListener>
  /**
   * Opens a stream. It is open at this end only: the other end may still close it without a word.
   *
   * @param to A link-local IPv6 address needs its zone: without it, some platforms take any link, and others none.
   * @throws PeerageError `connection-failed` with the reason; the signal's own reason when it aborts
   */
  connect(to: ZonedEndpoint, options: { readonly signal: AbortSignal }): Promise<ByteStream>
}

/** A place where streams are taken. */
export interface StreamListener {
  readonly local: Endpoint
  /** What failed so far, by reason: `accept-…` for connections, `handshake-…` for handshakes of strangers. */
  readonly failures: FailureCounts
  /** Takes no more streams; those that were taken stay. Closing twice does nothing. */
  close(): void
}

/** One end of a stream. */
export interface ByteStream {
  /** Without a zone: whoever is there is the same on every link. */
  readonly remote: Endpoint
  /** {@link CHANNEL_BINDING_LENGTH} bytes that both ends of this one stream share (RFC 9266). */
  readonly channelBinding: Uint8Array
  /**
   * Takes what comes. Nothing is delivered before this, nothing is lost before it. Called once. No
   * call of a stream calls its handler before it returns.
   */
  attach(handler: ByteStreamHandler): void
  /**
   * Queues bytes, which belong to the stream from now on.
   *
   * @returns false once {@link STREAM_WRITE_LIMIT} bytes wait: stop, and go on when `drained` is called.
   *   Bytes written all the same are queued, so whoever writes bounds them. Once the stream is over,
   *   which its writer may not know yet, bytes are dropped. A write after `end` is a programming error.
   */
  write(bytes: Uint8Array): boolean
  /** How many written bytes wait to be taken by the network. */
  readonly waiting: number
  /** Delivers nothing more until {@link ByteStream.resume}; the other end feels it as back pressure. */
  pause(): void
  resume(): void
  /** Ends this direction after what was written. The other direction stays open. */
  end(): void
  /** Ends both directions at once and drops what waits. `closed` follows, once; at the other end the stream broke. */
  destroy(): void
}

/** What a stream tells its owner. */
export interface ByteStreamHandler {
  /** Bytes came. They belong to the handler. */
  received(bytes: Uint8Array): void
  /** A write that was refused can go on. Not called once this end has ended. */
  drained(): void
  /**
   * The other end will send nothing more. This is no proof that it meant to: a process that dies, or
   * whoever cuts the path, can look the same. What must be complete says so itself.
   */
  ended(): void
  /**
   * The stream is over, both ways. The last call, made exactly once.
   *
   * @param cause What broke it, in the platform's words, where it says.
   */
  closed(reason: StreamClosing, cause?: string): void
}

/** Why a stream is over: both ends had ended, this end destroyed it, or it broke. */
export type StreamClosing = 'ended' | 'destroyed' | 'broken'

export const CHANNEL_BINDING_LENGTH = 32
/**
 * How many written bytes may wait before {@link ByteStream.write} asks to stop. It is small, because nothing overtakes
 * what was written: who has something urgent waits for that much. Write in pieces of about this size or more.
 */
export const STREAM_WRITE_LIMIT = 8 * 1024
