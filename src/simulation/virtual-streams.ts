/**
 * The stream port on the virtual network: listening, dialling, and what a crash does to both.
 */
import { type Endpoint, formatEndpoint, type ZonedEndpoint } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { type Random, randomBytes } from '../runtime/random.ts'
import { type ByteStream, CHANNEL_BINDING_LENGTH, type StreamListener, type Streams } from '../runtime/streams.ts'
import type { HostAddress, NetworkHost, StreamSink } from './network-host.ts'
import { type DialOutcome, StreamDial } from './stream-dial.ts'
import type { VirtualNetwork } from './virtual-network.ts'
import type { StreamOwner, VirtualStream } from './virtual-stream.ts'

/** The streams of a host from one start to the next crash. */
export class VirtualStreams implements Streams, StreamOwner {
  readonly network: VirtualNetwork
  readonly cuts: Random | undefined
  readonly #host: NetworkHost
  readonly #bindings: Random
  readonly #listeners = new Set<VirtualListener>()
  readonly #dials = new Set<StreamDial>()
  readonly #ends = new Set<VirtualStream>()
  #stopped = false

  /**
   * @param bindings What channel bindings are drawn from.
   * @param cuts Where checks are on, what deliveries are cut by.
   */
  constructor(network: VirtualNetwork, host: NetworkHost, bindings: Random, cuts: Random | undefined) {
    this.network = network
    this.#host = host
    this.#bindings = bindings
    this.cuts = cuts
  }

  async listen(local: ZonedEndpoint, accepted: (stream: ByteStream) => void): Promise<StreamListener> {
    return this.open(local, accepted)
  }

  /** {@link listen} without a promise, for tests of engines. */
  open(local: ZonedEndpoint, accepted: (stream: ByteStream) => void): StreamListener {
    if (this.#stopped) throw crashed(local)
    const { at, port } = this.#host.claim(local, ({ streamSinks }) => streamSinks)
    const listener = new VirtualListener(this, at, port, accepted, () => {
      at.streamSinks = at.streamSinks.filter((other) => other !== listener)
      this.#listeners.delete(listener)
    })
    at.streamSinks = [...at.streamSinks, listener]
    this.#listeners.add(listener)
    return listener
  }

  connect(to: ZonedEndpoint, options: { readonly signal: AbortSignal }): Promise<ByteStream> {
    const { signal } = options
    return new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const abort = (): void => {
        cancel()
        reject(signal.reason)
      }
      const cancel = this.dial(to, {
        opened(stream) {
          signal.removeEventListener('abort', abort)
          resolve(stream)
        },
        failed(error) {
          signal.removeEventListener('abort', abort)
          reject(error)
        },
      })
      signal.addEventListener('abort', abort, { once: true })
    })
  }

  /**
   * {@link connect} without a promise, for tests of engines.
   *
   * @returns what gives up the attempt; then nothing of the outcome is called.
   */
  dial(to: ZonedEndpoint, outcome: DialOutcome): () => void {
    if (this.#stopped) throw crashed(to)
    const dial = new StreamDial(this, this.#host, to, outcome, () => this.#dials.delete(dial))
    this.#dials.add(dial)
    return () => dial.end()
  }

  adopt(end: VirtualStream): void {
    this.#ends.add(end)
  }

  forget(end: VirtualStream): void {
    this.#ends.delete(end)
  }

  /** The channel binding of a new stream. */
  drawBinding(): Uint8Array {
    return randomBytes(this.#bindings, CHANNEL_BINDING_LENGTH)
  }

  /**
   * The host has crashed: nobody here is told anything any more.
   *
   * @param tellPeers Whether the other ends are told at once, as a system does for a process that is gone.
   */
  stop(tellPeers: boolean): void {
    this.#stopped = true
    for (const listener of this.#listeners) listener.close()
    for (const dial of this.#dials) dial.end()
    for (const end of this.#ends) end.crash(tellPeers)
  }
}

class VirtualListener implements StreamListener, StreamSink {
  readonly local: Endpoint
  /** Here a handshake either succeeds or is heard of by nobody. */
  readonly failures = {}
  readonly owner: StreamOwner
  readonly #accepted: (stream: ByteStream) => void
  readonly #closed: () => void
  #isOpen = true

  constructor(
    owner: StreamOwner,
    at: HostAddress,
    port: number,
    accepted: (stream: ByteStream) => void,
    closed: () => void,
  ) {
    this.owner = owner
    this.local = { host: at.address, port }
    this.#accepted = accepted
    this.#closed = closed
  }

  get port(): number {
    return this.local.port
  }

  accept(stream: ByteStream): boolean {
    if (this.#isOpen) this.#accepted(stream)
    return this.#isOpen
  }

  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#closed()
  }
}

function crashed(endpoint: Endpoint): PeerageError {
  return new PeerageError('network-failed', { endpoint: formatEndpoint(endpoint), reason: 'the host has crashed' })
}
