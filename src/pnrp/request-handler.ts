/**
 * Requests from others: each is answered, and what it tells is considered (MS-PNRP 3.2.5).
 */
import { LONGEST_DATAGRAM } from '../runtime/datagrams.ts'
import { type Rate, TokenBucket } from '../runtime/token-buckets.ts'
import { type AuthorityBuffer, encodeAuthorityBuffer } from './authority-buffer.ts'
import type { CloudParts } from './cloud-parts.ts'
import { type Conversations, OWN_FEATURES } from './conversations.ts'
import type { CookieMint } from './cookies.ts'
import { AMPLIFICATION_LIMIT, type DatagramTransport, type RequestSource } from './datagram-transport.ts'
import type { EntryProof } from './entry-proof.ts'
import type { Flooding } from './flooding.ts'
import { answerInquire, answerLookup } from './lookup-answer.ts'
import type { Advertise, Flood, Inquire, Lookup, Reply, Request, Solicit } from './message.ts'
import { NO_PNRP_ID, PNRP_ID_LENGTH, type PnrpId } from './pnrp-id.ts'
import { splitAuthorityBuffer } from './reassembly.ts'
import { isAmong } from './route-entry.ts'

/** SOLICITs from addresses that are not proven that are answered in full; to more the answer is empty. */
export const UNPROVEN_SOLICITS: Rate = { perSecond: 1000, burst: 1000 }
/** LOOKUPs that are answered in all; to more the answer is that this node is busy. */
export const LOOKUPS_OF_ALL: Rate = { perSecond: 5000, burst: 5000 }

/** A request of any kind. */
export type AnyRequest = Solicit | Request | Flood | Inquire | Lookup

/** What a handler works with. */
export interface RequestHandlerParts {
  readonly parts: CloudParts
  readonly transport: DatagramTransport
  readonly mint: CookieMint
  readonly proof: EntryProof
  readonly flooding: Flooding
  readonly conversations: Conversations
}

/** Answers the requests of one cloud. */
export class RequestHandler {
  readonly #own: RequestHandlerParts
  readonly #solicitRate: TokenBucket
  readonly #lookupRate: TokenBucket

  constructor(own: RequestHandlerParts) {
    this.#own = own
    this.#solicitRate = new TokenBucket(own.parts.clock, UNPROVEN_SOLICITS)
    this.#lookupRate = new TokenBucket(own.parts.clock, LOOKUPS_OF_ALL)
  }

  /** Takes a request. @param isResolveOnly Whether this node only resolves, and so takes nothing but FLOODs. */
  received(request: AnyRequest, source: RequestSource, isResolveOnly: boolean): void {
    if (isResolveOnly && request.type !== 'FLOOD') {
      this.#own.parts.counters.dropped('resolve-only')
      return
    }
    switch (request.type) {
      case 'SOLICIT':
        this.#solicit(request, source)
        break
      case 'REQUEST':
        this.#request(request, source)
        break
      case 'FLOOD':
        this.#flood(request, source)
        break
      case 'LOOKUP':
        this.#lookup(request, source)
        break
      case 'INQUIRE':
        this.#inquire(request, source)
        break
    }
  }

  #solicit(solicit: Solicit, source: RequestSource): void {
    const { conversations, transport, proof } = this.#own
    const advertise: Advertise = {
      type: 'ADVERTISE',
      ...this.#replyStart(solicit, source),
      ids: [],
      hashedNonce: solicit.hashedNonce,
      features: OWN_FEATURES,
    }
    // To an address that is not proven, only as many as the rule allows.
    const room = source.isProven ? LONGEST_DATAGRAM : source.length * AMPLIFICATION_LIMIT
    const most = Math.max(0, Math.floor((room - transport.lengthOf(advertise)) / PNRP_ID_LENGTH))
    const isBusy = !source.isProven && !this.#solicitRate.take()
    const ids = isBusy ? undefined : conversations.offer(solicit, source, most)
    transport.reply(source, { ...advertise, ids: ids ?? [] })
    // Of a conversation that does not take place nothing is kept.
    if (ids !== undefined && solicit.routeEntry !== undefined) proof.consider(solicit.routeEntry, { from: source.from })
  }

  #request(request: Request, source: RequestSource): void {
    const { conversations, transport, parts } = this.#own
    if (!conversations.knows(request, source.from)) {
      parts.counters.dropped('no-conversation')
      return
    }
    const ack = { type: 'ACK', notFound: false, ...this.#replyStart(request, source) } as const
    if (!source.isProven) {
      parts.counters.counted('replies-held-back')
      transport.reply(source, { ...ack, cookieNeeded: true })
      return
    }
    transport.reply(source, { ...ack, cookieNeeded: false })
    for (const flood of conversations.fulfil(request, source.from)) parts.exchange.tell(source.from, flood)
  }

  #flood(flood: Flood, source: RequestSource): void {
    const { flooding, parts, proof, transport } = this.#own
    const { alreadyFlooded, revokeCpa, routeEntry, validateId } = flood
    if (!flood.withoutAck) {
      const notFound = validateId !== NO_PNRP_ID && !parts.registrations.has(validateId)
      const start = this.#replyStart(flood, source)
      transport.reply(source, { type: 'ACK', ...start, notFound, cookieNeeded: false })
    }
    if (routeEntry !== undefined) {
      const isOfSender = isAmong(routeEntry, [source.from])
      const knownIds = isOfSender ? this.#registeredHere(validateId) : []
      proof.consider(routeEntry, { from: source.from, told: alreadyFlooded, introducesUs: true, knownIds })
    }
    if (revokeCpa !== undefined) flooding.revocationReceived(flood, revokeCpa)
  }

  #lookup(lookup: Lookup, source: RequestSource): void {
    const { parts, proof } = this.#own
    this.#answer(source, lookup, this.#lookupRate.take() ? answerLookup(parts, lookup) : BUSY)
    const { bestMatch, flaggedPath, validateId } = lookup
    if (bestMatch === undefined) return
    // Who announces an ID of its own has told all whom it has asked.
    if (!isAmong(bestMatch, [source.from])) {
      proof.consider(bestMatch, { from: source.from })
      return
    }
    const knownIds = this.#registeredHere(validateId)
    proof.consider(bestMatch, { from: source.from, told: flaggedPath, introducesUs: true, knownIds })
  }

  #inquire(inquire: Inquire, source: RequestSource): void {
    const { parts } = this.#own
    const registration = parts.registrations.get(inquire.validateId)
    if (registration === undefined) {
      this.#answer(source, inquire, NOT_FOUND)
      return
    }
    // Signing costs more than anything else here: it waits until the answer may be sent.
    const isLong = inquire.wantsCpa || inquire.wantsChain || inquire.wantsPayload
    if (isLong && !source.isProven) {
      parts.counters.counted('replies-held-back')
      this.#answer(source, inquire, COOKIE_NEEDED)
      return
    }
    this.#answer(source, inquire, answerInquire(parts, inquire, registration))
  }

  #registeredHere(id: PnrpId): PnrpId[] {
    return this.#own.parts.registrations.has(id) ? [id] : []
  }

  #answer(source: RequestSource, request: Inquire | Lookup, buffer: AuthorityBuffer): void {
    const bytes = encodeAuthorityBuffer(buffer)
    const start = this.#replyStart(request, source)
    for (const { offset, fragment } of splitAuthorityBuffer(bytes)) {
      this.#own.transport.reply(source, { type: 'AUTHORITY', ...start, size: bytes.length, offset, fragment })
    }
  }

  #replyStart(
    { messageId }: AnyRequest,
    { from }: RequestSource,
  ): Pick<Reply, 'messageId' | 'ackedMessageId' | 'observed' | 'cookie'> {
    return {
      messageId: this.#own.parts.random.uint32(),
      ackedMessageId: messageId,
      observed: from,
      cookie: this.#own.mint.cookieFor(from),
    }
  }
}

const NO_FLAGS: AuthorityBuffer = { cookieNeeded: false, leafSet: false, busy: false, notFound: false }
const NOT_FOUND: AuthorityBuffer = { ...NO_FLAGS, notFound: true }
const BUSY: AuthorityBuffer = { ...NO_FLAGS, busy: true }
const COOKIE_NEEDED: AuthorityBuffer = { ...NO_FLAGS, cookieNeeded: true }
