/**
 * The events of a graph at a running node, and those that are found here: what a schema of this program refuses. Each listener gets one
 * at a time; of what is found here and waits for one, so many are kept, and `lagged` says how many are not.
 */
import { MOST_WAITING_EVENTS } from '../peer-node/event-subscribers.ts'
import type { Waiting } from '../peer-node/waiting.ts'
import type { Log } from '../runtime/log.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import type { ControlValue } from './control-value.ts'
import type { GraphConnection } from './graph-connection.ts'
import { graphMethods } from './graph-methods.ts'
import type { Shape } from './shape.ts'

interface Listening {
  readonly event: string
  /** @returns false: too many wait */
  deliver(detail: ControlValue): boolean
}

/** The listeners of one program to one graph. */
export class RemoteEvents {
  readonly #node: GraphConnection
  readonly #graph: number
  readonly #log: Log
  readonly #listening = new Set<Listening>()

  constructor(node: GraphConnection, graph: number, log: Log) {
    this.#node = node
    this.#graph = graph
    this.#log = log
  }

  /** @returns what ends it, as the signal does */
  on<Detail>(
    event: string,
    shape: Shape<Detail>,
    listener: (detail: Detail) => void | Promise<void>,
    { signal }: Waiting,
  ): () => void {
    signal?.throwIfAborted()
    this.#node.requireOpen()
    let waiting = 0
    let last: Promise<void> = Promise.resolve()
    const hand = async (detail: ControlValue): Promise<void> => {
      try {
        if (!ended.signal.aborted) await listener(shape.read(detail, event))
      } catch (error) {
        this.#log.warn('a listener of an event failed', { event, reason: String(error) })
      }
      waiting--
    }
    const listening: Listening = {
      event,
      deliver: (detail) => {
        if (waiting >= MOST_WAITING_EVENTS) return false
        waiting++
        last = last.then(() => hand(detail))
        return true
      },
    }
    const ended = new AbortController()
    const end = (): void => {
      signal?.removeEventListener('abort', end)
      this.#listening.delete(listening)
      ended.abort()
    }
    signal?.addEventListener('abort', end, { once: true })
    this.#listening.add(listening)
    void this.#follow(event, ended.signal, async (detail) => {
      listening.deliver(detail)
      await last
    })
    return end
  }

  /** Something is found here. */
  raise(event: string, detail: ControlValue): void {
    for (const one of this.#listening) {
      if (one.event !== event || one.deliver(detail)) continue
      for (const other of this.#listening) if (other.event === 'lagged') other.deliver({ event, missed: 1 })
    }
  }

  /** The graph is closed. */
  close(): void {
    this.#listening.clear()
  }

  async #follow(event: string, signal: AbortSignal, take: (detail: ControlValue) => Promise<void>): Promise<void> {
    try {
      const asked = { graph: this.#graph, event }
      for await (const detail of this.#node.stream(graphMethods.events, asked, { signal })) await take(detail)
    } catch (error) {
      if (signal.aborted || PeerageError.is(error, 'node-connection-lost')) return
      this.#log.warn('the events of a graph ended', { event, reason: String(error) })
    }
  }
}
