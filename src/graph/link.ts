/**
 * An open link: both identities are proven and admitted, and the messages of the graph pass (DESIGN section 7).
 *
 * Signs of life: whoever has sent nothing for a while sends a PING, so that an end that hears nothing at all knows that the
 * other one, or the way to it, is gone. An end whose owner pauses hears nothing by its own will and does not judge.
 */
import type { Deadline } from '../runtime/deadlines.ts'
import type { Endpoint } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { StreamClosing } from '../runtime/streams.ts'
import { WireReader } from '../wire/wire-reader.ts'
import type { WireWriter } from '../wire/wire-writer.ts'
import { decodeGraphMessage, kindOfNumber } from './decode-graph-message.ts'
import { encodeGraphMessage } from './encode-graph-message.ts'
import { priorities } from './frame.ts'
import type { FramedStream, FramedStreamParts, StreamUser } from './framed-stream.ts'
import type { DropReason } from './graph-counters.ts'
import type { GraphMessage } from './graph-message.ts'
import type { LinkClosing, LinkHandler, LinkPort, LinkPriority } from './link-port.ts'
import { LONGEST_PASSED_OVER, linkKinds } from './message-header.ts'
import { messageKinds } from './message-kinds.ts'
import type { LinkPeer } from './security-provider.ts'

/** How much of each priority may wait before {@link LinkPort.send} asks to stop, in bytes. It asks to go on at half of it. */
export const linkLimits: Readonly<Record<LinkPriority, number>> = {
  control: 64 * 1024,
  flood: 512 * 1024,
  bulk: 128 * 1024,
}
/** What may wait of one priority if its sender does not stop, in bytes: then the link is given up. */
export const MOST_WAITING_BYTES = 16 * 1024 * 1024
/** After sending nothing for so long, an end sends a sign of life, in milliseconds. */
export const SIGN_OF_LIFE_INTERVAL = 10_000
/** An end that hears nothing for so long takes the other one for gone, in milliseconds. */
export const LONGEST_SILENCE = 25_000
/** Of a PING, in bytes: later releases may add to it. */
export const LONGEST_PING = 64
/** In a PING: an answer is wanted. */
const ANSWER_WANTED = 0x01

/** What the opening of a link has found out. */
export interface LinkFacts {
  readonly peer: LinkPeer
  readonly isDialler: boolean
  /** The version of the protocol that both ends speak. */
  readonly version: number
  readonly features: number
  /** How long the way to the other end and back took, in milliseconds. */
  readonly roundTrip: number
}

/** One end of an open link. */
export class Link implements LinkPort, StreamUser {
  readonly peer: LinkPeer
  readonly isDialler: boolean
  readonly features: number
  readonly roundTrip: number
  readonly #version: number
  readonly #stream: FramedStream
  readonly #parts: FramedStreamParts
  #handler: LinkHandler | undefined
  /** The priorities whose sender was asked to stop. */
  readonly #stopped = new Set<LinkPriority>()
  #isPaused = false
  /** Why it closes, once that is known, and whether the handler was told. */
  #closing: LinkClosing | undefined
  #isClosed = false
  #liveness: Deadline | undefined
  #probe: Deadline | undefined

  /** Takes a stream over from its opening. */
  constructor(stream: FramedStream, parts: FramedStreamParts, facts: LinkFacts) {
    const { peer, isDialler, version, features, roundTrip } = facts
    this.peer = peer
    this.isDialler = isDialler
    this.features = features
    this.roundTrip = roundTrip
    this.#version = version
    this.#stream = stream
    this.#parts = parts
    stream.version = version
    stream.handOver(this, parts.counters)
    parts.counters.counted('links-opened')
    this.#watch()
  }

  get remote(): Endpoint {
    return this.#stream.stream.remote
  }

  get lastHeard(): number {
    return this.#stream.lastHeard
  }

  /** Called once the owner has got the link: messages wait if it has not attached a handler yet. */
  begin(): void {
    if (this.#handler === undefined) this.#stream.pause()
  }

  attach(handler: LinkHandler): void {
    this.#handler = handler
    if (this.#isClosed) this.#parts.deadlines.set(0, () => this.#tellClosed())
    else if (!this.#isPaused) this.#stream.resume()
  }

  send(message: GraphMessage): boolean {
    // Whoever sends until it is asked to stop must not go on for ever.
    if (this.#closing !== undefined) return false
    const { number, longest, priority } = messageKinds[message.kind]
    this.#stream.send(priority, number, longest, encodeGraphMessage, message)
    const waiting = this.#stream.waiting(priority)
    if (waiting < linkLimits[priority]) return true
    this.#stopped.add(priority)
    if (waiting > MOST_WAITING_BYTES) {
      this.#parts.counters.dropped('link-overrun')
      this.destroy('broken')
    }
    return false
  }

  waiting(priority: LinkPriority): number {
    return this.#stream.waiting(priority)
  }

  pause(): void {
    this.#isPaused = true
    this.#stream.pause()
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    // What could not be heard does not count as silence.
    this.#stream.lastHeard = this.#parts.clock.monotonic()
    if (this.#handler !== undefined) this.#stream.resume()
  }

  end(reason: 'closed' | 'not-admitted' = 'closed'): void {
    this.#close(reason)
    this.#stream.end()
    // Whoever is put out does not keep a place until its side has ended, too.
    if (reason === 'not-admitted') this.#parts.deadlines.set(0, () => this.#tellClosed())
  }

  destroy(reason: LinkClosing): void {
    this.#close(reason)
    this.#stream.destroy()
  }

  probe(wait: number): void {
    if (this.#closing !== undefined || this.#probe !== undefined) return
    const asked = this.#parts.clock.monotonic()
    this.#ping(ANSWER_WANTED)
    this.#probe = this.#parts.deadlines.set(wait, () => {
      this.#probe = undefined
      if (!this.#isPaused && this.lastHeard <= asked) this.#silent()
    })
  }

  // What comes

  begins(version: number, number: number, length: number): 'take' | 'pass-over' | DropReason {
    if (openingKinds.has(number)) return 'message-out-of-order'
    if (version !== this.#version) return this.#passOver('message-unknown-version', length)
    const kind = kindOfNumber(number)
    if (kind === undefined && number !== linkKinds.PING) return this.#passOver('message-unknown-kind', length)
    const longest = kind === undefined ? LONGEST_PING : messageKinds[kind].longest
    return length > longest ? 'message-too-large' : 'take'
  }

  message(number: number, body: Uint8Array): void {
    this.#parts.counters.counted('messages-received')
    const message = this.#read(number, body)
    if (message === 'PING') return
    if (message === undefined) this.problem('message-malformed')
    else this.#handler?.received(message)
  }

  problem(reason: DropReason): void {
    this.#parts.counters.dropped(reason)
    this.destroy('protocol')
  }

  sent(): void {
    if (this.#stopped.size === 0) return
    for (const priority of priorities) {
      if (!this.#stopped.has(priority) || this.#stream.waiting(priority) > linkLimits[priority] / 2) continue
      this.#stopped.delete(priority)
      if (this.#closing === undefined) this.#handler?.ready(priority)
    }
  }

  ended(): void {
    this.#close('ended')
    this.#stream.end()
  }

  closed(_reason: StreamClosing): void {
    this.#close('broken')
    this.#isClosed = true
    this.#tellClosed()
  }

  /** A message's value; undefined if its body is malformed. */
  #read(number: number, body: Uint8Array): GraphMessage | 'PING' | undefined {
    const kind = kindOfNumber(number)
    const reader = new WireReader(body, kind ?? 'PING')
    try {
      if (kind !== undefined) return decodeGraphMessage(kind, reader)
      const isAsked = (reader.uint8() & ANSWER_WANTED) !== 0
      // Who asks again and again and does not read the answers gets no more of them.
      if (isAsked && this.#stream.waiting('control') < linkLimits.control) this.#ping(0)
      return 'PING'
    } catch (error) {
      if (PeerageError.is(error, 'malformed')) return undefined
      throw error
    }
  }

  #passOver(reason: DropReason, length: number): 'pass-over' | DropReason {
    if (length > LONGEST_PASSED_OVER) return 'message-too-large'
    this.#parts.counters.dropped(reason)
    return 'pass-over'
  }

  // Signs of life

  #ping(flags: number): void {
    this.#stream.send('control', linkKinds.PING, LONGEST_PING, writePing, flags)
  }

  /** Looks again when the one or the other is due, if nothing comes or goes until then. */
  #watch(): void {
    const now = this.#parts.clock.monotonic()
    const signDue = this.#stream.lastSent + SIGN_OF_LIFE_INTERVAL
    const silenceDue = this.#isPaused ? Number.POSITIVE_INFINITY : this.lastHeard + LONGEST_SILENCE
    if (now >= silenceDue) {
      this.#silent()
      return
    }
    if (now >= signDue) this.#stream.giveBack()
    // What waits already is a sign of life, as soon as the other end lets it through.
    if (now >= signDue && this.#stream.waiting('control') === 0) this.#ping(0)
    const next = now >= signDue ? now + SIGN_OF_LIFE_INTERVAL : signDue
    this.#liveness = this.#parts.deadlines.set(Math.min(next, silenceDue) - now, () => this.#watch())
  }

  #silent(): void {
    this.#parts.counters.dropped('link-silent')
    this.destroy('silent')
  }

  // The end

  /** The first reason counts. */
  #close(reason: LinkClosing): void {
    if (this.#closing !== undefined) return
    this.#closing = reason
    if (this.#liveness !== undefined) this.#parts.deadlines.cancel(this.#liveness)
    if (this.#probe !== undefined) this.#parts.deadlines.cancel(this.#probe)
  }

  #tellClosed(): void {
    const handler = this.#handler
    if (handler === undefined || this.#closing === undefined) return
    this.#handler = undefined
    handler.closed(this.#closing)
  }
}

const openingKinds: ReadonlySet<number> = new Set([
  linkKinds.AUTH_INFO,
  linkKinds.AUTH_REPLY,
  linkKinds.PROVIDER,
  linkKinds.ADMITTED,
])

function writePing(writer: WireWriter, flags: number): void {
  writer.uint8(flags)
}
