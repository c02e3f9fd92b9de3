/**
 * A graph of a running node, as one program has it open there.
 */
import { resolve } from 'node:path'
import type { PeerName } from '../identity/peer-name.ts'
import type { MessageType } from '../peer-node/application-types.ts'
import type { Closing } from '../peer-node/closing.ts'
import type { DirectConnection } from '../peer-node/direct-streams.ts'
import type {
  Graph,
  GraphEvents,
  GraphProperties,
  GraphPropertyChanges,
  LinkInfo,
  NodeInfo,
  Status,
} from '../peer-node/graph.ts'
import { issueText } from '../peer-node/payload-codec.ts'
import type { Dialing } from '../peer-node/progress.ts'
import { iteration, type Waiting } from '../peer-node/waiting.ts'
import type { Log } from '../runtime/log.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { crossing } from './control-value.ts'
import { GraphConnection } from './graph-connection.ts'
import { graphEvents, graphMethods as methods } from './graph-methods.ts'
import type { NodeConnection } from './node-connection.ts'
import { remoteClosing } from './remote-closing.ts'
import { remoteConnection } from './remote-connection.ts'
import { RemoteEvents } from './remote-events.ts'
import { RemoteRecords } from './remote-records.ts'
import { withoutUndefined } from './without-undefined.ts'

/** What the node says of a graph that it has opened. */
export interface OpenedGraph {
  readonly graph: number
  readonly graphId: string
  readonly identity: PeerName
  /** What names it in errors. */
  readonly label: string
}

/** One graph. */
export class RemoteGraph implements Graph {
  readonly graphId: string
  readonly identity: PeerName
  readonly records: RemoteRecords
  protected readonly there: GraphConnection
  /** Its number there. */
  protected readonly graph: number
  protected readonly events: RemoteEvents
  readonly #closing: Closing

  /** @param closed Called when it is closed by the program */
  constructor(
    connection: NodeConnection,
    { graph, graphId, identity, label }: OpenedGraph,
    log: Log,
    closed: () => void,
  ) {
    const there = new GraphConnection(connection, label)
    this.graphId = graphId
    this.identity = identity
    this.there = there
    this.graph = graph
    this.events = new RemoteEvents(there, graph, log)
    this.records = new RemoteRecords(there, graph, (id, issues) =>
      this.events.raise('unreadable', crossing({ id, issues })),
    )
    this.#closing = remoteClosing(connection, async () => {
      there.state = 'closing'
      try {
        await connection.call(methods.close, { graph })
      } finally {
        there.state = 'closed'
        this.events.close()
        closed()
      }
    })
  }

  close(): Promise<void> {
    return this.#closing.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#closing.close()
  }

  status(): Promise<Status> {
    return this.there.call(methods.status, { graph: this.graph })
  }

  now(): Promise<Date> {
    return this.there.call(methods.now, { graph: this.graph })
  }

  addresses(): Promise<readonly string[]> {
    return this.there.call(methods.addresses, { graph: this.graph })
  }

  nodes(): Promise<readonly NodeInfo[]> {
    return this.there.call(methods.nodes, { graph: this.graph })
  }

  node(peer: PeerName): Promise<NodeInfo> {
    return this.there.call(methods.node, { graph: this.graph, peer })
  }

  links(): Promise<readonly LinkInfo[]> {
    return this.there.call(methods.links, { graph: this.graph })
  }

  properties(): Promise<GraphProperties> {
    return this.there.call(methods.properties, { graph: this.graph })
  }

  setProperties(changes: GraphPropertyChanges): Promise<GraphProperties> {
    return this.there.call(methods.setProperties, withoutUndefined({ graph: this.graph, ...changes }))
  }

  async connected(options: Dialing = {}): Promise<void> {
    await this.there.call(methods.connected, { graph: this.graph }, options)
  }

  async synchronized(options: Dialing = {}): Promise<void> {
    await this.there.call(methods.synchronized, { graph: this.graph }, options)
  }

  async goOnline(): Promise<void> {
    await this.there.call(methods.goOnline, { graph: this.graph })
  }

  on<Event extends keyof GraphEvents>(
    event: Event,
    listener: (detail: GraphEvents[Event]) => void | Promise<void>,
    options: Waiting = {},
  ): () => void {
    return this.events.on(event, graphEvents[event], listener, options)
  }

  async send<In>(to: PeerName, type: MessageType<In, unknown>, payload: In, options: Waiting = {}): Promise<void> {
    const coded = await type.codec.encode(payload)
    if ('issues' in coded) {
      throw new PeerageError('refused-by-schema', { type: type.name, issues: coded.issues.map(issueText) })
    }
    const { bytes } = coded.result
    await this.there.call(methods.send, { graph: this.graph, to, type: type.name, payload: bytes }, options)
  }

  messages<Out>(
    type: MessageType<unknown, Out>,
    { signal }: Waiting = {},
  ): AsyncIterable<{ readonly from: PeerName; readonly payload: Out }> {
    return iteration(signal, (ended) => this.#messages(type, ended))
  }

  async connect(to: PeerName, protocol: string, options: Dialing = {}): Promise<DirectConnection> {
    const connection = await this.there.call(methods.connect, { graph: this.graph, to, protocol }, options)
    return remoteConnection(this.there.connection, connection)
  }

  connections(protocol: string, { signal }: Waiting = {}): AsyncIterable<DirectConnection> {
    return iteration(signal, (ended) => this.#connections(protocol, ended))
  }

  async addAddresses(addresses: readonly string[]): Promise<void> {
    await this.there.call(methods.addAddresses, { graph: this.graph, addresses })
  }

  async setPresence(presence: Parameters<Graph['setPresence']>[0]): Promise<void> {
    await this.there.call(methods.setPresence, withoutUndefined({ graph: this.graph, ...presence }))
  }

  async exportDatabase(file: string, options: Waiting = {}): Promise<void> {
    // The node may run in another folder.
    await this.there.call(methods.exportDatabase, { graph: this.graph, file: resolve(file) }, options)
  }

  async *#messages<Out>(
    type: MessageType<unknown, Out>,
    ended: AbortSignal,
  ): AsyncGenerator<{ readonly from: PeerName; readonly payload: Out }, void, undefined> {
    const asked = { graph: this.graph, type: type.name }
    for await (const { from, payload } of this.there.stream(methods.messages, asked, { signal: ended })) {
      const coded = await type.codec.decode(payload)
      ended.throwIfAborted()
      if ('result' in coded) yield { from, payload: coded.result }
      else this.events.raise('unreadable', crossing({ from, type: type.name, issues: coded.issues }))
    }
  }

  async *#connections(protocol: string, ended: AbortSignal): AsyncGenerator<DirectConnection, void, undefined> {
    const asked = { graph: this.graph, protocol }
    for await (const connection of this.there.stream(methods.connections, asked, { signal: ended })) {
      yield remoteConnection(this.there.connection, connection)
    }
  }
}
