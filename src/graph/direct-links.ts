/**
 * Direct connections and single messages between two nodes (MS-PPGRH 1.3.3, 2.2.2.13; G-115 to G-120). Data that is not for
 * everybody: it passes nobody else, and nothing of it is stored.
 *
 * A single message goes over the neighbor link, if there is one, or over a link of its own that is kept for a while. It
 * counts as sent when the other side has queued it for its application.
 */
import type { PeerName } from '../identity/peer-name.ts'
import { authorityPart } from '../identity/peer-name.ts'
import { toUtf8 } from '../runtime/bytes.ts'
import type { Deadline } from '../runtime/deadlines.ts'
import { formatEndpoint } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { Dial, Dialer, DialOutcome } from './dialer.ts'
import { DirectConnectionEnd } from './direct-connection.ts'
import { LONGEST_LABEL, LONGEST_MESSAGE, type Pt2Pt, type Pt2PtAnswer } from './direct-message.ts'
import type { GraphMessage } from './graph-message.ts'
import type { GraphParts } from './graph-parts.ts'
import type { KnownNode } from './known-node.ts'
import type { LinkClosing } from './link-port.ts'
import type { LinkSession } from './link-session.ts'
import type { Connect, RefuseCode } from './overlay-message.ts'

/** Direct connections that are accepted, of one identity and in all. */
export const MOST_CONNECTIONS_OF_PEER = 32
export const MOST_CONNECTIONS = 256
/** Messages that wait for their answer, to one node. */
export const MOST_UNANSWERED = 64
/** How long a link for messages is kept without any, in milliseconds. */
export const IDLE_MESSAGE_LINK = 30_000
/** How long the answer to a message may take, in milliseconds. */
export const LONGEST_ANSWER = 30_000

/** What direct links need of the rest of the node. */
export interface DirectLinksOwner {
  /** Where a node may be found, the likeliest first. */
  whereabouts(key: string): readonly KnownNode[]
  /** The key of a peer that is known by name. */
  keyOf(name: PeerName): string | undefined
  /** Whether the application takes connections of a protocol. */
  accepts(protocol: string): boolean
  /** A connection came. */
  connected(connection: DirectConnectionEnd): void
  /** A message came. @returns false: nobody reads this type @param answer Called when it is queued, or its reader left */
  messageCame(
    session: LinkSession,
    type: string,
    payload: Uint8Array,
    answer: (outcome: Pt2PtAnswer['outcome']) => void,
  ): boolean
  /** The WELCOME for a CONNECT that is accepted. */
  welcome(session: LinkSession, connect: Connect): void
}

interface Message {
  readonly type: string
  readonly payload: Uint8Array
  readonly done: (error: PeerageError | undefined) => void
  number: number
}

/** The messages to one node. */
interface Conversation {
  readonly name: PeerName
  readonly waiting: Message[]
  readonly unanswered: Map<number, Message>
  session: LinkSession | undefined
  dial: Dial | undefined
  idle: Deadline | undefined
  answer: Deadline | undefined
  next: number
}

/** The direct links of one node. */
export class DirectLinks {
  readonly #parts: GraphParts
  readonly #dialer: Dialer
  readonly #owner: DirectLinksOwner
  readonly #connections = new Map<LinkSession, DirectConnectionEnd>()
  readonly #conversations = new Map<string, Conversation>()
  readonly #opening = new Set<Dial>()

  constructor(parts: GraphParts, dialer: Dialer, owner: DirectLinksOwner) {
    this.#parts = parts
    this.#dialer = dialer
    this.#owner = owner
  }

  /** The connections that are open. */
  connections(): IterableIterator<DirectConnectionEnd> {
    return this.#connections.values()
  }

  /**
   * Opens a direct connection.
   *
   * @param done Called once, later, unless it is cancelled.
   * @throws PeerageError `invalid-argument` (the protocol), `connect-self`, `node-not-found`
   */
  connect(
    to: PeerName,
    protocol: string,
    done: (outcome: DirectConnectionEnd | PeerageError) => void,
  ): { cancel(): void } {
    requireLabel('protocol', protocol)
    const places = this.#find(to)
    let dial: Dial | undefined
    const failures: string[] = []
    const next = (): void => {
      const place = places.shift()
      if (place === undefined) {
        const [first] = failures
        done(
          new PeerageError('connection-failed', {
            endpoint: to,
            reason: first === undefined ? 'no address' : failures.join('; '),
          }),
        )
        return
      }
      dial = this.#dialer.connect(place, { purpose: 'direct', protocol }, true, (outcome) => {
        if (dial !== undefined) this.#opening.delete(dial)
        if (outcome.kind === 'connected') done(this.#connected(outcome.session))
        else if (outcome.kind === 'refused') done(refusal(to, protocol, outcome))
        else {
          failures.push(...describe(outcome))
          next()
        }
      })
      this.#opening.add(dial)
    }
    next()
    return {
      cancel: () => {
        if (dial === undefined) return
        this.#opening.delete(dial)
        dial.cancel()
      },
    }
  }

  /**
   * Sends a single message.
   *
   * @param done Called once, later.
   * @throws PeerageError `invalid-argument` (the type), `not-authorized`, `message-too-large`, `connect-self`, `node-not-found`
   */
  send(to: PeerName, type: string, payload: Uint8Array, done: (error: PeerageError | undefined) => void): void {
    requireLabel('type', type)
    if (type.startsWith('peerage.')) {
      throw new PeerageError('not-authorized', { operation: 'sending', problem: `the type ${type} is Peerage's own` })
    }
    if (payload.length > LONGEST_MESSAGE) {
      throw new PeerageError('message-too-large', { size: payload.length, limit: LONGEST_MESSAGE })
    }
    const key = this.#requireKey(to)
    let conversation = this.#conversations.get(key)
    if (conversation === undefined) {
      if (this.#parts.neighbors.withKey(key) === undefined) this.#requirePlaces(to, key)
      conversation = {
        ...{ name: to, waiting: [], unanswered: new Map(), session: undefined, dial: undefined },
        ...{ idle: undefined, answer: undefined, next: 1 },
      }
      this.#conversations.set(key, conversation)
    }
    conversation.waiting.push({ type, payload, done, number: 0 })
    this.#goOn(key, conversation)
  }

  /** A CONNECT for a direct connection came (G-115, G-119). */
  judge(session: LinkSession, connect: Connect): void {
    if (connect.protocol === '') {
      this.#owner.welcome(session, connect)
      return
    }
    if (!this.#owner.accepts(connect.protocol)) {
      session.refuse('direct-disallowed')
      return
    }
    const ofPeer = [...this.#connections.keys()].filter(({ peer }) => peer.key === session.peer.key)
    if (this.#connections.size >= MOST_CONNECTIONS || ofPeer.length >= MOST_CONNECTIONS_OF_PEER) {
      session.refuse('too-many-connections')
      return
    }
    this.#owner.welcome(session, connect)
    this.#owner.connected(this.#connected(session))
  }

  /** A message came over a direct link, or a single message over a neighbor link. */
  received(session: LinkSession, message: GraphMessage): void {
    if (message.kind === 'PT2PT') this.#messageCame(session, message)
    else if (message.kind === 'PT2PT_ANSWER') this.#answerCame(session, message)
    else this.#connections.get(session)?.received(message)
  }

  ready(session: LinkSession): void {
    this.#connections.get(session)?.ready()
    const { key } = session.peer
    const conversation = this.#conversations.get(key)
    if (conversation?.session === session) this.#goOn(key, conversation)
  }

  /** A direct link, or a neighbor link, closed. */
  closed(session: LinkSession, reason: LinkClosing): void {
    const connection = this.#connections.get(session)
    this.#connections.delete(session)
    connection?.linkClosed(reason)
    const { key } = session.peer
    const conversation = this.#conversations.get(key)
    if (conversation?.session !== session) return
    conversation.session = undefined
    // Whether the other side has them nobody knows: sending them again could deliver them twice.
    const error = new PeerageError('connection-lost', {
      peer: conversation.name,
      reason: 'it closed before the answer came',
    })
    const unanswered = [...conversation.unanswered.values()]
    conversation.unanswered.clear()
    for (const { done } of unanswered) done(error)
    this.#goOn(key, conversation)
  }

  /** Ends all of them. */
  clear(): void {
    for (const dial of this.#opening) dial.cancel()
    this.#opening.clear()
    for (const session of [...this.#connections.keys()]) session.link.destroy('closed')
    for (const [key, conversation] of [...this.#conversations]) {
      const { name } = conversation
      this.#fail(key, conversation, new PeerageError('connection-lost', { peer: name, reason: 'the graph was closed' }))
    }
  }

  #connected(session: LinkSession): DirectConnectionEnd {
    const connection = new DirectConnectionEnd(session)
    this.#connections.set(session, connection)
    return connection
  }

  #find(to: PeerName): KnownNode[] {
    return this.#requirePlaces(to, this.#requireKey(to))
  }

  #requireKey(to: PeerName): string {
    const key = this.#owner.keyOf(to)
    if (key === undefined) throw new PeerageError('node-not-found', { peer: to })
    if (key === this.#parts.ownKey || authorityPart(to) === authorityPart(this.#parts.identity.name)) {
      throw new PeerageError('connect-self', { endpoint: to })
    }
    return key
  }

  #requirePlaces(to: PeerName, key: string): KnownNode[] {
    const places = [...this.#owner.whereabouts(key)]
    if (places.length === 0) throw new PeerageError('node-not-found', { peer: to })
    return places
  }

  /** Sends what waits, over the link that is there or is opened for it. */
  #goOn(key: string, conversation: Conversation): void {
    this.#stopIdling(conversation)
    const { waiting, unanswered } = conversation
    if (waiting.length === 0 && unanswered.size === 0) {
      this.#idle(key, conversation)
      return
    }
    conversation.session ??= this.#parts.neighbors.withKey(key)?.session
    const { session } = conversation
    if (session === undefined) {
      this.#open(key, conversation)
      return
    }
    while (unanswered.size < MOST_UNANSWERED) {
      const message = waiting.shift()
      if (message === undefined) break
      message.number = conversation.next++ >>> 0
      unanswered.set(message.number, message)
      const { number, type, payload } = message
      if (!session.link.send({ kind: 'PT2PT', number, type, payload })) break
    }
    conversation.answer ??= this.#parts.deadlines.set(LONGEST_ANSWER, () => {
      conversation.answer = undefined
      session.link.probe(LONGEST_ANSWER)
    })
  }

  #open(key: string, conversation: Conversation): void {
    if (conversation.dial !== undefined) return
    const places = this.#owner.whereabouts(key)
    const [place] = places
    if (place === undefined) {
      this.#fail(key, conversation, new PeerageError('node-not-found', { peer: conversation.name }))
      return
    }
    conversation.dial = this.#dialer.connect(place, { purpose: 'direct', protocol: '' }, true, (outcome) => {
      conversation.dial = undefined
      if (outcome.kind === 'connected') {
        conversation.session = outcome.session
        this.#goOn(key, conversation)
      } else {
        const { name } = conversation
        const error =
          outcome.kind === 'refused'
            ? refusal(name, '', outcome)
            : new PeerageError('connection-failed', { endpoint: name, reason: describe(outcome).join('; ') })
        this.#fail(key, conversation, error)
      }
    })
  }

  #messageCame(session: LinkSession, { number, type, payload }: Pt2Pt): void {
    const answer = (outcome: Pt2PtAnswer['outcome']): void => {
      session.link.send({ kind: 'PT2PT_ANSWER', number, outcome })
    }
    if (!this.#owner.messageCame(session, type, payload, answer)) answer('nobody-reads')
  }

  #answerCame(session: LinkSession, { number, outcome }: Pt2PtAnswer): void {
    const { key } = session.peer
    const conversation = this.#conversations.get(key)
    const message = conversation?.session === session ? conversation.unanswered.get(number) : undefined
    if (conversation === undefined || message === undefined) return
    conversation.unanswered.delete(number)
    if (conversation.answer !== undefined) this.#parts.deadlines.cancel(conversation.answer)
    conversation.answer = undefined
    const { name: peer } = conversation
    message.done(outcome === 'taken' ? undefined : new PeerageError('message-not-taken', { peer, type: message.type }))
    this.#goOn(key, conversation)
  }

  #fail(key: string, conversation: Conversation, error: PeerageError): void {
    this.#conversations.delete(key)
    this.#stopIdling(conversation)
    if (conversation.answer !== undefined) this.#parts.deadlines.cancel(conversation.answer)
    conversation.dial?.cancel()
    for (const { done } of [...conversation.unanswered.values(), ...conversation.waiting]) done(error)
  }

  /** Nothing is to be sent: a link that was opened for it is given up after a while. */
  #idle(key: string, conversation: Conversation): void {
    conversation.idle = this.#parts.deadlines.set(IDLE_MESSAGE_LINK, () => {
      conversation.idle = undefined
      this.#conversations.delete(key)
      const { session } = conversation
      if (session?.state === 'direct') session.link.end()
    })
  }

  #stopIdling(conversation: Conversation): void {
    if (conversation.idle !== undefined) this.#parts.deadlines.cancel(conversation.idle)
    conversation.idle = undefined
  }
}

function requireLabel(name: string, label: string): void {
  const length = label.isWellFormed() ? toUtf8(label).length : 0
  if (length >= 1 && length <= LONGEST_LABEL && !label.includes('\0')) return
  throw new PeerageError('invalid-argument', { name, value: label, expected: `1 to ${LONGEST_LABEL} bytes of text` })
}

function refusal(
  peer: PeerName,
  protocol: string,
  { code, endpoint }: { readonly code: RefuseCode; readonly endpoint: Parameters<typeof formatEndpoint>[0] },
): PeerageError {
  if (code === 'direct-disallowed') return new PeerageError('protocol-not-accepted', { peer, protocol })
  if (code === 'too-many-connections') {
    return new PeerageError('too-many-connections', { peer, limit: MOST_CONNECTIONS_OF_PEER })
  }
  if (code === 'own-node') return new PeerageError('connect-self', { endpoint: formatEndpoint(endpoint) })
  return new PeerageError('refused', { endpoint: formatEndpoint(endpoint), reason: code })
}

function describe(outcome: DialOutcome): string[] {
  if (outcome.kind !== 'failed') return []
  return outcome.failures.map(({ endpoint, reason }) => `${formatEndpoint(endpoint)}: ${reason}`)
}
