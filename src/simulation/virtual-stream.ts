/**
 * One end of a stream of the virtual network: takes what comes, and hands what is written to its
 * {@link StreamSender}.
 */
import type { Endpoint } from '../runtime/endpoint.ts'
import { type Random, randomBelow } from '../runtime/random.ts'
import type { ByteStream, ByteStreamHandler, StreamClosing } from '../runtime/streams.ts'
import type { HostAddress } from './network-host.ts'
import type { Scheduled } from './scheduler.ts'
import { type Segment, type SegmentReceiver, type SegmentSource, StreamSender } from './stream-sender.ts'
import type { VirtualNetwork } from './virtual-network.ts'

/** One delivery in this many is cut in two where checks are on. */
const CUT_EVERY = 4
/** What bytes that no longer belong to their writer are overwritten with where checks are on. */
const OVERWRITTEN = 0xdd

/** What an end needs from the host on which it is. */
export interface StreamOwner {
  readonly network: VirtualNetwork
  /**
   * Where checks are on: what deliveries are cut by, so that nobody relies on the boundaries of writes. What is
   * written is then overwritten at once, because it belongs to the stream.
   */
  readonly cuts: Random | undefined
  /** Takes a new end; one that is over is forgotten. */
  adopt(end: VirtualStream): void
  forget(end: VirtualStream): void
  /** Draws the channel binding of a new stream. */
  drawBinding(): Uint8Array
}

/** Where an end is and what it is joined to. */
export interface StreamPlace {
  readonly near: HostAddress
  readonly far: HostAddress
  readonly local: Endpoint
  readonly remote: Endpoint
}

/** A stream as one of its ends sees it. */
export class VirtualStream implements ByteStream, SegmentSource, SegmentReceiver {
  readonly channelBinding: Uint8Array
  bytesDelivered = 0

  readonly #owner: StreamOwner
  readonly #place: StreamPlace
  /** Takes this end when the other one has opened it; false if nobody wants it any more. */
  readonly #accept: (stream: VirtualStream) => boolean
  readonly #sender: StreamSender
  #peer: VirtualStream | undefined
  #handler: ByteStreamHandler | undefined
  /** How this end is over. Of a crash nobody here is told. */
  #closing: StreamClosing | 'crashed' | undefined
  #isEnding = false
  #endWasSent = false
  #peerHasEnded = false
  #isPaused = false
  #arrived: (Uint8Array | 'ended')[] = []

  // One object for each kind of event, made once.
  readonly #delivery: Scheduled = { fire: () => this.#deliver() }
  readonly #closed: Scheduled = { fire: () => this.#tellClosed() }

  /** Makes one end; both are made before {@link join} makes them a stream. */
  constructor(
    owner: StreamOwner,
    place: StreamPlace,
    channelBinding: Uint8Array,
    accept: (stream: VirtualStream) => boolean,
  ) {
    this.#owner = owner
    this.#place = place
    this.channelBinding = channelBinding
    this.#accept = accept
    this.#sender = new StreamSender(owner.network, place.near, place.far, this)
  }

  /** Makes a stream of two ends. The one that was dialled learns of it by the first segment. */
  static join(dialling: VirtualStream, dialled: VirtualStream): void {
    dialling.#peer = dialled
    dialled.#peer = dialling
    for (const end of [dialling, dialled]) end.#owner.adopt(end)
    dialling.note('opened')
    dialling.#sender.open()
  }

  get remote(): Endpoint {
    return this.#place.remote
  }

  get waiting(): number {
    return this.#sender.waiting
  }

  attach(handler: ByteStreamHandler): void {
    if (this.#handler !== undefined) throw new RangeError('a stream has one handler')
    this.#handler = handler
    this.#fireNow(this.#closing === undefined ? this.#delivery : this.#closed)
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isEnding) throw new RangeError('nothing is written to a stream after its end')
    if (this.#closing !== undefined) return false
    if (this.#owner.cuts === undefined) return this.#sender.write(bytes)
    const copy = bytes.slice()
    bytes.fill(OVERWRITTEN)
    return this.#sender.write(copy)
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#fireNow(this.#delivery)
  }

  end(): void {
    if (this.#closing !== undefined) return
    this.#isEnding = true
    this.#sender.end()
  }

  destroy(): void {
    if (this.#closing !== undefined) return
    this.#close('destroyed')
    this.#sender.reset()
  }

  /**
   * The host has crashed: nobody here is told anything any more.
   *
   * @param tellPeer Whether the other end is told at once, as a system does for a process that is gone.
   */
  crash(tellPeer: boolean): void {
    if (this.#closing !== undefined) return
    this.#close('crashed')
    if (tellPeer) this.#sender.reset()
    else this.#sender.drop()
  }

  // What the sender asks and tells

  get otherEnd(): SegmentReceiver {
    if (this.#peer === undefined) throw new Error('this end is not joined to another one')
    return this.#peer
  }

  drained(): void {
    if (this.#closing === undefined) this.#handler?.drained()
  }

  endSent(): void {
    this.#endWasSent = true
    this.#closeIfEnded()
  }

  broke(): void {
    if (this.#closing === undefined) this.#close('broken')
  }

  note(what: string): void {
    const { near, local } = this.#place
    this.#owner.network.recordStream(near.host, what, local, this.remote, NO_BYTES)
  }

  // What the other end sends

  get isGone(): boolean {
    return this.#closing !== undefined && this.#closing !== 'ended'
  }

  take(segment: Segment): void {
    if (segment === 'opened') {
      this.note('accepted')
      if (!this.#accept(this)) this.crash(true)
    } else if (segment === 'reset') {
      this.#sender.drop()
      this.broke()
    } else {
      this.#arrived.push(segment)
      this.#deliver()
    }
  }

  #deliver(): void {
    const handler = this.#handler
    while (handler !== undefined && !this.#isPaused && this.#closing === undefined) {
      const segment = this.#arrived.shift()
      if (segment === undefined) return
      if (segment === 'ended') {
        this.#peerHasEnded = true
        handler.ended()
        this.#closeIfEnded()
      } else {
        const bytes = this.#cut(segment)
        const { near, local } = this.#place
        this.#owner.network.recordStream(near.host, 'delivered', this.remote, local, bytes)
        this.bytesDelivered += bytes.length
        if (this.#peer !== undefined) this.#sender.giveRoomTo(this.#peer.#sender, this.bytesDelivered)
        handler.received(bytes)
      }
    }
  }

  /** Where checks are on, now and then only the beginning; the rest stays for the next delivery. */
  #cut(bytes: Uint8Array): Uint8Array {
    const { cuts } = this.#owner
    if (cuts === undefined || bytes.length < 2 || randomBelow(cuts, CUT_EVERY) !== 0) return bytes
    const length = 1 + randomBelow(cuts, bytes.length - 1)
    this.#arrived.unshift(bytes.subarray(length))
    return bytes.subarray(0, length)
  }

  #closeIfEnded(): void {
    if (this.#endWasSent && this.#peerHasEnded && this.#closing === undefined) this.#close('ended')
  }

  #close(how: StreamClosing | 'crashed'): void {
    this.#closing = how
    this.#arrived = []
    this.note(how)
    this.#owner.forget(this)
    this.#fireNow(this.#closed)
  }

  #tellClosed(): void {
    if (this.#closing !== undefined && this.#closing !== 'crashed') this.#handler?.closed(this.#closing)
  }

  #fireNow(event: Scheduled): void {
    const { scheduler } = this.#owner.network
    scheduler.schedule(scheduler.now, event)
  }
}

const NO_BYTES = new Uint8Array(0)
