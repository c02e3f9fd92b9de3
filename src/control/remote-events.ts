/**
 * The events of a graph at a running node, and those that are found here: what a schema of this program refuses.
 */
import { EventSubscribers } from '../peer-node/event-subscribers.ts'
import type { Waiting } from '../peer-node/waiting.ts'
import type { Log } from '../runtime/log.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { type ControlValue, crossing } from './control-value.ts'
import type { GraphConnection } from './graph-connection.ts'
import { graphMethods } from './graph-methods.ts'
import type { Shape } from './shape.ts'

/** The listeners of one program to one graph. */
export class RemoteEvents {
  readonly #node: GraphConnection
  readonly #graph: number
  readonly #log: Log
  readonly #found: EventSubscribers<Record<string, ControlValue>>

  constructor(node: GraphConnection, graph: number, log: Log) {
    this.#node = node
    this.#graph = graph
    this.#log = log
    this.#found = new EventSubscribers(log, (detail) => this.raise('lagged', crossing(detail)))
  }

  /** @returns what ends it, as the signal does */
  on<Detail>(
    event: string,
    shape: Shape<Detail>,
    listener: (detail: Detail) => void | Promise<void>,
    { signal }: Waiting,
  ): () => void {
    this.#node.requireOpen()
    const hand = (detail: ControlValue): void | Promise<void> => listener(shape.read(detail, event))
    const endHere = this.#found.on(event, hand, signal)
    const ended = new AbortController()
    const end = (): void => {
      signal?.removeEventListener('abort', end)
      endHere()
      ended.abort()
    }
    signal?.addEventListener('abort', end, { once: true })
    void this.#follow(event, ended.signal, hand)
    return end
  }

  /** Something is found here. */
  raise(event: string, detail: ControlValue): void {
    this.#found.raise(event, detail)
  }

  /** The graph is closed. */
  close(): void {
    this.#found.close()
  }

  /** The node waits with the next one until the listener is done with one. */
  async #follow(
    event: string,
    signal: AbortSignal,
    hand: (detail: ControlValue) => void | Promise<void>,
  ): Promise<void> {
    const asked = { graph: this.#graph, event }
    try {
      for await (const detail of this.#node.stream(graphMethods.events, asked, { signal })) {
        try {
          await hand(detail)
        } catch (error) {
          this.#log.warn('a listener of an event failed', { event, reason: String(error) })
        }
      }
    } catch (error) {
      if (signal.aborted || PeerageError.is(error, 'node-connection-lost')) return
      this.#log.warn('the events of a graph ended', { event, reason: String(error) })
    }
  }
}
