/**
 * One end of a direct connection (MS-PPGRH 1.3.3): a byte stream to one other node, over a link of its own, labelled with a
 * protocol. It pushes back in both directions: what one side does not read, the other cannot go on writing.
 */
import type { Endpoint } from '../runtime/endpoint.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { GraphMessage } from './graph-message.ts'
import type { LinkClosing } from './link-port.ts'
import type { LinkSession } from './link-session.ts'
import { LONGEST_DATA } from './message-kinds.ts'
import type { LinkPeer } from './security-provider.ts'

/** Told what comes over a direct connection. */
export interface DirectHandler {
  /** Bytes came; they belong to the handler. */
  received(bytes: Uint8Array): void
  /** A write that was refused can go on. */
  drained(): void
  /** The other side has written everything. */
  ended(): void
  /** It is over: normally, when both sides had ended, or with an error. The last call. */
  closed(error: PeerageError | undefined): void
}

/** One end of a direct connection. */
export class DirectConnectionEnd {
  readonly #session: LinkSession
  #handler: DirectHandler | undefined
  /** What came before a handler was there. The link is paused meanwhile, so it is little. */
  #early: GraphMessage[] = []
  #hasEnded = false
  #otherHasEnded = false
  #closed: { readonly error: PeerageError | undefined } | undefined

  /** Takes over the session of a link that is connected as a direct connection. */
  constructor(session: LinkSession) {
    this.#session = session
    session.link.pause()
  }

  get peer(): LinkPeer {
    return this.#session.peer
  }

  get protocol(): string {
    return this.#session.protocol
  }

  /** Its other end. */
  get remote(): Endpoint {
    return this.#session.link.remote
  }

  /** Whether this node has opened it. */
  get isDialler(): boolean {
    return this.#session.link.isDialler
  }

  /** Takes what comes from now on. Once. */
  attach(handler: DirectHandler): void {
    this.#handler = handler
    const early = this.#early
    this.#early = []
    for (const message of early) this.received(message)
    if (this.#closed !== undefined) handler.closed(this.#closed.error)
    else this.#session.link.resume()
  }

  /** Sends bytes. @returns false: go on when `drained` is called @throws PeerageError `connection-lost` after the end */
  write(bytes: Uint8Array): boolean {
    if (this.#hasEnded || this.#closed !== undefined) throw this.#lost('it was closed at this end')
    let goesOn = true
    for (let start = 0; start < bytes.length; start += LONGEST_DATA) {
      goesOn = this.#session.link.send({ kind: 'DATA', bytes: bytes.subarray(start, start + LONGEST_DATA) })
    }
    return goesOn
  }

  /** Ends this direction; the other stays open. Twice does nothing. */
  end(): void {
    if (this.#hasEnded || this.#closed !== undefined) return
    this.#hasEnded = true
    this.#session.link.send({ kind: 'DATA_END' })
    this.#closeIfDone()
  }

  /** Ends both directions at once: the other side gets an error. */
  destroy(): void {
    if (this.#closed === undefined) this.#session.link.destroy('closed')
  }

  /** Takes nothing more until {@link DirectConnectionEnd.resume}. */
  pause(): void {
    this.#session.link.pause()
  }

  resume(): void {
    if (this.#closed === undefined) this.#session.link.resume()
  }

  /** A message came over its link. */
  received(message: GraphMessage): void {
    if (this.#handler === undefined) {
      this.#early.push(message)
    } else if (message.kind === 'DATA' && !this.#otherHasEnded) {
      this.#handler.received(message.bytes)
    } else if (message.kind === 'DATA_END' && !this.#otherHasEnded) {
      this.#otherHasEnded = true
      this.#handler.ended()
      this.#closeIfDone()
    }
  }

  /** Its link takes more again. */
  ready(): void {
    if (!this.#hasEnded) this.#handler?.drained()
  }

  /** Its link is gone. */
  linkClosed(reason: LinkClosing): void {
    if (this.#closed !== undefined) return
    const isDone = this.#hasEnded && this.#otherHasEnded
    this.#closed = { error: isDone ? undefined : this.#lost(closings[reason]) }
    this.#handler?.closed(this.#closed.error)
  }

  #closeIfDone(): void {
    // Who dialled closes, when it has heard the other end's last byte: so nothing is cut off.
    if (this.#hasEnded && this.#otherHasEnded && this.#session.link.isDialler) this.#session.link.end()
  }

  #lost(reason: string): PeerageError {
    return new PeerageError('connection-lost', { peer: this.peer.name, reason })
  }
}

const closings: Readonly<Record<LinkClosing, string>> = {
  ended: 'the other side closed it',
  closed: 'it was aborted at this end',
  broken: 'the network broke it',
  silent: 'the other side does not answer any more',
  protocol: 'the other side broke the protocol',
  'not-admitted': 'the other side is not admitted any more',
  slow: 'the other side took too little',
}
