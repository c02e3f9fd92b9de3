/**
 * The use that one program makes of a graph that several can have open: the same graph with a life of its own. Closing it ends what this
 * program waits for and iterates over; the graph goes on as long as another program uses it.
 */
import type { PeerName } from '../identity/peer-name.ts'
import type { MessageType, RecordType } from '../peer-node/application-types.ts'
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
import type { Dialing } from '../peer-node/progress.ts'
import type { Listing, PeerRecord, RecordChange, Records, Watching, Writing } from '../peer-node/records.ts'
import { iteration, type Waiting } from '../peer-node/waiting.ts'
import type { RecordId } from '../records/record-id.ts'
import { PeerageError } from '../runtime/peerage-error.ts'

/** The life of a use. */
export class UseLife {
  readonly #closed = new AbortController()
  readonly #label: string

  /** @param label What names the graph in errors */
  constructor(label: string) {
    this.#label = label
  }

  get isClosed(): boolean {
    return this.#closed.signal.aborted
  }

  end(): void {
    this.#closed.abort(new PeerageError('graph-shutting-down', { graph: this.#label }))
  }

  /** @throws PeerageError `invalid-graph` */
  requireOpen(): void {
    if (this.isClosed) throw new PeerageError('invalid-graph', { graph: this.#label })
  }

  /** What a wait is given that ends with the use. */
  ending<Options extends Waiting>(options: Options): Options {
    this.requireOpen()
    const { signal } = options
    const { signal: closed } = this.#closed
    return { ...options, signal: signal === undefined ? closed : AbortSignal.any([signal, closed]) }
  }

  /** An iteration that ends normally with the use. */
  iterate<Item>(
    signal: AbortSignal | undefined,
    open: (ended: AbortSignal) => AsyncIterable<Item>,
  ): AsyncIterable<Item> {
    // Whoever begins while it is open sees a normal end, even if it is closed before the first item was asked for.
    const isOpen = !this.isClosed
    return iteration(signal, (ended) => this.#iterate(isOpen, ended, open))
  }

  async *#iterate<Item>(
    isOpen: boolean,
    ended: AbortSignal,
    open: (ended: AbortSignal) => AsyncIterable<Item>,
  ): AsyncGenerator<Item, void, undefined> {
    if (!isOpen) this.requireOpen()
    const { signal: closed } = this.#closed
    if (closed.aborted) return
    try {
      yield* open(AbortSignal.any([ended, closed]))
    } catch (error) {
      if (!closed.aborted || ended.aborted) throw error
    }
  }
}

/** One use. */
export class GraphUse implements Graph {
  readonly records: Records
  protected readonly life: UseLife
  readonly #graph: Graph
  readonly #release: () => Promise<void>
  #closing: Promise<void> | undefined

  /** @param release Called once, when the use ends */
  constructor(graph: Graph, label: string, release: () => Promise<void>) {
    this.#graph = graph
    this.#release = release
    this.life = new UseLife(label)
    this.records = new RecordsUse(graph.records, this.life)
  }

  get graphId(): string {
    return this.#graph.graphId
  }

  get identity(): PeerName {
    return this.#graph.identity
  }

  async status(): Promise<Status> {
    return this.#open.status()
  }

  async now(): Promise<Date> {
    return this.#open.now()
  }

  async addresses(): Promise<readonly string[]> {
    return this.#open.addresses()
  }

  async nodes(): Promise<readonly NodeInfo[]> {
    return this.#open.nodes()
  }

  async node(peer: PeerName): Promise<NodeInfo> {
    return this.#open.node(peer)
  }

  async links(): Promise<readonly LinkInfo[]> {
    return this.#open.links()
  }

  async properties(): Promise<GraphProperties> {
    return this.#open.properties()
  }

  async setProperties(changes: GraphPropertyChanges): Promise<GraphProperties> {
    return this.#open.setProperties(changes)
  }

  async connected(options: Dialing = {}): Promise<void> {
    await this.#graph.connected(this.life.ending(options))
  }

  async synchronized(options: Dialing = {}): Promise<void> {
    await this.#graph.synchronized(this.life.ending(options))
  }

  async goOnline(): Promise<void> {
    await this.#open.goOnline()
  }

  on<Event extends keyof GraphEvents>(
    event: Event,
    listener: (detail: GraphEvents[Event]) => void | Promise<void>,
    options: Waiting = {},
  ): () => void {
    return this.#graph.on(event, listener, this.life.ending(options))
  }

  async send<In>(to: PeerName, type: MessageType<In, unknown>, payload: In, options: Waiting = {}): Promise<void> {
    await this.#graph.send(to, type, payload, this.life.ending(options))
  }

  messages<Out>(
    type: MessageType<unknown, Out>,
    { signal }: Waiting = {},
  ): AsyncIterable<{ readonly from: PeerName; readonly payload: Out }> {
    return this.life.iterate(signal, (ended) => this.#graph.messages(type, { signal: ended }))
  }

  async connect(to: PeerName, protocol: string, options: Dialing = {}): Promise<DirectConnection> {
    return this.#graph.connect(to, protocol, this.life.ending(options))
  }

  connections(protocol: string, { signal }: Waiting = {}): AsyncIterable<DirectConnection> {
    return this.life.iterate(signal, (ended) => this.#graph.connections(protocol, { signal: ended }))
  }

  async addAddresses(addresses: readonly string[]): Promise<void> {
    await this.#open.addAddresses(addresses)
  }

  async setPresence(presence: Parameters<Graph['setPresence']>[0]): Promise<void> {
    await this.#open.setPresence(presence)
  }

  async exportDatabase(file: string, options: Waiting = {}): Promise<void> {
    await this.#graph.exportDatabase(file, this.life.ending(options))
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** The graph, while this use is open. */
  get #open(): Graph {
    this.life.requireOpen()
    return this.#graph
  }

  async #close(): Promise<void> {
    this.life.end()
    await this.#release()
  }
}

/** The records of a graph, for one use. */
class RecordsUse implements Records {
  readonly #records: Records
  readonly #life: UseLife

  constructor(records: Records, life: UseLife) {
    this.#records = records
    this.#life = life
  }

  async add<In, Out>(type: RecordType<In, Out>, payload: In, options?: Writing): Promise<PeerRecord<Out>> {
    this.#life.requireOpen()
    return this.#records.add(type, payload, options)
  }

  async update<In, Out>(
    type: RecordType<In, Out>,
    id: RecordId,
    payload: In,
    options?: Writing & { readonly ifVersion?: number | undefined },
  ): Promise<PeerRecord<Out>> {
    this.#life.requireOpen()
    return this.#records.update(type, id, payload, options)
  }

  async delete(id: RecordId): Promise<void> {
    this.#life.requireOpen()
    await this.#records.delete(id)
  }

  get<Out>(type: RecordType<unknown, Out>, id: RecordId): Promise<PeerRecord<Out> | undefined>
  get(type: 'all', id: RecordId): Promise<PeerRecord<Uint8Array> | undefined>
  async get(type: RecordType | 'all', id: RecordId): Promise<PeerRecord<unknown> | undefined> {
    this.#life.requireOpen()
    return type === 'all' ? this.#records.get(type, id) : this.#records.get(type, id)
  }

  list<Out>(type: RecordType<unknown, Out>, options?: Listing): AsyncIterable<PeerRecord<Out>>
  list(type: 'all', options?: Listing): AsyncIterable<PeerRecord<Uint8Array>>
  list(type: RecordType | 'all', options: Listing = {}): AsyncIterable<PeerRecord<unknown>> {
    return this.#life.iterate(
      options.signal,
      (signal): AsyncIterable<PeerRecord<unknown>> =>
        type === 'all'
          ? this.#records.list(type, { ...options, signal })
          : this.#records.list(type, { ...options, signal }),
    )
  }

  watch<Out>(type: RecordType<unknown, Out>, options?: Watching): AsyncIterable<RecordChange<Out>>
  watch(type: 'all', options?: Watching): AsyncIterable<RecordChange<Uint8Array>>
  watch(type: RecordType | 'all', options: Watching = {}): AsyncIterable<RecordChange<unknown>> {
    return this.#life.iterate(
      options.signal,
      (signal): AsyncIterable<RecordChange<unknown>> =>
        type === 'all'
          ? this.#records.watch(type, { ...options, signal })
          : this.#records.watch(type, { ...options, signal }),
    )
  }
}
