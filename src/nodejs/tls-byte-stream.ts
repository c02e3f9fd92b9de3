/**
 * One end of a TLS stream. Node's streams do the work; what is added are the promises of the port:
 * nothing is lost or delivered before a handler is attached or while it pauses, the limit of what waits
 * is ours and not Node's, and an end is told apart from a break.
 */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Endpoint } from '../runtime/endpoint.ts'
import {
  type ByteStream,
  type ByteStreamHandler,
  CHANNEL_BINDING_LENGTH,
  STREAM_WRITE_LIMIT,
  type StreamClosing,
} from '../runtime/streams.ts'
import { noteActivity } from './quiet-moment.ts'
import { reasonOf } from './system-error.ts'

/** The exporter of RFC 9266, whose context is empty. */
const CHANNEL_BINDING_LABEL = 'EXPORTER-Channel-Binding'
const NOTHING = Buffer.alloc(0)

/** One end of a stream whose handshake is complete. */
export class TlsByteStream implements ByteStream {
  readonly remote: Endpoint
  readonly channelBinding: Uint8Array
  readonly #tls: TLSSocket
  /** The TCP connection underneath, which alone can be reset. */
  readonly #tcp: Socket
  #handler: ByteStreamHandler | undefined
  #paused = false
  /** A write was refused, and `drained` is owed. */
  #refused = false
  /** This end has sent its last byte. */
  #ended = false
  #destroyed = false
  /** Whether the other end has ended, and whether the handler was told. */
  #otherEnd: 'open' | 'ended' | 'told' = 'open'
  /** What broke the stream, if something did. */
  #cause: string | undefined
  /** Why the stream is over, once it is. */
  #closing: StreamClosing | undefined
  #toldClosed = false

  constructor(tls: TLSSocket, tcp: Socket, remote: Endpoint) {
    this.#tls = tls
    this.#tcp = tcp
    this.remote = remote
    const binding = tls.exportKeyingMaterial(CHANNEL_BINDING_LENGTH, CHANNEL_BINDING_LABEL, NOTHING)
    this.channelBinding = new Uint8Array(binding)
    tls.on('end', () => {
      this.#otherEnd = 'ended'
      // Older versions of libuv take a reset for an end if data was still to be read. To write nothing finds that out.
      if (!this.#ended) tcp.write(NOTHING)
      this.#tell()
    })
    // 'close' follows each error, and tells the first of them.
    tcp.on('error', (error) => this.#failed(error))
    tls.on('error', (error) => this.#failed(error))
    tls.on('close', () => this.#closed())
  }

  get waiting(): number {
    return this.#isOver() ? 0 : this.#tls.writableLength
  }

  attach(handler: ByteStreamHandler): void {
    if (this.#handler !== undefined) throw new RangeError('a stream has one handler')
    this.#handler = handler
    this.#tls.on('data', (bytes: Buffer) => {
      noteActivity()
      // A plain array over the same memory: the slice of a Buffer would be no copy.
      if (!this.#destroyed) handler.received(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length))
    })
    if (this.#paused) this.#tls.pause()
    this.#tellSoon()
  }

  write(bytes: Uint8Array): boolean {
    if (this.#ended) throw new RangeError('a stream that was ended takes no more bytes')
    if (this.#isOver()) return false
    this.#tls.write(bytes, this.#taken)
    this.#refused ||= this.#tls.writableLength >= STREAM_WRITE_LIMIT
    return !this.#refused
  }

  pause(): void {
    this.#paused = true
    if (this.#handler !== undefined) this.#tls.pause()
  }

  resume(): void {
    this.#paused = false
    if (this.#handler === undefined) return
    this.#tls.resume()
    this.#tellSoon()
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    if (!this.#isOver()) this.#tls.end()
  }

  destroy(): void {
    if (this.#isOver()) return
    this.#destroyed = true
    // A reset and no plain close, so that the other end does not take it for an end. But once all is sent and the end is
    // under way, the system refuses a reset, and Node.js would leave the socket open for ever.
    if (this.#ended && this.#tls.writableLength === 0) this.#tcp.destroy()
    else this.#tcp.resetAndDestroy()
  }

  #isOver(): boolean {
    return this.#destroyed || this.#closing !== undefined || this.#tls.destroyed
  }

  /** Called for each write. Node's own 'drain' knows Node's limit and not ours. */
  readonly #taken = (): void => {
    if (!this.#refused || this.#ended || this.#isOver() || this.#tls.writableLength > 0) return
    this.#refused = false
    this.#handler?.drained()
  }

  #failed(error: Error): void {
    this.#cause ??= reasonOf(error)
  }

  #closed(): void {
    if (this.#destroyed) this.#closing = 'destroyed'
    else this.#closing = this.#otherEnd !== 'open' && this.#tls.writableFinished ? 'ended' : 'broken'
    this.#tell()
  }

  #tellSoon(): void {
    process.nextTick(() => this.#tell())
  }

  /** Tells the handler of the other end's end and of the close, once each and not while it pauses. */
  #tell(): void {
    if (this.#handler === undefined) return
    if (this.#otherEnd === 'ended' && !this.#paused && !this.#destroyed) {
      this.#otherEnd = 'told'
      this.#handler.ended()
    }
    if (this.#closing === undefined || this.#toldClosed) return
    // A paused handler still has to learn of the end first. What broke needs no patience.
    if (this.#closing === 'ended' && this.#otherEnd !== 'told') return
    this.#toldClosed = true
    this.#handler.closed(this.#closing, this.#closing === 'broken' ? this.#cause : undefined)
  }
}
