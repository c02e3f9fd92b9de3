/**
 * The opening of a link, at either end (DESIGN section 7; docs/protocol/graph-links.md):
 *
 *     dialler                                     responder
 *        AUTH_INFO: proof of the graph, greeting ->
 *                                              <- AUTH_REPLY: greeting
 *        PROVIDER ...                         <-> PROVIDER ...
 *        ADMITTED                             <-> ADMITTED
 *
 * The responder says nothing at all until it has verified the dialler's greeting: whoever does not know the graph, or has a
 * greeting of another link, learns nothing, not even that the graph is here. Then each end's security provider judges the
 * other; once an end has admitted and was admitted, the link is open there.
 */

import type { GraphKeys } from '../records/graph-id.ts'
import { toHex } from '../runtime/bytes.ts'
import type { Crypto } from '../runtime/crypto.ts'
import type { Deadline } from '../runtime/deadlines.ts'
import type { Log } from '../runtime/log.ts'
import { networkPrefix } from '../runtime/network-prefix.ts'
import type { ByteStream, StreamClosing } from '../runtime/streams.ts'
import type { WireWriter } from '../wire/wire-writer.ts'
import { FramedStream, type FramedStreamParts, type StreamUser } from './framed-stream.ts'
import type { DropReason, GraphCounters } from './graph-counters.ts'
import {
  commonVersion,
  GRAPH_PROOF_LENGTH,
  type Greeting,
  graphProof,
  type LinkContext,
  LONGEST_SEALED_GREETING,
  openGreeting,
  sealGreeting,
} from './greeting.ts'
import { Link } from './link.ts'
import type { OpeningFailure } from './link-opener.ts'
import { linkKinds, PROTOCOL_VERSION, protocolVersions } from './message-header.ts'
import {
  type Admission,
  type GraphSecurityProvider,
  type LinkIdentity,
  LONGEST_PROVIDER_MESSAGE,
} from './security-provider.ts'

/** What an opening stands on. The counters are for what belongs to no graph yet. */
export interface OpeningParts extends FramedStreamParts {
  readonly crypto: Crypto
  readonly log: Log
}

/** The graph that a link is for, and who this end is in it. */
export interface OpeningGraph {
  readonly keys: GraphKeys
  readonly identity: LinkIdentity
  readonly provider: Pick<GraphSecurityProvider, 'admit'>
  /** Count what happens on the link once it is known that it is for this graph. */
  readonly counters: GraphCounters
}

/** Told what becomes of an opening: one of the first two is called, once. */
export interface OpeningOwner {
  /** A handler is to be attached, now or later. @param graph The one that it is for */
  opened(link: Link, graph: OpeningGraph): void
  failed(failure: OpeningFailure): void
  /** The stream of an opening that failed, or was given up, is closed. */
  closed(): void
}

/** How a dialler begins. */
export interface DiallerStart {
  readonly role: 'dialler'
  readonly graph: OpeningGraph
  /** Whose public key has to be at the other end; undefined: anybody's. */
  readonly expected: Uint8Array | undefined
}

/** How a responder begins. */
export interface ResponderStart {
  readonly role: 'responder'
  /** The graphs that the dialler has named, one for each identity that this node has in it; or why there is none. */
  find(channelBinding: Uint8Array, proof: Uint8Array): readonly OpeningGraph[] | DropReason
}

/** From the open stream to the open link, in milliseconds. With the handshake of the stream it is 20 s at most (G-018). */
export const LONGEST_AUTHENTICATION = 10_000
/** What an end takes before the other one has proven who it is, in bytes: of each message, and of one in each priority. */
export const LONGEST_UNPROVEN_MESSAGE: number = GRAPH_PROOF_LENGTH + LONGEST_SEALED_GREETING
/** What one security provider tells the other, in messages. */
export const MOST_PROVIDER_MESSAGES = 64
/** Of an ADMITTED, in bytes: it is empty, and later releases may add to it. */
const LONGEST_ADMITTED = 64
/** The features that this release has: none yet. */
export const linkFeatures = 0

const UNPROVEN = 'it did not prove its identity'

/** What an end waits for. */
type OpeningState = 'auth-info' | 'auth-reply' | 'admission' | 'over'

/** One end of a link that is not open yet. */
export class Opening implements StreamUser {
  readonly #stream: FramedStream
  readonly #parts: OpeningParts
  readonly #start: DiallerStart | ResponderStart
  readonly #owner: OpeningOwner
  readonly #deadline: Deadline
  #state: OpeningState
  #theirs: Greeting | undefined
  #graph: OpeningGraph | undefined
  #version = PROTOCOL_VERSION
  #admission: Admission | undefined
  #hasAdmitted = false
  #isAdmitted = false
  #providerMessages = 0
  /** When the greeting was sent, and how long after that the other end was heard again, by the monotonic clock. */
  #greeted: number
  #roundTrip: number | undefined
  /** The graph's, once it is known. */
  #counters: GraphCounters

  constructor(stream: ByteStream, parts: OpeningParts, start: DiallerStart | ResponderStart, owner: OpeningOwner) {
    this.#parts = parts
    this.#start = start
    this.#owner = owner
    this.#counters = start.role === 'dialler' ? start.graph.counters : parts.counters
    this.#stream = new FramedStream(stream, parts, this)
    this.#deadline = parts.deadlines.set(LONGEST_AUTHENTICATION, () => this.#tooLate())
    this.#state = start.role === 'dialler' ? 'auth-reply' : 'auth-info'
    this.#greeted = parts.clock.monotonic()
    if (start.role === 'dialler') {
      const link = this.#link(start.graph)
      const sealed = sealGreeting(link, 'dialler', start.graph.identity, OFFER, start.expected)
      this.#send(linkKinds.AUTH_INFO, LONGEST_UNPROVEN_MESSAGE, writeParts, [graphProof(link), sealed])
    }
    this.#stream.attach()
  }

  /** Gives up, and tells nobody here. */
  abandon(): void {
    this.#finish()
    this.#stream.destroy()
  }

  /** The stream leads back to this very node. */
  meetsItself(): void {
    if (!this.#finish()) return
    this.#stream.destroy()
    this.#owner.failed({ code: 'connect-self', reason: 'an address of this node' })
  }

  /** It has to make room for others, also where it has failed and is just closing. */
  giveWay(): void {
    this.#fail('opening-no-room', 'too many links are being opened', 'at-once')
    this.#stream.destroy()
  }

  // What comes

  begins(version: number, kind: number, length: number): 'take' | DropReason {
    const longest = this.#longest(kind)
    if (longest === undefined) return 'opening-out-of-order'
    // The messages of an opening are the same in all versions: the greeting says which ones an end speaks.
    return length > longest || version !== PROTOCOL_VERSION ? 'opening-malformed' : 'take'
  }

  message(kind: number, body: Uint8Array): void {
    if (kind !== linkKinds.AUTH_INFO) this.#roundTrip ??= this.#parts.clock.monotonic() - this.#greeted
    switch (kind) {
      case linkKinds.AUTH_INFO:
        this.#authInfo(body)
        break
      case linkKinds.AUTH_REPLY:
        this.#authReply(body)
        break
      case linkKinds.PROVIDER:
        this.#providerMessages++
        if (this.#providerMessages > MOST_PROVIDER_MESSAGES) this.problem('opening-out-of-order')
        else this.#judge(() => this.#admission?.received(body))
        break
      default:
        this.#isAdmitted = true
        this.#openIfAdmitted()
    }
  }

  problem(reason: DropReason): void {
    this.#fail(reason, 'it does not keep to the protocol')
  }

  sent(): void {}

  ended(): void {
    if (this.#state === 'over') {
      this.#stream.end()
      return
    }
    if (this.#state === 'admission') {
      this.#fail('opening-cut-short', 'it does not admit this identity', 'ends', { isRefused: true })
    } else {
      this.#fail('opening-cut-short', 'it closed without a word, as nodes do that have not opened this graph')
    }
  }

  closed(reason: StreamClosing): void {
    if (this.#finish()) {
      this.#counters.dropped('opening-cut-short')
      this.#owner.failed({
        code: 'connection-failed',
        reason: reason === 'ended' ? 'it closed' : 'the connection broke',
      })
    }
    this.#owner.closed()
  }

  // Identities

  #authInfo(body: Uint8Array): void {
    if (this.#start.role !== 'responder') return
    const { channelBinding } = this.#stream.stream
    if (body.length < GRAPH_PROOF_LENGTH) {
      this.problem('opening-malformed')
      return
    }
    const graphs = this.#start.find(channelBinding, body.subarray(0, GRAPH_PROOF_LENGTH))
    if (typeof graphs === 'string') {
      this.#fail(graphs, 'it named no graph that is open here')
      return
    }
    // A dialler that expects one of several identities proves that by its greeting: only that one can read it.
    const sealed = body.subarray(GRAPH_PROOF_LENGTH)
    let problem: DropReason = 'opening-unknown-graph'
    for (const graph of graphs) {
      this.#counters = graph.counters
      const theirs = openGreeting(this.#link(graph), 'dialler', sealed, graph.identity.keyPair.publicKey)
      if (typeof theirs !== 'string') {
        this.#answer(theirs, graph)
        return
      }
      problem = theirs
    }
    this.#fail(problem, UNPROVEN)
  }

  #answer(theirs: Greeting, graph: OpeningGraph): void {
    const sealed = sealGreeting(this.#link(graph), 'responder', graph.identity, OFFER, theirs.publicKey)
    this.#greeted = this.#parts.clock.monotonic()
    this.#send(linkKinds.AUTH_REPLY, LONGEST_SEALED_GREETING, writeParts, [sealed])
    this.#prove(theirs, graph)
  }

  #authReply(body: Uint8Array): void {
    if (this.#start.role !== 'dialler') return
    const { graph } = this.#start
    const theirs = openGreeting(this.#link(graph), 'responder', body, graph.identity.keyPair.publicKey)
    if (typeof theirs === 'string') this.#fail(theirs, UNPROVEN)
    else this.#prove(theirs, graph)
  }

  /** Both identities are proven: the provider judges. */
  #prove(theirs: Greeting, graph: OpeningGraph): void {
    const { channelBinding, remote } = this.#stream.stream
    const expected = this.#start.role === 'dialler' ? this.#start.expected : undefined
    if (expected !== undefined && toHex(expected) !== toHex(theirs.publicKey)) {
      this.#fail('opening-other-identity', 'another identity is there', 'ends', { otherIdentity: true })
      return
    }
    const version = commonVersion(protocolVersions, theirs.versions)
    if (version === undefined) {
      const versions = `here ${protocolVersions.join(', ')}, there ${theirs.versions.join(', ')}`
      const failure = { code: 'no-common-version', theirVersions: theirs.versions } as const
      this.#fail('opening-no-common-version', versions, 'ends', failure)
      return
    }
    this.#version = version
    this.#theirs = theirs
    this.#graph = graph
    this.#state = 'admission'
    const { name, publicKey } = theirs
    const link = {
      peer: { name, publicKey, key: toHex(publicKey) },
      isDialler: this.#start.role === 'dialler',
      source: networkPrefix(remote.host),
      channelBinding,
    }
    this.#judge(() => {
      this.#admission = graph.provider.admit(link, (message) => this.#tellProvider(message))
      return this.#admission.verdict
    })
  }

  // Admission

  #tellProvider(message: Uint8Array): void {
    if (message.length > LONGEST_PROVIDER_MESSAGE) {
      throw new RangeError(
        `a message of a provider has at most ${LONGEST_PROVIDER_MESSAGE} bytes, not ${message.length}`,
      )
    }
    if (this.#state === 'admission') this.#send(linkKinds.PROVIDER, LONGEST_PROVIDER_MESSAGE, writeParts, [message])
  }

  /** Asks the provider, which can be anybody's code. */
  #judge(ask: () => unknown): void {
    let verdict: unknown
    try {
      verdict = ask()
    } catch (error) {
      verdict = error
    }
    if (this.#state !== 'admission') return
    if (verdict === 'refused') {
      const reason = this.#admission?.reason ?? 'its identity is not admitted here'
      this.#fail('opening-refused', reason, 'ends', { isRefused: true })
    } else if (verdict === 'admitted') {
      if (this.#hasAdmitted) return
      this.#hasAdmitted = true
      this.#send(linkKinds.ADMITTED, LONGEST_ADMITTED, writeParts, [])
      this.#openIfAdmitted()
    } else if (verdict !== 'undecided') {
      const problem = verdict instanceof Error ? verdict.message : `it answered ${typeof verdict}`
      this.#parts.log.error('The security provider failed to judge a link', { problem })
      this.#fail('opening-provider-failed', 'the security provider here failed')
    }
  }

  #openIfAdmitted(): void {
    const [theirs, graph] = [this.#theirs, this.#graph]
    if (!this.#hasAdmitted || !this.#isAdmitted || theirs === undefined || graph === undefined) return
    if (!this.#finish()) return
    const { name, publicKey } = theirs
    const { clock, deadlines } = this.#parts
    const link = new Link(
      this.#stream,
      { clock, deadlines, counters: this.#counters },
      {
        peer: { name, publicKey, key: toHex(publicKey) },
        isDialler: this.#start.role === 'dialler',
        version: this.#version,
        features: linkFeatures & theirs.features,
        roundTrip: this.#roundTrip ?? 0,
      },
    )
    this.#owner.opened(link, graph)
    link.begin()
  }

  // The end

  #tooLate(): void {
    this.#fail('opening-too-late', `it was not authenticated in ${LONGEST_AUTHENTICATION} ms`, 'at-once')
  }

  /** The opening has come to nothing. What the other end is owed has been sent; it hears nothing more. */
  #fail(
    counted: DropReason,
    reason: string,
    how: 'ends' | 'at-once' = 'ends',
    failure: Partial<OpeningFailure> = {},
  ): void {
    if (!this.#finish()) return
    this.#counters.dropped(counted)
    if (how === 'ends') this.#stream.end()
    else this.#stream.destroy()
    this.#owner.failed({ code: 'not-authenticated', reason, ...failure })
  }

  /** @returns false if it was over before */
  #finish(): boolean {
    if (this.#state === 'over') return false
    this.#state = 'over'
    this.#parts.deadlines.cancel(this.#deadline)
    return true
  }

  #link({ keys }: OpeningGraph): LinkContext {
    return { crypto: this.#parts.crypto, keys, channelBinding: this.#stream.stream.channelBinding }
  }

  /** How long a message of this kind may be now; undefined if it may not come. */
  #longest(kind: number): number | undefined {
    switch (this.#state) {
      case 'auth-info':
        return kind === linkKinds.AUTH_INFO ? LONGEST_UNPROVEN_MESSAGE : undefined
      case 'auth-reply':
        return kind === linkKinds.AUTH_REPLY ? LONGEST_SEALED_GREETING : undefined
      case 'admission':
        if (kind === linkKinds.PROVIDER) return LONGEST_PROVIDER_MESSAGE
        return kind === linkKinds.ADMITTED && !this.#isAdmitted ? LONGEST_ADMITTED : undefined
      case 'over':
        return undefined
    }
  }

  #send<Body>(kind: number, longest: number, write: (writer: WireWriter, body: Body) => void, body: Body): void {
    this.#stream.send('control', kind, longest, write, body)
  }
}

const OFFER: Pick<Greeting, 'versions' | 'features'> = { versions: protocolVersions, features: linkFeatures }

function writeParts(writer: WireWriter, parts: readonly Uint8Array[]): void {
  for (const part of parts) writer.bytes(part)
}
