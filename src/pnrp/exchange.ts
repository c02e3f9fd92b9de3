/**
 * Requests and the replies to them: sends a request, sends it again when no reply comes, and hands the
 * reply to whoever asked (MS-PNRP 3.1.6.3). A reply counts only if it answers a request that is waiting, is
 * of the type that this request expects, and comes from the very endpoint that was asked.
 */
import { equalBytes } from '../runtime/bytes.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Deadline, Deadlines } from '../runtime/deadlines.ts'
import { type Endpoint, sameEndpoint } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Random } from '../runtime/random.ts'
import { type AuthorityBuffer, readAuthorityBuffer } from './authority-buffer.ts'
import type { CookieJar } from './cookies.ts'
import type { Counters } from './counters.ts'
import type { Ack, Advertise, Authority, Flood, Inquire, Lookup, Message, Reply, Request, Solicit } from './message.ts'
import { Reassembly } from './reassembly.ts'
import type { RoundTrips } from './round-trips.ts'

/** Who waits for an answer. One of `answered` and `failed` is called, once, unless the request is cancelled. */
export interface Asker<Answer> {
  answered(answer: Answer): void
  /** The first timeout, before the request is sent again. */
  expired?(): void
  /** No reply came, however often it was sent. */
  failed(): void
}

/** A request without what the exchange adds to it. */
export type Asking<M> = M extends Message ? Omit<M, 'messageId' | 'cookie' | 'padding'> : never

/** A request that is waiting for its reply. */
export interface Asked {
  /** Nobody is told anything any more. Twice, or after the answer, does nothing. */
  cancel(): void
}

/** How often a request is sent at most (N-93): once, and twice again. */
export const MOST_TRIES = 3
/** Requests that wait for a reply at the same time; more fail at once. */
export const MOST_PENDING_REQUESTS = 4096

/** How long a reply that has arrived already gets to be read before it counts as missing, in milliseconds. */
const READING_TURN = 1

/** Whom a reply of each type goes to. */
type Expectation =
  | { readonly type: 'ADVERTISE'; readonly asker: Asker<Advertise> }
  | { readonly type: 'ACK'; readonly asker: Asker<Ack> }
  | { readonly type: 'AUTHORITY'; readonly asker: Asker<AuthorityBuffer>; readonly reassembly: Reassembly }

interface Pending {
  readonly to: Endpoint
  readonly expectation: Expectation
  readonly request: Asking<Solicit | Request | Flood | Inquire | Lookup>
  readonly tries: number
  sent: number
  lastSent: number
  /** The cookie that went with it, if one did. */
  cookie: Uint8Array | undefined
  deadline: Deadline | undefined
}

/** What an exchange works with. */
export interface ExchangeParts {
  readonly clock: Clock
  readonly random: Random
  readonly deadlines: Deadlines
  readonly roundTrips: RoundTrips
  readonly cookies: CookieJar
  readonly counters: Counters
  send(message: Message, to: Endpoint): void
}

/** The requests of one cloud that wait for replies. */
export class Exchange {
  readonly #parts: ExchangeParts
  readonly #pending = new Map<number, Pending>()

  constructor(parts: ExchangeParts) {
    this.#parts = parts
  }

  /** How many requests wait. */
  get size(): number {
    return this.#pending.size
  }

  solicit(to: Endpoint, request: Asking<Solicit>, asker: Asker<Advertise>): Asked {
    return this.#ask(to, request, { type: 'ADVERTISE', asker }, MOST_TRIES)
  }

  /** Sends a REQUEST or a FLOOD that is to be confirmed. */
  confirm(to: Endpoint, request: Asking<Request | Flood>, asker: Asker<Ack>): Asked {
    return this.#ask(to, request, { type: 'ACK', asker }, MOST_TRIES)
  }

  /** Sends a LOOKUP or an INQUIRE. @param tries 1 for a probe (N-117) */
  inquire(to: Endpoint, request: Asking<Inquire | Lookup>, asker: Asker<AuthorityBuffer>, tries = MOST_TRIES): Asked {
    return this.#ask(to, request, { type: 'AUTHORITY', asker, reassembly: new Reassembly() }, tries)
  }

  /** Sends a FLOOD that nobody confirms. */
  tell(to: Endpoint, flood: Asking<Flood>): void {
    this.#parts.send({ ...flood, messageId: this.#newMessageId(), cookie: this.#parts.cookies.get(to) }, to)
  }

  /** Takes a reply; what nobody waits for is dropped. @returns false if it was */
  received(reply: Reply, from: Endpoint): boolean {
    const pending = this.#pending.get(reply.ackedMessageId)
    if (pending === undefined || pending.expectation.type !== reply.type) return this.#drop('not-asked-for')
    if (!sameEndpoint(pending.to, from)) return this.#drop('other-endpoint')
    const isOfOtherNonce =
      pending.request.type === 'SOLICIT' &&
      reply.type === 'ADVERTISE' &&
      !equalBytes(reply.hashedNonce, pending.request.hashedNonce)
    if (isOfOtherNonce) return this.#drop('wrong-nonce')
    this.#parts.cookies.put(from, reply.cookie)
    if (pending.sent === 1) {
      this.#parts.roundTrips.measured(from, this.#parts.clock.monotonic() - pending.lastSent)
    }
    const { expectation } = pending
    switch (reply.type) {
      case 'AUTHORITY':
        if (expectation.type === 'AUTHORITY') return this.#receivedAuthority(pending, expectation, reply)
        break
      case 'ADVERTISE':
        if (expectation.type === 'ADVERTISE')
          return this.#finish(reply.ackedMessageId, () => expectation.asker.answered(reply))
        break
      case 'ACK':
        if (expectation.type !== 'ACK') break
        if (reply.cookieNeeded && this.#sendAgainWithCookie(reply.ackedMessageId, pending)) return true
        return this.#finish(reply.ackedMessageId, () => expectation.asker.answered(reply))
    }
    return false
  }

  /** Forgets all requests without a word. */
  clear(): void {
    for (const pending of this.#pending.values()) this.#cancelDeadline(pending)
    this.#pending.clear()
  }

  #receivedAuthority(
    pending: Pending,
    { asker, reassembly }: Expectation & { type: 'AUTHORITY' },
    reply: Authority,
  ): boolean {
    const whole = reassembly.take(reply)
    if (whole === 'incomplete') return true
    if (whole === 'bad-fragment') return this.#drop('bad-fragment')
    // A malformed buffer leaves the request waiting, so that a forger on the path cannot end it.
    const buffer = readBuffer(whole)
    if (buffer === undefined) return this.#drop('malformed')
    if (buffer.cookieNeeded && this.#sendAgainWithCookie(reply.ackedMessageId, pending)) return true
    return this.#finish(reply.ackedMessageId, () => asker.answered(buffer))
  }

  #ask(to: Endpoint, request: Pending['request'], expectation: Expectation, tries: number): Asked {
    const messageId = this.#newMessageId()
    if (this.#pending.size >= MOST_PENDING_REQUESTS) {
      this.#parts.counters.dropped('table-full')
      // Never before this call has returned: whoever asks has not stored what it gets back.
      const deadline = this.#parts.deadlines.set(0, () => expectation.asker.failed())
      return { cancel: () => this.#parts.deadlines.cancel(deadline) }
    }
    const pending: Pending = {
      to,
      expectation,
      request,
      tries,
      sent: 0,
      lastSent: 0,
      cookie: undefined,
      deadline: undefined,
    }
    this.#pending.set(messageId, pending)
    this.#send(messageId, pending)
    return { cancel: () => this.#forget(messageId, pending) }
  }

  #send(messageId: number, pending: Pending): void {
    const { to, request } = pending
    pending.sent++
    pending.lastSent = this.#parts.clock.monotonic()
    pending.cookie = this.#parts.cookies.get(to)
    this.#parts.send({ ...request, messageId, cookie: pending.cookie }, to)
    const { deadlines, roundTrips } = this.#parts
    pending.deadline = deadlines.set(roundTrips.timeout(to, pending.sent - 1), () => {
      // On a busy machine this timer is late and the reply lies unread in the socket: it gets a turn first.
      pending.deadline = deadlines.set(READING_TURN, () => this.#expired(messageId, pending))
    })
  }

  /**
   * The other side wants to see its cookie before it answers in full: a request is sent again, once, with the
   * cookie that came with this reply, and that does not count as a try (N-93, N-119).
   */
  #sendAgainWithCookie(messageId: number, pending: Pending): boolean {
    const cookie = this.#parts.cookies.get(pending.to)
    if (cookie === undefined || pending.cookie !== undefined) return false
    this.#cancelDeadline(pending)
    pending.sent--
    this.#send(messageId, pending)
    return true
  }

  #expired(messageId: number, pending: Pending): void {
    const { asker } = pending.expectation
    if (pending.sent === 1) asker.expired?.()
    // The asker may have cancelled it just now.
    if (this.#pending.get(messageId) !== pending) return
    if (pending.sent < pending.tries) {
      this.#send(messageId, pending)
    } else {
      this.#pending.delete(messageId)
      asker.failed()
    }
  }

  #finish(messageId: number, tell: () => void): true {
    const pending = this.#pending.get(messageId)
    if (pending !== undefined) this.#forget(messageId, pending)
    tell()
    return true
  }

  #forget(messageId: number, pending: Pending): void {
    if (this.#pending.get(messageId) !== pending) return
    this.#pending.delete(messageId)
    this.#cancelDeadline(pending)
  }

  #cancelDeadline(pending: Pending): void {
    if (pending.deadline !== undefined) this.#parts.deadlines.cancel(pending.deadline)
  }

  #newMessageId(): number {
    let messageId = this.#parts.random.uint32()
    while (this.#pending.has(messageId)) messageId = this.#parts.random.uint32()
    return messageId
  }

  #drop(reason: 'not-asked-for' | 'other-endpoint' | 'wrong-nonce' | 'bad-fragment' | 'malformed'): false {
    this.#parts.counters.dropped(reason)
    return false
  }
}

function readBuffer(bytes: Uint8Array): AuthorityBuffer | undefined {
  try {
    return readAuthorityBuffer(bytes)
  } catch (error) {
    if (PeerageError.is(error, 'malformed')) return undefined
    throw error
  }
}
