/**
 * One direction of a stream of the virtual network, as its sending end sees it.
 *
 * What is written is cut into segments, which travel in order to the other end. A window bounds how
 * much is under way or lies unread there: each delivery gives room back, one way later. So latency
 * bounds the rate, as it does on TCP, and a reader that pauses stops its writer. Loss shows as delay,
 * and bandwidth as a queue.
 *
 * When a segment, or the room that the other end gives back, cannot get through (a partition, a host
 * without power, an address that is gone), the direction **stalls**: it tries again, at growing
 * intervals, and what had not arrived is sent again once there is a way. After {@link STALL_LIMIT} it
 * breaks. Who has nothing to send hears nothing of all that. Who sends to an end that is no more, because it broke,
 * was destroyed, or its host crashed, is told so by the system there as soon as that is up.
 */
import { concatBytes } from '../runtime/bytes.ts'
import { STREAM_WRITE_LIMIT } from '../runtime/streams.ts'
import type { HostAddress } from './network-host.ts'
import type { Scheduled } from './scheduler.ts'
import type { VirtualNetwork } from './virtual-network.ts'

/** How many bytes of one direction are under way or unread at the other end, at most. */
export const STREAM_WINDOW = 256 * 1024
/** How long a direction gets nothing through before it breaks, in milliseconds. */
export const STALL_LIMIT = 30_000
/** The longest segment, in bytes: what one TLS record holds. */
const LONGEST_SEGMENT = 16 * 1024
/** The first and the longest pause before a stalled direction tries again, in milliseconds. */
const FIRST_RETRY = 200
const LONGEST_RETRY = 3_000

/** What travels: bytes, or a sign. The first sign opens the other end, the last one ends or resets it. */
export type Segment = Uint8Array | 'opened' | 'ended' | 'reset'

/** The other end, which takes what was sent. */
export interface SegmentReceiver {
  /** How many bytes it has delivered since the beginning. */
  readonly bytesDelivered: number
  /** Whether the end is no more, so that whoever sends to it is told to reset. */
  readonly isGone: boolean
  take(segment: Segment): void
}

/** This end, which is told what becomes of what it sends. */
export interface SegmentSource {
  readonly otherEnd: SegmentReceiver
  /** Everything that was queued has been sent, and more may be written where a write was refused. */
  drained(): void
  /** The end of this direction has been sent. */
  endSent(): void
  /** Nothing gets through any more, or the other end is no more. */
  broke(): void
  note(what: string): void
}

/** Sends what an end writes. */
export class StreamSender {
  /** How many bytes are queued. */
  waiting = 0

  readonly #network: VirtualNetwork
  readonly #near: HostAddress
  readonly #far: HostAddress
  readonly #source: SegmentSource
  /** How often the power of the host had gone when the stream began. */
  readonly #powerLosses: number

  #queue: Uint8Array[] = []
  #wantsDrained = false
  #end: 'none' | 'queued' | 'sent' = 'none'
  /** Whether this end is over in any way but a good end: then nothing is sent again. */
  #isOver = false
  /** Sent and not yet arrived, in order. */
  #flight: Segment[] = []
  /** Counts the stalls: what was under way when one began never arrives. */
  #epoch = 0
  #lastArrival = 0
  #bytesSent = 0
  /** How many of them the other end has delivered, as far as is known here. */
  #bytesTaken = 0
  #stalledSince: number | undefined
  #retryPause = 0
  #sendingIsDue = false

  // One object for each kind of event, made once.
  readonly #arrival: Scheduled = { fire: (epoch) => this.#arrive(epoch) }
  readonly #retry: Scheduled = { fire: (epoch) => this.#tryAgain(epoch) }
  readonly #sending: Scheduled = { fire: () => this.#send() }
  readonly #resetBack: Scheduled = { fire: () => this.#takeReset() }
  /** The other end says, by the argument, how many bytes it has delivered. */
  readonly #room: Scheduled = { fire: (taken) => this.#takeRoom(taken) }

  constructor(network: VirtualNetwork, near: HostAddress, far: HostAddress, source: SegmentSource) {
    this.#network = network
    this.#near = near
    this.#far = far
    this.#source = source
    this.#powerLosses = near.host.powerLosses
  }

  /** The first segment: the other end learns that there is a stream. */
  open(): void {
    this.#launch('opened')
  }

  /** Queues bytes. Returns false once {@link STREAM_WRITE_LIMIT} bytes wait; `drained` follows when none does. */
  write(bytes: Uint8Array): boolean {
    if (bytes.length > 0) {
      this.#queue.push(bytes)
      this.waiting += bytes.length
      this.#sendSoon()
    }
    if (this.waiting < STREAM_WRITE_LIMIT) return true
    this.#wantsDrained = true
    return false
  }

  /** Ends the direction after what was written. */
  end(): void {
    if (this.#end !== 'none') return
    this.#end = 'queued'
    this.#sendSoon()
  }

  /** Drops what waits. What is under way still arrives, and then a reset, if the network lets it through now. */
  reset(): void {
    this.#abandonQueue()
    if (this.#stalledSince === undefined) this.#launch('reset')
    else this.#dropFlight()
  }

  /** Drops what waits and what is under way: nobody is told. */
  drop(): void {
    this.#abandonQueue()
    this.#dropFlight()
  }

  /** Tells the sender of the other direction, one way later, how much of it was delivered here. */
  giveRoomTo(sender: StreamSender, bytesDelivered: number): void {
    const { scheduler } = this.#network
    const delay = this.#network.signDelay(this.#near.host, this.#far.host)
    scheduler.schedule(scheduler.now + delay, sender.#room, bytesDelivered)
  }

  /** Sends as much as there is room for. What is written in one instant goes out together. */
  #send(): void {
    this.#sendingIsDue = false
    while (this.waiting > 0 && this.#stalledSince === undefined) {
      const room = STREAM_WINDOW - (this.#bytesSent - this.#bytesTaken)
      // Small room would make small segments for ever: wait for more of it (RFC 9293 section 3.8.6.2.1).
      if (room < Math.min(this.waiting, LONGEST_SEGMENT)) break
      const segment = this.#takeSegment(Math.min(room, LONGEST_SEGMENT))
      this.waiting -= segment.length
      this.#bytesSent += segment.length
      this.#launch(segment)
    }
    if (this.#isOver || this.waiting > 0) return
    if (this.#wantsDrained && this.#end === 'none') {
      this.#wantsDrained = false
      this.#source.drained()
    }
    // More may have been written just now.
    if (this.#end === 'queued' && this.waiting === 0) {
      this.#end = 'sent'
      this.#launch('ended')
      this.#source.endSent()
    }
  }

  /** Takes at most this many bytes from the queue: whole arrays together, or the beginning of a longer one. */
  #takeSegment(limit: number): Uint8Array {
    const [first] = this.#queue
    if (first !== undefined && first.length > limit) {
      this.#queue[0] = first.subarray(limit)
      return first.subarray(0, limit)
    }
    let count = 0
    let length = 0
    for (const chunk of this.#queue) {
      if (length + chunk.length > limit) break
      length += chunk.length
      count++
    }
    const parts = this.#queue.splice(0, count)
    return count === 1 && first !== undefined ? first : concatBytes(...parts)
  }

  #launch(segment: Segment): void {
    this.#flight.push(segment)
    if (this.#stalledSince === undefined) this.#transmit(segment)
  }

  #transmit(segment: Segment): void {
    const network = this.#network
    if (!network.connects(this.#near, this.#far)) {
      this.#stall()
      return
    }
    const length = lengthOf(segment)
    const delay = network.streamDelay(this.#near.host, this.#far.host, length)
    this.#near.host.bytesSent += length
    // What overtakes on the way waits at the other end for what it overtook.
    this.#lastArrival = Math.max(this.#lastArrival, network.scheduler.now + delay)
    network.scheduler.schedule(this.#lastArrival, this.#arrival, this.#epoch)
  }

  /** The first segment of the flight arrives, unless it was lost in a stall. */
  #arrive(epoch: number): void {
    if (epoch !== this.#epoch) return
    const network = this.#network
    const [segment] = this.#flight
    if (segment === undefined) throw new Error('nothing is under way on this stream')
    if (!network.connects(this.#near, this.#far)) {
      this.#stall()
    } else if (this.#source.otherEnd.isGone) {
      // The system there knows nothing of this stream and says so. Until that is here, nothing is taken as arrived.
      const delay = network.signDelay(this.#far.host, this.#near.host)
      network.scheduler.schedule(network.scheduler.now + delay, this.#resetBack)
    } else {
      this.#flight.shift()
      this.#far.host.bytesReceived += lengthOf(segment)
      this.#source.otherEnd.take(segment)
    }
  }

  #takeRoom(taken: number): void {
    if (this.#isOver) return
    if (!this.#network.connects(this.#far, this.#near)) {
      this.#stall()
      return
    }
    this.#bytesTaken = Math.max(this.#bytesTaken, taken)
    this.#send()
  }

  #takeReset(): void {
    if (this.#isOver) return
    if (this.#network.connects(this.#far, this.#near)) this.#break()
    else this.#stall()
  }

  #stall(): void {
    if (this.#isForgotten()) {
      this.#dropFlight()
      return
    }
    if (this.#stalledSince !== undefined) return
    const { scheduler } = this.#network
    this.#epoch++
    this.#stalledSince = scheduler.now
    this.#retryPause = FIRST_RETRY
    this.#source.note('stalled')
    scheduler.schedule(scheduler.now + FIRST_RETRY, this.#retry, this.#epoch)
  }

  #tryAgain(epoch: number): void {
    if (epoch !== this.#epoch || this.#stalledSince === undefined) return
    if (this.#isForgotten()) {
      this.#dropFlight()
      return
    }
    const network = this.#network
    const { now } = network.scheduler
    if (this.#near.host.isAsleep) {
      // Its system's timers stand still as well.
      this.#near.host.atWaking(() => {
        this.#stalledSince = network.scheduler.now
        this.#tryAgain(epoch)
      })
      return
    }
    if (network.connects(this.#near, this.#far) && network.connects(this.#far, this.#near)) {
      this.#stalledSince = undefined
      this.#lastArrival = now
      // With what is sent again comes the answer how far the other end had got.
      this.#bytesTaken = Math.max(this.#bytesTaken, this.#source.otherEnd.bytesDelivered)
      this.#source.note('goes on')
      for (const segment of this.#flight) this.#transmit(segment)
      this.#send()
      return
    }
    const end = this.#stalledSince + STALL_LIMIT
    if (now >= end) {
      this.#break()
      return
    }
    this.#retryPause = Math.min(this.#retryPause * 2, LONGEST_RETRY)
    network.scheduler.schedule(Math.min(now + this.#retryPause, end), this.#retry, this.#epoch)
  }

  /** Whether nobody is left who would send anything again: also a system forgets when its power goes. */
  #isForgotten(): boolean {
    return this.#isOver || this.#near.host.powerLosses !== this.#powerLosses
  }

  #break(): void {
    this.drop()
    this.#source.broke()
  }

  #abandonQueue(): void {
    this.#isOver = true
    this.#queue = []
    this.waiting = 0
  }

  #dropFlight(): void {
    this.#epoch++
    this.#flight = []
  }

  #sendSoon(): void {
    if (this.#sendingIsDue) return
    this.#sendingIsDue = true
    this.#network.scheduler.schedule(this.#network.scheduler.now, this.#sending)
  }
}

function lengthOf(segment: Segment): number {
  return typeof segment === 'string' ? 0 : segment.length
}
