/**
 * What the applications of two nodes send each other beside records: single messages and direct connections (G-115 to G-120,
 * G-183, G-184).
 */
import type { DirectConnectionEnd } from '../graph/direct-connection.ts'
import type { GraphNode } from '../graph/graph-node.ts'
import type { GraphApplications } from '../graph/graph-node-options.ts'
import { type PeerName, parsePeerName } from '../identity/peer-name.ts'
import type { Clock } from '../runtime/clock.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { type MessageType, requireLabel } from './application-types.ts'
import { type DirectConnection, directStreams } from './direct-streams.ts'
import type { EventSubscribers } from './event-subscribers.ts'
import type { GraphLife } from './graph-life.ts'
import { IncomingItems } from './incoming.ts'
import { issueText } from './payload-codec.ts'
import type { Dialing } from './progress.ts'
import { iteration, type Waiting } from './waiting.ts'

/** What traffic needs of the graph. */
export interface GraphTrafficParts {
  readonly clock: Clock
  readonly life: GraphLife
  readonly events: Pick<EventSubscribers, 'raise'>
  /** It is made with {@link GraphTraffic.applications}, so it comes later. */
  engine(): GraphNode
}

/** A message that came. */
export interface GraphMessageIn<Payload> {
  readonly from: PeerName
  readonly payload: Payload
}

/** The traffic of one open graph. */
export class GraphTraffic {
  readonly #parts: GraphTrafficParts
  readonly #messages = new IncomingItems<GraphMessageIn<Uint8Array>>()
  readonly #incoming = new IncomingItems<DirectConnection>()
  readonly #direct = new Set<DirectConnectionEnd>()

  constructor(parts: GraphTrafficParts) {
    this.#parts = parts
  }

  /** The direct connections that are open. */
  get connectionEnds(): ReadonlySet<DirectConnectionEnd> {
    return this.#direct
  }

  /** What the engine asks and tells. */
  applications(): GraphApplications {
    return {
      acceptsProtocol: (protocol) => this.#parts.life.isOpen && this.#incoming.isRead(protocol),
      connected: (end) => {
        const item = this.#connected(end)
        const refused = (): void => end.destroy()
        if (!this.#incoming.add(end.protocol, { item, taken: () => undefined, refused })) refused()
      },
      messageCame: (from, type, payload, answer) =>
        this.#messages.add(type, {
          item: { from, payload: payload.slice() },
          taken: () => answer('taken'),
          refused: () => answer('nobody-reads'),
        }),
    }
  }

  async send<In>(to: PeerName, type: MessageType<In, unknown>, payload: In, { signal }: Waiting): Promise<void> {
    const { life, engine } = this.#parts
    life.requireOpen()
    signal?.throwIfAborted()
    const coded = await type.codec.encode(payload)
    if ('issues' in coded) {
      throw new PeerageError('refused-by-schema', { type: type.name, issues: coded.issues.map(issueText) })
    }
    life.requireOpen()
    await life.whileOpen<void>(signal, (resolve, reject) => {
      const done = (error: PeerageError | undefined): void => (error === undefined ? resolve() : reject(error))
      engine().send(parsePeerName(to), type.name, coded.result.bytes, done)
      // It is on its way, maybe: nobody can call it back.
      return () => undefined
    })
  }

  messages<Out>(type: MessageType<unknown, Out>, { signal }: Waiting): AsyncIterable<GraphMessageIn<Out>> {
    return iteration(signal, (ended) => this.#readMessages(type, ended))
  }

  async connect(to: PeerName, protocol: string, options: Dialing): Promise<DirectConnection> {
    const { life, engine } = this.#parts
    life.requireOpen()
    requireLabel('the protocol', protocol)
    return life.withProgress(options, async () => {
      life.tell({ phase: 'resolving', detail: to })
      return life.whileOpen<DirectConnection>(options.signal, (resolve, reject) => {
        const dial = engine().connectDirectly(parsePeerName(to), protocol, (outcome) => {
          if (outcome instanceof PeerageError) reject(outcome)
          else resolve(this.#connected(outcome))
        })
        return () => dial.cancel()
      })
    })
  }

  connections(protocol: string, { signal }: Waiting): AsyncIterable<DirectConnection> {
    return iteration(signal, (ended) => this.#readConnections(protocol, ended))
  }

  /** Ends all iterations. */
  close(): void {
    this.#messages.close()
    this.#incoming.close()
  }

  async *#readMessages<Out>(
    type: MessageType<unknown, Out>,
    ended: AbortSignal,
  ): AsyncGenerator<GraphMessageIn<Out>, void, undefined> {
    this.#parts.life.requireOpen()
    for await (const { from, payload } of this.#messages.read(type.name, { ended, dropped: () => undefined })) {
      const coded = await type.codec.decode(payload)
      ended.throwIfAborted()
      if ('result' in coded) yield { from, payload: coded.result }
      else this.#parts.events.raise('unreadable', { from, type: type.name, issues: coded.issues })
    }
  }

  async *#readConnections(protocol: string, ended: AbortSignal): AsyncGenerator<DirectConnection, void, undefined> {
    this.#parts.life.requireOpen()
    requireLabel('the protocol', protocol)
    // One that nobody took is of no use to the other side either.
    const dropped = (connection: DirectConnection): void => void connection.close()
    yield* this.#incoming.read(protocol, { ended, dropped })
  }

  #connected(end: DirectConnectionEnd): DirectConnection {
    const { peer, protocol } = end
    const { clock, events } = this.#parts
    this.#direct.add(end)
    events.raise('direct', { peer: peer.name, protocol, connected: true })
    return directStreams(end, clock, (error) => {
      this.#direct.delete(end)
      const reason = error === undefined ? {} : { reason: error.message }
      events.raise('direct', { peer: peer.name, protocol, connected: false, ...reason })
    })
  }
}
