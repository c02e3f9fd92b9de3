/**
 * One program at a node: reads its requests, runs their handlers, and sends what they give, no more of a stream than the program
 * has asked for. A program that does not read what it has asked for gets no further requests read; a program that is
 * gone leaves nothing behind.
 */
import type { Log } from '../runtime/log.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { type Answer, crossingError, type Request, readRequest } from './control-message.ts'
import type { ControlValue } from './control-value.ts'
import type { Handlers } from './handlers.ts'
import { OpenThings } from './open-things.ts'

/** Requests of one program that are under way. */
export const MOST_REQUESTS = 4096
/** Items that a program can have asked for of one stream. */
export const MOST_CREDIT = 1024

/** How a session reaches its program. */
export interface ProgramChannel {
  /** @returns false if it is too large to be sent */
  send(answer: Answer): boolean
  /** Resolves when the program has read enough of what was sent before. */
  drained(): Promise<void>
  /** The program breaks the protocol. */
  close(reason: string): void
}

interface UnderWay {
  readonly controller: AbortController
  credit: number
  /** Wakes a stream that waits for credit. */
  goOn: () => void
}

/** The requests of one program. */
export class ProgramSession {
  readonly #handlers: Handlers
  readonly #channel: ProgramChannel
  readonly #log: Log
  readonly #things = new OpenThings()
  readonly #underWay = new Map<number, UnderWay>()
  #isClosed = false

  constructor(handlers: Handlers, channel: ProgramChannel, log: Log) {
    this.#handlers = handlers
    this.#channel = channel
    this.#log = log
  }

  /** A message came. */
  received(message: ControlValue): void {
    if (this.#isClosed) return
    let request: Request
    try {
      request = readRequest(message)
    } catch (error) {
      if (!(error instanceof PeerageError)) throw error
      this.#channel.close(error.message)
      return
    }
    const known = this.#underWay.get(request.id)
    switch (request.kind) {
      case 'cancel':
        known?.controller.abort(new PeerageError('request-cancelled', {}))
        break
      case 'credit':
        if (known === undefined) break
        known.credit = Math.min(known.credit + request.credit, MOST_CREDIT)
        known.goOn()
        break
      default:
        if (known !== undefined || this.#underWay.size >= MOST_REQUESTS) {
          this.#channel.close(known === undefined ? 'it has too many requests under way' : 'it uses a number twice')
          return
        }
        void this.#perform(request)
    }
  }

  /** The program is gone: all that it had under way or open ends. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const { controller } of this.#underWay.values()) controller.abort(new PeerageError('request-cancelled', {}))
    await this.#things.close()
  }

  async #perform(request: Extract<Request, { readonly kind: 'call' | 'stream' }>): Promise<void> {
    const { id } = request
    const underWay: UnderWay = { controller: new AbortController(), credit: 0, goOn: () => undefined }
    this.#underWay.set(id, underWay)
    try {
      if (request.kind === 'call') this.#send(await this.#call(request, underWay))
      else {
        underWay.credit = Math.min(request.credit, MOST_CREDIT)
        await this.#stream(request, underWay)
        this.#send({ kind: 'end', id })
      }
    } catch (error) {
      if (!(error instanceof PeerageError)) {
        this.#log.error('a request of a program failed', { method: request.method, reason: String(error) })
      }
      this.#send({ kind: 'error', id, error: crossingError(error) })
    } finally {
      this.#underWay.delete(id)
    }
  }

  async #call(
    { id, method, params }: Extract<Request, { readonly kind: 'call' }>,
    { controller }: UnderWay,
  ): Promise<Answer> {
    const handler = this.#handlers.callOf(method)
    if (handler === undefined) throw new PeerageError('unknown-method', { method })
    const result = await handler(params, {
      things: this.#things,
      signal: controller.signal,
      tell: ({ phase, detail, done, total }) =>
        this.#send({ kind: 'progress', id, step: { phase, detail, done, total } }),
    })
    return { kind: 'result', id, result }
  }

  async #stream(
    { id, method, params }: Extract<Request, { readonly kind: 'stream' }>,
    underWay: UnderWay,
  ): Promise<void> {
    const handler = this.#handlers.streamOf(method)
    if (handler === undefined) throw new PeerageError('unknown-method', { method })
    const { signal } = underWay.controller
    const items = handler(params, { things: this.#things, signal, tell: () => undefined })[Symbol.asyncIterator]()
    try {
      for (;;) {
        // Nothing is taken from where it comes before the program wants it.
        await creditFor(underWay)
        const next = await items.next()
        if (next.done === true) return
        underWay.credit--
        this.#send({ kind: 'item', id, item: next.value })
        await this.#channel.drained()
      }
    } finally {
      await items.return?.()
    }
  }

  #send(answer: Answer): void {
    if (this.#isClosed || this.#channel.send(answer)) return
    const error = crossingError(new PeerageError('answer-too-large', {}))
    this.#channel.send({ kind: 'error', id: answer.id, error })
  }
}

/** Resolves when the program wants another item. Rejects when it wants no more. */
async function creditFor(underWay: UnderWay): Promise<void> {
  const { signal } = underWay.controller
  signal.throwIfAborted()
  while (underWay.credit === 0) {
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => reject(signal.reason)
      signal.addEventListener('abort', abort, { once: true })
      underWay.goOn = () => {
        signal.removeEventListener('abort', abort)
        resolve()
      }
    })
  }
}
